"""Group commit: one thread writes what all jobs of this process produce.

It commits whatever has queued as soon as somebody waits for it, else after some milliseconds, so a
commit's cost is shared by what came in during the last one. Rows of one ``put`` are never split
between transactions, and transactions keep the order of ``put``. In every transaction each job's
fencing token is checked: a runner that lost its job writes nothing more.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..errors import DataGenFlowError, JobError, StoreError
from .store import Store

__all__ = [
    "CALLS",
    "EXECUTIONS",
    "LOG",
    "RECORDS",
    "REPLACED",
    "STEPS",
    "Counts",
    "Row",
    "Writer",
]

# Tables in the order their rows refer to each other.
EXECUTIONS, CALLS, STEPS, RECORDS, LOG, REPLACED = range(6)

_INSERTS = (
    (
        "INSERT INTO executions (id, job_id, seed_index, repetition, attempt, status, error, "
        "trace_id, started_at, finished_at) VALUES ",
        10,
        " ON CONFLICT(id) DO UPDATE SET status = excluded.status, error = excluded.error, "
        "finished_at = excluded.finished_at",
    ),
    (
        "INSERT INTO calls (execution_id, branch, block_id, number, model, request, request_hash, "
        "answer, finish_reason, input_tokens, output_tokens, cost, latency, tries, error, "
        "created_at, reused) VALUES ",
        17,
        # Asked again after a resume: the new answer takes the place of the old one, or of none.
        " ON CONFLICT(execution_id, branch, block_id, number) DO UPDATE SET "
        "model = excluded.model, request = excluded.request, "
        "request_hash = excluded.request_hash, answer = excluded.answer, "
        "finish_reason = excluded.finish_reason, input_tokens = excluded.input_tokens, "
        "output_tokens = excluded.output_tokens, cost = excluded.cost, "
        "latency = excluded.latency, tries = excluded.tries, error = excluded.error, "
        "created_at = excluded.created_at, reused = excluded.reused",
    ),
    (
        "INSERT INTO steps (execution_id, branch, step, block_id, block_type, changes, removed, "
        "skipped, execution_time, error) VALUES ",
        10,
        "",
    ),
    (
        "INSERT INTO records (job_id, execution_id, seed_index, repetition, branch, status, "
        "reason, output_field, model, verdict, reviewer, created_at, updated_at) VALUES ",
        13,
        "",
    ),
    (
        "INSERT INTO job_log (job_id, created_at, level, trace_id, block_id, message) VALUES ",
        6,
        "",
    ),
    # Records of earlier attempts on these branches are not current any more.
    (
        "WITH new (job_id, seed_index, repetition, attempt, execution_id, branches) AS (VALUES ",
        6,
        ") UPDATE records SET is_current = 0 WHERE (execution_id, branch) IN (SELECT e.id, "
        "b.value FROM new JOIN executions e ON e.job_id = new.job_id "
        "AND e.seed_index = new.seed_index AND e.repetition = new.repetition "
        "AND e.attempt < new.attempt JOIN json_each(new.branches) b)",
    ),
)
_COUNTS = (
    "UPDATE jobs SET executions_done = ?, records_generated = ?, records_failed = ?, "
    "records_filtered = ?, usage = ? WHERE id = ?"
)

#: Rows in one INSERT statement. The interpreter's lock is let go at every statement and got back
#: after a wait while the loop thread computes, so many small statements would be slow.
_CHUNKS = (64, 16, 4, 1)
#: Queued rows over which producers wait, and their size in characters.
MAX_QUEUED_ITEMS = 1_000
MAX_QUEUED_CHARACTERS = 16_000_000

#: Bytes of a row beside its one long text.
_REST_OF_ROW = 10_000

#: Seconds rows are gathered for while nobody waits for their commit.
_GATHER = 0.02

Row = tuple[int, tuple[Any, ...]]
#: Executions done, records generated, failed and filtered, and what makes the usage's JSON, of
#: which only the last in a transaction is written.
Counts = tuple[int, int, int, int, Callable[[], str]]


class Writer:
    """The writer thread of a store; started by the first ``put``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._condition = threading.Condition()
        self._queue: list[tuple[int, Sequence[Row], Counts | None]] = []
        self._fences: dict[int, str] = {}
        self._failures: dict[int, DataGenFlowError] = {}
        self._put = 0
        self._committed = 0
        self._queued_characters = 0
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._is_wanted = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def largest_row(self) -> int:
        """Bytes that a text of a row may have, with room for the rest of the row."""
        return self._store.connection.getlimit(sqlite3.SQLITE_LIMIT_LENGTH) - _REST_OF_ROW

    def open_job(self, job_id: int, token: str) -> None:
        """Accept rows of ``job_id`` as long as its row carries this runner's token."""
        self._failures.pop(job_id, None)
        self._fences[job_id] = token

    def close_job(self, job_id: int, token: str) -> None:
        """Forget the job, unless another runner of this process has it since; its rows must have
        been flushed."""
        if self._fences.get(job_id) == token:
            del self._fences[job_id]
            self._failures.pop(job_id, None)

    def put(self, job_id: int, rows: Sequence[Row], counts: Counts | None = None) -> int:
        """Queue rows that belong together; the ticket to wait for.

        Parameters
        ----------
        counts : Counts, optional
            The job's totals with these rows.

        Raises
        ------
        StoreError, JobError
            When earlier rows of this job could not be written, or another runner has the job.
        """
        failure = self._failures.get(job_id)
        if failure is not None:
            raise failure
        if self._stopping:
            raise StoreError("not stored: the writer of this store was stopped")
        # The long texts stand sixth: changes, request, message.
        size = sum([len(row[5]) for _, row in rows if type(row[5]) is str])
        with self._condition:
            self._put += 1
            self._queue.append((job_id, rows, counts))
            self._queued_characters += size
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="datagenflow-writer", daemon=True
                )
                self._thread.start()
            if len(self._queue) == 1 or len(self._queue) == MAX_QUEUED_ITEMS // 2:
                self._condition.notify()
            return self._put

    async def ready(self, job_id: int, ticket: int) -> None:
        """Returns once everything up to ``ticket`` is committed.

        Raises
        ------
        StoreError, JobError
            When it could not be.
        """
        while self._committed < ticket:
            loop = asyncio.get_running_loop()
            if self._waiter is None or self._waiter.done() or self._loop is not loop:
                self._loop = loop
                self._waiter = loop.create_future()
                if self._committed >= ticket:  # committed between the check and the registration
                    break
                with self._condition:
                    self._is_wanted = True
                    self._condition.notify()
            await asyncio.shield(self._waiter)
        failure = self._failures.get(job_id)
        if failure is not None:
            raise failure

    @property
    def is_behind(self) -> bool:
        """True when producers should wait; see ``room``."""
        return (
            self._put - self._committed > MAX_QUEUED_ITEMS
            or self._queued_characters > MAX_QUEUED_CHARACTERS
        )

    async def room(self, job_id: int) -> None:
        """Returns when the queue is short enough for more; keeps memory bounded."""
        if self._put - self._committed > MAX_QUEUED_ITEMS:
            await self.ready(job_id, self._put - MAX_QUEUED_ITEMS // 2)
        elif self._queued_characters > MAX_QUEUED_CHARACTERS:
            await self.ready(job_id, self._put)

    async def flush(self, job_id: int) -> None:
        """Returns when everything put so far is committed."""
        await self.ready(job_id, self._put)

    def stop(self) -> None:
        """Write what is queued and end the thread."""
        with self._condition:
            self._stopping = True
            self._condition.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._queue and not self._stopping:
                    self._condition.wait()
                if not self._queue:
                    return
                if not self._is_wanted and not self._stopping:
                    self._condition.wait(_GATHER)
                self._is_wanted = False
                batch, self._queue = self._queue, []
                ticket, self._queued_characters = self._put, 0
            self._commit(batch)
            self._committed = ticket
            waiter, loop = self._waiter, self._loop
            if waiter is not None and loop is not None and not waiter.done():
                # A closed loop: nobody waits any more, but what is queued is still written.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(_resolve, waiter)

    def _commit(self, batch: list[tuple[int, Sequence[Row], Counts | None]]) -> None:
        # Nothing is written behind a gap: rows queued after those that failed refer to them.
        batch = [item for item in batch if item[0] not in self._failures]
        jobs = {job_id for job_id, _, _ in batch}
        if not jobs:
            return
        try:
            with self._store.write() as connection:
                lost = self._check_fences(connection, jobs)
                self._insert(connection, [item for item in batch if item[0] not in lost])
        except Exception as error:  # noqa: BLE001 # a failure of the batch's jobs, never silent
            # The thread's edge: were it to end, everybody who waits for a commit would for ever.
            if len(jobs) > 1:  # one job's bad row is not the others' fault
                for job_id in jobs:
                    self._commit([item for item in batch if item[0] == job_id])
                return
            failure = error
            if not isinstance(failure, StoreError):
                failure = StoreError(f"not stored: {error or type(error).__name__}")
                failure.__cause__ = error
            self._failures.update(dict.fromkeys(jobs, failure))

    def _check_fences(self, connection: sqlite3.Connection, jobs: Iterable[int]) -> set[int]:
        lost = set()
        for job_id in jobs:
            row = connection.execute("SELECT runner FROM jobs WHERE id = ?", [job_id]).fetchone()
            fence = self._fences.get(job_id)
            if row is None or fence is None or row[0] != fence:
                lost.add(job_id)
                problem = "was deleted" if row is None else "is not this runner's any more"
                self._failures[job_id] = JobError(
                    f"job {job_id} {problem}; this runner stops writing", {"job_id": job_id}
                )
        return lost

    def _insert(
        self,
        connection: sqlite3.Connection,
        batch: list[tuple[int, Sequence[Row], Counts | None]],
    ) -> None:
        tables: list[list[tuple[Any, ...]]] = [[] for _ in _INSERTS]
        counts: dict[int, Counts] = {}
        for job_id, rows, job_counts in batch:
            for table, row in rows:
                tables[table].append(row)
            if job_counts is not None:
                counts[job_id] = job_counts
        for (head, width, tail), rows in zip(_INSERTS, tables, strict=True):
            _insert_rows(connection, head, width, tail, rows)
        for job_id, (*numbers, usage) in counts.items():
            connection.execute(_COUNTS, (*numbers, usage(), job_id))


def _resolve(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _insert_rows(
    connection: sqlite3.Connection, head: str, width: int, tail: str, rows: list[tuple[Any, ...]]
) -> None:
    one = "(" + ",".join("?" * width) + ")"
    start = 0
    while start < len(rows):
        count = next(size for size in _CHUNKS if size <= len(rows) - start)
        chunk = rows[start : start + count]
        parameters = [value for row in chunk for value in row]
        try:
            connection.execute(head + ",".join([one] * count) + tail, parameters)
        except UnicodeEncodeError:
            # Half a surrogate pair in an error text or an answer; JSON columns are escaped already.
            connection.execute(head + ",".join([one] * count) + tail, _escape(parameters))
        start += count


def _escape(parameters: list[Any]) -> list[Any]:
    return [
        value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
        for value in parameters
    ]
