"""``%dgf records ID``: a job's records as a DataFrame."""

from __future__ import annotations

from typing import Any

from ..command import Call, Command
from ..parser import Parser
from ._arguments import job_argument, status_option

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    job_argument(parser)
    status_option(parser, "only records of this status")


def _run(call: Call) -> Any:
    return call.workspace.job(call.args.job).records(status=call.args.status)


COMMAND = Command("records", "a job's records as a DataFrame", _run, _arguments)
