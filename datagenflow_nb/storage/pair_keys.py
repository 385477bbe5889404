"""What tells which records of two jobs, or of two attempts, belong together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from ..records import decode
from .store import Store

__all__ = ["RecordKey", "keys_of_attempts", "keys_of_job", "seeds_of_job"]

_KEYS = "r.id, r.seed_index, r.repetition, r.branch"


@dataclass(frozen=True, slots=True)
class RecordKey:
    """A record's place in its job."""

    id: int
    seed_index: int
    repetition: int
    branch: str


def keys_of_job(store: Store, job_id: int) -> Iterator[RecordKey]:
    """The job's current records."""
    for row in store.each(
        f"SELECT {_KEYS} FROM records r WHERE r.job_id = ? AND r.is_current = 1", [job_id]
    ):
        yield RecordKey(*row)


def keys_of_attempts(store: Store, job_id: int) -> Iterator[RecordKey]:
    """All records of the job, of earlier attempts first."""
    for row in store.each(
        f"SELECT {_KEYS} FROM records r JOIN executions e ON e.id = r.execution_id "
        "WHERE r.job_id = ? ORDER BY e.attempt, r.id",
        [job_id],
    ):
        yield RecordKey(*row)


def seeds_of_job(store: Store, job_id: int) -> tuple[int, Iterator[tuple[int, bytes]]]:
    """Whose seeds the job runs from, and the seeds: (index, a digest of the fields).

    Equal fields have equal digests whatever their order.
    """
    root = store.rows("SELECT root_job_id FROM jobs WHERE id = ?", [job_id])[0][0]
    seeds = store.each(
        "SELECT seed_index, metadata FROM seeds WHERE job_id = ? ORDER BY seed_index", [root]
    )
    return root, ((row[0], _digest(row[1])) for row in seeds)


def _digest(metadata: str) -> bytes:
    text = json.dumps(decode(metadata), sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
