"""What the monitor tells of a job: its row and what was looked at beside it, as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from ..displays.asked import changed_told, default_told
from ..displays.budgets import BOUNDS, amount
from ..displays.job import done_told, executions_left
from ..displays.pace import Pace
from ..displays.reached import judged_of, reached
from ..displays.text import clip, shorten
from ..displays.usage import cost_told, forecast_told
from ..jobs.bounds import bounds_of
from ..jobs.glance import Glance
from ..records import utc_now
from ..storage.course import Course
from ..storage.jobs import ACTIVE, JobRow

__all__ = ["course_told", "facts_of", "insight_of", "log_told"]

#: Characters of what is waited for, of an error, and of one line of the log.
_WAIT, _ERROR, _LINE = 300, 2_000, 300
#: Blocks and models whose usage is told.
_MOST_PARTS = 20


def facts_of(
    row: JobRow,
    pace: Pace,
    *,
    waiting: str | None = None,
    notes: Sequence[str] = (),
    acts: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """All that changes while a job runs; ``js/src/monitor/protocol.ts`` has its type."""
    done, total = reached(row)
    is_active, has_target = row.status in ACTIVE, row.options.get("target_accepted") is not None
    records = row.records_generated + row.records_failed + row.records_filtered
    is_fanned_out = records != row.executions_done
    left = executions_left(row)
    elapsed = row.ran_until(utc_now()) if is_active else row.seconds
    models = row.options.get("models") or []
    default = default_told(row.options)
    return {
        "id": row.id,
        "pipeline": row.pipeline_name,
        "status": row.status,
        "is_active": is_active,
        "is_paused": row.is_paused,
        "is_stopping": is_active and row.control in ("cancel", "cancel_now"),
        "told": done_told(row),
        "done": done,
        "total": total,
        "has_target": has_target,
        "executions": row.executions_done,
        "generated": row.records_generated,
        "accepted": row.records_accepted if row.accept_when is not None else None,
        "failed": row.records_failed,
        "filtered": row.records_filtered,
        "rate": _rounded(pace.records if is_fanned_out else pace.executions),
        "rate_unit": "records" if is_fanned_out else "executions",
        "eta": round(left / pace.executions) if is_active and left and pace.executions else None,
        "elapsed": None if elapsed is None else round(elapsed, 0 if is_active else 1),
        "started_at": row.started_at,
        "finished_at": row.finished_at,
        "models": ", ".join(models),
        "default_model": default[0] if default is not None and is_active else None,
        "is_offline": "offline" in models,
        "usage": _usage(row.usage),
        "parts": list(_parts(row.usage)),
        "budgets": [
            {
                "option": option,
                "what": BOUNDS[option].what,
                "share": min(1.0, used / limit) if limit else 1.0,
                "told": f"{amount(option, used)} of {amount(option, limit)}",
            }
            for option, limit, used in bounds_of(row)
        ],
        "now": [list(item) for item in pace.blocks] if row.status in ("queued", "running") else [],
        "waiting": None if waiting is None else shorten(waiting, _WAIT),
        "error": None if row.error is None else clip(str(row.error.get("error")), _ERROR),
        "about": list(_about(row)),
        "notes": list(notes),
        "acts": list(acts),
    }


def course_told(course: Course) -> dict[str, Any]:
    """How it went over time: ``{"moments": [[at, done, records, ...], ...]}``."""
    return {"moments": [list(moment) for moment in course.moments]}


def insight_of(row: JobRow, glance: Glance) -> dict[str, Any]:
    """Failures by cause, time per block, newest records."""
    causes, others = glance.causes()
    return {
        "failures": {
            "counted": glance.counted,
            "total": row.records_failed,
            "causes": [asdict(cause) for cause in causes],
            "others": others,
        },
        "blocks": [asdict(block) for block in glance.blocks],
        "sampled": glance.sampled,
        "executions": glance.executions,
        "newest": [asdict(record) for record in glance.newest],
    }


def log_told(glance: Glance) -> dict[str, Any]:
    """``{"count", "lines": [{"block", "level", "message"}]}``."""
    lines = [
        {"block": line.block_id, "level": line.level, "message": clip(line.message, _LINE)}
        for line in glance.log
    ]
    return {"count": glance.log_lines, "lines": lines}


def _usage(usage: dict[str, Any]) -> dict[str, Any]:
    """Tokens, calls, and the cost in words; ``""``: it costs nothing."""
    calls = usage.get("calls", 0)
    return {
        "calls": calls,
        "input": usage.get("input_tokens", 0),
        "output": usage.get("output_tokens", 0),
        "cost": cost_told(usage) if calls else "",
        "reused": usage.get("reused", 0),
    }


def _parts(usage: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The same by block and by model."""
    for key, kind in (("models", "model"), ("blocks", "block")):
        for name, figures in list((usage.get(key) or {}).items())[:_MOST_PARTS]:
            yield {"kind": kind, "name": name, **_usage(figures)}


def _about(row: JobRow) -> Iterator[str]:
    """Where it comes from, and how it stopped short of what was wanted."""
    rerun = row.options.get("rerun")
    if rerun is not None:
        yield f"Re-run of job {rerun['of']}: {forecast_told(rerun)}"
    changed = changed_told(row.options.get("changed") or [])
    if changed is not None:
        yield f"Resumed: {changed}"
    judged = judged_of(row)
    if judged:
        yield judged


def _rounded(rate: float) -> float | None:
    """Two digits that mean something; None when it is not known."""
    return float(f"{rate:.2g}") if 0 < rate < 100 else round(rate) or None
