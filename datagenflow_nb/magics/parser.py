"""argparse for magics: errors that help, help that does not end the kernel, completion by kind."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from ..errors import ConfigError, suggest

__all__ = ["HelpAsked", "Parser", "kind_of", "names", "spans", "split_line"]

_WORD = re.compile(
    r"""(?: [^ \t\r\n"'\\] | \\(?:.|\Z) | "(?:\\.|[^"\\])*(?:"|\\?\Z) | '[^']*(?:'|\Z) )+""",
    re.DOTALL | re.VERBOSE,
)


class HelpAsked(Exception):
    """``--help`` was given; ``text`` is the help."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class _Help(argparse.Action):
    """argparse's own ends the process."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, default=argparse.SUPPRESS)
        self.help = options.get("help")

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        raise HelpAsked(parser.format_help())


class Parser(argparse.ArgumentParser):
    """The arguments of one command.

    Raises
    ------
    ConfigError
        Instead of ending the process: what is wrong with the line, and the nearest right words.
    HelpAsked
        For ``-h`` and ``--help``.
    """

    def __init__(self, **options: Any) -> None:
        own = {"add_help": False, "allow_abbrev": False}
        super().__init__(
            **{"formatter_class": argparse.RawDescriptionHelpFormatter, **options, **own}
        )
        self.add_argument("-h", "--help", action=_Help, help="this help")

    def add_name(self, default: str | None = None) -> None:
        """Let ``--as NAME`` be given, after a subcommand too."""
        self.add_argument("--as", dest="as_name", metavar="NAME", default=default,
                          help="put the result into this variable")  # fmt: skip
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                for inner in action.choices.values():
                    inner.add_name(argparse.SUPPRESS)  # what was given before it stays

    def error(self, message: str) -> NoReturn:
        # One "%": the help is asked for without a cell below.
        advice = f"{self.prog.replace('%%', '%')} --help tells what it takes"
        raise ConfigError(f"{self.prog}: {self._explain(message)}\n{advice}")

    def parse_known_args(self, *given: Any, **options: Any) -> Any:
        """Known arguments and no others: those of a subcommand are not left to its parent."""
        found, others = super().parse_known_args(*given, **options)
        if others:
            self.error(f"unrecognized arguments: {' '.join(others)}")
        return found, others

    def _explain(self, message: str) -> str:
        found = re.fullmatch(r"unrecognized arguments: (.+)", message)
        if found:
            word = next((w for w in found[1].split() if w.startswith("-")), found[1].split()[0])
            if not word.startswith("-"):
                return f"{word!r} is one argument too many; {self._usage()}"
            flags = [flag for action in self._actions for flag in action.option_strings]
            name = word.partition("=")[0]
            return f"there is no option {name}; {suggest(name, [f for f in flags if f[1] == '-'])}"
        found = re.fullmatch(r"the following arguments are required: (.+)", message)
        if found:
            return f"{found[1]} is missing; {self._usage()}"
        found = re.fullmatch(r"argument (.+): invalid choice: '(.*)' \(choose from (.+)\)", message)
        if found:
            choices = [choice.strip("'") for choice in found[3].split(", ")]
            return f"{found[1]} cannot be {found[2]!r}; {suggest(found[2], choices)}"
        found = re.fullmatch(r"argument (.+): expected one argument", message)
        if found:
            name = found[1].split("/")[-1]
            return f"{found[1]} needs a value; one that begins with '-' is written {name}=-VALUE"
        return message.removeprefix("argument ")

    def _usage(self) -> str:
        return " ".join(self.format_usage().split())


def names(action: argparse.Action, kind: str) -> argparse.Action:
    """Say that an argument is the name of something, so that it can be completed.

    Parameters
    ----------
    kind : str
        ``pipeline``, ``template``, ``model``, ``block``, ``job``, ``seeds`` (a variable or a path),
        ``path``, or ``named``: what the argument before says.
    """
    setattr(action, "dgf_kind", kind)  # noqa: B010 - argparse's actions have no place for it
    return action


def kind_of(action: argparse.Action) -> str | None:
    """What ``names`` said of the argument."""
    return getattr(action, "dgf_kind", None)


def split_line(line: str) -> list[str]:
    """The words of a line, quotes as a shell takes them; ``{{ }}``, ``{x}`` and ``$x`` stay.

    A word that begins with ``#`` begins a comment.

    Raises
    ------
    ConfigError
        For a quotation without an end.
    """
    comment = next((found.start() for found in spans(line) if found[0][0] == "#"), None)
    try:
        return shlex.split(line[:comment])
    except ValueError:
        raise ConfigError(
            f"%dgf: a quotation has no end in: {line}\n"
            """quotes belong in pairs; JSON stands in single ones: '{"topic": "tides"}'"""
        ) from None


def spans(line: str) -> Iterator[re.Match[str]]:
    """The words of a line as they stand there, with their quotes; the last one may be open."""
    return _WORD.finditer(line)
