"""``%`` formats and ``str.format``, with their widths checked before anything is padded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from jinja2 import Environment
from jinja2.sandbox import SandboxedEscapeFormatter, SandboxedFormatter
from markupsafe import Markup

from .budget import Budget
from .limits import MAX_FORMAT_WIDTH
from .problems import LimitError, RefusedError

__all__ = ["BoundFormat", "percent"]

# What may follow "%" and an optional "(key)": flags, width, precision, length, conversion.
_TAIL = re.compile(r"[#0\- +]*([0-9]+|\*)?(?:\.([0-9]+|\*)?)?[hlL]?(.)?", re.DOTALL)
_DIGITS = re.compile(r"\d+")


def percent(budget: Budget, pattern: str, args: Any) -> Any:
    """``pattern % args``."""
    keyed = isinstance(args, Mapping)
    size = len(pattern)
    if not keyed:
        values = args if isinstance(args, tuple) else (args,)
        size += sum(budget.measure(value) for value in values)
    for key, widths in _specs(pattern):
        budget.tick()
        size += sum(map(_checked_width, widths))
        if keyed and key in args:
            size += budget.measure(args[key])
        budget.expect(size)
    budget.expect(size)
    return budget.charge(pattern % args)


def _specs(pattern: str) -> Iterator[tuple[str | None, list[str]]]:
    """The key, width and precision of each conversion, read the way CPython reads them."""
    at = pattern.find("%")
    while at != -1:
        at += 1
        key = None
        if pattern.startswith("(", at):
            start, at, level = at + 1, at + 1, 1
            while level and at < len(pattern):
                level += {"(": 1, ")": -1}.get(pattern[at], 0)
                at += 1
            key = pattern[start : at - 1]
        tail = _TAIL.match(pattern, at)
        if tail is not None:
            yield key, [width for width in tail.group(1, 2) if width]
            at = tail.end()
        at = pattern.find("%", at)


def _checked_width(digits: str) -> int:
    if digits == "*":
        raise RefusedError("'*' as a width in a % format; write the number")
    # int() of a long row of digits is slow, and too much anyway.
    if len(digits) > 9 or int(digits) > MAX_FORMAT_WIDTH:
        raise LimitError(f"a format width of {digits[:20]}; at most {MAX_FORMAT_WIDTH:,}")
    return int(digits)


class _Bounded(SandboxedFormatter):
    """Adds up what the fields print, before they are joined."""

    def __init__(self, env: Environment, budget: Budget, size: int, **kwargs: Any) -> None:
        super().__init__(env, **kwargs)
        self._budget = budget
        self._size = size

    def format_field(self, value: Any, format_spec: str) -> str:
        for digits in _DIGITS.findall(format_spec):
            _checked_width(digits)
        if isinstance(value, Decimal) and value.is_finite():
            _checked_width(str(abs(value.adjusted())))
        text = self._budget.text(value) if not format_spec else value
        result: str = super().format_field(text, format_spec)
        self._size += len(result)
        self._budget.tick()
        self._budget.expect(self._size)
        return result

    def convert_field(self, value: Any, conversion: Any) -> Any:
        if conversion:
            self._budget.expect(self._budget.measure(value))
        return super().convert_field(value, conversion)


class _BoundedEscape(_Bounded, SandboxedEscapeFormatter):
    """The same for HTML-safe texts, whose values are escaped."""


class BoundFormat:
    """``text.format`` or ``text.format_map``, waiting to be called with a budget."""

    def __init__(self, env: Environment, text: str, is_map: bool) -> None:
        self._env = env
        self._text = text
        self._is_map = is_map

    def __call__(self, budget: Budget, /, *args: Any, **kwargs: Any) -> str:
        """The formatted text."""
        text = self._text
        if self._is_map:
            if len(args) != 1 or kwargs:
                raise TypeError("format_map() takes exactly one argument, the mapping")
            (kwargs,), args = args, ()
        formatter: _Bounded
        if isinstance(text, Markup):
            formatter = _BoundedEscape(self._env, budget, len(text), escape=text.escape)
        else:
            formatter = _Bounded(self._env, budget, len(text))
        result: str = budget.charge(type(text)(formatter.vformat(text, args, kwargs)))
        return result
