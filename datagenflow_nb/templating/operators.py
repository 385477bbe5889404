"""The arithmetic operators that can make something large out of something small."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .budget import Budget, Weight
from .formats import percent
from .limits import MAX_INT_BITS
from .problems import LimitError, Missing, RefusedError

__all__ = ["OPERATORS"]

_Number = int | float | Decimal
# A missing value is let through: its own error names it.
_NumberOrMissing = _Number | Missing


def _add(budget: Budget, left: Any, right: Any) -> Any:
    if isinstance(left, str) and isinstance(right, str):
        budget.expect(len(left) + len(right))
    elif isinstance(left, list | tuple) and isinstance(right, list | tuple):
        # The sum of two known weights: adding to a list in a loop must not weigh it all each time.
        one, two = budget.weigh(left), budget.weigh(right)
        weight = Weight(
            one.size + two.size,
            one.nodes + two.nodes,
            max(one.depth, two.depth),
            one.indents + two.indents,
        ).check()
        result = left + right  # type: ignore[operator]  # list + tuple is the author's TypeError
        budget.remember(result, weight)
        return budget.charge(result)
    return budget.charge(left + right)


def _multiply(budget: Budget, left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() + right.bit_length())
        return left * right
    for value, count in ((left, right), (right, left)):
        if isinstance(count, int) and not isinstance(value, _NumberOrMissing):
            return _repeat(budget, value, count)
    return budget.charge(left * right)


def _repeat(budget: Budget, value: Any, count: int) -> Any:
    times = max(count, 0)
    if isinstance(value, str):
        budget.expect(len(value) * times)
    elif isinstance(value, list | tuple):
        size, nodes, depth, indents = budget.weigh(value)
        weight = Weight(size * times, nodes * times, depth, indents * times).check()
        budget.claim(8 * len(value) * times)
        result = value * count
        budget.remember(result, weight)
        return budget.charge(result)
    elif hasattr(value, "__len__"):
        raise RefusedError(f"a {type(value).__name__} cannot be multiplied in a template")
    return budget.charge(value * count)


def _power(budget: Budget, left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        if right > 0 and abs(left) > 1:
            # A lower bound; what is let through is at most twice as long.
            _check_bits((left.bit_length() - 1) * right)
            return budget.charge(left**right)
    elif not isinstance(left, _NumberOrMissing) or not isinstance(right, _NumberOrMissing):
        kinds = f"{type(left).__name__} ** {type(right).__name__}"
        raise RefusedError(f"{kinds}: only numbers have powers")
    return left**right


def _modulo(budget: Budget, left: Any, right: Any) -> Any:
    if isinstance(left, str):
        return percent(budget, left, right)
    if isinstance(left, bytes | bytearray):
        raise RefusedError("% on bytes; decode them in a block first")
    return left % right


def _check_bits(bits: int) -> None:
    if bits > MAX_INT_BITS:
        raise LimitError(f"a number of {bits:,} bits; at most {MAX_INT_BITS:,} are allowed")


OPERATORS: dict[str, Callable[[Budget, Any, Any], Any]] = {
    "+": _add,
    "*": _multiply,
    "**": _power,
    "%": _modulo,
}
