"""``%dgf blocks``: the block types there are."""

from __future__ import annotations

from typing import Any

from ..command import Call, Command
from ..parser import Parser, names

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    names(parser.add_argument("type", nargs="?", metavar="TYPE", help="one of them, with its "
                              "configuration"), "block")  # fmt: skip


def _run(call: Call) -> Any:
    if call.args.type is not None:
        return call.workspace.block(call.args.type)
    return call.workspace.blocks()


COMMAND = Command("blocks", "list the block types, or show what one takes", _run, _arguments)
