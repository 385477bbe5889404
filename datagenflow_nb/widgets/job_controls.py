"""The widgets of a running job; ipywidgets is imported here alone."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets

from ..errors import DataGenFlowError
from .free_route import FreeRoute

if TYPE_CHECKING:
    from ..jobs import Job
    from ..storage.jobs import JobRow

__all__ = ["Buttons", "make_controls"]


class _Html(FreeRoute, ipywidgets.HTML):  # type: ignore[misc] # has no types
    """HTML that can change while a cell runs."""


class _Button(FreeRoute, ipywidgets.Button):  # type: ignore[misc] # has no types
    """A button that can be pressed while a cell runs."""


class _Fold(FreeRoute, ipywidgets.Accordion):  # type: ignore[misc] # has no types
    """What stays open while its content changes, which HTML alone would not."""


class _Row(FreeRoute, ipywidgets.HBox):  # type: ignore[misc] # has no types
    """The buttons, side by side."""


class _Box(FreeRoute, ipywidgets.VBox):  # type: ignore[misc] # has no types
    """All of it, one below the other."""


#: What a button says: its name, its icon, what pressing it does.
_HOLD = {
    False: ("Pause", "pause", "Start nothing new until it is resumed; answers in flight are kept"),
    True: ("Resume", "play", "Let the job go on"),
}
_STOP = {
    False: ("Cancel", "stop", "Stop: nothing new starts, answers in flight are kept"),
    True: ("Drop what is under way", "stop", "Stop now: answers in flight are dropped"),
}


class Buttons:
    """Hold a job or let it go on, and stop it; what they say follows the job's row."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._hold, self._stop = _Button(), _Button()
        self._hold.on_click(self._press_hold)
        self._stop.on_click(self._press_stop)
        for button in (self._hold, self._stop):
            button.layout.width, button.layout.min_width = "auto", "9em"  # as long as its words
        self.row = _Row(children=(self._hold, self._stop))
        _say(self._hold, _HOLD[False])
        _say(self._stop, _STOP[False])

    def update(self, row: JobRow) -> None:
        """Say what can be done now."""
        is_stopping = row.control in ("cancel", "cancel_now")
        _say(self._hold, _HOLD[row.is_paused])
        self._hold.disabled = is_stopping
        # The second press: what is under way is taking long, and is dropped.
        _say(self._stop, _STOP[is_stopping])
        self._stop.disabled = row.control == "cancel_now"

    def close(self) -> None:
        """Take them away."""
        for widget in (self.row, self._hold, self._stop):
            widget.close()

    def _press_hold(self, _: Any) -> None:
        self._do(self._job.resume if self._hold.description == "Resume" else self._job.pause)

    def _press_stop(self, _: Any) -> None:
        self._do(functools.partial(self._job.cancel, now=self._stop.description != "Cancel"))

    def _do(self, act: Callable[[], Any]) -> None:
        try:
            act()
            self.update(self._job.row)
        except DataGenFlowError as error:  # it has ended in this very moment
            for button in (self._hold, self._stop):
                button.disabled, button.tooltip = True, error.message


def make_controls(job: Job) -> tuple[Any, Any, Buttons, Any]:
    """The HTML, the folded log, the buttons, and the box around them."""
    html, fold = _Html(), _Fold(children=(_Html(),), selected_index=None)
    fold.layout.display = "none"  # until there is a log
    buttons = Buttons(job)
    return html, fold, buttons, _Box(children=(html, fold, buttons.row))


def _say(button: Any, told: tuple[str, str, str]) -> None:
    button.description, button.icon, button.tooltip = told
