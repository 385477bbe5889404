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
    """Raise when a re-run of this job still takes answers from it.

    Parameters
    ----------
    active : sequence of str
        Statuses of jobs that run. One that has ended takes answers when it is resumed, for the
        executions that it has not done.

    Raises
    ------
    JobError
    """
    marks = ",".join("?" * len(active))
    row = connection.execute(
        f"SELECT id, status, status IN ({marks}) FROM jobs WHERE parent_job_id = ? "
        "AND status <> 'completed' AND (executions_done < total OR status IN "
        f"({marks})) ORDER BY 3 DESC, id",
        [*active, job_id, *active],
    ).fetchone()
    if row is None:
        return
    child, status, is_active = row
    if is_active:
        why = (
            f"while job {child}, its re-run, takes answers from it; wait for job {child} or cancel "
            "it"
        )
    else:
        why = (
            f"yet: job {child}, its re-run, is {status} and needs its answers to go on; finish "
            f"that (job.resume(), %dgf resume {child} or dgf resume {child}) or delete it first"
        )
    raise JobError(f"job {job_id} cannot be deleted {why}", {"job_id": job_id, "child": child})


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
