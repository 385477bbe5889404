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


class _Fold(FreeRoute, ipywidgets.Accordion):  # type: ignore[misc] # has no types
    """What stays open while its content changes, which HTML alone would not."""


class _Box(FreeRoute, ipywidgets.VBox):  # type: ignore[misc] # has no types
    """All of it, one below the other."""


def make_controls(job: Job) -> tuple[Any, Any, Any, Any]:
    """The HTML, the folded log, the button that cancels the job, and the box around them."""
    html, fold = _Html(), _Fold(children=(_Html(),), selected_index=None)
    fold.layout.display = "none"  # until there is a log
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
    return html, fold, button, _Box(children=(html, fold, button))


_TIPS = {
    False: "Stop: nothing new starts, answers in flight are kept",
    True: "Stop now: answers in flight are dropped",
}
