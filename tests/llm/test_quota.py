"""Requests and tokens per minute."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from datagenflow_nb.llm.quota import Need, Quota


def test_requests_per_minute() -> None:
    """The third waits until the first is a minute old, the fourth until the second is."""
    quota, need = Quota(), Need(0, requests_per_minute=2)
    quota.add(0.0, need)
    assert quota.wait(10.0, need) == 0.0
    quota.add(10.0, need)
    assert quota.wait(15.0, need) == 45.0
    assert quota.wait(60.0, need) == 0.0
    quota.add(60.0, need)
    assert quota.wait(60.0, need) == 10.0


def test_tokens_per_minute() -> None:
    """Estimates count until the answer says how many there were."""
    quota = Quota()
    need = Need(600, tokens_per_minute=1_000)
    first = quota.add(0.0, need)
    assert quota.wait(5.0, need) == 55.0
    quota.settle(5.0, first, 400)
    assert (quota.tokens, quota.wait(5.0, need)) == (400, 0.0)
    quota.add(5.0, need)
    assert quota.wait(5.0, Need(500, tokens_per_minute=1_000)) == 60.0
    quota.settle(70.0, first, 9_000)  # so late that nobody cares
    assert quota.tokens == 0


def test_more_than_a_minute_holds() -> None:
    """A request over the limit goes out alone instead of never."""
    quota, need = Quota(), Need(5_000, tokens_per_minute=1_000)
    assert quota.wait(0.0, need) == 0.0
    quota.add(0.0, need)
    assert quota.wait(1.0, need) == 59.0


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 300)), max_size=60))
def test_no_minute_is_exceeded(asked: list[tuple[float, int]]) -> None:
    """Whoever keeps to the waits sends at most 5 requests and 900 tokens in any 60 seconds."""
    quota, now = Quota(), 0.0
    sent: list[tuple[float, int]] = []
    for pause, tokens in asked:
        need = Need(tokens, requests_per_minute=5, tokens_per_minute=900)
        now += pause
        now += quota.wait(now, need) + 1e-6
        assert quota.wait(now, need) == 0.0
        quota.add(now, need)
        sent.append((now, tokens))
        minute = [(at, count) for at, count in sent if at > now - 60]
        assert len(minute) <= 5
        assert sum(count for _, count in minute) <= 900
