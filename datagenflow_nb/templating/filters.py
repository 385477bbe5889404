"""Jinja2's own filters and tests, each behind a check of what it is about to do.

They keep the meaning Jinja2 gives them. What is added: a missing value is an error in all but
``default`` and ``is defined``, the time is looked at, sizes are checked first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from jinja2 import Undefined, pass_context
from jinja2.filters import FILTERS, make_attrgetter
from jinja2.runtime import Context
from jinja2.tests import TESTS

from .budget import Budget
from .checks import CHECKS, PATH_AT, check_path
from .operators import OPERATORS

__all__ = ["LOOP_FILTER", "guarded_filters", "guarded_tests"]

LOOP_FILTER = "loop over"
"""The name, which no template can write, of the filter put around what every loop goes through."""

_LAZY = frozenset({"default", "d"})
_PREDICATES = frozenset({"defined", "undefined"})
_WALKING = frozenset(
    {
        "batch",
        "groupby",
        "list",
        "map",
        "max",
        "min",
        "reject",
        "rejectattr",
        "select",
        "selectattr",
        "slice",
        "sort",
        "unique",
    }
)


def _join(
    context: Any, value: Iterable[Any], d: Any = "", attribute: str | int | None = None
) -> str:
    """Jinja2's ``join`` without autoescape, adding up as it goes."""
    budget: Budget = context.budget
    items: Iterable[Any] = budget.loop(value)
    if attribute is not None:
        items = map(make_attrgetter(context.environment, attribute), items)
    between, texts, size = budget.text(d), [], 0
    for item in items:
        text = budget.text(item)
        size += len(text) + len(between)
        budget.expect(size)
        texts.append(text)
    result: str = budget.charge(between.join(texts))
    return result


def _sum(
    context: Any, iterable: Iterable[Any], attribute: str | int | None = None, start: Any = 0
) -> Any:
    """Jinja2's ``sum``, each addition checked."""
    budget: Budget = context.budget
    items: Iterable[Any] = budget.loop(iterable)
    if attribute is not None:
        items = map(make_attrgetter(context.environment, attribute), items)
    if isinstance(start, str):
        raise TypeError("sum cannot add texts; use |join")
    for item in items:
        start = OPERATORS["+"](budget, start, item)
    return start


def _format(context: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
    """Jinja2's ``format``."""
    if args and kwargs:
        raise TypeError("format takes positional or named values, not both")
    budget: Budget = context.budget
    pattern = value if isinstance(value, str) else budget.text(value)
    return OPERATORS["%"](budget, pattern, kwargs or args)


def _loop(context: Any, value: Any) -> Any:
    return context.budget.loop(value)


_OWN: dict[str, Callable[..., Any]] = {"format": _format, "join": _join, "sum": _sum}


def guarded_filters() -> dict[str, Any]:
    """Jinja2's filters, and the one around loops."""
    own = {name: pass_context(function) for name, function in _OWN.items()}
    filters = {name: _guard(name, function) for name, function in {**FILTERS, **own}.items()}
    return {**filters, LOOP_FILTER: pass_context(_loop)}


def guarded_tests() -> dict[str, Any]:
    """Jinja2's tests."""
    return {
        name: function if name in _PREDICATES else _guard(name, function)
        for name, function in TESTS.items()
    }


def _guard(name: str, function: Any) -> Callable[..., Any]:
    check = CHECKS.get(name)
    path_at = PATH_AT.get(name)
    walks, strict = name in _WALKING, name not in _LAZY
    passed = _passed_argument(function)

    def guarded(context: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        budget: Budget = context.budget
        if strict and isinstance(value, Undefined):
            value._fail_with_undefined_error()
        if path_at is not None or "attribute" in kwargs:
            check_path(kwargs.get("attribute", args[path_at or 0 :]))
        if check is not None:
            check(budget, value, *args, **kwargs)
        if walks and value:
            value = budget.loop(value)
        if passed is None:
            return budget.charge(function(value, *args, **kwargs))
        return budget.charge(function(passed(context), value, *args, **kwargs))

    # Also keeps Jinja2 from computing it while it compiles, where no budget is.
    return pass_context(guarded)


class _TickingEnvironment:
    """The environment, looking at the clock at each attribute a filter sorts or groups by."""

    def __init__(self, context: Any) -> None:
        self._environment = context.environment
        self._budget = context.budget

    def getitem(self, obj: Any, argument: Any) -> Any:
        self._budget.tick()
        return self._environment.getitem(obj, argument)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._environment, name)


def _passed_argument(function: Any) -> Callable[[Context], Any] | None:
    """What Jinja2 would pass before the value."""
    kind = getattr(function, "jinja_pass_arg", None)
    if kind is None:
        return None
    choices: dict[str, Callable[[Context], Any]] = {
        "context": lambda context: context,
        "eval_context": lambda context: context.eval_ctx,
        "environment": _TickingEnvironment,
    }
    return choices[kind.name]
