"""What can be done to a job now, what each act would do and cost, and doing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..displays.asked import default_told
from ..displays.budgets import BOUNDS, amount
from ..displays.text import plural
from ..errors import ConfigError
from ..jobs.bounds import met
from ..jobs.ways import ways_on
from ..storage.jobs import ACTIVE, JobRow

if TYPE_CHECKING:
    from ..jobs import Job

__all__ = ["acts_of", "do"]


def acts_of(row: JobRow) -> list[dict[str, Any]]:
    """The buttons: ``{"name", "label", "title", "ask"?}``.

    ``ask`` is what is said before it is done: ``{"text", "choices": [{"label", "action", "values",
    "is_main"}], "fields": [{"option", "told", "is_whole"}]}``.
    """
    return list(_while_it_runs(row) if row.status in ACTIVE else _after_its_end(row))


def do(job: Job, action: str, values: Mapping[str, Any]) -> str:
    """Do what a button is for; in words, what happens now.

    Raises
    ------
    DataGenFlowError
        As the job's method does.
    """
    if action == "pause":
        job.pause()
        return "Pausing: nothing new starts; answers in flight are awaited and kept."
    if action == "go_on":
        row = job.row
        if not row.is_paused:  # else it would be resumed, and paid for, without a question
            raise ConfigError(f"job {job.id} is not paused, it is {row.status}")
        job.resume()
        return "It goes on."
    if action == "cancel":
        is_dropping = bool(values.get("now"))
        job.cancel(now=is_dropping)
        if is_dropping:
            return "Stopping at once: what is in flight is dropped."
        return "Stopping: nothing new starts; answers in flight are awaited and kept."
    options = _bounds_given(values.get("bounds"))
    if action == "retry":
        job.retry_failed(**options)
        return "What failed is run again."
    job.resume(**options)
    return "What is missing is run."


def _while_it_runs(row: JobRow) -> Iterator[dict[str, Any]]:
    if row.control in ("cancel", "cancel_now"):
        if row.control == "cancel":
            yield _act(
                "drop", "Drop what is in flight", "Do not wait for the answers still to come",
                ask=_ask(
                    "Answers that are dropped may be on the bill all the same.",
                    _choice("Drop them", "cancel", {"now": True}),
                ),
            )  # fmt: skip
        return
    if row.is_paused:
        yield _act("go_on", "Resume", "Let the job go on where it is")
    else:
        yield _act("pause", "Pause", "Start nothing new until it is resumed")
    yield _act(
        "cancel", "Cancel", "Stop the job; it can be resumed later",
        ask=_ask(
            "Stop this job? What is stored stays, and it can be resumed later.",
            _choice("Keep answers in flight", "cancel", {"now": False}),
            _choice("Drop them", "cancel", {"now": True}, is_main=False),
        ),
    )  # fmt: skip


def _after_its_end(row: JobRow) -> Iterator[dict[str, Any]]:
    ways = ways_on(row)
    costs = _costs(row)
    if ways.resume:
        paid = (
            " Calls that are missing are made and paid for; stored answers are not asked for again."
            if costs else ""
        )  # fmt: skip
        fields = _fields(row, is_retry=False)
        more = " Give it more than it has used:" if fields else ""
        yield _act(
            "resume", "Resume", f"Finish {ways.what}",
            ask=_ask(
                f"Run what is missing of {ways.what}?{paid}{more}",
                _choice("Resume", "resume"), fields=fields,
            ),
        )  # fmt: skip
    if ways.retry:
        count = plural(row.records_failed, "failed record")
        paid = " that asks its models, and is paid for, anew" if costs else ""
        fields = _fields(row, is_retry=True)
        more = " Give it more than it has used:" if fields else ""
        yield _act(
            "retry", f"Retry {row.records_failed:,} failed", "Run what failed as a new attempt",
            ask=_ask(
                f"Run {count} again? Each is a new attempt{paid}; what failed stays in the "
                f"store with its trace.{more}",
                _choice("Retry", "retry"), fields=fields,
            ),
        )  # fmt: skip


def _costs(row: JobRow) -> bool:
    """Whether its blocks ask models that may cost something."""
    default = default_told(row.options)
    models = {*(row.options.get("models") or []), *(default[:1] if default else [])}
    return bool(models - {"offline"})


def _act(name: str, label: str, title: str, ask: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": name, "label": label, "title": title, "ask": ask}


def _ask(
    text: str, *choices: dict[str, Any], fields: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    return {"text": text, "choices": list(choices), "fields": fields or []}


def _choice(
    label: str, action: str, values: dict[str, Any] | None = None, *, is_main: bool = True
) -> dict[str, Any]:
    return {"label": label, "action": action, "values": values or {}, "is_main": is_main}


def _fields(row: JobRow, *, is_retry: bool) -> list[dict[str, Any]]:
    """The bounds that are met: each needs a higher one."""
    return [
        {
            "option": option,
            "told": f"has used {amount(option, used)} of {amount(option, limit)}",
            "is_whole": BOUNDS[option].is_whole,
        }
        for option, limit, used in met(row, row.options, is_retry=is_retry)
    ]


def _bounds_given(given: Any) -> dict[str, Any]:
    """The numbers that were typed, as options of ``resume``."""
    options: dict[str, Any] = {}
    for option, text in (given if isinstance(given, Mapping) else {}).items():
        if option not in BOUNDS:
            raise ConfigError(f"{option!r} is no bound; there are: {', '.join(BOUNDS)}")
        try:
            number = float(str(text).replace(",", ""))
        except ValueError:
            raise ConfigError(f"{option} is {text!r}, expected a number") from None
        is_int = BOUNDS[option].is_whole and number.is_integer()
        options[str(option)] = int(number) if is_int else number
    return options
