"""``dgf cancel``: a job is stopped."""

from __future__ import annotations

from pathlib import Path

import click

from ..displays.text import plural
from .command import Command, db_option, existing_workspace, json_option
from .follow import db_argument
from .output import emit, emit_json
from .wishing import outcome

__all__ = ["cancel"]


@click.command(cls=Command)
@click.argument("job_id", metavar="ID", type=int)
@db_option
@click.option("--now", is_flag=True, help="Drop the answers in flight instead of keeping them.")
@json_option
def cancel(job_id: int, db: Path | None, now: bool, as_json: bool) -> None:
    """Stop job ID, in whichever process it runs; what has finished stays.

    No further call is made, and the job ends when the answers in flight are stored.
    """
    from ..jobs.ways import ways_on
    from ..storage.jobs import ACTIVE

    with existing_workspace(db) as workspace:
        job = workspace.job(job_id).cancel(now=now)
        row = outcome(job)
        if as_json:
            emit_json({"job_id": row.id, "status": row.status, "control": row.control})
            return
        option = db_argument(workspace)
        if row.status in ACTIVE:
            emit(f"Job {row.id} is told to stop, and ends when the answers in flight are stored")
            emit(f"To drop them: dgf cancel {row.id} --now{option}")
            return
        total = plural(row.total or 0, "execution")
        emit(f"Job {row.id} {row.status}: {row.executions_done:,} of {total} done")
        if (ways := ways_on(row)).resume is not None:
            emit(f"To finish {ways.what}: {ways.resume}{option}")
