"""Keys are found in texts, also where JSON has escaped them."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagenflow_nb.redaction import Redactor, known_keys, learn_keys

KEY = 'sk-a/b"c\\d-123456'


@pytest.mark.parametrize(
    ("key", "is_secret"),
    [
        ("sk-0123456789", True),
        ("hunter42", True),
        ("abcdefghijkl", True),
        ("EMPTY", False),
        ("ollama", False),
        ("not-needed", False),
        ("gpt-4o", False),
        ("123456789012345", False),
        ("", False),
        (None, False),
    ],
)
def test_what_counts_as_a_key(key: str | None, is_secret: bool) -> None:
    """Placeholders and numbers are ordinary words."""
    text = f"say {key}!"
    assert (Redactor([key]).text(text) == "say [key]!") is is_secret


def test_every_key_counts_where_that_is_asked_for() -> None:
    """In an error a placeholder is no loss."""
    assert Redactor(["EMPTY"], every=True).text("Bearer EMPTY") == "Bearer [key]"


@given(before=st.text(max_size=5), layers=st.integers(0, 3), data=st.data())
def test_escaped_keys(before: str, layers: int, data: Any) -> None:
    """Each character as itself or as an escape, in JSON in JSON."""
    written = "".join(
        data.draw(st.sampled_from([char, f"\\u{ord(char):04x}", f"\\u{ord(char):04X}"]))
        if char not in '"\\'
        else json.dumps(char)[1:-1]
        for char in KEY
    )
    for _ in range(layers - 1):
        written = json.dumps(written)[1:-1]
    shown = Redactor([KEY]).text(f"{before} {written}" if layers else f"{before} {KEY}")
    assert shown == f"{before} [key]"


def test_values_and_their_json() -> None:
    """Names and texts at any depth; numbers stay, and the JSON stays JSON."""
    value = {KEY: [f"a {KEY}", 1.5, None, True, {"b": 12345678901234567890}]}
    cleaned = {"[key]": ["a [key]", 1.5, None, True, {"b": 12345678901234567890}]}
    keys = Redactor([KEY])
    assert keys.value(value) == cleaned
    assert json.loads(keys.json(json.dumps(value))) == cleaned
    assert Redactor().value(value) == value


def test_longer_key_goes_first() -> None:
    """A key that begins like another is taken out as a whole."""
    keys = Redactor(["sk-012345678", "sk-012345678-9"])
    assert keys.text("sk-012345678-9 sk-012345678") == "[key] [key]"


def test_many_backslashes_are_no_trap() -> None:
    """A text of a hundred thousand of them is searched once, not once per backslash."""
    text = "\\" * 100_000 + "\\u0073"
    assert Redactor([KEY]).text(text) == text


def test_log_lines(caplog: pytest.LogCaptureFixture) -> None:
    """Messages, arguments and tracebacks; a line that cannot be formatted is logging's to tell."""
    learn_keys([" sk-logged-0123456789\n"])
    log = logging.getLogger("datagenflow_nb")
    log.warning("one %s", "sk-logged-0123456789")
    try:
        raise ValueError("two sk-logged-0123456789")
    except ValueError:
        log.exception("failed")
    assert "one [key]" in caplog.text
    assert "ValueError: two [key]" in caplog.text
    assert "sk-logged" not in caplog.text
    assert known_keys.text("sk-logged-0123456789") == "[key]"
