"""Messages of one cause: the same words around other numbers, names and values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagenflow_nb.jobs.causes import Causes, cause_of


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("not valid: 12 tokens", "not valid: … tokens"),
        ("block 'fragile' (Fragile) raised ValueError: -3.5 is too small",
         "block … (Fragile) raised ValueError: … is too small"),
        ("field 'x' is unknown; there are: 'a', 'b', 'c'", "field … is unknown; there are: …"),
        ('said "a\\"b" and `c`', "said … and …"),
        ("I don't know 'it's so' here", "I don't know … here"),
        ("GET http://a.b/c?x=1&y=2 failed", "GET http://a.b/c… failed"),
        ("Is it so? Yes", "Is it so? Yes"),
        ("request req_8f3a of 8f3a2c1d-aaaa-4bcd-9abc-012345678abc", "request … of …"),
        ("at 2024-01-02T03:04:05Z, 12 %", "at … %"),
        ("Expecting ',' delimiter: line 1 column 12 (char 11)",
         "Expecting … delimiter: line … column … (char …)"),
        ("it begins 'like this and has no", "it begins …"),
        ("<x at 0x7fab> is 1,234.5 MB", "<x at …> is … MB"),
        ("no numbers", "no numbers"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_may_differ(message: str, cause: str) -> None:
    """Numbers, words with digits, quoted texts and queries are no part of a cause."""
    assert cause_of(message) == cause


def test_groups() -> None:
    """What is the same in all of them stays; the first number and the count are kept."""
    causes = Causes()
    for number, value in enumerate((7, 8, 9)):
        causes.add(f"block 'a' raised ValueError: {value} of 10", 2, 40 - number, ("a",))
    causes.add("block 'a' raised ValueError: 7 of 10", 1, 50, ("b",))
    causes.add("another", 1, 60)
    assert [(cause.message, cause.count, cause.first, cause.about) for cause in causes] == [
        ("block 'a' raised ValueError: … of 10", 6, 38, ("a",)),
        ("block 'a' raised ValueError: 7 of 10", 1, 50, ("b",)),
        ("another", 1, 60, ()),
    ]
    assert len(causes) == 3


def test_long_messages() -> None:
    """The first thousand characters count."""
    causes = Causes()
    causes.add("x" * 1000 + "a")
    causes.add("x" * 1000 + "b")
    assert [(cause.message, cause.count) for cause in causes] == [("x" * 1000 + "...", 2)]


@given(st.text(alphabet="ab1 '\"`?=.,:\\-\n", max_size=60))
def test_one_message_is_told_as_it_is(message: str) -> None:
    """Whatever it holds: alone it is its cause's message, and taking values out ends."""
    causes = Causes()
    causes.add(message)
    causes.add(message)
    assert [(cause.message, cause.count) for cause in causes] == [(message, 2)]
    assert len(cause_of(message)) <= len(message)


@given(st.lists(st.integers(), min_size=1), st.lists(st.text("abc 12", max_size=5), min_size=1))
def test_numbers_and_quotes_never_part_a_cause(values: list[int], texts: list[str]) -> None:
    """However many values: one cause."""
    causes = Causes()
    for value in values:
        for text in texts:
            causes.add(f"value {value} of field {text!r} is wrong")
    assert len(causes) == 1
    assert next(iter(causes)).count == len(values) * len(texts)
