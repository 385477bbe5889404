"""What went through a browser unchanged is what it was."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from datagenflow_nb.widgets.editor_numbers import as_before

VALUES = st.recursive(
    st.none() | st.booleans() | st.text(max_size=3) | st.integers() | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


def through_javascript(value: Any) -> Any:
    """JSON as a browser reads and writes it: every number is a double."""
    if isinstance(value, dict):
        return {key: through_javascript(item) for key, item in value.items()}
    if isinstance(value, list):
        return [through_javascript(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    try:
        number = float(value)
    except OverflowError:
        return None
    is_whole = number.is_integer() and abs(number) < 1e21
    return int(number) if is_whole else number


def is_small(value: Any) -> bool:
    """Without what JSON has no form for in a browser."""
    return "Infinity" not in json.dumps(value) and "null" not in json.dumps(
        [through_javascript(value)]
    ).replace("null", "null" if "null" in json.dumps([value]) else "gone")


@given(VALUES.filter(is_small))
def test_nothing_changed(value: Any) -> None:
    """The same values, of the same kinds."""
    back = as_before(through_javascript(value), value)
    assert json.dumps(back) == json.dumps(value)


def test_places_and_values() -> None:
    """A number that moved is found by its value; a changed one is taken as it came."""
    old = {"blocks": [{"config": {"temperature": 1.0, "seed": 12345678901234567891}}]}
    sent = {
        "blocks": [
            {"type": "New"},
            {"config": {"temperature": 1, "seed": 12345678901234567000, "n": 2}},
        ]
    }
    assert as_before(sent, old) == {
        "blocks": [
            {"type": "New"},
            {"config": {"temperature": 1.0, "seed": 12345678901234567891, "n": 2}},
        ]
    }
    assert type(as_before(sent, old)["blocks"][1]["config"]["temperature"]) is float
    assert as_before({"a": 1, "b": 1}, {"a": 1.0, "b": 1}) == {"a": 1.0, "b": 1}
    assert type(as_before({"c": 1}, {"a": 1.0, "b": 1})["c"]) is int
    assert as_before({"a": True}, {"a": 1}) == {"a": True}
