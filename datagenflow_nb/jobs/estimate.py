"""What a job will take, from the executions that were run of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..displays.estimate import Estimate, Figure
from ..displays.sample import paid_told, sample_missing
from ..errors import ConfigError, JobError
from ..llm.catalog import Models
from ..storage.jobs import JobRow
from ..storage.samples import Taken
from ..whole import told
from .extrapolation import total_of
from .rates import within_limits

__all__ = ["check_sample", "estimate_of"]

_FIRST = (
    "These were no sample: they came first, and are not spread over all. The others may take "
    "more or less."
)
_UNKNOWN = Figure(None, None, None, None)


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


def estimate_of(
    job: JobRow, sample: Sequence[Taken], causes: Sequence[tuple[str, int]], models: Models
) -> Estimate:
    """The estimate.

    Time is what blocks ran for in all, divided by the workers, which cannot be more than branches;
    or what the models' limits per minute make of it, where that is more.

    Parameters
    ----------
    causes : sequence of (reason, count)
        Why records failed, most frequent first.
    models : Models
        Those that the job asks.

    Raises
    ------
    JobError
        When no execution has ended.
    """
    if not sample:
        why = "" if job.error is None else f": {job.error['error']}"
        if sample_missing(job):
            why += f"; {paid_told(job)}; dgf estimate job:{job.id} runs what is missing"
        raise JobError(
            f"job {job.id} is {job.status} and none of its executions has ended, so there is "
            f"nothing to estimate from{why}",
            {"job_id": job.id},
        )
    total = job.total or len(sample)
    failed = sum(taken.has_failed for taken in sample)
    is_known = not job.usage.get("calls") or job.usage.get("cost") is not None
    wanted = min(job.options.get("sample") or len(sample), total)
    concurrency = job.options["concurrency"]
    made = job.records_generated + job.records_failed + job.records_filtered
    workers = min(concurrency, max(total, made * total // len(sample)))
    # Of nothing but failures nothing is told about the others: mended, they take something else.
    is_hopeless = failed == len(sample) < total

    def figure(values: Sequence[float]) -> Figure:
        if is_hopeless:
            return Figure(sum(values), None, None, None)
        whole = total_of(values, total)
        return Figure(sum(values), whole.value, whole.low, whole.high)

    calls = figure([taken.calls for taken in sample])
    seconds = figure([taken.seconds / workers for taken in sample])
    limited = None
    if len(sample) < total:
        tokens = figure([taken.input_tokens + taken.output_tokens for taken in sample])
        seconds, limited = within_limits(seconds, calls, tokens, job.usage, models)
    told = (
        _failures(failed, len(sample), causes, is_hopeless=is_hopeless) if failed else None,
        None if is_known else _no_prices(job),
        limited,
        _shortfall(job, len(sample), wanted) if len(sample) < wanted else None,
        _FIRST if len(sample) < total and job.options.get("sample") is None else None,
    )
    return Estimate(
        job_id=job.id,
        executions=len(sample),
        total=total,
        failed=failed,
        missing=max(0, wanted - len(sample)),
        concurrency=concurrency,
        input_tokens=figure([taken.input_tokens for taken in sample]),
        output_tokens=figure([taken.output_tokens for taken in sample]),
        calls=calls,
        cost=figure([taken.cost for taken in sample]) if is_known else _UNKNOWN,
        seconds=seconds,
        notes=tuple(note for note in told if note is not None),
    )


def _failures(
    failed: int, count: int, causes: Sequence[tuple[str, int]], *, is_hopeless: bool
) -> str:
    note = f"{failed:,} of {count:,} executions failed"
    if causes:  # else their records were deleted
        note += f"{', most of them' if len(causes) > 1 else ''}: {causes[0][0]}"
    if is_hopeless:
        return f"{note}. What the others will take cannot be told from these."
    return f"{note}. The figures count them as they are."


def _no_prices(job: JobRow) -> str:
    models = ", ".join(job.options.get("models") or [])
    return (
        f"The cost is not known: prices are missing ({models}); "
        "%dgf model add NAME ... --input-price X --output-price X"
    )


def _shortfall(job: JobRow, count: int, wanted: int) -> str:
    why = f"the job is {job.status}" if job.error is None else job.error["error"]
    return f"{count:,} of {wanted:,} were run: {why}; {paid_told(job)}"
