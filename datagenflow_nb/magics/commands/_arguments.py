"""Arguments that several commands take."""

from __future__ import annotations

import argparse

from ..parser import Parser, names

__all__ = [
    "STATUSES",
    "how_to_wait",
    "job_argument",
    "pipeline_argument",
    "status_option",
    "whole_number",
]

#: Statuses of records.
STATUSES = ("pending", "accepted", "rejected", "failed", "filtered")


def job_argument(parser: Parser) -> None:
    """``ID``, the number of a job."""
    names(parser.add_argument("job", metavar="ID", type=whole_number, help="number of the job"),
          "job")  # fmt: skip


def how_to_wait(parser: Parser) -> None:
    """``--wait`` and ``--detach``, of what starts a job."""
    parser.add_argument("--wait", action="store_true",
                        help="return when the job has ended; an interrupt cancels it")  # fmt: skip
    parser.add_argument("--detach", action="store_true",
                        help="in a process of its own that survives the kernel")  # fmt: skip


def pipeline_argument(
    parser: Parser, what: str = "name of a saved pipeline, or a YAML file"
) -> None:
    """``NAME``, of a pipeline."""
    names(parser.add_argument("pipeline", metavar="NAME", help=what), "pipeline")


def status_option(parser: Parser, what: str) -> None:
    """``--status``, once or more."""
    parser.add_argument(
        "--status", action="append", choices=STATUSES, metavar="STATUS",
        help=f"{what}; may be repeated: {', '.join(STATUSES)}",
    )  # fmt: skip


def whole_number(text: str) -> int:
    """A number from 0 on."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)
