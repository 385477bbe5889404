"""The options that say when a job stops: budgets and targets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from ..displays.budgets import BOUNDS, BUDGETS, flag

__all__ = ["budget_options", "given"]


class _Budget(click.ParamType[Any]):
    """A number; ``none`` takes away what an earlier run was told."""

    name = "number"

    def __init__(self, is_whole: bool, may_be_none: bool) -> None:
        self._range: Any = click.IntRange(1) if is_whole else click.FloatRange(0, min_open=True)
        self._may_be_none = may_be_none

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if self._may_be_none and value == "none":
            return value
        return self._range.convert(value, param, ctx)


def budget_options(*, is_again: bool, has_targets: bool = True) -> Callable[[Any], Any]:
    """``--max-tokens-total`` and so on; ``is_again``: ``none`` takes one away."""

    def add(command: Any) -> Any:
        for name, kind in reversed((BOUNDS if has_targets else BUDGETS).items()):
            default = " Default: as before; none: without." if is_again else ""
            command = click.option(
                flag(name),
                type=_Budget(kind.is_whole, is_again),
                metavar="N",
                help=f"{kind.what[0].upper()}{kind.what[1:]}.{default}",
            )(command)
        return command

    return add


def given(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, as Python takes them."""
    return {
        name: None if value == "none" and name in BOUNDS else value
        for name, value in options.items()
        if value is not None
    }
