"""What a template may call: its macros, a few functions, and the reading methods of plain values.

Everything else is refused: a value's methods are arbitrary code, and the ones that are not listed
either change the value or are of no use in a text.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from types import BuiltinMethodType, MethodType, ModuleType
from typing import Any

from jinja2 import Undefined
from jinja2.runtime import LoopContext, Macro
from jinja2.utils import Cycler, Joiner, Namespace

from .budget import Budget
from .formats import BoundFormat
from .limits import MAX_DEPTH, MAX_LENGTH, MAX_NODES, MAX_STRIP_CHARS
from .problems import LimitError, RefusedError

__all__ = ["GLOBALS", "call", "check_strip"]

# Keeps `range` from making integers that all fall into one slot of a hash table.
_MAX_RANGE_BOUND = 2**53

_STR = (
    "capitalize casefold count endswith find index isalnum isalpha isascii isdecimal isdigit "
    "isidentifier islower isnumeric isprintable isspace istitle isupper lower partition "
    "removeprefix removesuffix rfind rindex rpartition startswith swapcase title upper"
)
_SET = "copy difference intersection isdisjoint issubset issuperset symmetric_difference union"
_DATE = (
    "date isocalendar isoformat isoweekday strftime time timestamp timetz toordinal "
    "total_seconds utcoffset weekday"
)
_METHODS: tuple[tuple[type | tuple[type, ...], frozenset[str]], ...] = (
    (str, frozenset(_STR.split())),
    (dict, frozenset({"copy", "get", "items", "keys", "values"})),
    ((list, tuple), frozenset({"copy", "count", "index"})),
    (
        (set, frozenset),
        frozenset(_SET.split()),
    ),
    (
        (int, float),
        frozenset({"as_integer_ratio", "bit_count", "bit_length", "hex", "is_integer"}),
    ),
    ((dt.date, dt.time, dt.timedelta), frozenset(_DATE.split())),
    (Decimal, frozenset({"is_finite", "is_nan", "normalize", "to_integral_value"})),
    (LoopContext, frozenset({"changed", "cycle"})),
    (Cycler, frozenset({"next", "reset"})),
)
_KINDS = (Cycler, Joiner, Namespace)


def call(budget: Budget, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``function(*args, **kwargs)``, if a template may do that."""
    budget.tick()
    if isinstance(function, BoundFormat):
        return function(budget, *args, **kwargs)
    if isinstance(function, BuiltinMethodType | MethodType):
        return _call_method(budget, function, args, kwargs)
    if isinstance(function, Macro | LoopContext):
        return _call_nested(budget, function, args, kwargs)
    if isinstance(function, Undefined):
        return function(*args, **kwargs)
    if function is range_of or function is dict_of:
        return budget.charge(function(budget, *args, **kwargs))
    if isinstance(function, Joiner) or any(function is kind for kind in _KINDS):
        return function(*args, **kwargs)
    raise RefusedError(f"a {type(function).__name__} cannot be called from a template")


def _call_nested(
    budget: Budget, function: Macro | LoopContext, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    if isinstance(function, LoopContext):
        args = tuple(budget.loop(items) for items in args)
    elif args or kwargs:
        # They come back as `varargs` and `kwargs`.
        for value in (*args, *kwargs.values()):
            if not isinstance(value, Namespace):
                budget.weigh(value)
    budget.depth += 1
    if budget.depth > MAX_DEPTH:
        raise LimitError(f"macros or loops call themselves more than {MAX_DEPTH} times deep")
    try:
        return function(*args, **kwargs)
    finally:
        budget.depth -= 1


def _call_method(budget: Budget, method: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    owner, name = method.__self__, method.__name__
    if isinstance(owner, str) and name in _CHECKED:
        return budget.charge(_CHECKED[name](budget, owner, method, *args, **kwargs))
    for kinds, names in _METHODS:
        if isinstance(owner, kinds):
            if name in names:
                return budget.charge(method(*args, **kwargs))
            break
    if isinstance(owner, ModuleType):
        raise RefusedError(f"the function {name!r} cannot be called from a template")
    raise RefusedError(f"the method {name!r} of a {type(owner).__name__} cannot be called here")


def _padded(budget: Budget, text: str, method: Any, width: int, fill: str = " ", /) -> Any:
    budget.expect(max(width, len(text)))
    return method(width) if fill == " " else method(width, fill)


def _expandtabs(budget: Budget, text: str, method: Any, tabsize: int = 8) -> Any:
    budget.expect(len(text) + text.count("\t") * max(tabsize, 0))
    return method(tabsize)


def _replace(budget: Budget, text: str, method: Any, old: str, new: str, count: int = -1, /) -> Any:
    found = text.count(old)
    times = found if count < 0 else min(count, found)
    budget.expect(len(text) + times * len(new))
    return method(old, new, count)


def _join(budget: Budget, text: str, method: Any, items: Iterable[Any], /) -> Any:
    texts = list(budget.loop(items))
    budget.expect(len(text) * len(texts) + sum(len(x) for x in texts if isinstance(x, str)))
    return method(texts)


def _split(
    budget: Budget, text: str, method: Any, sep: str | None = None, maxsplit: int = -1
) -> Any:
    parts = method(sep, maxsplit if 0 <= maxsplit < MAX_NODES else MAX_NODES)
    if len(parts) > MAX_NODES:
        raise LimitError(f"a split into more than {MAX_NODES:,} parts")
    return parts


def _splitlines(budget: Budget, text: str, method: Any, keepends: bool = False) -> Any:
    lines = sum(map(text.count, "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"))
    if lines > MAX_NODES:
        raise LimitError(f"a split into more than {MAX_NODES:,} lines")
    return method(keepends)


def check_strip(chars: Any) -> None:
    """Raise for a character set so large that stripping would take for ever."""
    if isinstance(chars, str) and len(chars) > MAX_STRIP_CHARS:
        raise LimitError(f"more than {MAX_STRIP_CHARS} characters to strip")


def _strip(budget: Budget, text: str, method: Any, chars: str | None = None, /) -> Any:
    check_strip(chars)
    return method(chars)


_CHECKED: dict[str, Callable[..., Any]] = {
    "center": _padded,
    "expandtabs": _expandtabs,
    "join": _join,
    "ljust": _padded,
    "lstrip": _strip,
    "replace": _replace,
    "rjust": _padded,
    "rsplit": _split,
    "rstrip": _strip,
    "split": _split,
    "splitlines": _splitlines,
    "strip": _strip,
    "zfill": _padded,
}


def range_of(budget: Budget, *bounds: int) -> range:
    """``range``, at most ``MAX_LENGTH`` long."""
    numbers = range(*bounds)
    if any(abs(bound) > _MAX_RANGE_BOUND for bound in bounds) or len(numbers) > MAX_LENGTH:
        raise LimitError(f"a range of more than {MAX_LENGTH:,} numbers")
    return numbers


def dict_of(budget: Budget, *items: Any, **fields: Any) -> dict[Any, Any]:
    """``dict``."""
    checked = [x if isinstance(x, dict) else budget.loop(x) for x in items]
    return dict(*checked, **fields)


# Error messages name them as templates do.
range_of.__name__ = range_of.__qualname__ = "range"
dict_of.__name__ = dict_of.__qualname__ = "dict"

GLOBALS: dict[str, Any] = {
    "cycler": Cycler,
    "dict": dict_of,
    "joiner": Joiner,
    "namespace": Namespace,
    "range": range_of,
}
"""The functions every template has, as in Jinja2's sandbox but for ``lipsum``."""
