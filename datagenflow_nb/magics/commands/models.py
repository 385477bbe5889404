"""``%dgf models``: the configured ones."""

from __future__ import annotations

from typing import Any

from ..command import Call, Command

__all__ = ["COMMAND"]


def _run(call: Call) -> Any:
    return call.workspace.configured_models()


COMMAND = Command("models", "list the configured models and the default one", _run)
