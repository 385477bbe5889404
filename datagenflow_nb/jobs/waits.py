"""Which calls of a job wait for another try, and why."""

from __future__ import annotations

from ..engine import Branch
from ..records import Call

__all__ = ["Waits"]


class Waits:
    """One text per branch that waits; written on the loop thread, read from any."""

    def __init__(self) -> None:
        self._told: dict[tuple[int, str], tuple[str, str]] = {}

    @property
    def latest(self) -> str | None:
        """Why the call waits that began to last; None when none does."""
        told = list(self._told.values())
        return told[-1][1] if told else None

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
