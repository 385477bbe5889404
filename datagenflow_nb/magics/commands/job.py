"""``%dgf job ID``: one job, live while it runs."""

from __future__ import annotations

from typing import Any

from ..command import Call, Command
from ..parser import Parser
from ._arguments import job_argument

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    job_argument(parser)


def _run(call: Call) -> Any:
    return call.workspace.job(call.args.job)


COMMAND = Command("job", "show a job, live while it runs", _run, _arguments)
