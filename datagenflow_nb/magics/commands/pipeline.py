"""``%%dgf pipeline NAME``: save the YAML in the cell under that name."""

from __future__ import annotations

from typing import Any

from ...displays.commands import to_type
from ...errors import ConfigError
from ..command import Call, Command
from ..parser import Parser, names

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    names(parser.add_argument("name", metavar="NAME", help="name of the pipeline"), "pipeline")


def _run(call: Call) -> Any:
    name, body = call.args.name, call.body
    if body is None:
        return call.workspace.pipeline(name)
    if not body.strip():
        raise ConfigError(
            f"the cell below {to_type('%%dgf pipeline', name)} is empty; expected YAML such as\n"
            "blocks:\n  - type: TextGenerator\n    config:\n"
            "      user_prompt: Write about {{ topic }}."
        )
    return call.workspace.save_text(name, body)


COMMAND = Command(
    "pipeline", "save the pipeline in the cell (YAML); as %dgf: show a saved one", _run, _arguments,
    body="may",
    examples="%%dgf pipeline haiku\nblocks:\n  - type: TextGenerator\n    config:\n"
    "      user_prompt: Write a haiku about {{ topic }}.",
)  # fmt: skip
