"""What each execution of a job has taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from .attempts import ENDED
from .store import Store

__all__ = ["Ran", "Taken", "steps_of", "taken_by"]

_ENDED = ",".join(f"'{status}'" for status in ENDED)
#: All attempts of an execution together; SQLite takes a bare column, the status, from the row that
#: has the max.
_CALLS = (
    "SELECT e.seed_index, e.repetition, COALESCE(sum(c.input_tokens), 0), "
    "COALESCE(sum(c.output_tokens), 0), count(c.number), COALESCE(sum(c.cost), 0.0), "
    "e.status = 'failed', max(e.attempt) FROM executions e LEFT JOIN calls c "
    "ON c.execution_id = e.id AND json_extract(c.tries, '$[#-1].error') IS NULL "
    "AND json_array_length(c.tries) > 0 "
    f"WHERE e.job_id = ? AND e.status IN ({_ENDED}) GROUP BY e.seed_index, e.repetition"
)
_STEPS = (
    "SELECT s.execution_id, s.branch, s.step, e.seed_index, e.repetition, s.block_id, s.skipped, "
    "s.execution_time FROM executions e "
    f"JOIN steps s ON s.execution_id = e.id WHERE e.job_id = ? AND e.status IN ({_ENDED}) "
    "ORDER BY s.execution_id, s.branch, s.step"
)


@dataclass(slots=True)
class Taken:
    """What one execution that has ended took, failed ones too.

    Attributes
    ----------
    has_failed : bool
        In its latest attempt.
    seconds : float
        That its blocks ran, whatever ran at the same time.
    """

    input_tokens: int
    output_tokens: int
    calls: int
    cost: float
    has_failed: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Ran:
    """A block that ran, or was skipped, in an execution that has ended."""

    seed_index: int
    repetition: int
    block_id: str
    is_skipped: bool
    seconds: float


def taken_by(store: Store, job_id: int) -> list[Taken]:
    """What the job's executions took, with all their attempts, in the order of the seeds."""
    found = {
        (row[0], row[1]): Taken(row[2], row[3], row[4], row[5], bool(row[6]))
        for row in store.rows(_CALLS, [job_id])
    }
    for ran in steps_of(store, job_id):
        found[ran.seed_index, ran.repetition].seconds += ran.seconds
    return list(found.values())


def steps_of(store: Store, job_id: int) -> Iterator[Ran]:
    """Each step of each attempt of executions that have ended, once."""
    begun: set[tuple[int, str]] = set()
    parted: dict[tuple[int, str], set[int]] = defaultdict(set)
    for key, branch, step, seed_index, repetition, block_id, skipped, seconds in store.each(
        _STEPS, [job_id]
    ):
        is_first = bool(branch) and (key, branch) not in begun
        if branch:
            begun.add((key, branch))
        if is_first:  # the step that fanned out is stored with each branch that it made
            parent = key, branch.rpartition(".")[0]
            if step in parted[parent]:
                continue
            parted[parent].add(step)
        yield Ran(seed_index, repetition, block_id, bool(skipped), seconds)
