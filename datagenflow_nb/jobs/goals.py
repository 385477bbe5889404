"""When a job is completed, and what it ends as when it is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from ..displays.budgets import flag, how_on
from ..displays.reached import judged_told
from ..errors import DataGenFlowError, JobError, StoreError
from ..storage.attempts import ASIDE
from ..storage.jobs import STOPPED_EARLY, JobRow
from .target import attempts_of, patience

__all__ = ["End", "Goal", "goal_of", "is_reached"]


class Counts(Protocol):
    """What a runner has counted."""

    done: int
    generated: int
    failed: int
    filtered: int
    accepted: int
    #: Executions that had begun and were not ended.
    abandoned: int


class End(NamedTuple):
    """What a job has ended as, and why: as an error, or as its JSON."""

    status: str
    error: DataGenFlowError | None = None
    detail: dict[str, Any] | None = None


class Goal:
    """All executions that the seeds ask for.

    Parameters
    ----------
    job : JobRow
        As its runner takes it.
    before : JobRow, optional
        What it was when it had ended before.
    is_retry : bool
        Its failed records are retried: when they have been, and it was not completed, it is what it
        was again.
    """

    def __init__(
        self, job: JobRow, before: JobRow | None = None, *, is_retry: bool = False
    ) -> None:
        self._job = job
        self._before = before
        self._is_retry = is_retry

    def is_met(self, counts: Counts) -> bool:
        """Whether the job has what it is to reach."""
        return counts.done == self._job.total

    def open_ends(self, status: str) -> str:
        """As what executions end that are open when the job is stopped as ``status``."""
        # Those that have failed or are completed have ended: none would resume them.
        return {"failed": "stopped", "completed": "cancelled"}.get(status, status)

    def kept(self, status: str | None, error: DataGenFlowError | None) -> JobRow | None:
        """What the job was, where it is that again: its retry was of no use, it was completed."""
        if not self._is_retry or self._before is None or not _is_early(error):
            return None
        return self._before if self._before.status == "completed" else None

    def end(self, counts: Counts, status: str | None, error: DataGenFlowError | None) -> End:
        """What the job has ended as.

        Parameters
        ----------
        status : str or None
            What it was stopped as; None: it has run out of work.
        """
        number = self._job.id
        if self.kept(status, error) is not None:
            assert error is not None  # kept for it
            return End("completed", JobError(
                f"the retry was {error.message}. Job {number} is completed as it was before, with "
                f"what the retry has made good; once that is mended, dgf retry {number} goes on",
                error.detail,
            ))  # fmt: skip
        is_fruitless = self._is_fruitless(counts)
        if self.is_met(counts) and not is_fruitless and not self._came_to_nothing(counts, error):
            return End("completed")  # a wish to stop came after the last record
        if _is_early(error):
            assert error is not None
            return End("failed", self._early(counts, error.detail))
        if is_fruitless and self.is_met(counts):
            assert self._before is not None and self._before.error is not None  # looked at above
            return End("failed", self._early(counts, self._before.error["detail"]))
        if status is None or (status == "stopped" and error is None):
            return self.missed(counts, is_in_vain=status is not None)
        return End(status, error)

    def missed(self, counts: Counts, *, is_in_vain: bool) -> End:
        """What a job is that has no work left.

        Parameters
        ----------
        is_in_vain : bool
            It may have some: its rule accepts nothing.
        """
        if self._is_retry and self._before is not None:
            return End(self._before.status, None, self._before.error)
        told = f"{counts.done} of {self._job.total} executions done"
        return End("failed", StoreError(f"the job ended with {told}"))

    def _gained(self, counts: Counts) -> int:
        """Records under this runner that did not fail."""
        before = self._job.records_generated + self._job.records_filtered
        return counts.generated + counts.filtered - before

    def _came_to_nothing(self, counts: Counts, error: DataGenFlowError | None) -> bool:
        """Whether it was stopped early and nothing has come out well."""
        return _is_early(error) and not self._gained(counts)

    def _is_fruitless(self, counts: Counts) -> bool:
        """Whether it had been stopped early, and that is still how it stands."""
        was_early = self._before is not None and self._before.stopped_early is not None
        return was_early and counts.failed > 0 and not self._gained(counts)

    def _early(self, counts: Counts, detail: dict[str, Any]) -> JobError:
        """Why it was stopped early, with what can be done."""
        number = self._job.id
        again = f"dgf retry {number} runs what failed"
        if not self.is_met(counts):
            more = self._more(counts)
            again = (
                f"dgf resume {number}{more} runs what is missing and dgf retry {number} what failed"
            )
        return JobError(
            f"stopped early, {detail['why']}. dgf failures {number} shows what failed; once that "
            f"is mended, {again} (stop_early=False goes on whatever fails)",
            detail,
        )

    def _more(self, counts: Counts) -> str:
        """What must be said beside the job's number to let it go on."""
        return ""


