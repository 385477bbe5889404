"""``%dgf`` and ``%%dgf``: find the command, parse its line, run it."""

from __future__ import annotations

import argparse
import builtins
from keyword import iskeyword
from typing import Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from ..displays.text import Note
from ..errors import ConfigError, suggest
from .command import Call, Command
from .commands import COMMANDS
from .parser import HelpAsked, Parser, split_line

__all__ = ["DgfMagics"]

#: Names in a notebook that cells need to run.
_OF_IPYTHON = ("In", "Out", "display", "exit", "get_ipython", "quit")


@magics_class
class DgfMagics(Magics):
    """Data generation in a notebook: ``%dgf COMMAND ...``; ``%dgf --help`` lists the commands."""

    @no_var_expand
    @line_cell_magic
    def dgf(self, line: str, cell: str | None = None) -> Any:
        """Generate data: %dgf COMMAND ...; %dgf --help lists the commands."""
        __tracebackhide__ = True
        words = split_line(line)
        if words and words[0] in ("-h", "--help", "help"):
            return self._help(words[1:])
        command = _find(words[0] if words and not words[0].startswith("-") else "status")
        rest = words[1:] if words and words[0] == command.name else words
        try:
            args = _parse(command.parser(), rest)
        except HelpAsked as asked:
            return Note(asked.text)
        command.check_body(cell)
        name = args.as_name
        if name is not None:
            _check_variable(name)
        assert self.shell is not None  # magics live in a shell
        result = command.run(Call(args, cell, self.shell))
        if name is not None:
            self.shell.user_ns[name] = result
        return result

    def _help(self, words: list[str]) -> Note:
        if words:
            return Note(_find(words[0]).parser().format_help())
        width = max(len(name) for name in COMMANDS)
        lines = ["Usage: %dgf COMMAND ...   (%%dgf COMMAND for those that take the cell)", ""]
        lines += [
            f"  {'%%' if command.body == 'must' else ' %'}dgf {name:<{width}}  {command.help}"
            for name, command in COMMANDS.items()
        ]
        lines += ["", "%dgf COMMAND --help tells what a command takes."]
        return Note("\n".join(lines))


def _check_variable(name: str) -> None:
    if not name.isidentifier() or iskeyword(name):
        raise ConfigError(f"--as {name}: expected the name of a variable")
    if hasattr(builtins, name) or name in _OF_IPYTHON:
        raise ConfigError(
            f"--as {name}: {name!r} is Python's or IPython's own; choose another name"
        )


def _find(name: str) -> Command:
    if name not in COMMANDS:
        raise ConfigError(
            f"%dgf: there is no command {name!r}; {suggest(name, COMMANDS)}",
            {"command": name, "commands": sorted(COMMANDS)},
        )
    return COMMANDS[name]


def _parse(parser: Parser, words: list[str]) -> argparse.Namespace:
    try:
        return parser.parse_args(words)
    except argparse.ArgumentError as error:  # some of argparse's versions raise what others tell
        parser.error(str(error))
