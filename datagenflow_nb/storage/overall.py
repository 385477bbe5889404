"""Figures about all records of jobs, without reading these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..records import encode
from .samples import steps_of
from .store import Store

__all__ = ["BlockTime", "SeedCounts", "block_times", "model_times", "seed_counts"]

_CHOSEN = (
    "SELECT r.seed_index FROM json_each(?) k CROSS JOIN records r ON r.id = k.value "
    "WHERE r.job_id = ?"
)
_SEEDS = "SELECT count(*) FROM seeds s WHERE s.job_id = (SELECT root_job_id FROM jobs WHERE id = ?)"
_MADE = (
    f"SELECT n, count(*) FROM (SELECT count(*) AS n FROM ({_CHOSEN}) GROUP BY seed_index) "
    "GROUP BY n ORDER BY n"
)
_WITHOUT = (
    "SELECT s.seed_index FROM seeds s WHERE s.job_id = (SELECT root_job_id FROM jobs WHERE id = ?) "
    f"EXCEPT {_CHOSEN} ORDER BY 1 LIMIT ?"
)
_LATENCY = (
    "SELECT c.model, count(*), sum(c.latency) FROM executions e "
    "JOIN calls c ON c.execution_id = e.id "
    "WHERE e.job_id = ? AND c.reused = 0 AND c.error IS NULL GROUP BY c.model"
)


@dataclass(frozen=True, slots=True)
class SeedCounts:
    """How many records the seeds of a job have.

    Attributes
    ----------
    seeds : int
        How many there are.
    with_records : dict
        How many of them have so many records, one or more.
    without : list of int
        The first ones that have none.
    """

    seeds: int
    with_records: dict[int, int]
    without: list[int]


@dataclass(slots=True)
class BlockTime:
    """How often a block ran, in executions that have ended, and how long in all."""

    runs: int = 0
    seconds: float = 0.0


def seed_counts(store: Store, job_id: int, ids: Sequence[int], examples: int) -> SeedCounts:
    """How many of these records, which may be other jobs' too, the job's seeds have."""
    chosen = [encode(list(ids)), job_id]
    row = store.row(_SEEDS, [job_id])
    assert row is not None  # an aggregate always has one
    made = {row[0]: row[1] for row in store.rows(_MADE, chosen)}
    without = store.rows(_WITHOUT, [job_id, *chosen, examples])
    return SeedCounts(row[0], made, [found[0] for found in without])


def block_times(store: Store, job_id: int) -> dict[str, BlockTime]:
    """How long each block of a job ran, by its id."""
    found: dict[str, BlockTime] = {}
    for ran in steps_of(store, job_id):
        time = found.setdefault(ran.block_id, BlockTime())
        time.runs += not ran.is_skipped
        time.seconds += ran.seconds
    return found


def model_times(store: Store, job_id: int) -> dict[str, tuple[int, float]]:
    """How many calls of each model were answered, and how many seconds that took in all."""
    return {model: (count, seconds) for model, count, seconds in store.rows(_LATENCY, [job_id])}
