"""``%dgf log ID``: what blocks printed and logged while a job ran."""

from __future__ import annotations

from typing import Any

from ..command import Call, Command
from ..parser import Parser
from ._arguments import count_from_one, job_argument

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    job_argument(parser)
    parser.add_argument("--limit", type=count_from_one, metavar="N", help="only the last N lines")


def _run(call: Call) -> Any:
    return call.workspace.job(call.args.job).log(limit=call.args.limit)


COMMAND = Command("log", "show what blocks printed and logged in a job", _run, _arguments)
