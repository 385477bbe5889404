"""How a job that has ended goes on: what is offered is what works."""

from __future__ import annotations

from dataclasses import dataclass

from ..displays.budgets import flag
from ..displays.sample import to_finish
from ..storage.jobs import ACTIVE, JobRow
from .bounds import met
from .goals import is_reached

__all__ = ["Ways", "ways_on"]


@dataclass(frozen=True, slots=True)
class Ways:
    """Commands, without ``%`` and without the store; None where it would be refused.

    Attributes
    ----------
    resume : str or None
        ``dgf resume 1 --max-records N``: runs what is missing.
    retry : str or None
        ``dgf retry 1``: runs what failed.
    what : str
        What ``resume`` finishes: ``it``, or of an estimate how much.
    """

    resume: str | None = None
    retry: str | None = None
    what: str = "it"


def ways_on(job: JobRow) -> Ways:
    """How the job goes on; by what it has counted, not by what was deleted since."""
    if job.total is None or job.status in ACTIVE:
        return Ways()
    reached = is_reached(job, job.options)
    has_target = job.options.get("target_accepted") is not None
    resume = retry = None
    what = "it"
    if job.status != "completed" and not (reached and job.stopped_early is not None):
        what, command = to_finish(job, "" if reached else _more(job, is_retry=False))
        resume = f"dgf {command}"
    if job.records_failed and not (has_target and reached):
        retry = f"dgf retry {job.id}{_more(job, is_retry=True)}"
    return Ways(resume, retry, what)


def _more(job: JobRow, *, is_retry: bool) -> str:
    """A number for each bound that is met."""
    bounds = met(job, job.options, is_retry=is_retry)
    return "".join(f" {flag(option)} N" for option, _, _ in bounds)
