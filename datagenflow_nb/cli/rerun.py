"""``dgf rerun``: an edited pipeline over the seeds of an earlier job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..displays.budgets import NO_TARGET, flag
from ..displays.text import plural
from .aside import results_only
from .budgets import budget_options, given
from .command import Command, db_option, existing_workspace, json_option, stop_early_option
from .detached import detach_option, tell_detached
from .follow import Interrupts, exit_status, follow, job_summary, summary_text, tell_start
from .output import emit, emit_json
from .resume import concurrency_option

__all__ = ["rerun"]


@click.command(cls=Command)
@click.argument("job_id", metavar="ID", type=int)
@db_option
@click.option(
    "--pipeline",
    metavar="NAME",
    help="A stored pipeline, or a YAML file. Default: the stored one of that name, as it is now.",
)
@concurrency_option
@click.option(
    "--model", metavar="NAME", help="Answers where a block names no model. Default: as before."
)
@stop_early_option
@budget_options(is_again=True, has_targets=False)
@click.option(
    flag("target_accepted"),
    type=click.Choice(["none"]),
    metavar="none",
    help=f"{NO_TARGET[0].upper()}{NO_TARGET[1:]}.",
)
@detach_option
@json_option
@click.pass_context
def rerun(
    ctx: click.Context,
    /,
    job_id: int,
    db: Path | None,
    pipeline: str | None,
    detach: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Run an edited pipeline over the seeds of job ID, as a new job.

    Requests that are the same as then are not made again: their answers are taken over. How many,
    and how many calls will be made, is told before it starts. Ctrl-C stops as it does in dgf run.
    """
    with Interrupts() as interrupts, existing_workspace(db) as workspace:
        with results_only():
            plan = workspace.job(job_id).plan_rerun(pipeline, **given(options))
            told = str(plan)
            emit(told[:1].upper() + told[1:], err=True)
            job = plan.start(detach=detach)
            row = job.row
            tell_start(workspace, row, plural(row.total or 0, "execution"))
            if not detach:
                row, seconds = follow(workspace, job, interrupts)
        if detach:
            tell_detached(workspace, row, as_json=as_json)
            return
        summary = job_summary(workspace, row, seconds)
        if as_json:
            lineage = {"parent_job_id": plan.parent_id, "forecast": plan.forecast.to_dict()}
            emit_json(summary | lineage)
        else:
            emit(summary_text(workspace, row, summary))
    ctx.exit(exit_status(row))
