"""What each filter is about to do, estimated from its arguments before it does it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from markupsafe import escape

from .budget import Budget
from .calls import check_strip
from .limits import MAX_ALLOCATED, MAX_INDENT, MAX_LENGTH, MAX_SCAN
from .problems import LimitError

__all__ = ["CHECKS", "PATH_AT", "check_path"]

_MAX_ROUND = 400
_MAX_PPRINT_NODES = 20_000
_MAX_PATH = 200
# Where these filters take the path of an attribute, when it is not given by name.
PATH_AT = {
    "groupby": 0,
    "join": 1,
    "max": 1,
    "min": 1,
    "rejectattr": 0,
    "selectattr": 0,
    "sort": 2,
    "sum": 0,
    "unique": 1,
}


def _center(budget: Budget, value: Any, width: int = 80) -> None:
    budget.expect(max(width, budget.measure(value)))


def _indent(
    budget: Budget, s: str, width: int | str = 4, first: bool = False, blank: bool = False
) -> None:
    step = len(width) if isinstance(width, str) else max(width, 0)
    budget.expect(len(s) + (sum(map(s.count, "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")) + 2) * step)


def _replace(budget: Budget, s: Any, old: Any, new: Any, count: int | None = None) -> None:
    text, new_text = budget.text(s), budget.text(new)
    found = text.count(budget.text(old))
    times = found if count is None or count < 0 else min(count, found)
    budget.expect(len(text) + times * len(new_text))


def _trim(budget: Budget, value: Any, chars: str | None = None) -> None:
    check_strip(chars)
    budget.expect(budget.measure(value))


def _batch(budget: Budget, value: Any, linecount: int, fill_with: Any = None) -> None:
    if fill_with is not None:
        _check_length(linecount)
        # A nested value put in a thousand times counts a thousand times.
        size = budget.measure(fill_with) * linecount
        budget.expect_scan(size, MAX_ALLOCATED, "batch")


def _slice(budget: Budget, value: Any, slices: int, fill_with: Any = None) -> None:
    _check_length(slices)
    if fill_with is not None:
        budget.expect_scan(budget.measure(fill_with) * slices, MAX_ALLOCATED, "slice")


def _check_length(count: int) -> None:
    if count > MAX_LENGTH:
        raise LimitError(f"{count:,} parts; at most {MAX_LENGTH:,} are allowed")


def _round(budget: Budget, value: Any, precision: int = 0, method: str = "common") -> None:
    if abs(precision) > _MAX_ROUND:
        raise LimitError(f"rounding to {precision:,} digits; at most {_MAX_ROUND} are allowed")


def _int(budget: Budget, value: Any, default: int = 0, base: int = 10) -> None:
    if isinstance(value, Decimal) and value.is_finite():
        _round(budget, value, value.adjusted())


def _tojson(budget: Budget, value: Any, indent: int | str | None = None) -> None:
    weight = budget.weigh(value)
    # An escaped character takes up to twelve.
    size = weight.size * 12
    if indent is not None:
        step = len(indent) if isinstance(indent, str) else indent
        if step > MAX_INDENT:
            raise LimitError(f"an indent of {step:,}; at most {MAX_INDENT} is allowed")
        size += (weight.indents + weight.nodes) * max(step, 0)
    budget.claim(size)


def _pprint(budget: Budget, value: Any) -> None:
    weight = budget.weigh(value)
    budget.expect_scan(weight.nodes, _MAX_PPRINT_NODES, "pprint")
    budget.expect_scan(weight.size * (weight.depth + 1), MAX_SCAN, "pprint")


def _escape(budget: Budget, value: Any) -> None:
    size = budget.measure(value)
    if isinstance(value, str):
        budget.expect(size + 4 * sum(map(value.count, "&<>'\"")))
    else:
        budget.expect(5 * size)


def _urlencode(budget: Budget, value: Any) -> None:
    # Each byte becomes up to three characters.
    budget.expect(3 * len(value.encode()) if isinstance(value, str) else 12 * budget.measure(value))


def _striptags(budget: Budget, value: Any) -> None:
    text = budget.text(value)
    # Each tag found copies the whole text.
    budget.expect_scan(len(text) // 50 * text.count("<"), MAX_SCAN, "striptags")


def _urlize(budget: Budget, value: Any, *args: Any, **kwargs: Any) -> None:
    _escape(budget, value)
    # Its patterns go over a word once for each of its characters.
    words = escape(budget.text(value)).split()
    budget.expect_scan(sum(len(word) ** 2 for word in words), MAX_SCAN, "urlize")
    target = sum(budget.measure(x) for x in (*args, *kwargs.values()))
    budget.claim((target + 60) * len(words))


def _wordwrap(
    budget: Budget,
    s: str,
    width: int = 79,
    break_long_words: bool = True,
    wrapstring: str | None = None,
    break_on_hyphens: bool = True,
) -> None:
    # A broken word is copied once for each line it fills.
    steps = len(s) + sum(len(word) ** 2 for word in s.split()) // max(width, 1)
    budget.expect_scan(steps, MAX_SCAN // 10, "wordwrap")
    budget.expect(len(s) + (2 * len(s) // max(width, 1) + len(s)) * len(wrapstring or "\n"))


def _as_text(budget: Budget, value: Any, *args: Any, **kwargs: Any) -> None:
    budget.expect(budget.measure(value))


CHECKS: dict[str, Callable[..., None]] = {
    "batch": _batch,
    "center": _center,
    "indent": _indent,
    "int": _int,
    "pprint": _pprint,
    "replace": _replace,
    "round": _round,
    "slice": _slice,
    "striptags": _striptags,
    "tojson": _tojson,
    "trim": _trim,
    "urlize": _urlize,
    "wordwrap": _wordwrap,
    "urlencode": _urlencode,
    "xmlattr": lambda budget, value, *args: _escape(budget, value),
    **dict.fromkeys(("e", "escape", "forceescape"), _escape),
    **dict.fromkeys(
        ("capitalize", "lower", "safe", "string", "title", "upper", "wordcount"), _as_text
    ),
}
"""The check of each filter that has one; called like the filter, with a budget in front."""


def check_path(path: Any) -> None:
    """The path of an attribute, or the arguments from it on."""
    if isinstance(path, tuple):
        path = path[0] if path else None
    if isinstance(path, str) and len(path) > _MAX_PATH:
        raise LimitError(f"an attribute path of more than {_MAX_PATH} characters")