class _Target(Goal):
    """So many accepted records."""

    def is_met(self, counts: Counts) -> bool:
        return bool(counts.accepted >= self._job.options["target_accepted"])

    def missed(self, counts: Counts, *, is_in_vain: bool) -> End:
        before = self._before
        if not is_in_vain and self._is_retry and before is not None and before.status != "stopped":
            return super().missed(counts, is_in_vain=is_in_vain)
        number, target = self._job.id, self._job.options["target_accepted"]
        judged = judged_told(
            self._job.accept_when, counts.accepted, counts.generated, counts.failed, counts.filtered
        )
        detail = {
            "job_id": number, "used": counts.done, "accepted": counts.accepted,
            "target_accepted": target, "accept_when": self._job.accept_when,
            "rejected": counts.generated - counts.accepted, "failed": counts.failed,
            "filtered": counts.filtered,
        }  # fmt: skip
        if is_in_vain:
            return End("stopped", JobError(
                f"stopped early, the rule accepted none of {patience(target)} records: {judged}. "
                f"%dgf records {number} shows what it rejected; with the pipeline edited, "
                f"dgf rerun {number} --target-accepted none judges the same answers; "
                f"dgf resume {number} goes on (stop_early=False whatever is rejected)",
                {**detail, "reason": "rule"},
            ))  # fmt: skip
        return End("stopped", JobError(
            f"{counts.accepted:,} of {target:,} accepted after {counts.done:,} executions "
            f"(max_attempts): {judged}; to go on with more: {how_on(number, 'max_attempts')}",
            {**detail, "option": "max_attempts", "limit": counts.done},
        ))  # fmt: skip

    def _more(self, counts: Counts) -> str:
        most = attempts_of(self._job.options, self._job.total or 0)
        return f" {flag('max_attempts')} N" if counts.done >= most else ""


class _Sample(Goal):
    """All executions, too; but it is not expected to do them."""

    def missed(self, counts: Counts, *, is_in_vain: bool) -> End:
        if self._is_retry:
            return super().missed(counts, is_in_vain=is_in_vain)
        number = self._job.id
        error = JobError(
            f"estimate: {counts.done:,} of {self._job.total or 0:,} executions were run; for the "
            f"others: job.resume(), %dgf resume {number} or dgf resume {number}",
            {"job_id": number, "reason": "estimate"},
        )
        return End("stopped", error)


class _Beside(Goal):
    """One record runs again: when that is stopped, the job is what it was.

    Parameters
    ----------
    goal : Goal
        What the job is to reach otherwise.
    """

    def __init__(self, job: JobRow, before: JobRow, goal: Goal) -> None:
        super().__init__(job, before, is_retry=True)
        self._goal = goal

    def is_met(self, counts: Counts) -> bool:
        return self._goal.is_met(counts)

    def open_ends(self, status: str) -> str:
        return status if status == "interrupted" else ASIDE

    def kept(self, status: str | None, error: DataGenFlowError | None) -> JobRow | None:
        return None if status in (None, "interrupted") else self._before

    def end(self, counts: Counts, status: str | None, error: DataGenFlowError | None) -> End:
        before = self.kept(status, error)
        if before is None or not counts.abandoned:
            return self._missing(counts, self._goal.end(counts, status, error))
        told = "running a record again was stopped"
        if error is not None:
            told += f": {error.message}"
        told = (
            f"{told}. The record is as it was; run again from the same block, it goes on with the "
            "answers that are there"
        )
        if before.status == "completed":
            return End("completed", JobError(told, {"job_id": before.id}))
        return End(before.status, None, before.error)

    def _missing(self, counts: Counts, end: End) -> End:
        """Says why a completed job has fewer accepted records than it was to reach."""
        target = self._job.options.get("target_accepted")
        if end.status != "completed" or target is None or counts.accepted >= target:
            return end
        number = self._job.id
        return End("completed", JobError(
            f"{counts.accepted:,} of {target:,} accepted records are left: the rule had accepted a "
            f"record that ran again and came out otherwise. ws.make_current() brings it back, "
            f"%dgf records {number} shows what took its place",
            {"job_id": number, "accepted": counts.accepted, "target_accepted": target},
        ))  # fmt: skip


def goal_of(
    job: JobRow, before: JobRow | None = None, *, is_retry: bool = False, is_beside: bool = False
) -> Goal:
    """What the job is to reach; see ``Goal``.

    Parameters
    ----------
    is_beside : bool
        One of its records runs again, and nothing else.
    """
    kind = Goal if job.options.get("target_accepted") is None else _Target
    if job.options.get("sample") is not None:
        kind = _Sample
    goal = kind(job, before, is_retry=is_retry)
    return _Beside(job, before, goal) if is_beside and before is not None else goal


def is_reached(job: JobRow, options: Mapping[str, Any]) -> bool:
    """Whether a job that has ended lacks nothing but its end: its process ended before."""
    target = options.get("target_accepted")
    if target is not None:
        return bool(job.records_accepted == target)
    return job.executions_done == job.total


def _is_early(error: DataGenFlowError | None) -> bool:
    return error is not None and error.detail.get("reason") == STOPPED_EARLY
