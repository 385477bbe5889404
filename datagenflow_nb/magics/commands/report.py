"""``%dgf report ID``: what a job's records are like."""

from __future__ import annotations

import time
from typing import Any

from ...displays.text import Note, duration, plural
from ..command import Call, Command
from ..parser import Parser, names
from ._arguments import (
    count_from_one,
    job_argument,
    selection_of,
    selection_options,
    status_option,
)

__all__ = ["COMMAND", "Reading"]

#: Seconds between two looks at what is read.
_PERIOD = 0.5


def _arguments(parser: Parser) -> None:
    job_argument(parser)
    names(parser.add_argument("--html", metavar="PATH", help="write it as one HTML file, too"),
          "path")  # fmt: skip
    status_option(parser, "only records of this status, instead of pending and accepted")
    selection_options(parser)
    parser.add_argument("--field", action="append", metavar="NAME",
                        help="only this field; may be repeated")  # fmt: skip
    parser.add_argument("--sample", type=count_from_one, metavar="N",
                        help="read only N records, drawn at random")  # fmt: skip


def _run(call: Call) -> Any:
    args, reading = call.args, Reading()
    report = call.workspace.job(args.job).report(
        args.status, fields=args.field, sample=args.sample, progress=reading.show,
        **selection_of(args),
    )  # fmt: skip
    reading.end(report.records)
    if args.html is not None:
        report.to_html(args.html)
    return report


class Reading:
    """Shows how much was read, of what takes a while: more than ``patience`` seconds."""

    def __init__(self, patience: float = 1.5) -> None:
        self._started = time.monotonic()
        self._due = self._started + patience
        self._shown: Any = None

    def show(self, done: int, total: int) -> None:
        """Bring the display up to date; call it often."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + _PERIOD
            self._tell(f"Reading {done:,} of {plural(total, 'record')} ...")

    def end(self, records: int) -> None:
        """Say how long it took, where it was shown."""
        if self._shown is not None:
            took = duration(time.monotonic() - self._started)
            self._tell(f"Read {plural(records, 'record')} in {took}.")

    def _tell(self, text: str) -> None:
        from IPython.display import display

        if self._shown is None:
            self._shown = display(Note(text), display_id=True)
        else:
            self._shown.update(Note(text))


COMMAND = Command(
    "report", "what a job's records are like: fields, duplicates, coverage, cost", _run, _arguments,
    examples="%dgf report 3\n%dgf report 3 --html report.html --status accepted",
)  # fmt: skip
