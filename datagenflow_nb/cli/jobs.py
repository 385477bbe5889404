"""``dgf jobs``: what was run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..displays.budgets import BUDGETS
from ..displays.text import shown_path
from .command import Command, db_option, existing_workspace, json_option, load_settings
from .output import emit, emit_json, output_width

if TYPE_CHECKING:
    from ..storage.jobs import JobRow

__all__ = ["jobs"]


@click.command(cls=Command)
@db_option
@json_option
def jobs(db: Path | None, as_json: bool) -> None:
    """List the jobs of a store, oldest first."""
    path = load_settings(db).database_path
    if db is None and not path.exists():
        _tell_none(f"No store yet at {shown_path(path)}; `dgf run` creates it.", as_json)
        return
    with existing_workspace(db) as workspace:
        found = workspace.jobs()
        if as_json:
            emit_json([_described(job.row) for job in found])
        elif not found:
            emit(f"No jobs in {shown_path(path)} yet.")
        else:
            emit(found.text(output_width()))


def _tell_none(message: str, as_json: bool) -> None:
    if as_json:
        emit_json([])
    else:
        emit(message)


def _described(row: JobRow) -> dict[str, Any]:
    from ..jobs.usage import usage_told

    return {
        "id": row.id,
        "pipeline": row.pipeline_name,
        "pipeline_id": row.pipeline_id,
        "pipeline_version": row.pipeline_version,
        "parent_job_id": row.parent_job_id,
        "status": row.status,
        "total": row.total,
        "executions_done": row.executions_done,
        "records_generated": row.records_generated,
        "records_failed": row.records_failed,
        "records_filtered": row.records_filtered,
        "records_accepted": row.records_accepted,
        "target_accepted": row.options.get("target_accepted"),
        "budgets": {name: row.options[name] for name in BUDGETS if row.options.get(name)},
        "models": row.options.get("models") or [],
        "usage": usage_told(row.usage),
        "random_seed": row.random_seed,
        "error": row.error,
        "created_at": row.created_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
    }
