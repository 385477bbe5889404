"""How far a job is that goes through its seeds again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..records import encode
from .jobs import JobRow
from .store import Store

__all__ = ["Passes", "passes_of", "repetitions_of"]

#: A seed's first attempts: how many, and the last one's number.
_BEGUN = (
    "SELECT s.repetitions AS asked, count(e.id) AS made, COALESCE(max(e.repetition), -1) AS last "
    "FROM seeds s LEFT JOIN executions e ON e.job_id = ? AND e.seed_index = s.seed_index "
    "AND e.attempt = 1 WHERE s.job_id = (SELECT root_job_id FROM jobs WHERE id = ?) "
    "GROUP BY s.seed_index"
)


@dataclass(frozen=True, slots=True)
class Passes:
    """What has a row.

    Attributes
    ----------
    executions : int
        Further attempts are not counted.
    first : int
        No pass before it lacks an execution.
    last : int
        No pass behind it has one.
    """

    executions: int
    first: int
    last: int


def passes_of(store: Store, job: JobRow) -> Passes:
    """How far the job is."""
    row = store.row(
        "SELECT COALESCE(sum(made), 0), COALESCE(min(made / asked), 0), "
        f"COALESCE(max(last / asked), 0), COALESCE(max(last + 1 > made), 0) FROM ({_BEGUN})",
        [job.id, job.id],
    )
    assert row is not None  # an aggregate always has one
    executions, first, last, has_gaps = row
    return Passes(executions, 0 if has_gaps else first, last)


def repetitions_of(
    store: Store, job_id: int, page: list[tuple[int, int, dict[str, Any]]], number: int
) -> set[tuple[int, int]]:
    """(seed index, repetition) of the page's executions of that pass, and maybe of others."""
    low = min(repetitions for _, repetitions, _ in page) * number
    high = max(repetitions for _, repetitions, _ in page) * (number + 1)
    rows = store.rows(
        "SELECT seed_index, repetition FROM executions WHERE job_id = ? AND seed_index IN "
        "(SELECT value FROM json_each(?)) AND repetition >= ? AND repetition < ?",
        [job_id, encode([index for index, _, _ in page]), low, high],
    )
    return {(row[0], row[1]) for row in rows}
