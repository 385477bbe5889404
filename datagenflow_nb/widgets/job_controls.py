"""The widgets of a running job; ipywidgets is imported here alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from ..errors import DataGenFlowError
from .free_route import FreeRoute

if TYPE_CHECKING:
    from ..jobs import Job

__all__ = ["make_controls"]


class _Html(FreeRoute, ipywidgets.HTML):  # type: ignore[misc] # has no types
    """HTML that can change while a cell runs."""


class _Button(FreeRoute, ipywidgets.Button):  # type: ignore[misc] # has no types
    """A button that can be pressed while a cell runs."""


class _Box(FreeRoute, ipywidgets.VBox):  # type: ignore[misc] # has no types
    """Both, one below the other."""


def make_controls(job: Job) -> tuple[Any, Any, Any]:
    """The HTML, the button that cancels the job, and the box around them."""
    html = _Html()
    button = _Button(description="Cancel", icon="stop", tooltip=_TIPS[False])

    def press(_: Any) -> None:
        # The second press: what is under way is taking long, and is dropped.
        is_second = button.description != "Cancel"
        button.description, button.tooltip = "Drop what is under way", _TIPS[True]
        button.disabled = is_second
        try:
            job.cancel(now=is_second)
        except DataGenFlowError as error:  # it has ended in this very moment
            button.description, button.tooltip = "Ended", error.message
            button.disabled = True

    button.on_click(press)
    button.layout.align_self = "flex-start"
    return html, button, _Box(children=(html, button))


_TIPS = {
    False: "Stop: nothing new starts, answers in flight are kept",
    True: "Stop now: answers in flight are dropped",
}
