"""``%dgf traces ID``: a row per step of a job's records."""

from __future__ import annotations

from typing import Any

from ..command import Call, Command
from ..parser import Parser
from ._arguments import job_argument

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    job_argument(parser)


def _run(call: Call) -> Any:
    return call.workspace.job(call.args.job).traces()


COMMAND = Command("traces", "the steps of a job's records as a DataFrame", _run, _arguments)
