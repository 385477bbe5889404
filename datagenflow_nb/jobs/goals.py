"""When a job is completed, and what it is when it has run out of work before."""

from __future__ import annotations

from typing import Any, Protocol

from ..displays.budgets import how_on
from ..errors import DataGenFlowError, JobError, StoreError
from ..storage.jobs import JobRow

__all__ = ["Goal", "goal_of"]


class Counts(Protocol):
    """What a runner has counted."""

    done: int
    accepted: int


class Goal:
    """All executions that the seeds ask for."""

    def __init__(self, job: JobRow) -> None:
        self._job = job

    def is_met(self, counts: Counts) -> bool:
        """Whether the job is completed."""
        return counts.done == self._job.total

    def missed(
        self, counts: Counts, before: JobRow | None
    ) -> tuple[str, DataGenFlowError | None, dict[str, Any] | None]:
        """Status and error of a job that has no work left; the error as it is, or its JSON.

        Parameters
        ----------
        before : JobRow, optional
            What the job was before its failed records were retried.
        """
        if before is not None:
            return before.status, None, before.error
        told = f"{counts.done} of {self._job.total} executions done"
        return "failed", StoreError(f"the job ended with {told}"), None


class _Target(Goal):
    """So many accepted records."""

    def is_met(self, counts: Counts) -> bool:
        return bool(counts.accepted >= self._job.options["target_accepted"])

    def missed(
        self, counts: Counts, before: JobRow | None
    ) -> tuple[str, DataGenFlowError | None, dict[str, Any] | None]:
        if before is not None and before.status != "stopped":
            return super().missed(counts, before)
        target = self._job.options["target_accepted"]
        error = JobError(
            f"{counts.accepted:,} of {target:,} accepted after {counts.done:,} executions "
            f"(max_attempts); to go on with more: {how_on(self._job.id, 'max_attempts')}",
            {
                "job_id": self._job.id, "option": "max_attempts", "limit": counts.done,
                "used": counts.done, "accepted": counts.accepted, "target_accepted": target,
            },
        )  # fmt: skip
        return "stopped", error, None


class _Sample(Goal):
    """All executions, too; but it is not expected to do them."""

    def missed(
        self, counts: Counts, before: JobRow | None
    ) -> tuple[str, DataGenFlowError | None, dict[str, Any] | None]:
        if before is not None:
            return super().missed(counts, before)
        number = self._job.id
        error = JobError(
            f"estimate: {counts.done:,} of {self._job.total or 0:,} executions were run; for the "
            f"others: job.resume(), %dgf resume {number} or dgf resume {number}",
            {"job_id": number, "reason": "estimate"},
        )
        return "stopped", error, None


def goal_of(job: JobRow) -> Goal:
    """What the job is to reach."""
    if job.options.get("sample") is not None:
        return _Sample(job)
    return Goal(job) if job.options.get("target_accepted") is None else _Target(job)
