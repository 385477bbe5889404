"""``%dgf retry ID``: run what failed in a job again."""

from __future__ import annotations

from typing import Any

from ..command import Call, Command
from .resume import again_arguments, options
from .run import shown

__all__ = ["COMMAND"]


def _run(call: Call) -> Any:
    job = call.workspace.job(call.args.job)
    return shown(call, job.retry_failed(detach=call.args.detach, **options(call)))


COMMAND = Command("retry", "run what failed in a job again, asking anew", _run, again_arguments)
