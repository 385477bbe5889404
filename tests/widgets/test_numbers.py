"""Numbers on their way to a browser and back: what is stored is what was there."""

from __future__ import annotations

import json
from typing import Any

import pytest

import datagenflow_nb as dgf
from datagenflow_nb.widgets.bridge import BridgedWidget
from datagenflow_nb.widgets.numbers import odd_numbers, read_json


def test_numbers_that_a_browser_writes_differently() -> None:
    """They are named by where they stand; others are not."""
    value = {"big": 12345678901234567890, "f": 1.0, "neg": -0.0, "l": [[], [1, 1e16, 0.5, True]]}
    assert odd_numbers(value) == {
        "big": "12345678901234567890", "f": "1.0", "neg": "-0.0", "l": {"1": {"1": "1e+16"}},
    }  # fmt: skip
    assert odd_numbers({"a": [1, "1.0", None, 0.1, 1e-7, 2**53], "b": {}}) is None


def test_an_answer_says_how_its_numbers_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the answer; nothing of it when there are none."""
    sent: list[Any] = []

    class Two(BridgedWidget):
        def actions(self) -> Any:
            return {"odd": lambda _: [{"a": 1.0}], "even": lambda _: [{"a": 1}]}

        def send(self, content: Any, buffers: Any = None) -> None:
            sent.append(content)

    widget = Two("trace")
    for action in ("odd", "even"):
        widget._reply({"view": "v", "id": 1, "action": action})
    assert [message.get("numbers") for message in sent] == [{"0": {"a": "1.0"}}, None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1e999", "it cannot be read as JSON: 1e999 is larger than any number can be"),
        ('{"a": [-1e999]}', "-1e999 is larger than any number can be"),
        ("NaN", "it cannot be read as JSON: NaN is no number that JSON has"),
        ('{"a": 1, "a": 2}', "the key 'a' is there twice; keep one of them"),
        ("{", "it cannot be read as JSON"),
        ("[" * 100_000, "it cannot be read as JSON"),
        ("9" * 5_000, "it cannot be read as JSON"),
        (7, "it is 7, expected a JSON text"),
    ],
    ids=["inf", "deeper", "nan", "twice", "open", "deep", "long", "number"],
)
def test_what_cannot_be_typed(text: Any, message: str) -> None:
    """Nothing else is stored in its place."""
    with pytest.raises(dgf.ValidationError, match=message):
        read_json(text, "it")


def test_what_is_typed_is_stored() -> None:
    """Each number as it stands there, keys of any name."""
    text = '{"__proto__": 1.0, "n": 12345678901234567891, "d": 0.5, "s": "\\ud83d\\ude00"}'
    assert json.dumps(read_json(text, "it")) == text
