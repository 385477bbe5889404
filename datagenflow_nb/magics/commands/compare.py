"""``%dgf compare A B``: choose the better of two jobs' records, seed by seed."""

from __future__ import annotations

from typing import Any

from ..command import Call, Command
from ..parser import Parser, names
from ._arguments import job_argument, whole_number

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    job_argument(parser)
    names(
        parser.add_argument("other", metavar="OTHER", type=whole_number, nargs="?",
                            help="number of the job beside it; without: the attempts before"),
        "job",
    )  # fmt: skip
    parser.add_argument("--blind", action="store_true",
                        help="hide whose record is on which side, and change sides")  # fmt: skip


def _run(call: Call) -> Any:
    return call.workspace.compare(call.args.job, call.args.other, blind=call.args.blind)


COMMAND = Command(
    "compare", "choose the better of two jobs' records", _run, _arguments,
    examples="%dgf compare 1 2\n%dgf compare 1 2 --blind\n%dgf compare 3",
)  # fmt: skip
