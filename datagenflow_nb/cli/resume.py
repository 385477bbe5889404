"""``dgf resume``: a job that was stopped is finished."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..displays.reached import executions_told
from .aside import results_only
from .budgets import budget_options, given
from .command import Command, db_option, existing_workspace, json_option, stop_early_option
from .detached import detach_option, tell_detached
from .follow import Interrupts, exit_status, follow, job_summary, summary_text, tell_start
from .output import emit, emit_json

if TYPE_CHECKING:
    from ..jobs import Job

__all__ = ["concurrency_option", "resume", "run_again"]

concurrency_option = click.option(
    "--concurrency",
    type=click.IntRange(1, 4096),
    metavar="N",
    help="Executions and branches worked on at once. Default: as before.",
)


@click.command(cls=Command)
@click.argument("job_id", metavar="ID", type=int)
@db_option
@concurrency_option
@stop_early_option
@budget_options(is_again=True)
@detach_option
@json_option
@click.pass_context
def resume(
    ctx: click.Context,
    /,
    job_id: int,
    db: Path | None,
    detach: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Finish job ID, which was stopped, however, or failed, from its stored seeds.

    Only what is missing runs, and what a model has answered is not asked again. A paused job goes
    on in the process that has it, and is followed here. Ctrl-C stops as it does in dgf run.
    """

    def again(job: Job) -> None:
        job.resume(detach=detach, **given(options))

    run_again(ctx, job_id, db, again, detach=detach, as_json=as_json)


def run_again(
    ctx: click.Context,
    job_id: int,
    db: Path | None,
    again: Callable[[Job], None],
    *,
    detach: bool,
    as_json: bool,
) -> None:
    """Have the job run again, follow it to its end, and end with its exit status."""
    with Interrupts() as interrupts, existing_workspace(db) as workspace:
        job = workspace.job(job_id)
        with results_only():
            was_paused = job.row.is_paused
            again(job)
            row = job.row
            if was_paused and row.runner is not None:
                from ..storage.lease import runner_told

                emit(f"Job {row.id} goes on in {runner_told(row.runner)}", err=True)
            tell_start(workspace, row, f"{executions_told(row)} done")
            if not detach:
                row, seconds = follow(workspace, job, interrupts)
        if detach:
            tell_detached(workspace, row, as_json=as_json)
            return
        summary = job_summary(workspace, row, seconds)
        if as_json:
            emit_json(summary)
        else:
            emit(summary_text(workspace, row, summary))
    ctx.exit(exit_status(row))
