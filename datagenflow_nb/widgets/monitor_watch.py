"""One thread looks at all jobs that are shown, and keeps every display of each up to date."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..displays.log import LAST_LINES
from ..displays.pace import Pace, Speed
from ..errors import DataGenFlowError
from ..storage.jobs import ACTIVE, JobRow
from .fallback import show, view_bundle
from .monitor_acts import acts_of
from .monitor_facts import course_told, facts_of, insight_of, log_told
from .monitor_html import GONE, bundle_of, notes_of

if TYPE_CHECKING:
    from IPython.display import DisplayHandle

    from ..jobs import Job
    from .monitor import JobMonitor

__all__ = ["Display", "Watch", "watch_of"]

_log = logging.getLogger("datagenflow_nb")

#: Seconds between looks, between looks at jobs that have ended (somebody may resume or delete one,
#: here or elsewhere), between updates of the HTML, which a frontend draws anew each time, and
#: between looks at records, blocks and log.
_PERIOD, _ENDED_PERIOD, _STATIC_PERIOD, _SLOW_PERIOD = 0.25, 2.0, 2.0, 1.0
#: Seconds somebody waits for a job's last state to be drawn.
_PATIENCE = 5.0
#: Cells of one job whose HTML is kept up to date, the latest.
_MOST_DISPLAYS = 10

_lock = threading.Lock()
#: What this kernel has shown.
_watches: dict[Job, Watch] = {}
#: Set when there is something to look at sooner than the next tick.
_wake = threading.Event()
_threads: list[threading.Thread] = []


@dataclass
class Display:
    """The HTML in one cell.

    Attributes
    ----------
    context : contextvars.Context
        What ties a thread's output to that cell.
    """

    handle: DisplayHandle | None
    context: contextvars.Context

    def draw(self, bundle: dict[str, str], *, is_in_cell: bool = False) -> None:
        """Draw it anew; ``is_in_cell``: as the running cell's own doing."""
        if self.handle is None:
            return
        if is_in_cell:
            self.handle.update(bundle, raw=True)
        else:
            self.context.run(self.handle.update, bundle, raw=True)


