"""The part of a job's display that lives as long as the kernel: widgets, where there are any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..displays.html import page
from ..displays.log import log_html, log_title
from ..storage.log import LogLine

if TYPE_CHECKING:
    from IPython.display import DisplayHandle

    from ..jobs import Job
    from ..storage.jobs import JobRow
    from .job_controls import Buttons

__all__ = ["Living", "make_living", "show"]


def show(bundle: dict[str, Any], **options: Any) -> DisplayHandle | None:
    """Display a bundle in the running cell."""
    from IPython.display import display

    handle: DisplayHandle | None = display(bundle, raw=True, **options)
    return handle


class Living:
    """The living part: HTML that changes, the log's last lines, and buttons."""

    def __init__(self, html: Any, fold: Any, buttons: Buttons, box: Any) -> None:
        self._html, self._fold, self._buttons, self._box = html, fold, buttons, box

    def show(self) -> None:
        bundle = self._box._repr_mimebundle_()
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        # Where widgets cannot be shown the HTML that follows is; an object's address helps nobody.
        show({**data, "text/plain": ""})

    def update(self, html: str, row: JobRow) -> None:
        self._html.value = f"<div class='dgf-live'>{html}</div>"
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
