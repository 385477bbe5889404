"""``dgf retry``: what failed in a job runs again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .budgets import budget_options, given
from .command import Command, db_option, json_option, stop_early_option
from .detached import detach_option
from .resume import concurrency_option, run_again

__all__ = ["retry"]


@click.command(cls=Command)
@click.argument("job_id", metavar="ID", type=int)
@db_option
@concurrency_option
@stop_early_option
@budget_options(is_again=True)
@detach_option
@json_option
@click.pass_context
def retry(
    ctx: click.Context,
    /,
    job_id: int,
    db: Path | None,
    detach: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Run what failed in job ID again, asking every model anew.

    The new records take the place of the failed ones, which stay in the store.
    """
    run_again(ctx, job_id, db, given(options), detach=detach, as_json=as_json, is_retry=True)
