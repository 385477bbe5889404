"""``%dgf pipelines``: the saved ones."""

from __future__ import annotations

from typing import Any

from ..command import Call, Command

__all__ = ["COMMAND"]


def _run(call: Call) -> Any:
    return call.workspace.pipelines()


COMMAND = Command("pipelines", "list the saved pipelines", _run)
