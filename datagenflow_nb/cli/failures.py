"""``dgf failures``: why the records of a job failed."""

from __future__ import annotations

from pathlib import Path

import click

from .command import Command, db_option, existing_workspace, json_option
from .follow import db_argument
from .output import emit, emit_json, output_width

__all__ = ["failures"]


@click.command(cls=Command)
@click.argument("job_id", metavar="ID", type=int)
@db_option
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", default=20, show_default=True,
    help="Causes, the most frequent ones.",
)  # fmt: skip
@json_option
def failures(job_id: int, db: Path | None, limit: int, as_json: bool) -> None:
    """Print why records of job ID failed: a cause after the other, each with an example.

    Messages that differ in numbers and quoted texts alone have one cause.
    """
    with existing_workspace(db) as workspace:
        found = workspace.job(job_id).failures(limit)
        if as_json:
            emit_json([failure.to_dict() for failure in found])
            return
        if found:
            store = db_argument(workspace)
            retry = f"To retry: {found.retry}{store}; to" if found.retry else "To"
            found.notes[-1] = (
                f"{retry} have them in a file: "
                f"dgf export {job_id} failed.jsonl --status failed{store}"
            )
        emit(found.text(output_width()))
