"""Who waits to make a call: the branches that are farthest first."""

from __future__ import annotations

import asyncio
import bisect
import itertools
from types import TracebackType

from ..engine import Branch

__all__ = ["Place", "Places", "rank"]


def rank(branch: Branch) -> tuple[int, int, str]:
    """The smaller the farther it is; of equal ones that which began first."""
    return -branch.at, branch.execution.key, branch.path


class Places:
    """Places of branches that want to call, those that are farthest before the others."""

    def __init__(self) -> None:
        self._places: list[Place] = []
        self._numbers = itertools.count()

    def place(self, branch: Branch) -> Place:
        """A place for a call of ``branch``; a context manager: it is left at the end."""
        return Place(self, (*rank(branch), next(self._numbers)))

    def is_first(self, place: Place) -> bool:
        """Whether nobody is before it."""
        return self._places[0] is place

    def enter(self, place: Place) -> None:
        """It is taken."""
        bisect.insort(self._places, place, key=lambda other: other.rank)

    def leave(self, place: Place) -> None:
        """It is left; whoever is first then hears of it."""
        self._places.pop(bisect.bisect_left(self._places, place.rank, key=lambda it: it.rank))
        if self._places:
            self._places[0].woken.set()

    def wake(self) -> None:
        """Everybody looks again."""
        for place in self._places:
            place.woken.set()


class Place:
    """A place in the queue."""

    __slots__ = ("_queue", "rank", "woken")

    def __init__(self, queue: Places, rank: tuple[int, int, str, int]) -> None:
        self.rank = rank
        self.woken = asyncio.Event()
        self._queue = queue

    def __enter__(self) -> Place:
        self._queue.enter(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._queue.leave(self)

    @property
    def is_first(self) -> bool:
        """Whether nobody is before it."""
        return self._queue.is_first(self)

    async def until_first(self) -> None:
        """Returns when it may be the first."""
        self.woken.clear()
        await self.woken.wait()
