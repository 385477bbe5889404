"""Budgets of a job: how one that is met ends it, and those that are not about calls."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any

from ..displays.budgets import amount, how_on
from ..engine import Branch, Outcome
from ..errors import JobError
from ..records import Call
from .steering import Limit

__all__ = ["BudgetLimit", "RecordLimit", "TimeLimit"]

#: Seconds between looks at the clock, at least: while a job is paused, what is left stays the same.
_LEAST_WAIT = 0.05


class BudgetLimit(Limit):
    """Ends its job as ``stopped``, with an error that says how much was used and how to go on."""

    option = ""

    def __init__(self, job_id: int, limit: float) -> None:
        self._job_id = job_id
        self._limit = limit

    def stop(self, used: float, why: str = "", **detail: Any) -> None:
        """The budget is met."""
        told, limit = amount(self.option, used), amount(self.option, self._limit)
        message = f"{told} of {self.option} {limit} used{why}"
        self.steering.stop(
            "stopped",
            JobError(
                f"{message}; to go on with more: {how_on(self._job_id, self.option)}",
                {
                    "job_id": self._job_id, "option": self.option, "limit": self._limit,
                    "used": used, **detail,
                },
            ),
        )  # fmt: skip


class TimeLimit(BudgetLimit):
    """Seconds that the job runs, under all its runners, pauses left out.

    Parameters
    ----------
    before : float
        Seconds under earlier runners.
    """

    option = "max_seconds"

    def __init__(self, job_id: int, limit: float, before: float) -> None:
        super().__init__(job_id, limit)
        self._before = before
        self._began = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        self._began = monotonic()
        self._look()

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def may_begin(self, index: int) -> bool:
        return self._is_left()

    def may_call(self, branch: Branch, call: Call) -> bool:
        return self._is_left()

    @property
    def _used(self) -> float:
        return self._before + monotonic() - self._began - self.steering.paused_seconds

    def _is_left(self) -> bool:
        used = self._used
        if used >= self._limit:
            self.stop(used)
        return used < self._limit

    def _look(self) -> None:
        """Also a job that asks nothing and whose blocks take long is stopped in time."""
        if self._is_left():
            wait = max(_LEAST_WAIT, self._limit - self._used)
            self._timer = asyncio.get_running_loop().call_later(wait, self._look)


class RecordLimit(BudgetLimit):
    """Records that neither failed nor were filtered: exactly so many, never more.

    A branch gives one record at most, so no more branches are under way than records are missing.
    """

    option = "max_records"

    def __init__(self, job_id: int, limit: int, made: int) -> None:
        super().__init__(job_id, limit)
        self._made = made

    def may_begin(self, index: int) -> bool:
        if self._made >= self._limit:  # with what an earlier runner made
            self.stop(self._made)
        return self._made + self.steering.under_way < self._limit

    def ended(self, branch: Branch, outcome: Outcome) -> Outcome:
        if outcome.status == "completed":
            self._made += 1
            if self._made >= self._limit:
                self.stop(self._made)
        return outcome
