"""Group commit: one thread writes what all jobs of this process produce.

It commits whatever has queued as soon as somebody waits for it, else after some milliseconds, so a
commit's cost is shared by what came in during the last one. Rows of one ``put`` are never split
between transactions, and transactions keep the order of ``put``. In every transaction each job's
fencing token is checked: a runner that lost its job writes nothing more.

What cannot be committed because the disk is full or another process has the lock is kept in memory
and tried again for a while, and whoever waits for it waits: no further call is paid for meanwhile.
What cannot be written in the end is kept in a file beside the store, from where a resume takes it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import DataGenFlowError, JobError, StoreError
from .explain import BUSY_TIMEOUT, may_pass
from .inserts import CALLS, EXECUTIONS, LOG, RECORDS, REPLACED, STEPS, Counts, Item, Row, insert
from .store import Store
from .unstored import keep_unstored, runner_of

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

_log = logging.getLogger("datagenflow_nb")

#: Seconds over which a commit is tried again that a full disk or another's lock prevents.
PATIENCE = BUSY_TIMEOUT
#: Seconds that each try waits for the lock, and between two tries.
_TRY = 1.0
_PAUSE = 0.25

#: Queued rows over which producers wait, and their size in characters.
MAX_QUEUED_ITEMS = 1_000
MAX_QUEUED_CHARACTERS = 16_000_000

#: Bytes of a row beside its one long text.
_REST_OF_ROW = 10_000

#: Seconds rows are gathered for while nobody waits for their commit.
_GATHER = 0.02


class Writer:
    """The writer thread of a store; started by the first ``put``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._condition = threading.Condition()
        self._queue: list[Item] = []
        self._fences: dict[int, str] = {}
        #: Who writes a job's rows: what a file of unstored rows is known by.
        self._runners: dict[int, list[Any]] = {}
        self._failures: dict[int, DataGenFlowError] = {}
        #: Jobs whose rows are kept in files since they could not be written, and how many files.
        self._keeping: set[int] = set()
        self._files = 0
        self._put = 0
        self._committed = 0
        self._queued_characters = 0
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._is_wanted = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._trouble: str | None = None

    @property
    def largest_row(self) -> int:
        """Bytes that a text of a row may have, with room for the rest of the row."""
        return self._store.connection.getlimit(sqlite3.SQLITE_LIMIT_LENGTH) - _REST_OF_ROW

    @property
    def waiting(self) -> str | None:
        """Why nothing can be stored at the moment, while it is tried again; else None."""
        return None if self._trouble is None else f"waiting to store: {self._trouble}"

    def open_job(self, job_id: int, token: str) -> None:
        """Accept rows of ``job_id`` as long as its row carries this runner's token."""
        self._failures.pop(job_id, None)
        row = self._store.row("SELECT * FROM jobs WHERE id = ?", [job_id])
        self._runners[job_id] = [job_id] if row is None else runner_of(row)
        self._keeping.discard(job_id)
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
        # Short tries, so that who waits can be told why.
        with contextlib.suppress(DataGenFlowError):  # the first commit meets it, and tells
            self._store.connection.execute(f"PRAGMA busy_timeout = {_TRY * 1_000:.0f}")
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

    def _commit(self, batch: list[Item]) -> None:
        """Write it, or note why its jobs cannot go on."""
        # Nothing is written behind a gap: rows queued after those that failed refer to them.
        self._keep([item for item in batch if item[0] in self._keeping])
        batch = [
            item for item in batch
            if item[0] not in self._failures and item[0] not in self._keeping
        ]  # fmt: skip
        began = time.monotonic()
        while (error := self._try(batch)) is not None:
            if time.monotonic() - began >= PATIENCE:
                self._give_up(batch, error, f"; it was tried for {PATIENCE:g} s")
                break
            if self._trouble is None:
                self._trouble = str(error.__cause__)
                _log.warning(
                    "%s; what is not stored is held in memory and tried again for %g s, and jobs "
                    "make no call meanwhile", error.message, PATIENCE,
                )  # fmt: skip
            time.sleep(_PAUSE)
        else:
            if self._trouble is not None and not any(item[0] in self._failures for item in batch):
                _log.warning("what was held is stored, after %.0f s", time.monotonic() - began)
        self._trouble = None

    def _try(self, batch: list[Item]) -> StoreError | None:
        """Write it, or note why its jobs cannot go on; an error that may pass is given back."""
        jobs = {job_id for job_id, _, _ in batch}
        if not jobs:
            return None
        try:
            with self._store.write() as connection:
                lost = self._check_fences(connection, jobs)
                insert(connection, [item for item in batch if item[0] not in lost])
        except Exception as error:  # noqa: BLE001 # a failure of the batch's jobs, never silent
            # The thread's edge: were it to end, everybody who waits for a commit would for ever.
            if isinstance(error, StoreError) and may_pass(error):
                return error
            if isinstance(error, StoreError) and self._store.outgrown is not None:
                # Their runners stop at their next look; what is answered until then is safe.
                self._keeping |= jobs
                self._keep(batch)
                return None
            if isinstance(error, StoreError) and self._store.is_moved():
                self._give_up(batch, error)
                return None
            if len(jobs) > 1:  # one job's bad row is not the others' fault
                for job_id in jobs:
                    self._commit([item for item in batch if item[0] == job_id])
                return None
            failure = error
            if not isinstance(failure, StoreError):
                failure = StoreError(f"not stored: {error or type(error).__name__}")
                failure.__cause__ = error
            self._failures.update(dict.fromkeys(jobs, failure))
        return None

    def _give_up(self, batch: list[Item], error: StoreError, why: str = "") -> None:
        """The batch's jobs cannot go on; what is not in the store is kept beside it."""
        jobs = {job_id for job_id, _, _ in batch}
        self._keeping |= jobs
        kept = self._keep(batch)
        failure = StoreError(f"{error.message}{why}; {kept}", error.detail)
        failure.__cause__ = error
        self._failures.update(dict.fromkeys(jobs, failure))

    def _keep(self, items: list[Item]) -> str:
        """Keep rows in files; in words, what became of them."""
        told = []
        for job_id in sorted({item[0] for item in items}):
            own = [item for item in items if item[0] == job_id]
            self._files += 1
            try:
                path = keep_unstored(self._store.path, self._runners[job_id], own, self._files)
            except (StoreError, TypeError, ValueError) as error:  # the thread's edge, as above
                told.append(f"what was not stored of job {job_id} is lost: {error}")
                _log.error("%s", told[-1])
                self._failures.setdefault(job_id, StoreError(told[-1]))
            else:
                told.append(
                    f"what was not stored of job {job_id} is in {path}, and resuming takes it up"
                )
                _log.warning("%s", told[-1])
        return "; ".join(told)

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


def _resolve(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
