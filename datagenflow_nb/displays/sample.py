"""The executions of an estimate in words: which are missing, and how its job goes on."""

from __future__ import annotations

from .facts import JobFacts
from .reached import executions_told, sample_size
from .text import plural
from .usage import cost_told

__all__ = ["interrupted_told", "paid_told", "sample_missing", "to_finish"]


def sample_missing(job: JobFacts) -> int:
    """How many executions of an estimate have not ended; 0 for any other job."""
    size = sample_size(job)
    return 0 if size is None else max(0, size - job.executions_done)


def to_finish(job: JobFacts, more: str = "") -> tuple[str, str]:
    """What of a job that has ended can be finished, and the command that does, without ``dgf``.

    An estimate is finished first: nothing that is called so runs, and pays, the whole job.

    Parameters
    ----------
    more : str
        What must be said beside its number, after a blank.
    """
    size, missing = sample_size(job), sample_missing(job)
    if missing:
        what = f"its estimate ({missing:,} of {plural(size or 0, 'execution')} left)"
        return what, f"estimate job:{job.id}{more}"
    left = (job.total or 0) - job.executions_done
    is_sampled = size is not None and left
    what = f"it ({plural(left, 'execution')} left)" if is_sampled else "it"
    return what, f"resume {job.id}{more}"


def interrupted_told(job: JobFacts) -> str:
    """What became of an estimate that was interrupted, when its job has ended."""
    told = f"job {job.id} is {job.status}; {executions_told(job)} have ended; {paid_told(job)}"
    if missing := sample_missing(job):
        told += f"; %dgf estimate job:{job.id} runs the missing {missing:,}"
    return told


def paid_told(job: JobFacts) -> str:
    """``paid so far: 12 calls, 340 tokens in, 99 out``."""
    used = job.usage
    if not used.get("calls"):
        return "paid so far: no call"
    told = (
        f"paid so far: {plural(used['calls'], 'call')}, {used['input_tokens']:,} tokens in, "
        f"{used['output_tokens']:,} out"
    )
    cost = cost_told(used)
    return f"{told}, cost {cost}" if cost else told
