"""``dgf export``: a job's records as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..displays.text import plural, shown_path
from .command import STATUSES, Command, db_option, existing_workspace, json_option
from .output import emit, emit_json
from .selecting import selection_options, sort_option

__all__ = ["export"]


@click.command(cls=Command)
@click.argument("job_id", metavar="ID", type=int)
@click.argument("path", type=click.Path(path_type=Path))
@db_option
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice(STATUSES),
    help="Only records of this status, may be repeated. Default: pending and accepted.",
)
@click.option(
    "--format",
    "format",
    type=click.Choice(["jsonl", "csv", "parquet"]),
    help="Default: told from the ending of PATH.",
)
@click.option("--flat", is_flag=True, help="JSON Lines with one key per field of the state.")
@click.option(
    "--defuse-formulas",
    is_flag=True,
    help="CSV for spreadsheets: an apostrophe before texts they would run as formulas.",
)
@click.option(
    "--review", is_flag=True, help="With notes, tags, reviewers, verdicts and original values."
)
@selection_options
@sort_option
@json_option
def export(
    job_id: int,
    path: Path,
    db: Path | None,
    statuses: tuple[str, ...],
    format: str | None,
    flat: bool,
    defuse_formulas: bool,
    review: bool,
    as_json: bool,
    **selection: Any,
) -> None:
    """Write the records of job ID to the file PATH (.jsonl, .csv or .parquet)."""
    with existing_workspace(db) as workspace:
        job = workspace.job(job_id)
        result = job.export(
            path,
            status=list(statuses) or None,
            format=format,
            flat=flat,
            defuse_formulas=defuse_formulas,
            review=review,
            **selection,
        )
        models = job.row.options.get("models") or []
    if as_json:
        emit_json(
            {
                "job_id": job_id,
                "path": str(result.path),
                "records": result.records,
                "format": result.format,
                "left_out": result.left_out,
                "models": models,
            }
        )
        return
    answered = f" (answered by: {', '.join(models)})" if models else ""
    emit(
        f"Exported {plural(result.records, 'record')} of job {job_id} to "
        f"{shown_path(result.path)}{answered}"
    )
    for note in result.notes():
        emit(note, err=True)
