"""``dgf job``: one job, of whichever process, followed to its end."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .command import FAILED, Command, db_option, existing_workspace, json_option
from .detached import tell_follow
from .follow import db_argument, exit_status, job_summary, summary_text
from .output import emit, emit_json
from .progress import Meter, clear_line

if TYPE_CHECKING:
    from ..jobs import Job
    from ..storage.jobs import JobRow

__all__ = ["job"]

#: Seconds between looks at the job.
_PERIOD = 0.25


@click.command(cls=Command)
@click.argument("job_id", metavar="ID", type=int)
@db_option
@json_option
@click.pass_context
def job(ctx: click.Context, /, job_id: int, db: Path | None, as_json: bool) -> None:
    """Follow job ID to its end, whichever process runs it, and say what became of it.

    The exit status is the job's, as of dgf run. Ctrl-C ends the following alone, with status 1: the
    job goes on.
    """
    with existing_workspace(db) as workspace:
        found = workspace.job(job_id)
        try:
            row = _follow(found, db_argument(workspace))
        except KeyboardInterrupt:
            clear_line()
            emit(f"Job {job_id} goes on. {tell_follow(workspace, found.row)}", err=True)
            ctx.exit(FAILED)
        summary = job_summary(workspace, row, row.seconds or 0.0)
        if as_json:
            emit_json(summary)
        else:
            emit(summary_text(workspace, row, summary))
    ctx.exit(exit_status(row))


def _follow(job: Job, db: str) -> JobRow:
    from ..storage.jobs import ACTIVE

    meter = Meter(f"dgf resume {job.id}{db}")
    while (row := job.row).status in ACTIVE:
        meter.show(row)
        with contextlib.suppress(TimeoutError):
            job.wait(_PERIOD)
    clear_line()
    return row
