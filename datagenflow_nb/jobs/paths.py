"""What branches still take on their way to a record: of those that went it, on average."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

from ..engine import Branch
from .places import rank

__all__ = ["Paths", "fits"]

#: Sums of averages are not exact: what exceeds a limit by so much of it fits in.
_ROUNDING = 1e-9


def fits(amount: float, left: float) -> bool:
    """Whether ``left`` is enough for ``amount``."""
    return amount <= left * (1 + _ROUNDING)


@dataclass(slots=True)
class _Block:
    """Branches that have passed a block, those that went on from it, and what it took of them."""

    passed: int = 0
    went_on: int = 0
    amount: float = 0.0


@dataclass(slots=True)
class _Way:
    """A branch under way: the block it is in, and what it has paid there."""

    branch: Branch
    start: int
    at: int
    paid: float = 0.0
    needs: float | None = None


class Paths:
    """Lets so many branches begin, and go on, as can be paid to their ends.

    What a path takes is known once a branch has come to the end of the pipeline, and the better
    the more have: at most one more is under way than have ended, twice as many with each round.
    When those under way take more than was expected of them, the farthest go on alone.
    """

    def __init__(self) -> None:
        self._blocks: defaultdict[int, _Block] = defaultdict(_Block)
        self._length = 0
        self._ways: dict[int, _Way] = {}
        self._ends: defaultdict[int, int] = defaultdict(int)
        self._is_stale = True
        self._costs: list[float | None] = []
        self._reserved: float | None = 0.0
        self._first: set[int] | None = None

    @property
    def is_empty(self) -> bool:
        """No branch is under way."""
        return not self._ways

    def began(self, branch: Branch) -> None:
        """``branch`` is under way."""
        at = branch.at
        way = self._ways[id(branch)] = _Way(branch, at, at)
        if not self._is_stale:
            way.needs = self._needs(way)
            known = self._reserved is not None and way.needs is not None
            self._reserved = self._reserved + way.needs if known else None  # type: ignore[operator] # neither is None
            self._first = None

    def paid(self, branch: Branch, amount: float) -> None:
        """It has been answered a call in the block it is in."""
        way = self._ways.get(id(branch))
        if way is not None:
            self._follow(way)
            way.paid += amount
        self._is_stale = True

    def parted(self, branch: Branch, parts: int) -> None:
        """It has fanned out in the block it is in."""
        way = self._ways.pop(id(branch))
        self._follow(way)
        self._pass(way, parts)
        self._ends[way.start] += 1
        self._is_stale = True

    def ended(self, branch: Branch, *, is_whole: bool) -> None:
        """It has ended, with ``is_whole`` behind the last block; one may never have begun."""
        way = self._ways.pop(id(branch), None)
        if way is None:
            return
        self._follow(way)
        self._ends[way.start] += 1
        if is_whole:
            self._length = max(self._length, way.at)
        elif way.at > way.start:
            self._blocks[way.at - 1].went_on -= 1
        self._is_stale = True

    def expected(self, index: int, most: float = math.inf) -> float | None:
        """What a branch takes from that block on, with all it fans out into; None: not known.

        Parameters
        ----------
        most : float
            Count so many branches of a fan-out: with 1 it is what one record takes.
        """
        costs = self._costs_from(most)
        return costs[min(index, len(costs) - 1)]

    def may_begin(self, index: int, left: float) -> bool:
        """Whether a branch at that block can be paid to its end, besides those under way."""
        self._refresh()
        own = self._cost(index)
        is_known = own is not None and self._reserved is not None
        ends = (count for start, count in self._ends.items() if is_known or start <= index)
        if len(self._ways) > sum(ends):
            return False
        return own is None or self._reserved is None or fits(self._reserved + own, left)

    def may_go_on(self, branch: Branch, left: float) -> bool:
        """Whether a branch under way can be paid to its end, besides those before it."""
        way = self._ways.get(id(branch))
        if way is None:
            return True
        self._is_stale |= branch.at != way.at
        self._refresh()
        if self._reserved is None or fits(self._reserved, left):
            return True
        if self._first is None:
            self._first = self._farthest(left)
        return id(branch) in self._first

    def _farthest(self, left: float) -> set[int]:
        """Those that ``left`` is enough for, at least one."""
        first: set[int] = set()
        for way in sorted(self._ways.values(), key=lambda way: rank(way.branch)):
            left -= way.needs or 0.0
            if first and left < 0:
                break
            first.add(id(way.branch))
        return first

    def _follow(self, way: _Way) -> None:
        """Count the blocks it has passed since."""
        while way.at < way.branch.at:
            self._pass(way, 1)

    def _pass(self, way: _Way, parts: int) -> None:
        block = self._blocks[way.at]
        block.passed += 1
        block.went_on += parts
        block.amount += way.paid
        way.paid = 0.0
        way.at += 1

    def _refresh(self) -> None:
        if not self._is_stale:
            return
        for way in self._ways.values():
            self._follow(way)
        self._costs = self._costs_from(math.inf)
        total: float | None = 0.0
        for way in self._ways.values():
            way.needs = self._needs(way)
            total = None if total is None or way.needs is None else total + way.needs
        self._reserved = total
        self._first = None
        self._is_stale = False

    def _cost(self, index: int) -> float | None:
        return self._costs[min(index, len(self._costs) - 1)]

    def _needs(self, way: _Way) -> float | None:
        whole = self._cost(way.at)
        if whole is None or way.at >= self._length:
            return whole
        block = self._blocks[way.at]
        return whole - min(way.paid, block.amount / block.passed)

    def _costs_from(self, most: float) -> list[float | None]:
        """For each block what a branch takes from it on, and what it takes behind the last."""
        costs: list[float | None] = [0.0 if self._length else None]
        for index in reversed(range(self._length)):
            block, after = self._blocks.get(index), costs[-1]
            if after is None or block is None or not block.passed:
                costs.append(None)
            else:
                parts = min(block.went_on / block.passed, most)
                costs.append(block.amount / block.passed + parts * after)
        return costs[::-1]
