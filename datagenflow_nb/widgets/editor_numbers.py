"""Numbers that went through a browser.

JavaScript has one kind of number, of 53 bits: ``1.0`` comes back as ``1``, and a longer whole
number as another one. What the browser did not change is put back as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["as_before"]

_AMBIGUOUS = object()


def as_before(new: Any, old: Any) -> Any:
    """``new`` with those numbers as in ``old`` that are the same to JavaScript.

    First the one at the same place; else one of that value, when ``old`` writes it in one way.
    """
    pool: dict[float, Any] = {}
    for number in _numbers(old):
        key = float(number)
        held = pool.setdefault(key, number)
        if type(held) is not type(number) or held != number:
            pool[key] = _AMBIGUOUS
    return _restored(new, old, pool)


def _restored(new: Any, old: Any, pool: Mapping[float, Any]) -> Any:
    if isinstance(new, dict):
        there = old if isinstance(old, dict) else {}
        return {key: _restored(value, there.get(key), pool) for key, value in new.items()}
    if isinstance(new, list):
        items = old if isinstance(old, list) else []
        return [
            _restored(value, items[at] if at < len(items) else None, pool)
            for at, value in enumerate(new)
        ]
    if not _is_number(new):
        return new
    if _is_number(old) and float(old) == float(new):
        return old
    held = pool.get(float(new), _AMBIGUOUS)
    return new if held is _AMBIGUOUS else held


def _numbers(value: Any) -> Iterator[int | float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _numbers(item)
    elif _is_number(value):
        yield value


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        float(value)
    except OverflowError:  # no number of JavaScript's
        return False
    return True
