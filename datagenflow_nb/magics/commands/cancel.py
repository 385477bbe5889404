"""``%dgf cancel ID``: stop a job, whichever process runs it."""

from __future__ import annotations

from typing import Any

from ..command import Call, Command
from ..parser import Parser
from ._arguments import job_argument

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    job_argument(parser)
    parser.add_argument(
        "--now", action="store_true", help="drop the answers in flight instead of waiting for them"
    )


def _run(call: Call) -> Any:
    return call.workspace.job(call.args.job).cancel(now=call.args.now)


COMMAND = Command("cancel", "stop a job; what has finished stays", _run, _arguments)
