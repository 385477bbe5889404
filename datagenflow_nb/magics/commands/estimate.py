"""``%dgf estimate NAME``: some executions, and what all will take; ``job:3`` takes one up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...displays.commands import to_type
from ...displays.sample import interrupted_told
from ...errors import ConfigError
from ...whole import job_number
from ..command import Call, Command
from ..parser import Parser
from ..problems import Interrupted
from ._arguments import budget_options, given, whole_number
from .run import run_arguments, seeds_of, wait_shown

if TYPE_CHECKING:
    from ...displays.estimate import Estimate
    from ...jobs import Job

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    run_arguments(parser)
    parser.add_argument("--executions", type=whole_number, metavar="N",
                        help="how many to run, and to pay for; not for job:3")  # fmt: skip
    budget_options(parser, has_targets=False)


def _run(call: Call) -> Any:
    args = call.args
    options = given(args, "concurrency", "model", "random_seed", "stop_early")
    number = job_number(args.pipeline)
    if number is not None:
        return _taken_up(call, number, options)
    if args.executions is None:
        raise ConfigError(
            "--executions says how many to run, and to pay for: "
            + to_type("%dgf estimate", args.pipeline, "--executions 10")
        )
    seeds = seeds_of(call, "estimate")
    job = call.workspace.start_estimate(args.pipeline, seeds, executions=args.executions, **options)
    return _told_at_end(job)


def _taken_up(call: Call, number: int, options: dict[str, Any]) -> Estimate:
    args = call.args
    if args.executions is not None or args.seeds is not None or (call.body or "").strip():
        raise ConfigError(
            f"job:{number} has its seeds, and how many are run for its estimate; for another one "
            f"write %dgf estimate NAME --seeds job:{number} --executions N"
        )
    job = call.workspace.job(number)
    if job.run_sample(**options):
        return _told_at_end(job)
    return job.estimate(run_missing=False)


def _told_at_end(job: Job) -> Estimate:
    """Show the job until it ends; after an interrupt say what there is, and what was paid."""
    if wait_shown(job):
        return job.estimate(run_missing=False)
    row = job.row
    if row.executions_done:
        from IPython.display import display

        display(job.estimate(run_missing=False))
    raise Interrupted(interrupted_told(row))


COMMAND = Command(
    "estimate", "run some executions; tell tokens, cost and time of all", _run,
    _arguments, body="may",
    examples="%dgf estimate qa --seeds topics.csv --executions 20\n%dgf estimate job:3",
)  # fmt: skip
