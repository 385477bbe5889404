"""What a job will take, from the executions that were run of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..displays.estimate import Estimate, Figure
from ..errors import ConfigError, JobError
from ..storage.jobs import JobRow
from ..storage.samples import Taken
from ..whole import told
from .extrapolation import total_of

__all__ = ["check_sample", "estimate_of"]


def check_sample(executions: Any, target: int | None) -> None:
    """Raise when these executions cannot be run for an estimate.

    Raises
    ------
    ConfigError
    """
    if type(executions) is not int or executions < 1:
        raise ConfigError(
            f"executions is {told(executions)}, expected a whole number, 1 or more: how many to "
            "run, and to pay for, to estimate the rest"
        )
    if target is not None:
        raise ConfigError(
            "an estimate is about one pass over the seeds, target_accepted about as many as it "
            "takes; estimate without it"
        )


def estimate_of(job: JobRow, sample: Sequence[Taken]) -> Estimate:
    """The estimate.

    Time is what blocks ran for in all, divided by the workers; they cannot be more than branches.

    Raises
    ------
    JobError
        When no execution has ended.
    """
    if not sample:
        why = "" if job.error is None else f": {job.error['error']}"
        raise JobError(
            f"job {job.id} is {job.status} and none of its executions has ended, so there is "
            f"nothing to estimate from{why}",
            {"job_id": job.id},
        )
    total = job.total or len(sample)
    notes = []
    is_known = not job.usage.get("calls") or job.usage.get("cost") is not None
    if not is_known:
        models = ", ".join(job.options.get("models") or [])
        notes.append(
            f"The cost is not known: prices are missing ({models}); "
            "%dgf model add NAME ... --input-price X --output-price X"
        )
    expected = job.options.get("sample") or len(sample)
    if len(sample) < min(expected, total) and job.error is not None:
        notes.append(f"{len(sample):,} of {expected:,} were run: {job.error['error']}")
    concurrency = job.options["concurrency"]
    made = job.records_generated + job.records_failed + job.records_filtered
    workers = min(concurrency, max(total, made * total // len(sample)))
    unknown = Figure(None, None, None, None)
    return Estimate(
        job_id=job.id,
        executions=len(sample),
        total=total,
        concurrency=concurrency,
        input_tokens=_figure([taken.input_tokens for taken in sample], total),
        output_tokens=_figure([taken.output_tokens for taken in sample], total),
        calls=_figure([taken.calls for taken in sample], total),
        cost=_figure([taken.cost for taken in sample], total) if is_known else unknown,
        seconds=_figure([taken.seconds / workers for taken in sample], total),
        notes=tuple(notes),
    )


def _figure(sample: Sequence[float], total: int) -> Figure:
    whole = total_of(sample, total)
    return Figure(sum(sample), whole.value, whole.low, whole.high)
