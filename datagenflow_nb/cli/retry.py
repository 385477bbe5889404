"""``dgf retry``: what failed in a job runs again, or one record from a block on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .budgets import budget_options, given
from .command import Command, db_option, json_option, stop_early_option
from .detached import detach_option
from .output import emit
from .resume import concurrency_option, run_again

if TYPE_CHECKING:
    from ..jobs import Job

__all__ = ["retry"]


@click.command(cls=Command)
@click.argument("job_id", metavar="ID", type=int)
@db_option
@click.option("--record", type=int, metavar="N", help="This record alone; needs --from.")
@click.option("--from", "from_block", metavar="BLOCK", help="From this block on; needs --record.")
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
    record: int | None,
    from_block: str | None,
    detach: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Run what failed in job ID again, asking every model anew.

    The new records take the place of the failed ones, which stay in the store. With --record and
    --from one record runs again from a block on, whatever became of it: what precedes the block is
    taken over. How many calls will be made is told before it starts.
    """
    if (record is None) != (from_block is None):
        raise click.UsageError("One record runs again from one block: say both --record and --from")

    def again(job: Job) -> None:
        if record is None or from_block is None:
            job.retry_failed(detach=detach, **given(options))
            return
        plan = job.plan_run_again(record, from_block)
        told = str(plan)
        emit(told[:1].upper() + told[1:], err=True)
        plan.start(detach=detach, **given(options))

    run_again(ctx, job_id, db, again, detach=detach, as_json=as_json)
