"""A job: how far it is, what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from .asked import changed_told, default_told
from .facts import JobFacts
from .html import Html, el, page
from .log import LineFacts, log_html, log_title
from .pace import Pace
from .reached import judged_of, reached
from .text import duration, plural, shorten
from .usage import forecast_told, parts_html, usage_facts

__all__ = ["done_told", "executions_left", "job_html", "progress_text"]

_MAX_CAUSES = 3
_WAIT_WIDTH = 200


def progress_text(job: JobFacts, pace: Pace, waiting: str | None = None) -> str:
    """One line about a running job, or about one that has ended.

    Executions count, or accepted records where so many are wanted; where fan-out makes the number
    of executions differ from the records', these are told too.
    ``waiting``, what its calls wait for, comes first: a terminal may cut the rest.
    """
    told = ["paused"] if job.status == "paused" else []
    if waiting:
        told.append(shorten(waiting, _WAIT_WIDTH))
    return ", ".join([f"job {job.id}: {done_told(job)}", *told, *_facts(job, pace)])


def job_html(
    job: JobFacts,
    pace: Pace,
    *,
    causes: Sequence[tuple[str, int]] = (),
    last_error: str | None = None,
    waiting: str | None = None,
    notes: Sequence[str] = (),
    log: tuple[int, Sequence[LineFacts]] = (0, ()),
) -> str:
    """The job as HTML.

    Parameters
    ----------
    causes : sequence of (reason, count)
        Why records failed.
    last_error : str, optional
        Of a job that still runs.
    waiting : str, optional
        What its calls wait for, in words.
    notes : sequence of str
        Lines at the end: what to do next.
    log : (int, sequence of lines)
        How many lines its log has, and the last of them.
    """
    models = ", ".join(job.options.get("models") or [])
    title = [
        f"Job {job.id} ", el("span", job.pipeline_name, class_="dgf-soft"), " ",
        el("span", job.status, class_=f"dgf-tag {_colour(job)}".strip()),
    ]  # fmt: skip
    facts = [done_told(job), *_facts(job, pace)]
    if models:
        facts.append(f"model {models}")
    default = default_told(job.options)
    if default is not None and job.status in ("queued", "running", "paused"):
        facts.append(f"default model {default[0]}, if a block's code asks")
    return page(
        el("div", title, class_="dgf-head"),
        _bar(job),
        _rerun(job),
        _changed(job),
        el("div", " · ".join(facts)),
        parts_html(job.usage),
        _now(pace) if job.status in ("queued", "running") else None,
        _wait(waiting),
        el("div", "Last error: ", last_error, class_="dgf-bad", dir="auto") if last_error else None,
        _causes(causes),
        el("div", judged, dir="auto") if (judged := judged_of(job)) else None,
        el("div", str(job.error.get("error")), class_="dgf-bad") if job.error else None,
        [el("div", note, class_="dgf-soft") for note in notes],
        _log(job.id, *log),
        class_="dgf-job",
    )


def done_told(job: JobFacts) -> str:
    """``3/20 (15 %)``; with a target ``37/50 (74 %) accepted, 120 executions``."""
    done, total = reached(job)
    percent = 100 * done / total if total else 0.0
    told = f"{done:,}/{total:,} ({percent:.0f} %)"
    if job.options.get("target_accepted") is None:
        return told
    return f"{told} accepted, {plural(job.executions_done, 'execution')}"


def _facts(job: JobFacts, pace: Pace) -> list[str]:
    done = job.executions_done
    records = job.records_generated + job.records_failed + job.records_filtered
    is_fanned_out = records != done
    parts = [plural(records, "record")] if is_fanned_out else []
    rate = pace.records if is_fanned_out else pace.executions
    if pace.elapsed is not None:
        parts.append(f"in {duration(pace.elapsed)}")
    elif rate:
        parts.append(f"{rate:.1f}{' records' if is_fanned_out else ''}/s")
    left = executions_left(job)
    if pace.elapsed is None and pace.executions and left:
        parts.append(f"ETA {duration(left / pace.executions)}")
    if job.records_failed:
        parts.append(f"{job.records_failed:,} failed")
    if job.records_filtered:
        parts.append(f"{job.records_filtered:,} filtered")
    parts += usage_facts(job.usage)
    return parts


def executions_left(job: JobFacts) -> float:
    """How many, as far as one can tell; for a target at the rate at which they were accepted."""
    count, total = reached(job)
    if job.options.get("target_accepted") is None:
        return max(0, total - count)
    return (total - count) * job.executions_done / count if count else 0.0


def _bar(job: JobFacts) -> Html:
    done, total = reached(job)
    records = job.records_generated + job.records_failed + job.records_filtered
    share = 100 * done / total if total else 0.0
    bad = share * job.records_failed / records if records else 0.0
    return el(
        "div",
        el("span", style=f"width:{share - bad:.1f}%"),
        el("span", style=f"width:{bad:.1f}%", class_="dgf-bar-bad") if bad else None,
        class_="dgf-bar", role="progressbar", aria_valuemin=0, aria_valuemax=100,
        aria_valuenow=f"{share:.0f}", aria_label=f"job {job.id}",
    )  # fmt: skip


def _rerun(job: JobFacts) -> Html | None:
    rerun = job.options.get("rerun")
    if rerun is None:
        return None
    return el("div", f"Re-run of job {rerun['of']}: {forecast_told(rerun)}", class_="dgf-soft")


def _changed(job: JobFacts) -> Html | None:
    changed = changed_told(job.options.get("changed") or [])
    return None if changed is None else el("div", f"Resumed: {changed}", class_="dgf-soft")


def _now(pace: Pace) -> Html | None:
    if not pace.blocks:
        return None
    told = ", ".join(f"{block} ({count})" for block, count in pace.blocks)
    return el("div", f"Now in: {told}", class_="dgf-soft")


def _wait(waiting: str | None) -> Html | None:
    if waiting is None:
        return None
    told = shorten(waiting[:1].upper() + waiting[1:], _WAIT_WIDTH)
    return el("div", told, class_="dgf-bad", dir="auto")


def _causes(causes: Sequence[tuple[str, int]]) -> Html | None:
    if not causes:
        return None
    rows = [
        el("tr", el("td", f"{count:,} x", class_="dgf-n"), el("td", reason, dir="auto"))
        for reason, count in causes[:_MAX_CAUSES]
    ]
    rest = len(causes) - _MAX_CAUSES
    return el(
        "div",
        el("div", "Failed", class_="dgf-bad"),
        el("table", el("tbody", rows), class_="dgf-rows"),
        el("div", f"and {plural(rest, 'other cause')}", class_="dgf-soft") if rest > 0 else None,
    )


def _log(job_id: int, count: int, lines: Sequence[LineFacts]) -> Html | None:
    if not count:
        return None
    title = log_title(job_id, count)
    if not lines:  # they are shown elsewhere
        return el("div", title, class_="dgf-soft")
    return el("details", el("summary", title, class_="dgf-soft"), log_html(lines))


def _colour(job: JobFacts) -> str:
    if job.status == "completed":
        return "dgf-bad" if job.records_failed else "dgf-good"
    return "dgf-bad" if job.status in ("failed", "interrupted") else ""
