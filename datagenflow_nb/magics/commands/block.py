"""``%%dgf block``: define blocks in the cell; ``--save`` writes them into ``blocks/``."""

from __future__ import annotations

from typing import Any

from ...errors import ConfigError
from ..cells import define_blocks
from ..command import Call, Command
from ..parser import Parser

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    parser.add_argument("--save", action="store_true",
                        help="write the cell into the project's blocks/ folder")  # fmt: skip
    parser.add_argument("--replace", action="store_true",
                        help="with --save: also over a file that was edited since, and "
                        "instead of another saved file with the same blocks")  # fmt: skip


def _run(call: Call) -> Any:
    __tracebackhide__ = True
    body = call.body or ""
    if not body.strip():
        raise ConfigError(
            "the cell below %%dgf block is empty; expected a class based on dgf.BaseBlock, or a "
            "function with @dgf.block"
        )
    if call.args.replace and not call.args.save:
        raise ConfigError("--replace says what --save may do; give --save too")
    workspace = call.workspace
    if not call.args.save:
        kinds = define_blocks(call.shell, call.text)
    else:
        kinds = workspace.save_blocks(body, replace=call.args.replace)
        call.shell.user_ns.update({kind.__name__: kind for kind in kinds})
    for kind in kinds:
        workspace.registry.get(kind.__name__)  # a second block of that name is told now
    return workspace.blocks(kinds)


COMMAND = Command(
    "block", "define blocks in the cell; --save writes them into blocks/", _run, _arguments,
    body="must",
    examples="%%dgf block --save\nfrom datagenflow_nb import BaseBlock\n\nclass Shout(BaseBlock):\n"
    '    inputs = ["text"]\n    outputs = ["loud"]\n\n    async def execute(self, data):\n'
    '        return {"loud": data["text"].upper()}',
)  # fmt: skip
