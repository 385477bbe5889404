"""The statements that put what jobs produce into their tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any

__all__ = [
    "CALLS",
    "EXECUTIONS",
    "LOG",
    "RECORDS",
    "REPLACED",
    "STEPS",
    "Counts",
    "Item",
    "Row",
    "insert",
]

Row = tuple[int, tuple[Any, ...]]
#: Executions done, records generated, failed, filtered and accepted by the rule, and what makes the
#: usage's JSON, of which only the last in a transaction is written.
Counts = tuple[int, int, int, int, int, Callable[[], str]]
#: A job's rows that belong together, and its totals with them.
Item = tuple[int, Sequence[Row], Counts | None]

# Tables in the order their rows refer to each other.
EXECUTIONS, CALLS, STEPS, RECORDS, LOG, REPLACED = range(6)

_INSERTS = (
    (
        "INSERT INTO executions (id, job_id, seed_index, repetition, attempt, status, error, "
        "trace_id, started_at, finished_at) VALUES ",
        10,
        " ON CONFLICT(id) DO UPDATE SET status = excluded.status, error = excluded.error, "
        "finished_at = excluded.finished_at",
    ),
    (
        "INSERT INTO calls (execution_id, branch, block_id, number, model, request, request_hash, "
        "answer, finish_reason, input_tokens, output_tokens, cost, latency, tries, error, "
        "created_at, reused) VALUES ",
        17,
        # Asked again after a resume: the new answer takes the place of the old one, or of none.
        " ON CONFLICT(execution_id, branch, block_id, number) DO UPDATE SET "
        "model = excluded.model, request = excluded.request, "
        "request_hash = excluded.request_hash, answer = excluded.answer, "
        "finish_reason = excluded.finish_reason, input_tokens = excluded.input_tokens, "
        "output_tokens = excluded.output_tokens, cost = excluded.cost, "
        "latency = excluded.latency, tries = excluded.tries, error = excluded.error, "
        "created_at = excluded.created_at, reused = excluded.reused",
    ),
    (
        "INSERT INTO steps (execution_id, branch, step, block_id, block_type, changes, removed, "
        "skipped, execution_time, error) VALUES ",
        10,
        "",
    ),
    (
        "INSERT INTO records (job_id, execution_id, seed_index, repetition, branch, status, "
        "reason, output_field, model, verdict, reviewer, created_at, updated_at) VALUES ",
        13,
        "",
    ),
    (
        "INSERT INTO job_log (job_id, created_at, level, trace_id, block_id, message) VALUES ",
        6,
        "",
    ),
    # Records of earlier attempts on these branches are not current any more.
    (
        "WITH new (job_id, seed_index, repetition, attempt, execution_id, branches) AS (VALUES ",
        6,
        ") UPDATE records SET is_current = 0 WHERE (execution_id, branch) IN (SELECT e.id, "
        "b.value FROM new JOIN executions e ON e.job_id = new.job_id "
        "AND e.seed_index = new.seed_index AND e.repetition = new.repetition "
        "AND e.attempt < new.attempt JOIN json_each(new.branches) b)",
    ),
)
_COUNTS = (
    "UPDATE jobs SET executions_done = ?, records_generated = ?, records_failed = ?, "
    "records_filtered = ?, records_accepted = ?, usage = ? WHERE id = ?"
)

#: Rows in one INSERT statement. The interpreter's lock is let go at every statement and got back
#: after a wait while the loop thread computes, so many small statements would be slow.
_CHUNKS = (64, 16, 4, 1)


def insert(connection: sqlite3.Connection, batch: Iterable[Item]) -> None:
    """Put the rows, and each job's last totals, into the open transaction."""
    tables: list[list[tuple[Any, ...]]] = [[] for _ in _INSERTS]
    counts: dict[int, Counts] = {}
    for job_id, rows, job_counts in batch:
        for table, row in rows:
            tables[table].append(row)
        if job_counts is not None:
            counts[job_id] = job_counts
    for (head, width, tail), rows in zip(_INSERTS, tables, strict=True):
        _insert_rows(connection, head, width, tail, rows)
    for job_id, (*numbers, usage) in counts.items():
        connection.execute(_COUNTS, (*numbers, usage(), job_id))


def _insert_rows(
    connection: sqlite3.Connection, head: str, width: int, tail: str, rows: list[tuple[Any, ...]]
) -> None:
    one = "(" + ",".join("?" * width) + ")"
    start = 0
    while start < len(rows):
        count = next(size for size in _CHUNKS if size <= len(rows) - start)
        chunk = rows[start : start + count]
        parameters = [value for row in chunk for value in row]
        try:
            connection.execute(head + ",".join([one] * count) + tail, parameters)
        except UnicodeEncodeError:
            # Half a surrogate pair in an error text or an answer; JSON columns are escaped already.
            connection.execute(head + ",".join([one] * count) + tail, _escape(parameters))
        start += count


def _escape(parameters: list[Any]) -> list[Any]:
    return [
        value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
        for value in parameters
    ]
