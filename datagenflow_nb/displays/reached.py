"""How far a job is on its way: executions of those that it is to run, or accepted records."""

from __future__ import annotations

from typing import Any, Protocol

from .text import plural

__all__ = ["executions_told", "reached", "sample_size"]


class Facts(Protocol):
    """What its row in the store has."""

    @property
    def total(self) -> int | None: ...
    @property
    def executions_done(self) -> int: ...
    @property
    def records_accepted(self) -> int: ...
    @property
    def options(self) -> dict[str, Any]: ...


def reached(job: Facts) -> tuple[int, int]:
    """How many of how many."""
    target = job.options.get("target_accepted")
    if target is not None:
        return job.records_accepted, target
    size = sample_size(job)
    return job.executions_done, (job.total or 0) if size is None else size


def sample_size(job: Facts) -> int | None:
    """How many executions an estimate runs; None for any other job."""
    size = job.options.get("sample")
    return None if size is None else min(size, job.total or 0)


def executions_told(job: Facts) -> str:
    """``3 of 20 executions``; with a target ``37 of 50 accepted in 120 executions``."""
    count, total = reached(job)
    if job.options.get("target_accepted") is None:
        of = "" if sample_size(job) is None else " of the estimate"
        return f"{count:,} of {plural(total, 'execution')}{of}"
    return f"{count:,} of {total:,} accepted in {plural(job.executions_done, 'execution')}"
