"""``%dgf edit NAME``: the visual editor of a pipeline."""

from __future__ import annotations

from typing import Any

from ...pipeline import open_widget
from ..command import Call, Command
from ..parser import Parser
from ._arguments import pipeline_argument

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    pipeline_argument(parser, "name of a saved pipeline, or of a new one")


def _run(call: Call) -> Any:
    return open_widget("named editor", call.workspace, call.args.pipeline)


COMMAND = Command("edit", "build, try and save a pipeline in a visual editor", _run, _arguments)
