"""How far a job is on its way: executions of those that it is to run, or accepted records."""

from __future__ import annotations

from .facts import JobFacts
from .text import plural

__all__ = ["executions_told", "judged_of", "judged_told", "reached", "sample_size"]

#: Statuses of a job that has not ended.
_GOES_ON = ("queued", "running", "paused")


def reached(job: JobFacts) -> tuple[int, int]:
    """How many of how many."""
    target = job.options.get("target_accepted")
    if target is not None:
        return job.records_accepted, target
    size = sample_size(job)
    return job.executions_done, (job.total or 0) if size is None else size


def sample_size(job: JobFacts) -> int | None:
    """How many executions an estimate runs; None for any other job."""
    size = job.options.get("sample")
    return None if size is None else min(size, job.total or 0)


def executions_told(job: JobFacts) -> str:
    """``3 of 20 executions``; with a target ``37 of 50 accepted in 120 executions``."""
    count, total = reached(job)
    if job.options.get("target_accepted") is None:
        of = "" if sample_size(job) is None else " of the estimate"
        return f"{count:,} of {plural(total, 'execution')}{of}"
    return f"{count:,} of {total:,} accepted in {plural(job.executions_done, 'execution')}"


def judged_told(rule: str | None, accepted: int, generated: int, failed: int, filtered: int) -> str:
    """``accept_when 'n > 5': 3 accepted, 7 rejected, 1 failed, 0 filtered``."""
    return (
        f"accept_when {rule!r}: {accepted:,} accepted, {generated - accepted:,} rejected, "
        f"{failed:,} failed, {filtered:,} filtered"
    )


def judged_of(job: JobFacts) -> str | None:
    """The same of a job that stopped short of its target, unless its error tells it."""
    target = job.options.get("target_accepted")
    if target is None or job.status in _GOES_ON or job.records_accepted >= target:
        return None
    told = judged_told(
        job.accept_when, job.records_accepted, job.records_generated, job.records_failed,
        job.records_filtered,
    )  # fmt: skip
    return None if told in str((job.error or {}).get("error")) else told
