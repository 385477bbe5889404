"""The progress of a job on standard error: one living line on a terminal, else plain lines."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from .output import emit, error_width, plural, shorten

if TYPE_CHECKING:
    from ..storage.jobs import JobRow

__all__ = ["Meter", "Speed", "clear_line", "duration", "progress_text"]

#: Seconds over which the rate is taken.
_WINDOW = 10.0
#: Without a terminal: seconds after which a line is due, and the least between two of them.
_LINE_PERIOD = 5.0
_LINE_GAP = 1.0

#: Width of the living line that stands on the terminal right now.
_living = [0]


def clear_line() -> None:
    """Take the living line off the terminal, so that something else can be written."""
    if _living[0]:
        emit("\r" + " " * _living[0] + "\r", err=True, end="", raw=True)
        _living[0] = 0


def duration(seconds: float) -> str:
    """``4 s``, ``2:05 min``, ``1:02:03 h``; tenths below 10 s."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02} h"


class Speed:
    """Things per second over the last seconds."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def at(self, now: float, count: int) -> float:
        """The rate when ``count`` things are done at ``now`` (s, monotonic); 0 when unknown."""
        self._marks.append((now, count))
        while len(self._marks) > 2 and now - self._marks[1][0] >= _WINDOW:
            self._marks.popleft()
        then, before = self._marks[0]
        return (count - before) / (now - then) if now > then else 0.0


class Meter:
    """Shows how far a job is; call ``show`` often."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._executions, self._records = Speed(), Speed()
        self._last_line: tuple[float, int] | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def show(self, job: JobRow, *, is_last: bool = False) -> None:
        """Bring the display up to date with the job's row."""
        now = time.monotonic()
        records = job.records_generated + job.records_failed + job.records_filtered
        text = progress_text(
            job,
            self._executions.at(now, job.executions_done),
            self._records.at(now, records),
            elapsed=self.elapsed if is_last else None,
        )
        width = error_width()
        if width is not None:
            self._rewrite(shorten(text, width - 1), is_last)
        elif is_last or self._is_due(now, job):
            emit(text, err=True)

    def _rewrite(self, line: str, is_last: bool) -> None:
        # Written over the old line rather than cleared first, which would flicker.
        emit("\r" + line.ljust(_living[0]), err=True, end="\n" if is_last else "", raw=True)
        _living[0] = 0 if is_last else len(line)

    def _is_due(self, now: float, job: JobRow) -> bool:
        tenth = job.executions_done * 10 // (job.total or 1)
        if self._last_line is not None:
            then, last_tenth = self._last_line
            gap = _LINE_PERIOD if tenth == last_tenth else _LINE_GAP
            if now - then < gap:
                return False
        self._last_line = (now, tenth)
        return True


def progress_text(
    job: JobRow, execution_rate: float, record_rate: float, elapsed: float | None = None
) -> str:
    """One line about a running job, or with ``elapsed`` (s) about one that has ended.

    Executions count; where fan-out makes their number differ from the records', these are told too.
    """
    total = job.total or 0
    done = job.executions_done
    records = job.records_generated + job.records_failed + job.records_filtered
    percent = 100 * done / total if total else 0.0
    parts = [f"job {job.id}: {done:,}/{total:,} ({percent:.0f} %)"]
    is_fanned_out = records != done
    if is_fanned_out:
        parts.append(plural(records, "record"))
    rate = record_rate if is_fanned_out else execution_rate
    if elapsed is not None:
        parts.append(f"in {duration(elapsed)}")
    elif rate:
        parts.append(f"{rate:.1f}{' records' if is_fanned_out else ''}/s")
    if elapsed is None and execution_rate and done < total:
        parts.append(f"ETA {duration((total - done) / execution_rate)}")
    if job.records_failed:
        parts.append(f"{job.records_failed:,} failed")
    if job.records_filtered:
        parts.append(f"{job.records_filtered:,} filtered")
    usage = job.usage
    if usage.get("calls"):
        parts.append(
            f"tokens {_short(usage['input_tokens'])} in, {_short(usage['output_tokens'])} out"
        )
    return ", ".join(parts)


def _short(count: int) -> str:
    """``950``, ``12.3k``, ``4.5M``."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.1f}{unit}"
    return str(count)
