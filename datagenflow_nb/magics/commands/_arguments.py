"""Arguments that several commands take."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from ...displays.budgets import BOUNDS, BUDGETS, flag
from ...jobs.selecting import Selecting
from ..parser import Parser, names

__all__ = [
    "STATUSES",
    "budget_options",
    "count_from_one",
    "given",
    "how_to_wait",
    "job_argument",
    "pipeline_argument",
    "selection_of",
    "selection_options",
    "sort_option",
    "status_option",
    "stop_early_option",
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


def selection_options(parser: Parser) -> None:
    """What narrows records down."""
    parser.add_argument("--search", metavar="WORDS",
                        help="only with all these words: tea, begin*, \"a phrase\"")  # fmt: skip
    parser.add_argument("--where", action="append", metavar="CONDITION",
                        help="only where it holds: 'score >= 0.7', 'topic contains tea', "
                        "'text is empty'; may be repeated")  # fmt: skip
    parser.add_argument("--tags", action="append", metavar="TAG",
                        help="only with this tag; may be repeated")  # fmt: skip
    parser.add_argument("--reviewer", metavar="NAME", help="only those this one decided on")
    parser.add_argument("--ids", metavar="IDS", help="only these: 1,5,7-20")
    parser.add_argument("--edited", action=argparse.BooleanOptionalAction, default=None,
                        help="only edited ones, or only others")  # fmt: skip
    parser.add_argument("--all-attempts", action="store_true",
                        help="those that a later attempt has replaced, too")  # fmt: skip


def sort_option(parser: Parser) -> None:
    """``--sort``, once or more."""
    parser.add_argument("--sort", action="append", metavar="COLUMN",
                        help="in this order, --sort=-COLUMN for the highest first; "
                        "may be repeated")  # fmt: skip


def selection_of(args: argparse.Namespace) -> dict[str, Any]:
    """What the line says of ``selection_options``."""
    values = {name: getattr(args, name, None) for name in Selecting.__annotations__}
    return {name: value for name, value in values.items() if value not in (None, False)
            or (name == "edited" and value is False)}  # fmt: skip


def stop_early_option(parser: Parser) -> None:
    """``--stop-early`` and ``--no-stop-early``."""
    parser.add_argument(
        "--stop-early", action=argparse.BooleanOptionalAction, default=None,
        help="end early when nearly everything fails (the default)",
    )  # fmt: skip


def budget_options(parser: Parser, *, is_again: bool = False, has_targets: bool = True) -> None:
    """``--max-tokens-total`` and so on; ``is_again``: ``none`` takes one away."""
    for name, kind in (BOUNDS if has_targets else BUDGETS).items():
        number = whole_number if kind.is_whole else _number
        parser.add_argument(
            flag(name), type=_or_none(number) if is_again else number, metavar="N",
            help=kind.what + (" (as before; none: without)" if is_again else ""),
        )  # fmt: skip


def given(args: argparse.Namespace, *names: str) -> dict[str, Any]:
    """What the line says of these options, of budgets and of targets, as Python takes it."""
    values = {name: getattr(args, name, None) for name in (*names, *BOUNDS)}
    return {
        name: None if value == "none" and name in BOUNDS else value
        for name, value in values.items()
        if value is not None
    }


def _or_none(number: Callable[[str], float]) -> Callable[[str], Any]:
    return lambda text: text if text == "none" else number(text)


def _number(text: str) -> float:
    """A number; its range is checked by what takes it."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None


def whole_number(text: str) -> int:
    """A number from 0 on."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)


def count_from_one(text: str) -> int:
    """A number from 1 on."""
    if number := whole_number(text):
        return number
    raise argparse.ArgumentTypeError("expected 1 or more")
