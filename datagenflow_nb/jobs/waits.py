"""Which calls of a job wait, for another try or for their turn, and why."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from ..engine import Branch
from ..records import Call

__all__ = ["Waits"]


class Waits:
    """One text per branch that waits; written on the loop thread, read from any."""

    def __init__(self) -> None:
        self._told: dict[tuple[int, str], tuple[str, str]] = {}
        self._queue: dict[Hashable, Callable[[], str | None]] = {}

    @property
    def latest(self) -> str | None:
        """Why the call waits that began to last, else why one waits for its turn; else None."""
        told = list(self._told.values())
        if told:
            return told[-1][1]
        queue = list(self._queue.values())
        return queue[-1]() if queue else None

    def line_up(self, place: Hashable, told: Callable[[], str | None]) -> None:
        """A call waits for its turn at its model's gate, which says why."""
        self._queue[place] = told

    def step_up(self, place: Hashable) -> None:
        """It does not any more."""
        self._queue.pop(place, None)

    def begin(self, branch: Branch, model: str, reason: str) -> None:
        """A call of ``model`` waits; it does until its end, its further tries included."""
        key = (branch.execution.key, branch.path)
        self._told.pop(key, None)
        self._told[key] = (model, reason)

    def end(self, branch: Branch, call: Call) -> None:
        """The call has ended; where it was answered, that model's others need not be told of."""
        if not self._told:
            return
        self._told.pop((branch.execution.key, branch.path), None)
        if call.usage.calls:
            for key, (model, _) in list(self._told.items()):
                if model == call.model:
                    del self._told[key]
