"""What a job's ``accept_when`` said of its records, beside what people decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..records import encode
from .id_runs import OF_RUNS, Runs, runs_text
from .review_values import RULE
from .store import Store

__all__ = ["is_human", "stored_verdicts"]

_CURRENT = "r.is_current = 1 AND r.status IN (SELECT value FROM json_each(?))"


def is_human(reviewer: str | None) -> bool:
    """Whether a person decided, no rule."""
    return reviewer is not None and reviewer != RULE and not reviewer.startswith(f"{RULE}:")


def stored_verdicts(
    store: Store, job_id: int | None, statuses: Sequence[str], runs: Runs | None = None
) -> Iterator[tuple[int, str, str | None, str | None]]:
    """(id, status, reviewer, verdict) of the current records of these statuses.

    Parameters
    ----------
    runs : Runs, optional
        Only these.
    """
    source, parameters = ("records AS r", []) if runs is None else (OF_RUNS, [runs_text(runs)])
    wanted: list[Any] = [*parameters, encode(list(statuses))]
    where = _CURRENT
    if job_id is not None:
        where += " AND r.job_id = ?"
        wanted.append(job_id)
    for row in store.each(
        f"SELECT r.id, r.status, r.reviewer, r.verdict FROM {source} WHERE {where} ORDER BY r.id",
        wanted,
    ):
        yield tuple(row)
