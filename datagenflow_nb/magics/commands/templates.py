"""``%dgf templates``: ready-made pipelines."""

from __future__ import annotations

from typing import Any

from ..command import Call, Command

__all__ = ["COMMAND"]


def _run(call: Call) -> Any:
    return call.workspace.templates()


COMMAND = Command("templates", "list the ready-made pipelines", _run)
