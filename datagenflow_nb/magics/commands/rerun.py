"""``%dgf rerun ID``: an edited pipeline over the seeds of an earlier job."""

from __future__ import annotations

from typing import Any

from ...displays.budgets import NO_TARGET, flag
from ...displays.text import Note
from ..command import Call, Command
from ..parser import Parser, names
from ._arguments import given
from .resume import again_arguments
from .run import shown

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    again_arguments(parser, has_targets=False)
    parser.add_argument(flag("target_accepted"), choices=["none"], metavar="none", help=NO_TARGET)
    names(parser.add_argument("--pipeline", metavar="NAME", help="a saved pipeline or a YAML file "
                              "(the saved one of the same name)"), "pipeline")  # fmt: skip
    names(parser.add_argument("--model", metavar="M",
                              help="answers where a block names none (as before)"),
          "model")  # fmt: skip


def _run(call: Call) -> Any:
    from IPython.display import display

    job = call.workspace.job(call.args.job)
    options = given(call.args, "concurrency", "model", "stop_early")
    plan = job.plan_rerun(call.args.pipeline, **options)
    told = str(plan)
    display(Note(told[:1].upper() + told[1:]))
    return shown(call, plan.start(detach=call.args.detach))


COMMAND = Command(
    "rerun", "run an edited pipeline over a job's seeds, reusing its answers", _run,
    _arguments,
)  # fmt: skip
