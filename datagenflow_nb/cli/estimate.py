"""``dgf estimate``: some executions, and what all will take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..displays.sample import sample_missing
from ..displays.text import plural
from ..whole import job_number
from .aside import results_only
from .budgets import budget_options, given
from .command import (
    FAILED,
    FAILED_RECORDS,
    Command,
    db_option,
    existing_workspace,
    json_option,
    load_settings,
    opened,
    stop_early_option,
)
from .follow import Interrupts, follow, tell_start
from .inputs import check_file, check_seeds, standard_input, stored_name
from .output import emit, emit_json

__all__ = ["estimate"]


@click.command(cls=Command)
@click.argument("pipeline", metavar="PIPELINE")
@click.argument("seeds", metavar="[SEEDS]", required=False)
@click.option(
    "--executions",
    type=click.IntRange(1),
    metavar="N",
    help="How many to run, and to pay for. Required, but for job:3.",
)
@db_option
@click.option(
    "--concurrency",
    type=click.IntRange(1, 4096),
    help="Executions and branches worked on at once. Default: 32, of job:3 as before.",
)
@click.option(
    "--model", metavar="NAME", help="Answers where a block names no model, instead of LLM_MODEL."
)
@click.option(
    "--random-seed",
    type=click.IntRange(0, 2**63 - 1),
    metavar="N",
    help="What the job's random numbers are drawn from. Default: drawn and stored.",
)
@stop_early_option
@budget_options(is_again=False, has_targets=False)
@json_option
@click.pass_context
def estimate(
    ctx: click.Context,
    /,
    pipeline: str,
    seeds: str | None,
    executions: int | None,
    db: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Run some executions of PIPELINE over SEEDS and tell what all of them will take.

    PIPELINE and SEEDS are those of dgf run. Tokens, cost and time come with 95 % intervals. What
    was run is a stored job: dgf resume runs the rest of it. Ctrl-C cancels it; what has ended is
    told from.

    job:3 instead of a pipeline takes up that job: what is missing of its estimate is run, nothing
    else, and of one that is complete the figures are told.
    """
    number = job_number(pipeline)
    if number is not None:
        if seeds is not None or executions is not None:
            raise click.UsageError(
                f"job:{number} has its seeds, and how many are run for its estimate; for another "
                f"one: dgf estimate PIPELINE job:{number} --executions N"
            )
        opening = existing_workspace(db)
    else:
        if seeds is None:
            raise click.UsageError("Missing argument 'SEEDS'.")
        if executions is None:
            raise click.UsageError("Missing option '--executions'.")
        is_file = check_file(load_settings(db), pipeline)
        check_seeds(seeds)
        opening = opened(db)
    with Interrupts() as interrupts, opening as workspace:
        with results_only():
            if number is not None:
                job = workspace.job(number)
                runs = job.run_sample(**given(options))
            else:
                ready = Path(pipeline) if is_file else stored_name(workspace, pipeline)
                source = standard_input() if seeds == "-" else seeds
                asked = {"executions": executions, **given(options)}
                job, runs = workspace.start_estimate(ready, source, **asked), True
            if runs:
                row = job.row
                left = f"{sample_missing(row):,} of {plural(row.total or 0, 'execution')}"
                tell_start(workspace, row, left)
                follow(workspace, job, interrupts)
            found = job.estimate(run_missing=False)
        if as_json:
            emit_json(found.to_dict())
        else:
            emit(found.text())
    ctx.exit(FAILED if found.missing else FAILED_RECORDS if found.failed else 0)
