"""Arguments that several commands take."""

from __future__ import annotations

import argparse

from ..parser import Parser, names

__all__ = ["STATUSES", "job_argument", "pipeline_argument", "status_option", "whole_number"]

#: Statuses of records.
STATUSES = ("pending", "accepted", "rejected", "failed", "filtered")


def job_argument(parser: Parser) -> None:
    """``ID``, the number of a job."""
    names(parser.add_argument("job", metavar="ID", type=whole_number, help="number of the job"),
          "job")  # fmt: skip


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
