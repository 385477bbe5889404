"""Plain ``%dgf``: where one stands and what to do next."""

from __future__ import annotations

from typing import Any

from ..command import Call, Command

__all__ = ["COMMAND"]


def _run(call: Call) -> Any:
    from ...workspaces import status

    return status()


COMMAND = Command("status", "where you are: store, model, counts, next steps", _run)
