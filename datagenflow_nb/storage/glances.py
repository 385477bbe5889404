"""What a display shows of a job's records while it runs: bounded work, however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ..records import encode
from .jobs import EXECUTION_SHIFT, JobRow, as_it_is
from .log import LogLine, LogTable
from .records import Reason, Record, RecordTable
from .store import Store

__all__ = ["FailedSlice", "GlanceTable", "StepTime"]

#: Executions whose steps are looked at, evenly spread over all, and their steps at most.
_SAMPLED, _MOST_STEPS = 200, 4_000
#: Of each number of positions the next one is this far on, so that any first few are spread evenly.
_GOLDEN = 0.618033988749895

#: As ``RecordTable.reasons``, of the next failed records alone.
_FAILED = (
    "WITH r AS MATERIALIZED (SELECT id, execution_id, branch, reason FROM records "
    "WHERE job_id = ? AND status = 'failed' AND is_current = 1 AND id > ? ORDER BY id LIMIT ?) "
    "SELECT t.block_id, json_extract(t.error, '$.type', '$.detail.kind', "
    "'$.detail.status', '$.detail.model') AS error, substr(r.reason, 1, ?) AS told, count(*), "
    "min(r.id), max(r.id) FROM r LEFT JOIN steps t ON t.execution_id = r.execution_id "
    "AND t.branch = r.branch AND t.error IS NOT NULL GROUP BY t.block_id, 2, told"
)
_STEPS = (
    "SELECT t.execution_id, t.branch, t.step, t.block_id, t.execution_time "
    "FROM json_each(?) AS k CROSS JOIN steps AS t ON t.execution_id = k.value "
    "WHERE t.skipped = 0 LIMIT ?"
)


class FailedSlice(NamedTuple):
    """Some failed records, grouped; ``last``: the highest id among them, 0 of none."""

    reasons: list[Reason]
    last: int


class StepTime(NamedTuple):
    """How long a block ran once, in seconds."""

    block_id: str
    seconds: float


class GlanceTable:
    """Looks at the records, steps and log of a job that cost little.

    Attributes
    ----------
    all_records : RecordTable
        For what a person asks about one of them.
    """

    def __init__(self, store: Store, records: RecordTable, log: LogTable) -> None:
        self._store = store
        self.all_records = records
        self._log = log

    @property
    def path(self) -> Path:
        """The file of the store."""
        return self._store.path

    def jobs(self, job_ids: Iterable[int]) -> dict[int, JobRow]:
        """These jobs as they are, as far as they are there, with one query; by number."""
        rows = self._store.rows(
            "SELECT * FROM jobs WHERE id IN (SELECT value FROM json_each(?))",
            [encode(list(job_ids))],
        )
        return {row["id"]: as_it_is(JobRow.read(row)) for row in rows}

    def newest(self, job_id: int, limit: int) -> list[int]:
        """Ids of the latest records, the newest first."""
        rows = self._store.rows(
            "SELECT id FROM records WHERE job_id = ? AND is_current = 1 ORDER BY id DESC LIMIT ?",
            [job_id, limit],
        )
        return [row[0] for row in rows]

    def records(self, record_ids: Iterable[int]) -> list[Record]:
        """These records, as far as they are there."""
        return self.all_records.many(list(record_ids))

    def failed(self, job_id: int, after: int, limit: int, most: int) -> FailedSlice:
        """The next ``limit`` failed records behind the id ``after``, by reason.

        Reasons are cut after ``most`` characters and one more.
        """
        rows = self._store.rows(_FAILED, [job_id, after, limit, most + 1])
        reasons = [Reason(row[0], row[1], row[2] or "", row[3], row[4]) for row in rows]
        return FailedSlice(reasons, max((row[5] for row in rows), default=0))

    def times(self, job_id: int) -> tuple[list[StepTime], int, int]:
        """How long blocks ran; of how many executions that is told, of how many there are.

        Of some executions, evenly spread over all, when there are many.
        """
        first = (job_id << EXECUTION_SHIFT) + 1
        row = self._store.row(
            "SELECT max(id) FROM executions WHERE id >= ? AND id < ?",
            [first, (job_id + 1) << EXECUTION_SHIFT],
        )
        if row is None or row[0] is None:
            return [], 0, 0
        count = row[0] - first + 1
        chosen = [first + number for number in _spread(count, _SAMPLED)]
        found: list[StepTime] = []
        executions: set[int] = set()
        parted: dict[tuple[int, str], set[int]] = defaultdict(set)
        begun: set[tuple[int, str]] = set()
        for key, branch, step, block_id, seconds in self._store.rows(
            _STEPS, [encode(chosen), _MOST_STEPS]
        ):
            executions.add(key)
            is_first = bool(branch) and (key, branch) not in begun
            begun.add((key, branch))
            if is_first:  # the step that fanned out is stored with each branch that it made
                parent = key, branch.rpartition(".")[0]
                if step in parted[parent]:
                    continue
                parted[parent].add(step)
            found.append(StepTime(block_id, seconds))
        return found, len(executions), count

    def log_after(self, job_id: int, last: int) -> tuple[int, int]:
        """How many lines the log has behind the id ``last``, and the last line's id."""
        row = self._store.row(
            "SELECT count(*), max(id) FROM job_log WHERE job_id = ? AND id > ?", [job_id, last]
        )
        return (0, last) if row is None or not row[0] else (row[0], row[1])

    def log_lines(self, job_id: int, limit: int) -> list[LogLine]:
        """The last lines of the log."""
        return self._log.lines(job_id, limit)


def _spread(count: int, most: int) -> list[int]:
    """At most so many of the numbers below ``count``; any first few of them are spread evenly."""
    if count <= most:
        return list(range(count))
    chosen: dict[int, None] = {}
    number = 0
    while len(chosen) < most:
        chosen[int(number * _GOLDEN % 1 * count)] = None
        number += 1
    return list(chosen)
