"""The part of a job's display that lives as long as the kernel: widgets, where there are any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..displays.html import page
from ..displays.log import log_html, log_title
from ..storage.log import LogLine
from .fallback import LIVE, show, view_bundle

if TYPE_CHECKING:
    from ..jobs import Job
    from ..storage.jobs import JobRow
    from .job_controls import Buttons

__all__ = ["Living", "make_living"]


class Living:
    """The living part: HTML that changes, the log's last lines, and buttons."""

    def __init__(self, html: Any, fold: Any, buttons: Buttons, box: Any) -> None:
        self._html, self._fold, self._buttons, self._box = html, fold, buttons, box

    def show(self) -> None:
        show(view_bundle(self._box))

    def update(self, html: str, row: JobRow) -> None:
        self._html.value = f"<div class='{LIVE}'>{html}</div>"
        self._buttons.update(row)

    def update_log(self, job_id: int, count: int, lines: list[LogLine]) -> None:
        if count:
            self._fold.set_title(0, log_title(job_id, count))
            self._fold.children[0].value = page(log_html(lines))
            self._fold.layout.display = None

    def end(self, html: str, row: JobRow) -> None:
        self.update(html, row)
        self._box.children = (self._html,)
        self._buttons.close()
        for widget in (self._fold, *self._fold.children):
            widget.close()


def make_living(job: Job) -> Living | None:
    """None where there are no widgets to be had."""
    try:
        from .job_controls import make_controls
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "ipywidgets":
            return None
        raise
    return Living(*make_controls(job))
