"""Clicks that arrive while a cell runs."""

from __future__ import annotations

from typing import Any

__all__ = ["FreeRoute"]


class FreeRoute:
    """Mixed into a widget class, before the widget.

    ipykernel 7.4 sends what the frontend says on a comm to the shell that last published on it: a
    widget made or changed by a cell would get its clicks only when that cell has ended. Forgetting
    it leaves the choice to the frontend: JupyterLab uses a thread beside the main one. Older
    kernels have no such memory, and nothing changes there.
    """

    def _forget_route(self) -> None:
        comm = getattr(self, "comm", None)
        if comm is not None:
            vars(comm).pop("_reply_subshell_id", None)

    def open(self) -> None:
        super().open()  # type: ignore[misc] # of the widget this is mixed into
        self._forget_route()

    def _send(self, msg: Any, buffers: Any = None) -> None:
        super()._send(msg, buffers=buffers)  # type: ignore[misc] # as above
        self._forget_route()
