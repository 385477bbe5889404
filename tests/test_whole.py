"""Whole numbers from outside: what counts as one, and what a store can hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from datagenflow_nb.errors import ValidationError
from datagenflow_nb.whole import as_whole, check_whole, row_id, told


@pytest.mark.parametrize(
    ("value", "number", "row"),
    [
        (7, 7, 7),
        (np.int64(7), 7, 7),
        (7.0, 7, 7),
        (2**63 - 1, 2**63 - 1, 2**63 - 1),
        (2**63, 2**63, None),
        (np.uint64(2**63), 2**63, None),
        (-(2**63), -(2**63), None),
        (7.5, None, None),
        (float("nan"), None, None),
        (float("inf"), None, None),
        (True, None, None),
        ("7", None, None),
        ([7], None, None),
        (None, None, None),
    ],
)
def test_what_is_a_whole_number(value: Any, number: int | None, row: int | None) -> None:
    """Of any size; a row's number has 64 bits."""
    assert (as_whole(value), row_id(value)) == (number, row)
    assert type(as_whole(value)) is (int if number is not None else type(None))


def test_counts_are_checked() -> None:
    """A number in range comes back as an int; anything else is told with what was expected."""
    assert check_whole(np.int32(3), "limit") == 3
    with pytest.raises(ValidationError, match=r"^limit is 'x', expected a whole number, 0"):
        check_whole("x", "limit")
    with pytest.raises(ValidationError, match=r"^page is 0, expected a whole number, 1 or more$"):
        check_whole(0, "page", least=1)
    with pytest.raises(ValidationError, match=r"^limit is 9223372036854775808, expected at most 2"):
        check_whole(2**63, "limit")


def test_values_in_messages_are_short() -> None:
    """Cut after some characters; an integer that Python does not write out is named by its type."""
    assert told("a" * 100) == "'" + "a" * 56 + "..."
    assert told(10**5000) == "<int>"
