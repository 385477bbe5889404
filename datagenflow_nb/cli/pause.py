"""``dgf pause``: a job starts nothing new until it is resumed."""

from __future__ import annotations

from pathlib import Path

import click

from ..displays.text import plural
from .command import FAILED, Command, db_option, existing_workspace, json_option
from .follow import db_argument
from .output import emit, emit_json
from .wishing import PATIENCE, outcome

__all__ = ["pause"]


@click.command(cls=Command)
@click.argument("job_id", metavar="ID", type=int)
@db_option
@json_option
@click.pass_context
def pause(ctx: click.Context, /, job_id: int, db: Path | None, as_json: bool) -> None:
    """Have job ID start nothing new, in whichever process it runs, until dgf resume.

    Answers in flight are kept. The exit status is 1 when its process does not obey within 5 s.
    """
    with existing_workspace(db) as workspace:
        job = workspace.job(job_id).pause()
        row = outcome(job, until=("paused",))
        is_late = row.is_paused and row.status != "paused"
        if as_json:
            emit_json({"job_id": row.id, "status": row.status, "control": row.control,
                       "answers_coming": row.answers_coming})  # fmt: skip
        elif is_late:
            from ..storage.lease import runner_told

            place = runner_told(row.runner) if row.runner is not None else "its process"
            emit(f"Job {row.id} is not paused after {PATIENCE:g} s: {place} does not look at its "
                 "row; it will pause as soon as it does", err=True)  # fmt: skip
        else:
            total = plural(row.total or 0, "execution")
            emit(f"Job {row.id} {row.status}: {row.executions_done:,} of {total} done")
            if row.answers_coming:
                answers = plural(row.answers_coming, "answer")
                emit(f"{answers} still coming: lost if its process ends before")
            if row.status == "paused":
                emit(f"To let it go on: dgf resume {row.id}{db_argument(workspace)}")
    if is_late:
        ctx.exit(FAILED)
