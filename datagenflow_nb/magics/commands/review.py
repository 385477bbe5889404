"""``%dgf review ID``: decide on a job's records in a table."""

from __future__ import annotations

from typing import Any

from ..command import Call, Command
from ..parser import Parser, names
from ._arguments import status_option, whole_number

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    names(
        parser.add_argument("job", metavar="ID", type=whole_number, nargs="?",
                            help="number of the job; without: all records"),
        "job",
    )  # fmt: skip
    status_option(parser, "only records of this status, to begin with")


def _run(call: Call) -> Any:
    return call.workspace.review(call.args.job, status=call.args.status)


COMMAND = Command(
    "review", "decide on a job's records in a table", _run, _arguments,
    examples="%dgf review 3\n%dgf review 3 --status pending",
)  # fmt: skip
