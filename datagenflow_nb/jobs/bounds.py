"""Which budgets keep a job within bounds, and which it has met already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..displays.budgets import BUDGETS, amount, how_on
from ..errors import ConfigError
from ..llm.base import ModelConfig
from ..llm.catalog import Models
from ..records import Usage, utc_now
from ..storage.jobs import ACTIVE, JobRow
from .early_stop import EarlyStop
from .goals import is_reached
from .limits import RecordLimit, TimeLimit
from .spending import CostLimit, TokenLimit, no_price
from .steering import Limit
from .target import TargetLimit, attempts_of

__all__ = [
    "bounds_of",
    "limits_of",
    "met",
    "refuse_met",
    "refuse_unpriced",
    "without_counted",
]

#: Bounds that count records: one that takes another's place adds none.
_COUNTED = ("max_records", "target_accepted", "max_attempts")


def limits_of(job: JobRow, models: Models, workers: int, *, is_retry: bool) -> list[Limit]:
    """The limits of a job, new for each of its runners."""
    limits: list[Limit] = []
    stops_early = job.options.get("stop_early", True)
    wanted = job.options.get("target_accepted")
    if wanted is not None:  # the first: what it takes for surplus is none to the others
        is_patient = is_retry or not stops_early
        limits.append(
            TargetLimit(wanted, job.records_accepted, job.records_generated, is_patient=is_patient)
        )
    if stops_early:
        limits.append(EarlyStop(job.id, is_retry=is_retry))
    for option, limit in _budgets(job.options).items():
        used = _used(job, option)
        if option == "max_tokens_total":
            limits.append(TokenLimit(job.id, limit, used, workers))
        elif option == "max_cost":
            limits.append(CostLimit(job.id, limit, used, workers, models.resolve))
        elif option == "max_seconds":
            limits.append(TimeLimit(job.id, limit, used))
        else:
            limits.append(RecordLimit(job.id, limit, job.records_generated))
    return limits


def without_counted(job: JobRow) -> JobRow:
    """The job without the bounds that do not concern records which take others' places."""
    kept = {name: value for name, value in job.options.items() if name not in _COUNTED}
    return replace(job, options=kept)


def refuse_unpriced(options: Mapping[str, Any], configs: Iterable[ModelConfig]) -> None:
    """Raise when there is a money budget for models whose prices nobody knows.

    Raises
    ------
    ConfigError
    """
    unpriced = {config.name: config for config in configs if config.cost(Usage()) is None}
    if unpriced and options.get("max_cost") is not None:
        raise no_price([unpriced[name] for name in sorted(unpriced)])


def refuse_met(job: JobRow, options: Mapping[str, Any], *, verb: str) -> None:
    """Raise when a job that has ended could do nothing within the bounds it shall go on with.

    Parameters
    ----------
    verb : str
        What is to be done: ``resume``, ``retry``, or run a record ``again``.

    Raises
    ------
    ConfigError
    """
    is_retry = verb != "resume"
    if not is_retry and is_reached(job, options):
        return  # it makes no call any more
    if verb == "retry" and not job.records_failed:
        return  # which is told instead
    is_unknown = job.usage.get("calls") and job.usage.get("cost") is None
    if options.get("max_cost") is not None and is_unknown:
        calls = job.usage["calls"]
        unpriced, known = job.usage.get("unpriced_calls", calls), job.usage.get("known_cost")
        others = f" (the others {amount('max_cost', known)})" if known else ""
        raise ConfigError(
            f"max_cost cannot be kept: {unpriced:,} of the {calls:,} calls of job {job.id} so far "
            f"were made when their models had no prices, and what they did cost{others} is not "
            "known; use max_tokens_total, or a re-run, which takes the answers over and counts its "
            f"own calls: job.rerun(pipeline, max_cost=...) or dgf rerun {job.id} --max-cost N",
            {"job_id": job.id, "unpriced_calls": unpriced},
        )
    for option, limit, used in met(job, options, is_retry=is_retry):
        without = "; None instead of a number takes the budget away"
        told = (job.error or {}).get("detail", {})
        needed = told.get("needed") if told.get("option") == option else None
        next_ = f", and what comes next takes about {amount(option, needed)}" if needed else ""
        raise ConfigError(
            f"job {job.id} has {'' if option == 'target_accepted' else 'used '}"
            f"{amount(option, used)} of {option} {amount(option, limit)}{next_}: nothing was "
            f"started; to go on with more: {how_on(job.id, option, verb)}"
            f"{without if option in BUDGETS else ''}",
            {"job_id": job.id, "option": option, "limit": limit, "used": used},
        )


def met(
    job: JobRow, options: Mapping[str, Any], *, is_retry: bool
) -> Iterator[tuple[str, float, float]]:
    """(option, limit, used) of the bounds within which a job that has ended could do nothing."""
    told = (job.error or {}).get("detail", {}) if job.status == "stopped" else {}
    bounds = _budgets(options)
    wanted = options.get("target_accepted")
    if wanted is not None:
        bounds["target_accepted"] = wanted
        if not is_retry:  # which begins none
            bounds["max_attempts"] = attempts_of(options, job.total or 0)
    for option, limit in bounds.items():
        used = _used(job, option)
        if used >= limit or (told.get("option") == option and limit <= told["limit"]):
            yield option, limit, used


def bounds_of(job: JobRow) -> Iterator[tuple[str, float, float]]:
    """(option, limit, used) of everything that keeps the job within bounds, while it runs too."""
    bounds = _budgets(job.options)
    if job.options.get("target_accepted") is not None:
        bounds["max_attempts"] = attempts_of(job.options, job.total or 0)
    for option, limit in bounds.items():
        is_running = option == "max_seconds" and job.status in ACTIVE
        ran = job.ran_until(utc_now()) if is_running else None
        yield option, limit, _used(job, option) if ran is None else ran


def _budgets(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: options[name] for name in BUDGETS if options.get(name) is not None}


def _used(job: JobRow, option: str) -> float:
    if option == "max_tokens_total":
        return int(job.usage.get("input_tokens", 0)) + int(job.usage.get("output_tokens", 0))
    if option == "max_cost":
        return job.usage.get("cost") or 0.0
    counts = {
        "max_records": job.records_generated, "target_accepted": job.records_accepted,
        "max_attempts": job.executions_done,
    }  # fmt: skip
    if option in counts:
        return counts[option]
    if job.seconds is not None:
        return job.seconds
    before: float = (job.options.get("resumed") or (None, 0.0))[1]  # it has been taken already
    return before
