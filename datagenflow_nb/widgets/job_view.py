"""A running job in its cell: progress, rate, what it is at, a button that stops it."""

from __future__ import annotations

import contextlib
import contextvars
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..displays.job import job_html, progress_text
from ..displays.log import LAST_LINES
from ..displays.pace import Pace, Speed
from ..displays.text import plural
from ..errors import DataGenFlowError
from ..jobs.ways import ways_on
from ..storage.jobs import ACTIVE, JobRow
from ..storage.lease import runner_told
from ..storage.log import LogLine
from .fallback import show, static_html
from .living import Living, make_living

if TYPE_CHECKING:
    from IPython.display import DisplayHandle

    from ..jobs import Job

__all__ = ["JobView", "begin_cell", "end_cell", "show_job", "tell"]

#: Seconds between updates of the widgets, and of the HTML, which a frontend draws anew each time.
_PERIOD, _STATIC_PERIOD = 0.25, 2.0
#: Seconds a cell waits for its job's last state to be drawn.
_PATIENCE = 5.0

#: What is told of a job that was deleted, or whose store is gone, while it was shown.
_GONE = "out of sight"

#: Jobs the running cell has shown: ``--wait`` shows one before it returns it.
_shown: set[Job] = set()
#: Views whose HTML is drawn anew when a cell has run.
_open: list[JobView] = []


def show_job(job: Job, *, is_new: bool = False) -> JobView | None:
    """Display the job in the running cell, live while it runs; None when the cell has shown it.

    Parameters
    ----------
    is_new : bool
        It was started by this cell: the display is the same whether it has ended already or not.
    """
    if job in _shown:
        return None
    _shown.add(job)
    view = JobView(job)
    try:
        view.open(is_new)
    except DataGenFlowError as error:  # deleted, or its store is gone: a display does not raise
        show({"text/html": error._repr_html_(), "text/plain": repr(job)})
        return None
    return view


def begin_cell(*_: Any) -> None:
    """A cell begins to run."""
    _shown.clear()


def end_cell(*_: Any) -> None:
    """A cell has run: draw the views' HTML anew, as part of it.

    Programs that run notebooks (nbclient) take what a thread publishes for an earlier cell for
    nothing, and would save that cell with the state it ended in.
    """
    for view in list(_open):
        if view.redraw():
            _open.remove(view)


def tell(job: Job, note: str) -> None:
    """Say something more wherever the job is shown, while it runs."""
    for view in list(_open):
        view.tell(job, note)


