"""A further attempt of one branch from a block on, beside the record that the branch has."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from ..errors import JobError
from ..records import encode, new_trace_id
from .attempts import ASIDE, COPY_CALLS, COPY_STEPS, ENDED, last_execution, paths_to
from .store import Store

__all__ = [
    "Place",
    "answered_aside",
    "attempt_from",
    "calls_below",
    "current_below",
    "has_waiting",
    "refuse_unfinished",
]  # fmt: skip

_LIST = "(SELECT value FROM json_each(?))"
#: Records of an execution's attempts on a branch, or below it.
_BELOW = "(? = '' OR {table}.branch = ? OR substr({table}.branch, 1, length(?) + 1) = ? || '.')"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record runs again.

    Attributes
    ----------
    execution_id : int
        The attempt whose steps and calls before the block are taken over.
    branch : str
        On which it goes on: what it had before a fan-out when the block stands before that.
    step : int
        The block's place in the pipeline.
    before : tuple of str
        Ids of the blocks before it.
    """

    job_id: int
    seed_index: int
    repetition: int
    execution_id: int
    branch: str
    step: int
    block_id: str
    before: tuple[str, ...]


def attempt_from(connection: sqlite3.Connection, place: Place, now: str) -> None:
    """Give the execution a further attempt that waits, with what precedes the block.

    One that was stopped on the way from the same place goes on instead: its answers were paid.

    Raises
    ------
    JobError
        When an attempt of it has not ended, or what would be taken over was deleted.
    """
    key = [place.job_id, place.seed_index, place.repetition]
    refuse_unfinished(connection, *key)
    (there,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM executions WHERE id = ?)", [place.execution_id]
    ).fetchone()
    if not there:
        raise JobError(
            "the record was deleted in this very moment; nothing was started",
            {"job_id": place.job_id},
        )
    stopped = _stopped(connection, place)
    if stopped is not None:
        connection.execute("UPDATE executions SET status = 'queued' WHERE id = ?", [stopped])
        return
    (attempt,) = connection.execute(
        "SELECT max(attempt) FROM executions WHERE job_id = ? AND seed_index = ? "
        "AND repetition = ?",
        key,
    ).fetchone()
    number = last_execution(connection, place.job_id) + 1
    connection.execute(
        "INSERT INTO executions (id, job_id, seed_index, repetition, attempt, status, trace_id, "
        "started_at, from_block, from_branch, from_execution) "
        "VALUES (?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?)",
        [
            number,
            *key,
            attempt + 1,
            new_trace_id(),
            now,
            place.block_id,
            place.branch,
            place.execution_id,
        ],
    )
    path = encode(paths_to(place.branch))
    connection.execute(
        f"{COPY_STEPS} branch IN {_LIST} AND step < ?",
        [number, place.execution_id, path, place.step],
    )
    connection.execute(
        f"{COPY_CALLS} AND block_id IN {_LIST}",
        [number, place.execution_id, path, encode(place.before)],
    )


def answered_aside(store: Store, place: Place) -> dict[str, int]:
    """By block id: answers of the attempt that will go on where it was stopped."""
    stopped = _stopped(store.connection, place)
    return {
        row[0]: row[1]
        for row in store.rows(
            "SELECT block_id, count(*) FROM calls WHERE execution_id = ? AND reused = 0 "
            "AND answer IS NOT NULL GROUP BY block_id",
            [stopped],
        )
    }


def _stopped(connection: sqlite3.Connection, place: Place) -> int | None:
    """The execution's latest attempt, when it was stopped and comes of the same steps."""
    path = encode(paths_to(place.branch))
    before = (
        "SELECT branch, step, block_id, changes, removed, skipped FROM steps "
        f"WHERE execution_id = ? AND branch IN {_LIST} AND step < ?"
    )
    latest = connection.execute(
        "SELECT id, status, from_block, from_branch FROM executions WHERE job_id = ? "
        "AND seed_index = ? AND repetition = ? ORDER BY attempt DESC LIMIT 1",
        [place.job_id, place.seed_index, place.repetition],
    ).fetchone()
    if latest is None or tuple(latest)[1:] != (ASIDE, place.block_id, place.branch):
        return None
    one, other = [place.execution_id, path, place.step], [latest[0], path, place.step]
    (is_other,) = connection.execute(
        f"SELECT EXISTS ({before} EXCEPT {before}) OR EXISTS ({before} EXCEPT {before})",
        [*one, *other, *other, *one],
    ).fetchone()
    return None if is_other else int(latest[0])


def refuse_unfinished(
    connection: sqlite3.Connection, job_id: int, seed_index: int, repetition: int
) -> None:
    """Raise when an attempt of the execution has not ended.

    Raises
    ------
    JobError
    """
    marks = ",".join("?" * len(ENDED))
    (is_unfinished,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM executions WHERE job_id = ? AND seed_index = ? "
        f"AND repetition = ? AND status NOT IN ({marks}))",
        [job_id, seed_index, repetition, *ENDED],
    ).fetchone()
    if is_unfinished:
        raise JobError(
            f"seed {seed_index} (repetition {repetition}) of job {job_id} has an attempt that has "
            f"not ended; finish it first: job.resume(), %dgf resume {job_id} or dgf resume "
            f"{job_id}",
            {"job_id": job_id, "seed_index": seed_index, "repetition": repetition},
        )


def has_waiting(store: Store, job_id: int) -> bool:
    """Whether an attempt from a block on has not ended."""
    marks = ",".join("?" * len(ENDED))
    row = store.row(
        "SELECT 1 FROM executions WHERE job_id = ? AND from_block IS NOT NULL "
        f"AND status NOT IN ({marks}) LIMIT 1",
        [job_id, *ENDED],
    )
    return row is not None


def calls_below(store: Store, place: Place) -> dict[str, int]:
    """By block id: how many calls the branch made, and those below it, attempts taken together."""
    below = _BELOW.format(table="c")
    return {
        row[0]: row[1]
        for row in store.rows(
            "SELECT block_id, count(*) FROM (SELECT DISTINCT c.block_id, c.branch, c.number "
            "FROM executions e JOIN calls c ON c.execution_id = e.id WHERE e.job_id = ? "
            f"AND e.seed_index = ? AND e.repetition = ? AND {below}) GROUP BY block_id",
            [place.job_id, place.seed_index, place.repetition, *[place.branch] * 4],
        )
    }


def current_below(store: Store, place: Place) -> list[int]:
    """The current records of the branch, and of those below it: they give way."""
    below = _BELOW.format(table="r")
    return [
        row[0]
        for row in store.rows(
            "SELECT r.id FROM records r WHERE r.job_id = ? AND r.seed_index = ? "
            f"AND r.repetition = ? AND r.is_current = 1 AND {below} ORDER BY r.id",
            [place.job_id, place.seed_index, place.repetition, *[place.branch] * 4],
        )
    ]
