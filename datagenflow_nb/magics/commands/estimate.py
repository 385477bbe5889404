"""``%dgf estimate NAME``: some executions, and what all will take."""

from __future__ import annotations

from typing import Any

from ..command import Call, Command
from ..parser import Parser
from ._arguments import budget_options, given, whole_number
from .run import run_arguments, seeds_of

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    run_arguments(parser)
    parser.add_argument("--executions", type=whole_number, metavar="N", required=True,
                        help="how many to run, and to pay for")  # fmt: skip
    budget_options(parser, has_targets=False)


def _run(call: Call) -> Any:
    args = call.args
    options = given(args, "concurrency", "model", "random_seed", "stop_early")
    seeds = seeds_of(call, "estimate")
    return call.workspace.estimate(args.pipeline, seeds, executions=args.executions, **options)


COMMAND = Command(
    "estimate", "run some executions; tell tokens, cost and time of all", _run,
    _arguments, body="may",
    examples="%dgf estimate qa --seeds topics.csv --executions 20",
)  # fmt: skip
