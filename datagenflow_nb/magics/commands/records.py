"""``%dgf records ID``: a job's records as a DataFrame."""

from __future__ import annotations

from typing import Any

from ..command import Call, Command
from ..parser import Parser
from ._arguments import job_argument, selection_of, selection_options, sort_option, status_option

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    job_argument(parser)
    status_option(parser, "only records of this status")
    selection_options(parser)
    sort_option(parser)


def _run(call: Call) -> Any:
    job = call.workspace.job(call.args.job)
    return job.records(status=call.args.status, **selection_of(call.args))


COMMAND = Command("records", "a job's records as a DataFrame", _run, _arguments)
