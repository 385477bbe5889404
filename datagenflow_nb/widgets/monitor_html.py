"""The HTML beside the monitor: what a saved notebook keeps, and frontends without widgets show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..displays.job import job_html, progress_text
from ..displays.pace import Pace
from ..displays.text import plural
from ..jobs.ways import ways_on
from ..storage.jobs import ACTIVE, JobRow
from ..storage.lease import runner_told
from ..storage.log import LogLine
from .fallback import static_html

if TYPE_CHECKING:
    from ..jobs import Job

__all__ = ["GONE", "bundle_of", "notes_of"]

#: The status of a job that was deleted, or whose store is gone, while it was shown.
GONE = "out of sight"


def bundle_of(
    job: Job,
    row: JobRow,
    pace: Pace,
    causes: Sequence[tuple[str, int]],
    log: tuple[int, Sequence[LogLine]],
    note: str | None,
    *,
    has_widget: bool,
) -> dict[str, str]:
    """The job as HTML and as text.

    Parameters
    ----------
    causes : sequence of (reason, count)
        Why records failed, of a job that has ended.
    log : (int, sequence of LogLine)
        How many lines its log has, and the last of them.
    note : str or None
        What else is to be said.
    has_widget : bool
        The HTML stands beside a living one.
    """
    is_active = row.status in ACTIVE
    waiting = job.waiting if is_active else None
    if row.status == GONE:
        html = job_html(row, Pace(), notes=[note or ""])
    else:
        html = job_html(
            row,
            pace,
            causes=causes,
            last_error=job.last_failure if row.records_failed and is_active else None,
            waiting=waiting,
            notes=[*notes_of(row, note), *_commands(row, has_widget=has_widget)],
            log=log,
        )
    if has_widget:
        html = static_html(html)
    return {"text/html": html, "text/plain": progress_text(row, pace, waiting)}


def notes_of(row: JobRow, note: str | None) -> list[str]:
    """Lines below all else."""
    if row.status == GONE:
        return [note or ""]
    if row.status not in ACTIVE:
        return [_next_steps(row)]
    notes = [note] if note is not None else []
    if row.answers_coming:
        notes.append(f"{plural(row.answers_coming, 'answer')} still coming.")
    place = runner_told(row.runner) if row.runner is not None else None
    if place not in (None, "this process"):
        notes.append(f"It runs in {place} and goes on without this kernel.")
    return notes


def _commands(row: JobRow, *, has_widget: bool) -> list[str]:
    """What the monitor has buttons for."""
    if row.status not in ACTIVE:
        return [*_failed(row), *_again(row)]
    paused = [f"%dgf resume {row.id} lets it go on."] if row.is_paused else []
    told = f"%dgf job {row.id} shows how far it is now, %dgf cancel {row.id} stops it."
    missing = " ipywidgets is not installed here: there is no button."
    return [*paused, told if has_widget else told + missing]


def _next_steps(row: JobRow) -> str:
    if row.records_generated + row.records_failed + row.records_filtered == 0:
        return "Nothing was stored."
    return f"Next: %dgf review {row.id} · %dgf records {row.id} · %dgf export {row.id} out.jsonl"


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
