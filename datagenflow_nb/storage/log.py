"""A job's log: what its blocks printed and logged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..records import utc_now
from .store import Store

__all__ = ["LogLine", "LogTable", "add_line", "log_row"]

_COLUMNS = "created_at, level, block_id, trace_id, message"


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a job's log.

    Attributes
    ----------
    created_at : str
        When, in UTC.
    level : str
        ``print`` or ``stderr`` for what was written there, else the level of what was logged:
        ``info``, ``warning``, ``error``, ``critical`` or a level of somebody's own.
    block_id : str or None
        The block that ran; None for what no block said.
    trace_id : str or None
        The execution's.
    message : str
    """

    created_at: str
    level: str
    block_id: str | None
    trace_id: str | None
    message: str

    def to_dict(self) -> dict[str, Any]:
        """The line as JSON."""
        return {
            "created_at": self.created_at,
            "level": self.level,
            "block_id": self.block_id,
            "trace_id": self.trace_id,
            "message": self.message,
        }


def log_row(
    job_id: int, level: str, block_id: str | None, trace_id: str | None, message: str
) -> tuple[Any, ...]:
    """A row of ``job_log``; its id, and with it its place, is given by SQLite."""
    # The message stands sixth, where the writer looks for the size of a row.
    return job_id, utc_now(), level, trace_id, block_id, message


def add_line(connection: sqlite3.Connection, job_id: int, level: str, message: str) -> None:
    """Add a line that no block said, within the caller's transaction."""
    connection.execute(
        "INSERT INTO main.job_log (job_id, created_at, level, trace_id, block_id, message) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        log_row(job_id, level, None, None, message),
    )


class LogTable:
    """The logs of all jobs of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, job_id: int, token: str, level: str, messages: Iterable[str]) -> None:
        """Add lines that no block said, while the runner ``token`` has the job."""
        with self._store.write() as connection:
            for message in messages:
                connection.execute(
                    "INSERT INTO job_log (job_id, created_at, level, trace_id, block_id, message) "
                    "SELECT ?, ?, ?, ?, ?, ? FROM jobs WHERE id = ? AND runner = ?",
                    [*log_row(job_id, level, None, None, message), job_id, token],
                )

    def count(self, job_id: int) -> int:
        """How many lines the job's log has."""
        row = self._store.row("SELECT count(*) FROM job_log WHERE job_id = ?", [job_id])
        return 0 if row is None else int(row[0])

    def lines(self, job_id: int, limit: int | None = None) -> list[LogLine]:
        """The job's lines in order, with ``limit`` the last so many of them.

        Raises
        ------
        StoreError
            When the file cannot be read.
        """
        rows: list[sqlite3.Row] = self._store.rows(
            f"SELECT {_COLUMNS} FROM job_log WHERE job_id = ? ORDER BY id DESC LIMIT ?",
            [job_id, -1 if limit is None else limit],
        )
        return [LogLine(*row) for row in reversed(rows)]
