"""``%dgf failures ID``: why the records of a job failed."""

from __future__ import annotations

from typing import Any

from ..command import Call, Command
from ..parser import Parser
from ._arguments import count_from_one, job_argument

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    job_argument(parser)
    parser.add_argument("--limit", type=count_from_one, metavar="N", default=20,
                        help="causes, the most frequent ones (20)")  # fmt: skip


def _run(call: Call) -> Any:
    return call.workspace.job(call.args.job).failures(limit=call.args.limit)


COMMAND = Command(
    "failures", "why records of a job failed, by cause, with an example of each", _run, _arguments
)