class JobView:
    """One display of one job."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._executions, self._records = Speed(), Speed()
        self._widgets: Living | None = None
        self._static: DisplayHandle | None = None
        self._follower: threading.Thread | None = None
        self._wake = threading.Event()
        self._note: str | None = None
        self._last: JobRow | None = None
        self._drawn: dict[str, str] = {}
        #: The reasons of a job that has ended, and of which row they are.
        self._reasons: tuple[JobRow | None, list[tuple[str, int]]] = None, []

    def open(self, is_new: bool) -> None:
        """Show it, and keep it up to date from a thread of its own until the job has ended.

        Raises
        ------
        JobError, StoreError
            When there is nothing to show.
        """
        row = self._last = self._job.row
        is_live = is_new or row.status in ACTIVE
        if is_live:
            self._widgets = make_living(self._job)
        if self._widgets is not None:
            self._move(row)
            self._widgets.show()
        self._drawn = self._bundle(row)
        self._static = show(self._drawn, display_id=True)
        if is_live:
            _open.append(self)
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
            self._follower.join(_PATIENCE)

    def tell(self, job: Job, note: str) -> None:
        """Say something more while the job runs, if it is this view's."""
        if job == self._job:
            self._note = note

    def redraw(self) -> bool:
        """Draw the HTML as the running cell's own doing; True when there will be nothing new."""
        has_ended = self._follower is None or not self._follower.is_alive()
        if not has_ended:
            # The thread may not have seen yet what the cell waited for. It tells what is lost.
            with contextlib.suppress(DataGenFlowError):
                self._drawn = self._bundle(self._job.row)
        if self._static is not None:
            self._static.update(self._drawn, raw=True)
        return has_ended

    def _follow(self) -> None:
        try:
            row = self._follow_to_the_end()
        except DataGenFlowError as error:  # deleted, or its store is gone: nothing moves any more
            assert self._last is not None  # seen when it was opened
            row = replace(self._last, status=_GONE)
            self._note = error.message
        self._draw(row)
        if self._widgets is not None:
            self._widgets.end(self._html(row), row)

    def _follow_to_the_end(self) -> JobRow:
        drawn = 0.0
        while True:
            if self._wake.wait(_PERIOD):
                self._wake.clear()
            before, row = self._last, self._job.row
            self._last = row
            if row.status not in ACTIVE:
                self._note = None
                self._html(row)  # raises here what it may raise
                return row
            now = time.monotonic()
            if self._widgets is not None:
                self._move(row)
            is_due = now - drawn >= _STATIC_PERIOD or before is None or row.status != before.status
            if self._widgets is None or is_due:
                self._draw(row)
                drawn = now

    def _move(self, row: JobRow) -> None:
        """Bring the widgets up to date."""
        assert self._widgets is not None  # where there are none only the HTML changes
        self._widgets.update(self._html(row, is_moving=row.status in ACTIVE), row)
        self._widgets.update_log(row.id, *self._log())

    def _draw(self, row: JobRow) -> None:
        assert self._static is not None  # drawn after it was opened
        self._drawn = self._bundle(row)
        self._static.update(self._drawn, raw=True)

    def _bundle(self, row: JobRow) -> dict[str, str]:
        html = self._html(row, is_static=True)
        if self._widgets is not None:
            html = static_html(html)
        waiting = self._job.waiting if row.status in ACTIVE else None
        return {"text/html": html, "text/plain": progress_text(row, self._pace(row), waiting)}

    def _html(self, row: JobRow, *, is_static: bool = False, is_moving: bool = False) -> str:
        if row.status == _GONE:
            return job_html(row, Pace(), notes=[self._note or ""])
        is_active = row.status in ACTIVE
        return job_html(
            row,
            self._pace(row),
            causes=self._causes(row) if row.records_failed and not is_active else [],
            last_error=self._job.last_failure if row.records_failed and is_active else None,
            waiting=self._job.waiting if is_active else None,
            notes=self._notes(row, is_static),
            log=(0, ()) if is_moving else self._log(),  # drawn anew it would close at once
        )

    def _causes(self, row: JobRow) -> list[tuple[str, int]]:
        """Why records failed; the end is drawn three times, and asked for once."""
        if self._reasons[0] != row:
            self._reasons = row, self._job.reasons()
        return self._reasons[1]

    def _notes(self, row: JobRow, is_static: bool) -> list[str]:
        if row.status not in ACTIVE:
            return [_next_steps(row), *_failed(row), *_again(row)]
        notes = [self._note] if self._note is not None else []
        if row.is_paused:
            notes.append(f"%dgf resume {row.id} lets it go on.")
        if row.answers_coming:
            notes.append(f"{plural(row.answers_coming, 'answer')} still coming.")
        place = runner_told(row.runner) if row.runner is not None else None
        if place not in (None, "this process"):
            notes.append(f"It runs in {place} and goes on without this kernel.")
        if is_static:
            told = f"%dgf job {row.id} shows how far it is now, %dgf cancel {row.id} stops it."
            missing = " ipywidgets is not installed here: there is no button."
            notes.append(told if self._widgets is not None else told + missing)
        return notes

    def _log(self) -> tuple[int, list[LogLine]]:
        """How many lines the job's log has, and the last of them."""
        count = self._job.log_lines
        return count, self._job.log(LAST_LINES) if count else []

    def _pace(self, row: JobRow) -> Pace:
        if row.status not in ACTIVE:
            return Pace(elapsed=row.seconds)
        now, is_paused = time.monotonic(), row.status == "paused"
        records = row.records_generated + row.records_failed + row.records_filtered
        return Pace(
            self._executions.at(now, row.executions_done, is_paused=is_paused),
            self._records.at(now, records, is_paused=is_paused),
            blocks=self._job.current_blocks,
        )


def _next_steps(row: JobRow) -> str:
    if row.records_generated + row.records_failed + row.records_filtered == 0:
        return "Nothing was stored."
    return f"Next: %dgf records {row.id} · %dgf traces {row.id} · %dgf export {row.id} out.jsonl"


def _again(row: JobRow) -> list[str]:
    """What finishes a job that was stopped, or runs what failed in it again."""
    ways = ways_on(row)
    if ways.resume:
        return [f"%{ways.resume} finishes {ways.what}."]
    return [f"%{ways.retry} runs what failed again."] if ways.retry else []


def _failed(row: JobRow) -> list[str]:
    """Where failures are told by cause; a single one is told above as it is."""
    told = f"%dgf failures {row.id} shows what failed, with an example of each cause."
    return [told] if row.records_failed > 1 else []
