"""``%dgf new NAME --template T``: a pipeline of one's own from a ready-made one."""

from __future__ import annotations

from typing import Any

from ...displays.commands import to_type
from ...errors import ConfigError
from ..command import Call, Command
from ..parser import Parser, names

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME", help="name of the new pipeline")
    names(parser.add_argument("--template", required=True, metavar="T", help="the ready-made "
                              "pipeline; %%dgf templates lists them"), "template")  # fmt: skip


def _run(call: Call) -> Any:
    name = call.args.name
    if any(saved.name == name for saved in call.workspace.pipelines()):
        raise ConfigError(
            f"there is a pipeline {name!r} already; choose another name, or delete it first: "
            + to_type("%dgf delete pipeline", name),
            {"pipeline": name},
        )
    return call.workspace.new_pipeline(name, call.args.template)


COMMAND = Command(
    "new", "save a pipeline made from a template", _run, _arguments,
    examples="%dgf new qa --template qa_generation",
)  # fmt: skip
