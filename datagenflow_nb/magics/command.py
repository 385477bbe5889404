"""What a command of ``%dgf`` is, and what it is called with."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ..errors import ConfigError
from .parser import Parser

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..workspaces import Workspace

__all__ = ["Call", "Command", "no_arguments"]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a command.

    Attributes
    ----------
    body : str or None
        The cell below ``%%dgf``; None for ``%dgf``.
    """

    args: argparse.Namespace
    body: str | None
    shell: InteractiveShell

    @property
    def text(self) -> str:
        """The body one line down, where it stands in the cell: the lines of messages fit."""
        return f"\n{self.body or ''}"

    @property
    def workspace(self) -> Workspace:
        """The current workspace, opened when it is first needed."""
        from ..workspaces import workspace

        return workspace()

    def ask(self, question: str) -> bool:
        """Ask the person at the keyboard; False where nobody can answer."""
        from IPython.core.error import StdinNotImplementedError

        try:
            return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
        except (StdinNotImplementedError, EOFError):
            return False


def no_arguments(parser: Parser) -> None:
    """For commands that take none."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command.

    Attributes
    ----------
    help : str
        One line, for the list of commands.
    run : callable
        Gets the Call, returns what the cell shows.
    arguments : callable
        Adds the command's arguments to its parser.
    body : str
        Whether it is used as ``%%dgf`` with a cell below: ``no``, ``may`` or ``must``.
    examples : str
        Shown below the help.
    """

    name: str
    help: str
    run: Callable[[Call], Any]
    arguments: Callable[[Parser], None] = no_arguments
    body: Literal["no", "may", "must"] = "no"
    examples: str = ""

    def parser(self) -> Parser:
        """The parser of the command's line."""
        sign = "%%dgf" if self.body == "must" else "%dgf"
        # argparse formats usage and help with "%".
        made = Parser(
            prog=f"{sign} {self.name}", description=self.help, epilog=self.examples or None
        )
        self.arguments(made)
        made.add_name()
        return made

    def check_body(self, body: str | None) -> None:
        """Whether the cell below fits the command.

        Raises
        ------
        ConfigError
            When it does not.
        """
        if self.body == "must" and body is None:
            raise ConfigError(
                f"{self.name} takes what stands below it in the cell: "
                f"begin the cell with %%dgf {self.name}"
            )
        if self.body == "no" and body is not None and body.strip():
            raise ConfigError(
                f"{self.name} takes nothing from the cell: write %dgf {self.name} (one %), and "
                "what stands below it into a cell of its own"
            )
