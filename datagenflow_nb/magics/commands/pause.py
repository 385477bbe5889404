"""``%dgf pause ID``: a job starts nothing new until it is resumed, whichever process runs it."""

from __future__ import annotations

from typing import Any

from ..command import Call, Command
from ._arguments import job_argument

__all__ = ["COMMAND"]


def _run(call: Call) -> Any:
    return call.workspace.job(call.args.job).pause()


COMMAND = Command("pause", "hold a job: nothing new starts until %dgf resume", _run, job_argument)
