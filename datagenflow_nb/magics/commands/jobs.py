"""``%dgf jobs``: what was run."""

from __future__ import annotations

from typing import Any

from ..command import Call, Command

__all__ = ["COMMAND"]


def _run(call: Call) -> Any:
    return call.workspace.jobs()


COMMAND = Command("jobs", "list the jobs and what became of them", _run)
