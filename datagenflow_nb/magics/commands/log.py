"""``%dgf log ID``: what blocks printed and logged while a job ran."""

from __future__ import annotations

import argparse
from typing import Any

from ..command import Call, Command
from ..parser import Parser
from ._arguments import job_argument, whole_number

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    job_argument(parser)
    parser.add_argument("--limit", type=_from_one, metavar="N", help="only the last N lines")


def _from_one(text: str) -> int:
    if number := whole_number(text):
        return number
    raise argparse.ArgumentTypeError("expected 1 or more")


def _run(call: Call) -> Any:
    return call.workspace.job(call.args.job).log(limit=call.args.limit)


COMMAND = Command("log", "show what blocks printed and logged in a job", _run, _arguments)
