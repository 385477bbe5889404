"""The progress of a job on standard error: one living line on a terminal, else plain lines."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..displays.job import progress_text
from ..displays.pace import Pace, Speed
from ..displays.reached import reached
from ..displays.text import plural, shorten
from .output import emit, error_width

if TYPE_CHECKING:
    from ..storage.jobs import JobRow

__all__ = ["Meter", "Reading", "clear_line"]

#: Without a terminal: seconds after which a line is due, and the least between two of them.
_LINE_PERIOD = 5.0
_LINE_GAP = 1.0

#: Seconds between two looks at what is read.
_READING_PERIOD = 0.2

#: Width of the living line that stands on the terminal right now.
_living = [0]


def clear_line() -> None:
    """Take the living line off the terminal, so that something else can be written."""
    if _living[0]:
        emit("\r" + " " * _living[0] + "\r", err=True, end="", raw=True)
        _living[0] = 0


def show_line(line: str, *, is_last: bool = False) -> None:
    """Write the living line; the last one stays."""
    # Written over the old line rather than cleared first, which would flicker.
    emit("\r" + line.ljust(_living[0]), err=True, end="\n" if is_last else "", raw=True)
    _living[0] = 0 if is_last else len(line)


class Meter:
    """Shows how far a job is; call ``show`` often.

    Parameters
    ----------
    resuming : str
        The command that lets a paused job go on.
    """

    def __init__(self, resuming: str) -> None:
        self._resuming = resuming
        self._is_paused = False
        self._started = time.monotonic()
        self._executions, self._records = Speed(), Speed()
        self._last_line: tuple[float, int] | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def show(self, job: JobRow, waiting: str | None = None, *, is_last: bool = False) -> None:
        """Bring the display up to date with the job's row, and what its calls wait for."""
        now, is_paused = time.monotonic(), job.status == "paused"
        if is_paused != self._is_paused and not is_last:
            self._is_paused = is_paused
            clear_line()
            told = f"is paused; to let it go on: {self._resuming}" if is_paused else "goes on"
            emit(f"job {job.id} {told}", err=True)
        records = job.records_generated + job.records_failed + job.records_filtered
        pace = Pace(
            self._executions.at(now, job.executions_done, is_paused=is_paused),
            self._records.at(now, records, is_paused=is_paused),
            elapsed=self.elapsed if is_last else None,
        )
        text = progress_text(job, pace, waiting)
        width = error_width()
        if width is not None:
            show_line(shorten(text, width - 1), is_last=is_last)
        elif is_last or self._is_due(now, job):
            emit(text, err=True)

    def _is_due(self, now: float, job: JobRow) -> bool:
        done, total = reached(job)
        tenth = done * 10 // (total or 1)
        if self._last_line is not None:
            then, last_tenth = self._last_line
            gap = _LINE_PERIOD if tenth == last_tenth else _LINE_GAP
            if now - then < gap:
                return False
        self._last_line = (now, tenth)
        return True


class Reading:
    """Shows how much was read: on a terminal alone, and only of what takes a while.

    Parameters
    ----------
    noun : str
        What is read.
    patience : float
        Seconds before it is shown.
    """

    def __init__(self, noun: str, patience: float = 1.0) -> None:
        self._noun = noun
        self._due = time.monotonic() + patience

    def show(self, done: int, total: int) -> None:
        """Bring the display up to date; call it often."""
        width, now = error_width(), time.monotonic()
        if width is None or now < self._due:
            return
        self._due = now + _READING_PERIOD
        told = f"reading {done:,} of {plural(total, self._noun)} ({100 * done // (total or 1)} %)"
        show_line(shorten(told, width - 1))

    def end(self) -> None:
        """Take the display away."""
        clear_line()
