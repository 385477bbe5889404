"""``%%dgf run NAME``: seeds from the cell, or with ``--seeds`` from a variable or a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...displays.commands import to_type
from ...displays.reached import executions_told
from ...errors import ConfigError
from ..command import Call, Command
from ..parser import Parser, names
from ..problems import Interrupted
from ..variables import find_seeds
from ._arguments import (
    budget_options,
    given,
    how_to_wait,
    pipeline_argument,
    stop_early_option,
    whole_number,
)

if TYPE_CHECKING:
    from ...jobs import Job

__all__ = ["COMMAND", "run_arguments", "seeds_of", "shown", "wait_shown"]


def _arguments(parser: Parser) -> None:
    run_arguments(parser)
    budget_options(parser)
    how_to_wait(parser)


def run_arguments(parser: Parser) -> None:
    """The pipeline, its seeds, and what answers."""
    pipeline_argument(parser)
    names(parser.add_argument("--seeds", metavar="WHAT", help="a variable (list, DataFrame, ...), "
                              "a path, or job:3 for that job's seeds"), "seeds")  # fmt: skip
    parser.add_argument("--format", choices=("json", "jsonl", "yaml", "csv"),
                        help="of the cell's body; default: told from its text")  # fmt: skip
    parser.add_argument("--concurrency", type=whole_number, metavar="N",
                        help="executions and branches worked on at once (32)")  # fmt: skip
    names(parser.add_argument("--model", metavar="M", help="answers where a block names none"),
          "model")  # fmt: skip
    parser.add_argument("--random-seed", type=whole_number, metavar="N",
                        help="what the job's random numbers are drawn from")  # fmt: skip
    stop_early_option(parser)


def _run(call: Call) -> Any:
    args = call.args
    options = given(args, "concurrency", "model", "random_seed", "stop_early")
    job = call.workspace.run(args.pipeline, seeds_of(call, "run"), detach=args.detach, **options)
    return shown(call, job)


def shown(call: Call, job: Job) -> Job:
    """The job that this cell has started, after its end with ``--wait``.

    Raises
    ------
    Interrupted
        After an interrupt of the wait, when the job has ended.
    """
    if call.args.as_name is not None:
        call.shell.user_ns[call.args.as_name] = job  # there also when the wait is interrupted
    if call.args.wait:
        _wait_for(job)
    return job


def seeds_of(call: Call, command: str) -> Any:
    """The seeds that the line or the cell of this command gives."""
    source, body = call.args.seeds, call.body
    if source is not None:
        if body is not None and body.strip():
            raise ConfigError("seeds come from --seeds or from the cell's body; both are given")
        return find_seeds(source, call.shell.user_ns)
    if body is None:
        name = call.args.pipeline
        raise ConfigError(
            f"no seeds: write {to_type(f'%%dgf {command}', name)} with the seeds below it, or "
            + to_type(f"%dgf {command}", name, "--seeds VARIABLE_OR_PATH")
        )
    from ...seeds import parse_text

    return parse_text(call.text, where="the cell", format=call.args.format)


def wait_shown(job: Job) -> bool:
    """Show the job until it ends; an interrupt cancels it. Whether there was none."""
    from ...widgets.monitor_view import show_job, tell

    view = None
    try:
        view = show_job(job)
        job.wait()
    except KeyboardInterrupt:
        tell(job, "Stopping: answers in flight are awaited; interrupt again to drop them.")
        job.cancel_and_wait()
        return False
    finally:
        if view is not None:
            view.settle()
    return True


def _wait_for(job: Job) -> None:
    if not wait_shown(job):
        from ...jobs.ways import ways_on

        row = job.row
        ways = ways_on(row)
        finish = f"; %{ways.resume} finishes {ways.what}" if ways.resume else ""
        raise Interrupted(
            f"job {job.id} is {row.status}; {executions_told(row)} are stored with their records"
            f"{finish}"
        )


COMMAND = Command(
    "run", "run a pipeline over the seeds below (or --seeds); returns at once", _run, _arguments,
    body="may",
    examples='%%dgf run qa\n{"topic": "tides"}\n{"topic": "tea"}\n\n'
    "%dgf run qa --seeds df --concurrency 8\njob = %dgf run qa --seeds topics.csv --wait",
)  # fmt: skip
