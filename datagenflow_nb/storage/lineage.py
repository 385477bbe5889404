"""Jobs that come of each other: who has the seeds, and who still needs whom."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from ..errors import JobError

__all__ = ["adopt", "hand_over_seeds", "refuse_while_needed"]


def adopt(connection: sqlite3.Connection, job_id: int, parent_id: int) -> None:
    """Make a new job the child of another: it runs from the same seeds.

    Raises
    ------
    JobError
        When the parent was deleted meanwhile.
    """
    row = connection.execute("SELECT root_job_id FROM jobs WHERE id = ?", [parent_id]).fetchone()
    if row is None:
        raise JobError(f"job {parent_id} was deleted", {"job_id": parent_id})
    connection.execute(
        "UPDATE jobs SET parent_job_id = ?1, root_job_id = ?2, total = (SELECT sum(repetitions) "
        "FROM seeds WHERE job_id = ?2) WHERE id = ?3",
        [parent_id, row[0], job_id],
    )


def refuse_while_needed(connection: sqlite3.Connection, job_id: int, active: Sequence[str]) -> None:
    """Raise when a job that runs, its status one of ``active``, takes answers from this one.

    Raises
    ------
    JobError
    """
    marks = ",".join("?" * len(active))
    row = connection.execute(
        f"SELECT id FROM jobs WHERE parent_job_id = ? AND status IN ({marks})", [job_id, *active]
    ).fetchone()
    if row is not None:
        raise JobError(
            f"job {job_id} cannot be deleted while job {row[0]}, its re-run, takes answers from "
            f"it; wait for job {row[0]} or cancel it",
            {"job_id": job_id, "child": row[0]},
        )


def hand_over_seeds(connection: sqlite3.Connection, job_id: int) -> None:
    """Give the seeds to the oldest of the other jobs that run from them, before this one goes."""
    (heir,) = connection.execute(
        "SELECT min(id) FROM jobs WHERE root_job_id = ?1 AND id <> ?1", [job_id]
    ).fetchone()
    if heir is not None:
        connection.execute("UPDATE seeds SET job_id = ? WHERE job_id = ?", [heir, job_id])
        connection.execute(
            "UPDATE jobs SET root_job_id = ?1 WHERE root_job_id = ?2 AND id <> ?2", [heir, job_id]
        )