class Watch:
    """What is shown of one job, in however many cells.

    Attributes
    ----------
    job : Job
    glance : Glance
        What was seen of its records.
    is_followed : bool
        Whether there may be something new. Else the job has ended, and its row alone is looked at.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.glance = job.glance(LAST_LINES)
        self.is_followed = False
        self._lock = threading.RLock()
        self._executions, self._records = Speed(), Speed()
        self._widget: JobMonitor | None = None
        self._displays: list[Display] = []
        self._note: str | None = None
        self._last: JobRow | None = None
        self._bundle: dict[str, str] = {}
        self._slow: dict[str, dict[str, Any]] = {}
        self._drawn_at = self._glanced_at = 0.0
        self._has_more = self._is_gone = False
        #: Set when the end, or that there is nothing to be seen any more, is drawn.
        self._is_over = threading.Event()
        #: The reasons of a job that has ended, and of which row they are.
        self._reasons: tuple[JobRow | None, list[tuple[str, int]]] = None, []

    def open(self, job: Job) -> Display:
        """Show it in the running cell, and follow it from now on until it has ended.

        Raises
        ------
        JobError, StoreError
            When there is nothing to show.
        """
        with self._lock:
            row = self._last = self._row_of(job)
            self._widget = self._usable_widget()
            self._has_more = self._glance_at(row)
            if self._widget is not None:
                self._move(self._widget, row)
                show(view_bundle(self._widget))
            self._bundle = self._static(row)
            display = Display(show(self._bundle, display_id=True), contextvars.copy_context())
            self._displays = [*self._displays[1 - _MOST_DISPLAYS :], display]
            if row.status in ACTIVE:
                self.follow()
            else:
                self._is_over.set()
                self.is_followed = self._has_more
        _begin()
        return display

    def follow(self) -> None:
        """There may be something new from now on."""
        with self._lock:
            self._is_over.clear()
            self.is_followed = True
        _begin()

    @property
    def is_over(self) -> bool:
        """Whether what is drawn is the job's end, or that there is nothing to be seen any more."""
        return self._is_over.is_set()

    def settle(self) -> None:
        """Wait until the last state of a job that has ended is drawn."""
        _wake.set()
        self._is_over.wait(_PATIENCE)

    def is_as_seen(self, row: JobRow | None) -> bool:
        """Whether this is the row that was seen last; None: the job is not there any more."""
        with self._lock:
            return (self._last == row) if row is not None else self._is_gone

    def tell(self, note: str) -> None:
        """Say something more while the job runs."""
        self._note = note

    def redraw(self, display: Display) -> bool:
        """Draw a cell's HTML as the running cell's own doing; True when nothing new will come."""
        with self._lock:
            if not self._is_over.is_set():
                # The thread may not have seen yet what the cell waited for. It tells what is lost.
                with contextlib.suppress(DataGenFlowError):
                    row = self.job.row
                    self.glance.look(row)
                    self._bundle = self._static(row)
            display.draw(self._bundle, is_in_cell=True)
            return self._is_over.is_set()

    def look(self) -> None:
        """Look at the job and bring what shows it up to date; called by the one thread."""
        with self._lock:
            before = self._last
            assert before is not None  # seen when it was opened
            try:
                row = self._last = self.job.row
                self._is_gone = False
                has_ended = row.status not in ACTIVE
                if has_ended:
                    self._note = None
                    self._causes(row)  # raises here what it may raise
                is_late = time.monotonic() - self._glanced_at >= _SLOW_PERIOD
                if has_ended or is_late or self._has_more:
                    self._has_more = self._glance_at(row)
            except DataGenFlowError as error:  # deleted, or its store is gone
                row, has_ended, self._has_more = replace(before, status=GONE), True, False
                self._note, self._is_gone = error.message, True
            self._show_widget(row)
            is_stale = time.monotonic() - self._drawn_at >= _STATIC_PERIOD
            is_due = is_stale or row.status != before.status
            if not self._is_over.is_set() and (has_ended or is_due or self._widget is None):
                self._draw(row)
            if has_ended:
                self._is_over.set()
            self.is_followed = not has_ended or self._has_more

    def _row_of(self, job: Job) -> JobRow:
        """The job's row; by ``job`` where the store that it was seen in before is closed."""
        try:
            return self.job.row
        except DataGenFlowError:
            row = job.row
            self.job, self.glance = job, job.glance(LAST_LINES)
            return row

    def _usable_widget(self) -> JobMonitor | None:
        """None where there are no widgets to be had."""
        if self._widget is not None and self._widget.comm is not None:
            return self._widget
        try:
            from .monitor import JobMonitor
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] in ("ipywidgets", "anywidget"):
                return None
            raise
        return JobMonitor(self)

    def _glance_at(self, row: JobRow) -> bool:
        """Look at records, blocks, log and course; whether there is more to be seen at once."""
        has_more = self.glance.look(row)
        self._glanced_at = time.monotonic()
        self._slow = {
            "insight": insight_of(row, self.glance),
            "log_tail": log_told(self.glance),
            "course": course_told(self.job.course),
        }
        return has_more

    def _show_widget(self, row: JobRow) -> None:
        widget = self._widget
        if widget is not None and self._displays:
            # Messages of a thread belong to some cell: the first that showed the job.
            self._displays[0].context.run(self._move, widget, row)

    def _move(self, widget: JobMonitor, row: JobRow) -> None:
        """Bring the widget up to date."""
        is_active = row.status in ACTIVE
        facts = facts_of(
            row,
            self._pace(row),
            waiting=self.job.waiting if is_active else None,
            notes=notes_of(row, self._note),
            acts=[] if row.status == GONE else acts_of(row),
        )
        widget.tell(facts=facts, **self._slow)

    def _draw(self, row: JobRow) -> None:
        self._bundle = self._static(row)
        for display in self._displays:
            display.draw(self._bundle)
        self._drawn_at = time.monotonic()

    def _static(self, row: JobRow) -> dict[str, str]:
        causes = self._causes(row) if row.status not in (*ACTIVE, GONE) else []
        log = self.glance.log_lines, self.glance.log
        has_widget = self._widget is not None
        return bundle_of(
            self.job, row, self._pace(row), causes, log, self._note, has_widget=has_widget
        )

    def _causes(self, row: JobRow) -> list[tuple[str, int]]:
        """Why records failed; the end is drawn several times, and asked for once."""
        if self._reasons[0] != row:
            self._reasons = row, self.job.reasons() if row.records_failed else []
        return self._reasons[1]

    def _pace(self, row: JobRow) -> Pace:
        if row.status not in ACTIVE:
            return Pace(elapsed=row.seconds)
        now, is_paused = time.monotonic(), row.status == "paused"
        records = row.records_generated + row.records_failed + row.records_filtered
        return Pace(
            self._executions.at(now, row.executions_done, is_paused=is_paused),
            self._records.at(now, records, is_paused=is_paused),
            blocks=self.job.current_blocks,
        )


def watch_of(job: Job) -> Watch:
    """The one of this kernel for the job."""
    with _lock:
        found = _watches.get(job)
        if found is None:
            found = _watches[job] = Watch(job)
        return found


def _begin() -> None:
    """Have the thread look at once, and begin it where it has ended."""
    with _lock:
        _wake.set()
        if not _threads:
            thread = threading.Thread(target=_run, name="datagenflow-monitors", daemon=True)
            _threads.append(thread)
            thread.start()


def _run() -> None:
    followed: list[Watch] = []
    looked_at = time.monotonic()
    while True:
        _wake.wait(_PERIOD if followed else _ENDED_PERIOD)
        _wake.clear()
        with _lock:
            watches = list(_watches.values())
        if time.monotonic() - looked_at >= _ENDED_PERIOD:
            ended = [watch for watch in watches if not watch.is_followed]
            _look(functools.partial(_look_at_ended, ended))
            looked_at = time.monotonic()
        followed = [watch for watch in watches if watch.is_followed]
        for watch in followed:
            _look(watch.look)


def _look_at_ended(watches: list[Watch]) -> None:
    """Follow those again whose rows are not as they were, with one query a store."""
    by_store: dict[Path, list[Watch]] = defaultdict(list)
    for watch in watches:
        by_store[watch.glance.path].append(watch)
    for ended in by_store.values():
        # A store that is closed or gone tells nothing: what was seen last stays.
        with contextlib.suppress(DataGenFlowError):
            rows = ended[0].glance.jobs(watch.job.id for watch in ended)
            for watch in ended:
                if not watch.is_as_seen(rows.get(watch.job.id)):
                    watch.follow()


def _look(look: Callable[[], None]) -> None:
    try:
        look()
    except Exception as error:  # noqa: BLE001 # the thread's edge: it shows other jobs, too
        _log.error("a job's display failed", exc_info=error)
