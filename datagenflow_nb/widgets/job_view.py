"""A running job in its cell: progress, rate, what it is at, a button that stops it.

Two displays in one: widgets, which live as long as the kernel, and HTML, which is what stays in
the saved notebook and what frontends without widgets show. Styles hide the one where the other is.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..displays.job import job_html, progress_text
from ..displays.pace import Pace, Speed
from ..displays.text import plural
from ..errors import DataGenFlowError
from ..storage.jobs import ACTIVE, JobRow

if TYPE_CHECKING:
    from IPython.display import DisplayHandle

    from ..jobs import Job

__all__ = ["show_job"]

#: Seconds between updates of the widgets, and of the HTML, which a frontend draws anew each time.
_PERIOD, _STATIC_PERIOD = 0.25, 2.0

#: The HTML is hidden behind living widgets, dead widgets behind the HTML.
_STYLE = (
    "<style>"
    ".jp-OutputArea-child:has(.dgf-live) + .jp-OutputArea-child:has(.dgf-static),"
    ".jp-OutputArea-child:not(:has(.dgf-live)):has(+ .jp-OutputArea-child .dgf-static)"
    "{display:none}</style>"
)

#: (job, execution of the cell) that was shown last: ``--wait`` shows a job before it returns it.
_shown: list[tuple[int, int]] = []


def show_job(job: Job, *, is_new: bool = False) -> Callable[[], None]:
    """Display the job in the running cell, live while it runs; once per cell.

    Parameters
    ----------
    is_new : bool
        It was started by this cell: the display is the same whether it has ended already or not.

    Returns
    -------
    callable
        Waits until the display of a job that has ended is in its last state.
    """
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    here = (job.id, shell.execution_count if shell is not None else 0)
    if here in _shown:
        return lambda: None
    _shown[:] = [here]
    view = _View(job)
    view.open(is_new)
    return view.settle


class _View:
    """One display of one job."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._executions, self._records = Speed(), Speed()
        self._widgets: _Widgets | None = None
        self._static: DisplayHandle | None = None
        self._follower: threading.Thread | None = None
        self._wake = threading.Event()

    def open(self, is_new: bool) -> None:
        """Show it, and keep it up to date from a thread of its own until the job has ended."""
        from IPython.display import display

        row = self._job.row
        is_live = is_new or row.status in ACTIVE
        if is_live:
            self._widgets = _make_widgets(self._job)
        if self._widgets is not None:
            self._widgets.update(self._html(row))
            self._widgets.show()
        self._static = display(self._bundle(row), raw=True, display_id=True)
        if is_live:
            # The copied context is what ties a thread's output to this cell.
            follow = contextvars.copy_context().run
            self._follower = threading.Thread(
                target=follow, args=(self._follow,), name=f"datagenflow-view-{row.id}", daemon=True
            )
            self._follower.start()

    def settle(self) -> None:
        """Wait until the last state of a job that has ended is drawn."""
        self._wake.set()
        if self._follower is not None:
            self._follower.join()

    def _follow(self) -> None:
        drawn = 0.0
        while True:
            self._wake.wait(_PERIOD)
            try:
                row = self._job.row
            except DataGenFlowError as error:  # deleted, or its store was closed: nothing moves now
                self._tell(f"Job {self._job.id} cannot be followed any more: {error.message}")
                return
            if row.status not in ACTIVE:
                break
            now = time.monotonic()
            if self._widgets is not None:
                self._widgets.update(self._html(row))
            if self._widgets is None or now - drawn >= _STATIC_PERIOD:
                self._draw(row)
                drawn = now
        self._draw(row)
        if self._widgets is not None:
            self._widgets.end(self._html(row))

    def _draw(self, row: JobRow) -> None:
        assert self._static is not None  # drawn after it was opened
        self._static.update(self._bundle(row), raw=True)

    def _tell(self, text: str) -> None:
        assert self._static is not None  # as above
        self._static.update({"text/plain": text}, raw=True)
        if self._widgets is not None:
            self._widgets.end(f"<div class='dgf-job'>{text}</div>")

    def _bundle(self, row: JobRow) -> dict[str, str]:
        html = self._html(row, is_static=True)
        if self._widgets is not None:
            html = f"{_STYLE}<div class='dgf-static'>{html}</div>"
        return {"text/html": html, "text/plain": progress_text(row, self._pace(row))}

    def _html(self, row: JobRow, *, is_static: bool = False) -> str:
        is_active = row.status in ACTIVE
        causes = self._job.reasons() if row.records_failed and not is_active else []
        notes = []
        if is_active and is_static:
            notes = [f"%dgf job {row.id} shows how far it is now, %dgf cancel {row.id} stops it."]
        elif not is_active:
            notes = [_next_steps(row)]
        return job_html(
            row,
            self._pace(row),
            causes=causes,
            last_error=self._job.last_failure if row.records_failed and is_active else None,
            notes=[*notes, *self._log_note(row)],
        )

    def _log_note(self, row: JobRow) -> list[str]:
        count = self._job.log_lines
        return [f"{plural(count, 'line')} in its log: %dgf log {row.id}"] if count else []

    def _pace(self, row: JobRow) -> Pace:
        if row.status not in ACTIVE:
            return Pace(elapsed=row.seconds)
        now = time.monotonic()
        records = row.records_generated + row.records_failed + row.records_filtered
        return Pace(
            self._executions.at(now, row.executions_done),
            self._records.at(now, records),
            blocks=self._job.current_blocks,
        )


def _next_steps(row: JobRow) -> str:
    if row.records_generated + row.records_failed + row.records_filtered == 0:
        return "Nothing was stored."
    return f"Next: %dgf records {row.id} · %dgf traces {row.id} · %dgf export {row.id} out.jsonl"


class _Widgets:
    """The living part: HTML that changes, and a button."""

    def __init__(self, html: Any, button: Any, box: Any) -> None:
        self._html, self._button, self._box = html, button, box

    def show(self) -> None:
        from IPython.display import display

        bundle = self._box._repr_mimebundle_()
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        # Where widgets cannot be shown the HTML that follows is; an object's address helps nobody.
        display({**data, "text/plain": ""}, raw=True)

    def update(self, html: str) -> None:
        self._html.value = f"<div class='dgf-live'>{html}</div>"

    def end(self, html: str) -> None:
        self.update(html)
        self._box.children = (self._html,)


def _make_widgets(job: Job) -> _Widgets | None:
    """None where there are no widgets to be had."""
    try:
        from .job_controls import make_controls
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "ipywidgets":
            return None
        raise
    return _Widgets(*make_controls(job))
