"""Jobs in the cells of a notebook: each is shown once a cell, live while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import DataGenFlowError
from .fallback import show
from .monitor_watch import Display, Watch, watch_of

if TYPE_CHECKING:
    from ..jobs import Job

__all__ = ["begin_cell", "end_cell", "show_job", "tell"]

#: Jobs the running cell has shown: ``--wait`` shows one before it returns it.
_shown: set[Job] = set()
#: Displays whose HTML is drawn anew when a cell has run.
_open: list[tuple[Watch, Display]] = []


def show_job(job: Job) -> Watch | None:
    """Display the job in the running cell, live while it runs; None when the cell has shown it."""
    if job in _shown:
        return None
    _shown.add(job)
    try:
        watch = watch_of(job)
        display = watch.open(job)
    except DataGenFlowError as error:  # deleted, or its store is gone: a display does not raise
        show({"text/html": error._repr_html_(), "text/plain": repr(job)})
        return None
    if not watch.is_over:
        _open.append((watch, display))
    return watch


def begin_cell(*_: Any) -> None:
    """A cell begins to run."""
    _shown.clear()


def end_cell(*_: Any) -> None:
    """A cell has run: draw the displays' HTML anew, as part of it.

    Programs that run notebooks (nbclient) take what a thread publishes for an earlier cell for
    nothing, and would save that cell with the state it ended in.
    """
    for watch, display in list(_open):
        if watch.redraw(display):
            _open.remove((watch, display))


def tell(job: Job, note: str) -> None:
    """Say something more wherever the job is shown, while it runs."""
    watch_of(job).tell(note)
