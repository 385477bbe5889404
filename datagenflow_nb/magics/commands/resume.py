"""``%dgf resume ID``: finish a job that was stopped."""

from __future__ import annotations

from typing import Any

from ..command import Call, Command
from ..parser import Parser
from ._arguments import (
    budget_options,
    given,
    how_to_wait,
    job_argument,
    stop_early_option,
    whole_number,
)
from .run import shown

__all__ = ["COMMAND", "again_arguments", "options"]


def again_arguments(parser: Parser, *, has_targets: bool = True) -> None:
    """The job, and how it shall run now."""
    job_argument(parser)
    parser.add_argument("--concurrency", type=whole_number, metavar="N",
                        help="executions and branches worked on at once (as before)")  # fmt: skip
    stop_early_option(parser)
    budget_options(parser, is_again=True, has_targets=has_targets)
    how_to_wait(parser)


def options(call: Call) -> dict[str, Any]:
    """What the line says about how the job shall run."""
    return given(call.args, "concurrency", "stop_early")


def _run(call: Call) -> Any:
    job = call.workspace.job(call.args.job)
    return shown(call, job.resume(detach=call.args.detach, **options(call)))


COMMAND = Command(
    "resume", "finish a job that was stopped; nothing answered is asked again", _run,
    again_arguments,
)  # fmt: skip
