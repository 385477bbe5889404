"""What a display shows of a job's records while it runs: each look is short, sums are kept."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from ..displays.text import shorten
from ..storage.glances import GlanceTable, StepTime
from ..storage.jobs import ACTIVE, JobRow
from ..storage.log import LogLine
from ..storage.records import Record
from .causes import CONSIDERED, Causes
from .failures import Example, error_kind, example_of

__all__ = ["BlockTime", "FailedFor", "Glance", "Newest"]

#: Failed records that are counted at one look, and causes that are told.
_SLICE, _MOST_CAUSES = 500, 8
#: Newest records that are told, and characters of one.
_NEWEST, _PREVIEW = 6, 160
#: Seconds between two looks at how long blocks took.
_TIMES_PERIOD = 5.0


@dataclass(frozen=True, slots=True)
class BlockTime:
    """How long one block runs, in seconds.

    Attributes
    ----------
    share : float
        Of the time of all blocks.
    steps : int
        How many of its runs were looked at.
    median, high : float
        Half of the runs, and 95 % of them, took no longer.
    """

    block: str
    share: float
    steps: int
    mean: float
    median: float
    high: float


@dataclass(frozen=True, slots=True)
class FailedFor:
    """Failed records that have one cause, as ``jobs.failures.Failure``; one of them by its id."""

    block: str | None
    error: str | None
    message: str
    count: int
    share: float
    record_id: int


@dataclass(frozen=True, slots=True)
class Newest:
    """A record in one line: its output's beginning, or why it has none."""

    id: int
    seed_index: int
    branch: str
    status: str
    preview: str


class Glance:
    """One job's failures by cause, newest records, time per block and log, as of the latest look.

    Attributes
    ----------
    counted : int
        Failed records among the causes.
    blocks : list of BlockTime
        In the order of the time they take, the longest first.
    sampled, executions : int
        Of how many executions that is told, of how many there are.
    newest : list of Newest
    log_lines : int
    log : list of LogLine
        Its last lines.
    """

    def __init__(self, table: GlanceTable, job_id: int, log_width: int) -> None:
        self._table = table
        self._job_id = job_id
        self._log_width = log_width
        self._causes = Causes()
        self._last_failed = 0
        self._last_line = 0
        self._times_at = -_TIMES_PERIOD
        self._timed: tuple[int, bool] | None = None
        self._seen: tuple[Any, ...] = ()
        self.counted = 0
        self.blocks: list[BlockTime] = []
        self.sampled = self.executions = 0
        self.newest: list[Newest] = []
        self.log_lines = 0
        self.log: list[LogLine] = []

    @property
    def path(self) -> Path:
        """The file of the store."""
        return self._table.path

    def jobs(self, job_ids: Iterable[int]) -> dict[int, JobRow]:
        """These jobs of the store, as far as they are there, with one query; by number."""
        return self._table.jobs(job_ids)

    def look(self, row: JobRow) -> bool:
        """Look at what is new since; whether there is more to see at once.

        Raises
        ------
        StoreError
            When the store cannot be read.
        """
        counts = (row.records_generated, row.records_failed, row.records_filtered)
        if counts != self._seen:
            self._look_at_newest()
        self._seen = counts
        self._look_at_log()
        now, is_over = time.monotonic(), row.status not in ACTIVE
        is_due = is_over or now - self._times_at >= _TIMES_PERIOD
        if is_due and (row.executions_done, is_over) != self._timed:
            self._times_at, self._timed = now, (row.executions_done, is_over)
            found, self.sampled, self.executions = self._table.times(self._job_id)
            self.blocks = _by_block(found)
        return self._count_failures(row.records_failed)

    def causes(self) -> tuple[list[FailedFor], int]:
        """The most frequent causes, and how many more there are."""
        causes = list(self._causes)
        told = [
            FailedFor(
                cause.about[0], error_kind(cause.about[1]), cause.message, cause.count,
                cause.count / self.counted, cause.first,
            )
            for cause in causes[:_MOST_CAUSES]
        ]  # fmt: skip
        return told, len(causes) - len(told)

    def example(self, record_id: int) -> Example | None:
        """One of the failed records; None when it was deleted since."""
        record = self.record(record_id)
        return None if record is None else example_of(record, self._table.all_records)

    def record(self, record_id: int) -> Record | None:
        """One of the job's records; None when it was deleted since."""
        found = [record for record in self._table.records([record_id])
                 if record.job_id == self._job_id]  # fmt: skip
        return found[0] if found else None

    def _count_failures(self, failed: int) -> bool:
        if self.counted > failed:  # retried, and made good: others may have failed meanwhile
            self._causes, self._last_failed, self.counted = Causes(), 0, 0
        if self.counted == failed:
            return False
        found = self._table.failed(self._job_id, self._last_failed, _SLICE, CONSIDERED)
        for reason in found.reasons:
            about = (reason.block_id, reason.error)
            self._causes.add(reason.reason, reason.count, reason.record_id, about)
            self.counted += reason.count
        self._last_failed = max(self._last_failed, found.last)
        return bool(found.last) and self.counted < failed

    def _look_at_newest(self) -> None:
        ids = self._table.newest(self._job_id, _NEWEST)
        known = {record.id: record for record in self.newest}
        missing = [record_id for record_id in ids if record_id not in known]
        known |= {record.id: _newest(record) for record in self._table.records(missing)}
        self.newest = [known[record_id] for record_id in ids if record_id in known]

    def _look_at_log(self) -> None:
        count, last = self._table.log_after(self._job_id, self._last_line)
        if count:
            self.log_lines += count
            self._last_line = last
            self.log = self._table.log_lines(self._job_id, self._log_width)


def _newest(record: Record) -> Newest:
    value = record.output
    if record.output is None:
        value = record.reason if record.reason is not None else record.outputs
    preview = shorten(value, _PREVIEW)
    return Newest(record.id, record.seed_index, record.branch, record.status, preview)


def _by_block(times: list[StepTime]) -> list[BlockTime]:
    found: dict[str, list[float]] = {}
    for block_id, seconds in times:
        found.setdefault(block_id, []).append(seconds)
    total = sum(map(sum, found.values()))
    blocks = []
    for block_id, runs in found.items():
        runs.sort()
        taken = sum(runs)
        blocks.append(
            BlockTime(
                block_id, taken / total if total else 0.0, len(runs), taken / len(runs),
                median(runs), runs[min(len(runs) - 1, int(0.95 * len(runs)))],
            )
        )  # fmt: skip
    return sorted(blocks, key=lambda block: -block.share)
