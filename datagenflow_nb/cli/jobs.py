"""``dgf jobs``: what was run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .command import Command, db_option, existing_workspace, json_option, load_settings
from .output import emit, emit_json, output_width, shown_path, table

if TYPE_CHECKING:
    from ..storage.jobs import JobRow

__all__ = ["jobs"]

_HEADERS = ("ID", "Status", "Done", "Total", "Records", "Failed", "Filtered", "Started", "Model",
            "Pipeline")  # fmt: skip


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
        rows = [job.row for job in workspace.jobs()]
    if as_json:
        emit_json([_described(row) for row in rows])
    elif not rows:
        _tell_none(f"No jobs in {shown_path(path)} yet.", as_json)
    else:
        emit(table(_HEADERS, [_cells(row) for row in rows], output_width()))


def _tell_none(message: str, as_json: bool) -> None:
    if as_json:
        emit_json([])
    else:
        emit(message)


def _cells(row: JobRow) -> tuple[Any, ...]:
    return (
        row.id,
        row.status,
        row.executions_done,
        row.total or 0,
        row.records_generated,
        row.records_failed,
        row.records_filtered,
        (row.started_at or row.created_at)[:16].replace("T", " "),
        ", ".join(row.options.get("models") or []),
        row.pipeline_name,
    )


def _described(row: JobRow) -> dict[str, Any]:
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
        "models": row.options.get("models") or [],
        "usage": row.usage,
        "random_seed": row.random_seed,
        "error": row.error,
        "created_at": row.created_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
    }
