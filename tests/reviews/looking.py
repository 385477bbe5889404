"""What the tests of reviews share: what records hold, and many of them at once."""

from __future__ import annotations

from typing import Any

from storage.filling import AT, new_job

import datagenflow_nb as dgf
from datagenflow_nb.storage.jobs import EXECUTION_SHIFT, JobTable
from datagenflow_nb.storage.store import Store

__all__ = ["held", "make_many", "statuses"]


def statuses(ws: dgf.Workspace) -> list[str]:
    """Of all records, in order of their ids."""
    return [row[0] for row in ws.store.rows("SELECT status FROM records ORDER BY id")]


def held(ws: dgf.Workspace) -> dict[int, dict[str, Any]]:
    """What people have written into each record."""
    rows = ws.store.rows("SELECT id, status, edits, note, tags, reviewer FROM records")
    return {row["id"]: dict(row) for row in rows}


def make_many(store: Store, count: int) -> int:
    """A job with as many pending records, without steps; its number."""
    job = new_job(store)
    first = (job.id << EXECUTION_SHIFT) + 1
    with store.write() as connection:
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) "
            "INSERT INTO executions (id, job_id, seed_index, repetition, attempt, status, "
            "trace_id, started_at) SELECT ? + i, ?, 0, i, 1, 'completed', 't' || i, ? FROM n",
            [count, first, job.id, AT],
        )
        connection.execute(
            "INSERT INTO records (job_id, execution_id, seed_index, repetition, branch, status, "
            "created_at, updated_at) SELECT job_id, id, 0, repetition, '', 'pending', ?, ? "
            "FROM executions WHERE job_id = ? ORDER BY id",
            [AT, AT, job.id],
        )
    JobTable(store).finish(job.id, job.runner or "", "completed")
    return job.id
