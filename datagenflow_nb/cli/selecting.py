"""Options that say which records are meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["selection_options", "sort_option"]

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--search", metavar="WORDS", help='Only with all these: tea, begin*, "a phrase".'),
    click.option(
        "--where",
        multiple=True,
        metavar="CONDITION",
        help="Only where it holds, may be repeated: 'score >= 0.7', 'topic contains tea'.",
    ),
    click.option(
        "--tags", multiple=True, metavar="TAG", help="Only with this tag, may be repeated."
    ),
    click.option("--reviewer", metavar="NAME", help="Only those this one decided on."),
    click.option("--ids", metavar="IDS", help="Only these: 1,5,7-20."),
    click.option("--edited/--no-edited", default=None, help="Only edited ones, or only others."),
    click.option("--all-attempts", is_flag=True, help="Also what a later attempt has replaced."),
)
sort_option = click.option(
    "--sort",
    multiple=True,
    metavar="COLUMN",
    help="In this order, --sort=-COLUMN for the highest first; may be repeated.",
)


def selection_options(command: F) -> F:
    """``--search``, ``--where`` and so on: what narrows records down."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
