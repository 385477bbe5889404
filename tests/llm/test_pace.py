"""How many calls are made at once, in a world with a simulated clock."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llm.pace_world import Server, run

from datagenflow_nb.llm.pace import Pace

EIGHT_AT_ONCE = 1_000 * 0.1 / 8  # seconds that 1,000 calls of 0.1 s take, eight at once


def test_refusals_show_the_limit() -> None:
    """A server that takes 8 and refuses the others is asked 8 at once, with few refusals."""
    outcome = run(Server(max_concurrent=8), 64, 1_000)
    assert outcome.pace.limit == 8
    assert EIGHT_AT_ONCE / outcome.seconds > 0.97
    assert outcome.refused < 60


def test_refusals_with_a_pause() -> None:
    """Trying one more is rare where that costs everybody a pause."""
    outcome = run(Server(max_concurrent=8, retry_after=1.0), 64, 2_000)
    assert 2 * EIGHT_AT_ONCE / outcome.seconds > 0.85
    assert outcome.refused < 40


@pytest.mark.parametrize("spread", [0.0, 0.6])
def test_server_that_only_queues_is_left_alone(spread: float) -> None:
    """Latency that grows with the queue costs nothing; neither does asking less or more."""
    outcome = run(Server(capacity=8, spread=spread), 64, 1_000)
    mean = math.exp(spread**2 / 2)
    assert EIGHT_AT_ONCE * mean / outcome.seconds > 0.93


@pytest.mark.parametrize("knee", [8, 20, 48])
def test_server_that_gets_less_done_beyond_a_number(knee: int) -> None:
    """The number is found, or one next to it, from far above."""
    calls = 400 * knee
    outcome = run(Server(latency=0.05, knee=knee), 64, calls)
    assert calls * 0.05 / knee / outcome.seconds > 0.85
    assert 0.85 * knee <= outcome.pace.limit <= 1.2 * knee


@pytest.mark.parametrize(("concurrency", "share"), [(4, 0.99), (32, 0.99), (64, 0.95), (256, 0.90)])
def test_server_that_takes_all(concurrency: int, share: float) -> None:
    """It gets all that is asked for after two rounds."""
    calls = 40 * concurrency
    outcome = run(Server(), concurrency, calls)
    assert calls * 0.1 / concurrency / outcome.seconds > share
    assert outcome.refused == 0
    assert outcome.limits == ([32] if concurrency <= 32 else [32, concurrency])


def test_calls_that_become_longer() -> None:
    """Fifty times as long all at once, as with another block's prompts: that is no reason."""

    def change(now: float, server: Server) -> None:
        server.latency = 0.1 if now < 5 else 5.0

    outcome = run(Server(), 64, 64 * 70, change=change)
    assert outcome.pace.limit == 64
    assert outcome.seconds < 1.1 * 105


def test_refusals_by_chance() -> None:
    """One in twelve is refused however few there are at once: most are at once all the same."""
    outcome = run(Server(refused=0.08), 64, 3_000)
    assert 3_000 * 0.1 / 64 / outcome.seconds > 0.85
    assert outcome.pace.limit > 48


def test_recovers_after_a_bad_phase() -> None:
    """Two at once for a while, then as many as one likes: soon all are."""

    def change(now: float, server: Server) -> None:
        server.max_concurrent = 2 if 5 < now < 10 else None

    outcome = run(Server(), 64, 30_000, change=change)
    assert min(outcome.limits) == 2
    assert outcome.pace.limit == 64
    assert outcome.seconds < 30_000 * 0.1 / 64 + 5 + 15


def test_recovers_after_a_time_without_answers() -> None:
    """Everything is refused for 20 s: pauses between single tries, then all goes on as before."""

    def change(now: float, server: Server) -> None:
        server.refused = 1.0 if 2 < now < 22 else 0.0

    outcome = run(Server(), 64, 20_000, change=change)
    assert min(outcome.limits) == 1
    assert outcome.pace.limit == 64
    assert outcome.seconds < 20_000 * 0.1 / 64 + 20 + 25
    assert outcome.refused < 200


def test_failures_under_load() -> None:
    """503s and timeouts lower the limit once per round when they are many, and not when few."""
    pace = Pace()
    few = [pace.send(0.0) for _ in range(32)]
    for sent in few[:4]:
        pace.overloaded(sent, 1.0)
    for sent in few[4:]:
        pace.answered(sent, 1.0, 32)
    assert pace.limit == 32
    many = [pace.send(2.0) for _ in range(32)]
    for sent in many:
        pace.overloaded(sent, 3.0)
    assert (pace.limit, pace.in_flight) == (22, 0)


def test_server_asks_for_a_pause() -> None:
    """Nothing is sent before, 60 s at most; a shorter one does not end a longer one."""
    pace = Pace()
    first, second = pace.send(0.0), pace.send(0.0)
    pace.refused(first, 1.0, 1, 0.0, retry_after=10.0)
    pace.refused(second, 2.0, 1, 0.0, retry_after=1.0)
    assert pace.wait(2.0, 2) == 9.0
    pace.overloaded(pace.send(11.0), 12.0, retry_after=3_600.0)
    assert pace.wait(12.0, 1) == 60.0
    assert pace.wait(72.0, 1) == 0.0


def test_slow_first_answers_are_not_waited_for() -> None:
    """Answers that take minutes: the limit doubles each second until the first one is there."""
    pace = Pace()
    for _ in range(32):
        pace.send(0.0)
    assert pace.wait(0.0, 256) == 1.0
    assert pace.wait(1.0, 256) == 0.0
    assert pace.limit == 64


servers = st.builds(
    Server,
    latency=st.floats(0.01, 2.0),
    max_concurrent=st.none() | st.integers(1, 100),
    capacity=st.none() | st.integers(1, 50),
    knee=st.none() | st.integers(4, 50),
    spread=st.sampled_from([0.0, 0.3, 1.0]),
    refused=st.sampled_from([0.0, 0.0, 0.1, 0.3]),
    retry_after=st.sampled_from([None, 0.0, 0.5]),
    chance=st.integers(0, 9).map(random.Random),
)


@settings(max_examples=60)
@given(servers, st.integers(1, 128), st.integers(1, 600))
def test_never_stuck(server: Server, concurrency: int, calls: int) -> None:
    """Whatever the server: all is done, never fewer than one allowed, never more than asked for."""
    outcome = run(server, concurrency, calls)
    assert outcome.pace.in_flight == 0
    assert server.most_at_once <= concurrency


@settings(max_examples=15)
@given(st.integers(1, 8), st.floats(0.5, 10.0), st.sampled_from([None, 1.0]), st.integers(0, 9))
def test_recovers(few: int, seconds: float, retry_after: float | None, seed: int) -> None:
    """After a phase in which few are taken at once, as many are as before."""

    def change(now: float, server: Server) -> None:
        server.max_concurrent = few if 1 < now < 1 + seconds else None

    server = Server(retry_after=retry_after, chance=random.Random(seed))
    assert run(server, 48, 35_000, change=change).pace.limit == 48
