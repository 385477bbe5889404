"""Budgets and targets of a job in words: what they count, how much is used, how one goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["BOUNDS", "BUDGETS", "NO_TARGET", "Kind", "amount", "flag", "how_on", "is_as_asked"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What an option does, with how many of what; ``is_whole``: whole numbers."""

    what: str
    is_whole: bool


#: The budgets by the names of their options.
BUDGETS = {
    "max_tokens_total": Kind("stop at so many tokens, in and out", True),
    "max_cost": Kind("stop at so much money, at the models' prices", False),
    "max_seconds": Kind("stop at so many seconds of running", False),
    "max_records": Kind("stop at so many good records", True),
}
#: The same, and what makes a job go through its seeds again and again.
BOUNDS = {
    **BUDGETS,
    "target_accepted": Kind("go on until accept_when accepts so many records", True),
    "max_attempts": Kind("begin so many executions for them at most", True),
}

#: What ``--target-accepted none`` does, where a job with a target is re-run.
NO_TARGET = "go through the seeds of a job that had a target once, without one"


def amount(option: str, value: float) -> str:
    """``1,234`` tokens or records, ``0.1234`` of money, ``12.5 s``."""
    if option == "max_cost":
        return f"{value:.6g}"
    return f"{value:,.1f} s" if option == "max_seconds" else f"{value:,.0f}"


def flag(option: str) -> str:
    """The option on the line of a command."""
    return f"--{option.replace('_', '-')}"


def how_on(job_id: int, option: str, verb: str = "resume") -> str:
    """How a job goes on with more, in Python, in a notebook and on the command line."""
    method = {"retry": "retry_failed", "again": "run_again"}.get(verb, verb)
    command = f"retry {job_id} --record N --from BLOCK" if verb == "again" else f"{verb} {job_id}"
    line = f"dgf {command} {flag(option)} N"
    return f"job.{method}({option}=...), %{line} or {line}"


def is_as_asked(status: str, error: dict[str, Any] | None, options: dict[str, Any]) -> bool:
    """Whether a job has done all it was asked for: it is completed, or has its max_records.

    These are too few where accepted ones are asked for, too. A completed one has an error after a
    retry that was of no use.
    """
    if error is None:
        return status == "completed"
    is_met = status == "stopped" and error.get("detail", {}).get("option") == "max_records"
    return is_met and options.get("target_accepted") is None
