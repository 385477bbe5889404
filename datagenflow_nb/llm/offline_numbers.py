"""Numbers for JSON Schemas: in bounds, of the right step, and plausible for their name."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

from .offline_prompt import Prompt
from .offline_strings import Place, UnsatisfiableError, find_labelled, split_name
from .offline_words import SCORE_NAMES

__all__ = ["write_integer", "write_number"]

_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,6})?")
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_GOLDEN = 0.6180339887498949  # spreads the alternatives of one place over its range


def write_integer(prompt: Prompt, node: dict[str, Any], place: Place) -> int:
    """An integer for ``node``.

    Raises
    ------
    UnsatisfiableError
        When no integer lies in the bounds.
    """
    step = Fraction(1)
    if "multipleOf" in node:
        wanted = _exact(node["multipleOf"])
        step = Fraction(wanted.numerator)  # the least common multiple of 1 and a reduced fraction
    low, high = _bounds(node)
    said = _said(prompt, place) if not place.offset else None
    if said is not None and said % step == 0 and _is_inside(said, node):
        return int(said)
    first, last = _steps(node, low, high, step)
    if first is None or last is None:
        first, last = _window(first, last, _usual_range(place, step))
    if first > last:
        raise UnsatisfiableError(_blame(node), f"no integer lies in the bounds at {place.path}")
    return int(step) * _choose(first, last, prompt, place)


def write_number(prompt: Prompt, node: dict[str, Any], place: Place) -> float | int:
    """A number for ``node``, rounded as far as the bounds allow.

    Raises
    ------
    UnsatisfiableError
        When no number lies in the bounds.
    """
    low, high = _bounds(node)
    if "multipleOf" in node:
        return _multiple(prompt, node, place)
    if low is not None and high is not None and (low > high or (low == high and _is_open(node))):
        raise UnsatisfiableError(_blame(node), f"no number lies in the bounds at {place.path}")
    if low is None and high is None and not SCORE_NAMES.isdisjoint(split_name(place.name)):
        low, high = Fraction(0), Fraction(1)
    said = _said(prompt, place) if not place.offset else None
    if said is not None and _is_inside(float(said), node):
        return int(said) if said.denominator == 1 else float(said)
    if low is None or high is None:
        low, high = _open_range(low, high)
    share = Fraction(_share(prompt, place))
    middle = low + share * (high - low)
    for digits in (2, 4, 8, 17):
        rounded = round(float(middle), digits)
        if _is_inside(rounded, node):
            return rounded
    for value in (float(middle), float((low + high) / 2), float(low), float(high)):
        if _is_inside(value, node):
            return value
    for value in (math.nextafter(float(low), math.inf), math.nextafter(float(high), -math.inf)):
        if _is_inside(value, node):
            return value
    raise UnsatisfiableError(_blame(node), f"no number lies in the bounds at {place.path}")


def _multiple(prompt: Prompt, node: dict[str, Any], place: Place) -> float | int:
    """A multiple that still is one in floating point, as validators check it."""
    given = node["multipleOf"]
    step = _exact(given)
    low, high = _bounds(node)
    first, last = _steps(node, low, high, step)
    if first is None or last is None:
        first, last = _window(first, last, _usual_range(place, step))
    if first > last:
        raise UnsatisfiableError("multipleOf", f"no multiple of {given} lies in the bounds")
    start = _choose(first, last, prompt, place)
    span = last - first + 1
    for turn in range(min(span, 200)):
        exact = (first + (start - first + turn) % span) * step
        for value in (float(exact), round(float(exact) / given) * given):
            number = int(value) if isinstance(given, int) else value
            if _is_multiple(number, given) and _is_inside(number, node):
                return number
    raise UnsatisfiableError("multipleOf", f"no multiple of {given} lies in the bounds")


def _is_multiple(value: float, step: float) -> bool:
    if type(step) is float:
        quotient = value / step
        return math.isfinite(quotient) and int(quotient) == quotient
    return bool(value % step == 0)


def _exact(value: Any) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return Fraction(str(value))


def _bounds(node: dict[str, Any]) -> tuple[Fraction | None, Fraction | None]:
    lows = [Fraction(node[key]) for key in ("minimum", "exclusiveMinimum") if key in node]
    highs = [Fraction(node[key]) for key in ("maximum", "exclusiveMaximum") if key in node]
    return (max(lows) if lows else None), (min(highs) if highs else None)


def _steps(
    node: dict[str, Any], low: Fraction | None, high: Fraction | None, step: Fraction
) -> tuple[int | None, int | None]:
    """The least and the greatest multiple of ``step``, counted in steps."""
    if step <= 0:
        raise TypeError("multipleOf must be above 0")
    first = None if low is None else math.ceil(low / step)
    last = None if high is None else math.floor(high / step)
    if (
        first is not None
        and "exclusiveMinimum" in node
        and first * step <= node["exclusiveMinimum"]
    ):
        first += 1
    if last is not None and "exclusiveMaximum" in node and last * step >= node["exclusiveMaximum"]:
        last -= 1
    return first, last


def _usual_range(place: Place, step: Fraction) -> tuple[int, int]:
    words = split_name(place.name)
    if "year" in words and step == 1:
        return 1990, 2024
    if "age" in words and step == 1:
        return 18, 80
    if "rating" in words or "stars" in words:
        return 1, 5
    return 1, 10


def _window(first: int | None, last: int | None, usual: tuple[int, int]) -> tuple[int, int]:
    """Both ends where at most one is given."""
    low, high = usual
    if first is None and last is None:
        return low, high
    if last is None:
        assert first is not None  # the case above
        return (first, high) if first < high else (first, first + 9)
    return (low, last) if low <= last else (last - 9, last)


def _open_range(low: Fraction | None, high: Fraction | None) -> tuple[Fraction, Fraction]:
    if low is None and high is None:
        return Fraction(1), Fraction(10)
    if high is None:
        assert low is not None  # the case above
        return low, low + max(Fraction(10), abs(low) / 10)
    return (Fraction(0) if high > 0 else high - max(Fraction(10), abs(high) / 10)), high


def _choose(first: int, last: int, prompt: Prompt, place: Place) -> int:
    span = last - first + 1
    if not SCORE_NAMES.isdisjoint(split_name(place.name)) and not place.offset and span > 2:
        return first + min(span - 1, int(_share(prompt, place) * span))
    return first + prompt.pick(place.path, place.offset, span)


def _share(prompt: Prompt, place: Place) -> float:
    """Where in its range a number lies, in [0, 1); a score lies in the upper part."""
    share = (prompt.draw.unit(place.path) + place.offset * _GOLDEN) % 1.0
    if not SCORE_NAMES.isdisjoint(split_name(place.name)):
        return 0.6 + 0.36 * share
    return 0.05 + 0.9 * share


def _said(prompt: Prompt, place: Place) -> Fraction | None:
    """The number the material gives under this name."""
    words = split_name(place.name)
    if not SCORE_NAMES.isdisjoint(words):
        return None
    if "year" in words:
        year = _YEAR.search(prompt.material)
        return Fraction(year.group()) if year else None
    labelled = find_labelled(prompt, place.name)
    match = _NUMBER.search(labelled) if labelled else None
    return Fraction(match.group()) if match else None


def _is_open(node: dict[str, Any]) -> bool:
    return "exclusiveMinimum" in node or "exclusiveMaximum" in node


def _is_inside(value: float | Fraction, node: dict[str, Any]) -> bool:
    return (
        math.isfinite(value)
        and value >= node.get("minimum", -math.inf)
        and value <= node.get("maximum", math.inf)
        and value > node.get("exclusiveMinimum", -math.inf)
        and value < node.get("exclusiveMaximum", math.inf)
    )


def _blame(node: dict[str, Any]) -> str:
    keys = ("exclusiveMinimum", "minimum", "exclusiveMaximum", "maximum", "multipleOf")
    return next((key for key in keys if key in node), "minimum")
