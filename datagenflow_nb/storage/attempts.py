"""Further attempts of executions that have failed records."""

from __future__ import annotations

import sqlite3
from typing import Any

from ..errors import JobError
from ..records import decode, encode, new_trace_id
from .jobs import EXECUTION_SHIFT
from .store import Store

__all__ = [
    "ASIDE",
    "COPY_CALLS",
    "COPY_STEPS",
    "ENDED",
    "is_below",
    "last_execution",
    "new_attempts",
    "paths_to",
    "waiting_attempts",
]

#: Of an attempt from a block on that was stopped: the record before it stays, nothing is missing.
ASIDE = "aside"
#: Statuses of executions in which nothing is missing.
ENDED = ("completed", "failed", "filtered", ASIDE)
_ENDED = "('completed', 'failed', 'filtered', 'aside')"
_PER_PAGE = 200

_WAITING = f"FROM executions e WHERE e.job_id = ? AND e.attempt >= ? AND e.status NOT IN {_ENDED}"
#: Of these the retries alone: what runs again from a block is finished by resuming.
_RETRIES = f"{_WAITING} AND e.from_block IS NULL"
#: Executions with failed records and those records' branches.
_FAILED = (
    "SELECT e.id, e.seed_index, e.repetition, json_group_array(r.branch), "
    "(SELECT max(x.attempt) FROM executions x WHERE x.job_id = e.job_id "
    "AND x.seed_index = e.seed_index AND x.repetition = e.repetition), "
    "EXISTS (SELECT 1 FROM executions x WHERE x.job_id = e.job_id AND x.seed_index = e.seed_index "
    f"AND x.repetition = e.repetition AND x.status NOT IN {_ENDED}) "
    "FROM records r JOIN executions e ON e.id = r.execution_id "
    "WHERE r.job_id = ? AND r.status = 'failed' AND r.is_current = 1 GROUP BY e.id ORDER BY e.id"
)
#: An execution's steps copied to another one, those that the rest of the statement names.
COPY_STEPS = (
    "INSERT INTO steps (execution_id, branch, step, block_id, block_type, changes, removed, "
    "skipped, execution_time, error) SELECT ?, branch, step, block_id, block_type, changes, "
    "removed, skipped, execution_time, error FROM steps s WHERE execution_id = ? AND "
)
_STEPS = COPY_STEPS + (
    "(branch IN "
    "(SELECT value FROM json_each(?)) OR (branch IN (SELECT value FROM json_each(?)) AND step = "
    "(SELECT min(step) FROM steps t WHERE t.execution_id = s.execution_id "
    "AND t.branch = s.branch)))"
)
#: Its calls on some branches. A copy was paid with its original: with what the job made itself, the
#: rows are its usage.
COPY_CALLS = (
    "INSERT INTO calls (execution_id, branch, block_id, number, model, request, request_hash, "
    "answer, finish_reason, input_tokens, output_tokens, cost, latency, tries, error, created_at, "
    "reused) SELECT ?, branch, block_id, number, model, request, request_hash, answer, "
    "finish_reason, input_tokens, output_tokens, cost, latency, tries, error, created_at, 1 "
    "FROM calls WHERE execution_id = ? AND branch IN (SELECT value FROM json_each(?))"
)


def new_attempts(connection: sqlite3.Connection, job_id: int, now: str) -> None:
    """Give every execution that has ended with failed records a further attempt that waits.

    What precedes a fan-out is copied, with the step by which each failed branch began: only those
    branches run again.

    Raises
    ------
    JobError
        When there is nothing to retry.
    """
    last = last_execution(connection, job_id)
    for row in connection.execute(_FAILED, [job_id]).fetchall():
        key, seed_index, repetition, branches, attempt, is_unfinished = row
        if is_unfinished:  # by resuming, or by an earlier retry that was stopped and goes on
            continue
        last += 1
        connection.execute(
            "INSERT INTO executions (id, job_id, seed_index, repetition, attempt, status, "
            "trace_id, started_at, from_execution) VALUES (?, ?, ?, ?, ?, 'queued', ?, ?, ?)",
            [last, job_id, seed_index, repetition, attempt + 1, new_trace_id(), now, key],
        )
        _copy_shared(connection, key, last, decode(branches))
    waiting = connection.execute(f"SELECT EXISTS (SELECT 1 {_RETRIES})", [job_id, 2]).fetchone()
    if not waiting[0]:
        raise JobError(f"job {job_id} has no failed records to retry", {"job_id": job_id})


def last_execution(connection: sqlite3.Connection, job_id: int) -> int:
    """The highest number of the job's executions, of which there are some."""
    row = connection.execute(
        "SELECT max(id) FROM executions WHERE id > ? AND id < ?",
        [job_id << EXECUTION_SHIFT, (job_id + 1) << EXECUTION_SHIFT],
    ).fetchone()
    return int(row[0])


def _copy_shared(connection: sqlite3.Connection, key: int, to: int, branches: list[str]) -> None:
    leaves = [branch for branch in branches if branch]
    if not leaves:
        return
    above = encode(sorted({part for branch in leaves for part in paths_to(branch)[:-1]}))
    connection.execute(_STEPS, [to, key, above, encode(leaves)])
    connection.execute(COPY_CALLS, [to, key, above])


def waiting_attempts(
    store: Store, job_id: int, last: int, *, first: int, only_retries: bool = False
) -> list[Any]:
    """A page of the attempts from ``first`` on that have not ended, with their seeds."""
    return store.rows(
        "SELECT e.id, e.seed_index, e.repetition, e.attempt, e.trace_id, "
        "(SELECT s.metadata FROM seeds s JOIN jobs j ON j.root_job_id = s.job_id "
        "WHERE j.id = e.job_id AND s.seed_index = e.seed_index) "
        f"{_RETRIES if only_retries else _WAITING} AND e.id > ? ORDER BY e.id LIMIT ?",
        [job_id, first, last, _PER_PAGE],
    )


def paths_to(branch: str) -> list[str]:
    """The branches on the path to ``"3.0"``: ``""``, ``"3"`` and ``"3.0"``."""
    if not branch:
        return [""]
    ends = [place for place, mark in enumerate(branch) if mark == "."]
    return ["", *(branch[:end] for end in ends), branch]


def is_below(branch: str, above: str) -> bool:
    """Whether a branch is ``above`` itself, or parted from it: ``"3.0"`` and ``"3"``."""
    return above == "" or branch == above or branch.startswith(f"{above}.")
