"""``dgf estimate``: some executions, and what all will take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .aside import results_only
from .budgets import budget_options, given
from .command import (
    FAILED,
    FAILED_RECORDS,
    Command,
    db_option,
    json_option,
    load_settings,
    opened,
    stop_early_option,
)
from .inputs import check_file, check_seeds, standard_input, stored_name
from .output import emit, emit_json

__all__ = ["estimate"]


@click.command(cls=Command)
@click.argument("pipeline", metavar="PIPELINE")
@click.argument("seeds", metavar="SEEDS")
@click.option(
    "--executions",
    type=click.IntRange(1),
    required=True,
    metavar="N",
    help="How many to run, and to pay for.",
)
@db_option
@click.option(
    "--concurrency",
    type=click.IntRange(1, 4096),
    default=32,
    show_default=True,
    help="Executions and branches worked on at once.",
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
    seeds: str,
    executions: int,
    db: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Run some executions of PIPELINE over SEEDS and tell what all of them will take.

    PIPELINE and SEEDS are those of dgf run. Tokens, cost and time come with 95 % intervals. What
    was run is a stored job: dgf resume runs the rest of it. Ctrl-C cancels it.
    """
    is_file = check_file(load_settings(db), pipeline)
    check_seeds(seeds)
    with opened(db) as workspace:
        ready = Path(pipeline) if is_file else stored_name(workspace, pipeline)
        source = standard_input() if seeds == "-" else seeds
        with results_only():
            found = workspace.estimate(ready, source, executions=executions, **given(options))
    if as_json:
        emit_json(found.to_dict())
    else:
        emit(found.text())
    ctx.exit(FAILED if found.missing else FAILED_RECORDS if found.failed else 0)
