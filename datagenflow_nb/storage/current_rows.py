"""Which records are current, exchanged and taken back."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from ..records import encode, utc_now
from .jobs import JobRow, as_it_is
from .resume import counted_anew, refuse

__all__ = ["exchange", "refuse_running", "swap_current"]

_WHAT = "which of its records are current cannot be changed"


def refuse_running(connection: sqlite3.Connection, job_id: int) -> None:
    """Raise while a runner has the job: it counts on the records that are current.

    Raises
    ------
    JobError
    """
    found = connection.execute("SELECT * FROM jobs WHERE id = ?", [job_id]).fetchone()
    refuse(as_it_is(JobRow.read(found)), is_retry=True, what=_WHAT)


def exchange(
    connection: sqlite3.Connection, job_id: int, on: Sequence[int], off: Sequence[int], now: str
) -> None:
    """Have some records of a job be current, and others be it no longer."""
    for value, ids in ((1, on), (0, off)):
        connection.execute(
            "UPDATE records SET is_current = ?, version = version + 1, updated_at = ? "
            "WHERE id IN (SELECT value FROM json_each(?))",
            [value, now, encode(list(ids))],
        )
    counted_anew(connection, job_id)


def swap_current(
    connection: sqlite3.Connection, job_id: int, on: Sequence[int], off: Sequence[int]
) -> str | None:
    """Exchange them when the others are current now; why not, when nothing was changed.

    Raises
    ------
    JobError
        While a runner has the job.
    """
    found = dict(
        connection.execute(
            "SELECT id, is_current FROM records WHERE id IN (SELECT value FROM json_each(?))",
            [encode([*on, *off])],
        ).fetchall()
    )
    if len(found) < len(on) + len(off):
        return "not there any more"
    if any(found[key] for key in on) or not all(found[key] for key in off):
        return "another record is the current one since"
    refuse_running(connection, job_id)
    exchange(connection, job_id, on, off, utc_now())
    return None
