"""Whole numbers from outside: ids, counts, pages.

NumPy's integers and floats without a fraction count (a column with gaps holds floats); True and
False do not.
"""

from __future__ import annotations

import numbers
from typing import Any

from .errors import ValidationError

__all__ = ["LARGEST", "as_whole", "check_whole", "job_number", "row_id", "told"]

#: The largest number a column of a store holds: 64 bits with a sign.
LARGEST = 2**63 - 1
_WIDTH = 60


def as_whole(value: Any) -> int | None:
    """``value`` as an int; None when it is no whole number.

    >>> as_whole(3), as_whole(3.0), as_whole(3.5), as_whole("3"), as_whole(True)
    (3, 3, None, None, None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return int(value) if isinstance(value, numbers.Integral) else None


def row_id(value: Any) -> int | None:
    """The number of a row that ``value`` names; None when no row can have it.

    >>> row_id(7), row_id(2**63), row_id([7])
    (7, None, None)
    """
    number = as_whole(value)
    return number if number is not None and -LARGEST <= number <= LARGEST else None


def job_number(text: str) -> int | None:
    """The number in ``job:3``; None for any other text.

    >>> job_number("job:3"), job_number("job:x"), job_number("3")
    (3, None, None)
    """
    word, _, number = text.partition(":")
    is_one = word == "job" and number.isdecimal() and len(number) <= len(str(LARGEST))
    return int(number) if is_one else None


def check_whole(value: Any, what: str, *, least: int = 0) -> int:
    """``value`` as an int between ``least`` and what a store holds.

    Raises
    ------
    ValidationError
        For anything else; ``what`` starts the message.
    """
    number = as_whole(value)
    if number is None or number < least:
        raise ValidationError(f"{what} is {told(value)}, expected a whole number, {least} or more")
    if number > LARGEST:
        raise ValidationError(f"{what} is {told(value)}, expected at most 2**63-1")
    return number


def told(value: Any) -> str:
    """``value`` for a message, cut after some characters."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write out integers of more than 4,300 digits
        return f"<{type(value).__name__}>"
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."
