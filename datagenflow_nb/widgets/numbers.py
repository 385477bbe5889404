"""Numbers that JavaScript would write differently, beside the values that a browser gets.

To JavaScript ``1.0`` is ``1``, and a whole number of more than 53 bits another one. What is copied
from a widget, and what is edited in it, shall be what the store holds. The browser's side is
``js/src/shared/numbers.ts``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import ValidationError
from ..whole import told

__all__ = ["odd_numbers", "read_json"]

#: Whole numbers beyond are other ones to JavaScript.
_EXACT = 2**53

#: A number's text, or those of a list's or an object's by their keys.
Odd = str | dict[str, "Odd"]


def odd_numbers(value: Any) -> Odd | None:
    """The texts of such numbers in a value; None when there are none.

    >>> odd_numbers({"a": [1, 1.0, 0.5], "big": 2**64, "b": "1.0"})
    {'a': {'1': '1.0'}, 'big': '18446744073709551616'}
    """
    if isinstance(value, float):
        return repr(value) if value.is_integer() else None
    if isinstance(value, int):
        return repr(value) if abs(value) > _EXACT else None
    if isinstance(value, Mapping):
        pairs: Iterable[tuple[Any, Any]] = value.items()
    elif isinstance(value, list | tuple):
        pairs = enumerate(value)
    else:
        return None
    found: dict[str, Odd] = {}
    for key, item in pairs:
        if item is None or item.__class__ is str:
            continue
        odd = odd_numbers(item)
        if odd is not None:
            found[str(key)] = odd
    return found or None


def read_json(text: Any, what: str) -> Any:
    """The value of a JSON text that was typed in a browser, each number as it stands there.

    Raises
    ------
    ValidationError
        When it is none, has a key twice, or a number that is larger than any can be; ``what``
        starts the message.
    """
    if not isinstance(text, str):
        raise ValidationError(f"{what} is {told(text)}, expected a JSON text")
    try:
        return json.loads(
            text, object_pairs_hook=_object, parse_float=_number, parse_constant=_constant
        )
    except (ValueError, RecursionError) as error:
        raise ValidationError(f"{what} cannot be read as JSON: {error}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {told(twice)} is there twice; keep one of them")
    return made


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:60]} is larger than any number can be")
    return number


def _constant(name: str) -> float:
    raise ValueError(f"{name} is no number that JSON has")
