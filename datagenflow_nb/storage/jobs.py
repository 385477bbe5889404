"""The jobs table, the only truth about a job, and the seeds it runs from."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import JobError, StoreError
from ..records import Seed, decode, encode, utc_now
from ..whole import row_id, told
from .explain import may_pass
from .lease import HEARTBEAT, LEASE, is_lost, may_live, runner_told
from .lineage import adopt, hand_over_seeds, refuse_while_needed
from .log import add_line
from .store import Store
from .text_tables import forget_texts

__all__ = [
    "ACTIVE",
    "EXECUTION_SHIFT",
    "STOPPED_EARLY",
    "JobRow",
    "JobTable",
    "as_it_is",
    "seconds_between",
]

#: Statuses of a job that some runner should be working on.
ACTIVE = ("queued", "running", "paused")
#: The ``reason`` in the error of a job that was of no use to go on with.
STOPPED_EARLY = "stop_early"
#: An execution's number is its job's number shifted left by this, plus a count: it is known before
#: its row is written, and unique without asking the file.
EXECUTION_SHIFT = 32
_SEEDS_PER_PAGE = 200
_SEEDS_PER_WRITE = 5_000
#: Characters of JSON over which a page, or a transaction, ends early.
_SEEDS_SIZE = 8_000_000

#: Tokens of this process's living runners, whichever table or store they came from.
_HELD: set[str | None] = set()


@dataclass(frozen=True, slots=True)
class JobRow:
    """A row of ``jobs``; ``total`` is None until all seeds are stored."""

    id: int
    parent_job_id: int | None
    root_job_id: int
    pipeline_id: int | None
    pipeline_version: int | None
    pipeline_name: str
    definition: str
    options: dict[str, Any]
    random_seed: int
    status: str
    total: int | None
    executions_done: int
    records_generated: int
    records_failed: int
    records_filtered: int
    records_accepted: int
    usage: dict[str, Any]
    error: dict[str, Any] | None
    control: str | None
    runner: str | None
    heartbeat_at: str | None
    created_at: str
    started_at: str | None
    finished_at: str | None

    @property
    def seconds(self) -> float | None:
        """How long the job ran, pauses left out; None while it runs."""
        return None if self.finished_at is None else self.ran_until(self.finished_at)

    def ran_until(self, at: str) -> float | None:
        """How long it had run at that time, pauses left out; None when it was not started."""
        if self.started_at is None:
            return None
        # Since when its last runner had it, and how long it ran before; how long that runner was
        # paused, and since when it is.
        since, before = self.options.get("resumed") or (self.started_at, 0.0)
        held, paused_at = self.options.get("paused") or (0.0, None)
        ran = seconds_between(since, paused_at or at)
        if self.status == "interrupted" and self.heartbeat_at is not None:
            # Its end may have been noticed late.
            ran = min(ran, seconds_between(since, self.heartbeat_at) + HEARTBEAT)
        return float(before + max(0.0, ran - held))

    @property
    def is_paused(self) -> bool:
        """Whether it is paused, or will be as soon as its runner has seen the wish."""
        return self.status == "paused" or (self.status in ACTIVE and self.control == "pause")

    @property
    def accept_when(self) -> str | None:
        """The rule that accepts its records."""
        rule: str | None = decode(self.definition).get("accept_when")
        return rule

    @property
    def stopped_early(self) -> str | None:
        """Why it was of no use to go on with it, where that is how it ended."""
        detail: dict[str, Any] = (self.error or {}).get("detail", {})
        is_so = self.status == "failed" and detail.get("reason") == STOPPED_EARLY
        return detail["why"] if is_so else None

    @property
    def answers_coming(self) -> int:
        """Of a paused job: calls that were made before and are not answered."""
        return int(self.options.get("coming", 0)) if self.status == "paused" else 0

    @classmethod
    def read(cls, row: sqlite3.Row) -> JobRow:
        """The value of a row; columns that a newer version has added say nothing to this one."""
        values = {name: row[name] for name in cls.__dataclass_fields__}
        for key in ("options", "usage"):
            values[key] = decode(values[key])
        if values["error"] is not None:
            values["error"] = decode(values["error"])
        return cls(**values)


def as_it_is(job: JobRow) -> JobRow:
    """What a row says, where the death of its runner was not stored in it."""
    is_ours = job.runner in _HELD
    if job.status not in ACTIVE or is_ours or not is_lost(job.runner, job.heartbeat_at):
        return job
    status = "failed" if job.total is None else "interrupted"
    return dataclasses.replace(job, status=status, runner=None, control=None)


def seconds_between(since: str, until: str) -> float:
    """Seconds from one time to another; the clock may have been set back meanwhile."""
    passed = dt.datetime.fromisoformat(until) - dt.datetime.fromisoformat(since)
    return max(0.0, passed.total_seconds())


class JobTable:
    """What can be done to jobs in the file."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def path(self) -> Path:
        """The store's file."""
        return self._store.path

    def hold(self, token: str) -> None:
        """This process's own runner holds ``token``: it lives, however late its heartbeat is.

        After a suspend or a long stop the process reads its own jobs before it beats again.
        """
        _HELD.add(token)

    def release(self, token: str) -> None:
        """The runner has ended."""
        _HELD.discard(token)

    def create(
        self,
        *,
        pipeline_name: str,
        definition: str,
        options: dict[str, Any],
        random_seed: int,
        token: str,
        pipeline_id: int | None = None,
        pipeline_version: int | None = None,
        parent_id: int | None = None,
    ) -> int:
        """A new job that is being filled with seeds, or has its parent's; its number."""
        now = utc_now()
        with self._store.write() as connection:
            cursor = connection.execute(
                "INSERT INTO jobs (pipeline_id, pipeline_version, pipeline_name, definition, "
                "options, random_seed, status, runner, heartbeat_at, created_at) "
                "VALUES (?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?)",
                [
                    pipeline_id, pipeline_version, pipeline_name, definition, encode(options),
                    random_seed, token, now, now,
                ],
            )  # fmt: skip
            job_id = cursor.lastrowid
            assert job_id is not None  # an INSERT into a rowid table always gives one
            connection.execute("UPDATE jobs SET root_job_id = id WHERE id = ?", [job_id])
            if parent_id is not None:
                adopt(connection, job_id, parent_id)
        return job_id

    def add_seeds(self, job_id: int, seeds: Iterable[Seed]) -> int:
        """Store all seeds, in order; the number of executions they ask for.

        Written in transactions of some thousand rows, so that other writers get their turn; the job
        counts as filled only when ``total`` is set, after the last.
        """
        total, size, rows = 0, 0, []
        for index, seed in enumerate(seeds):
            text = encode(seed.metadata)
            rows.append((job_id, index, seed.repetitions, text))
            total += seed.repetitions
            size += len(text)
            if len(rows) == _SEEDS_PER_WRITE or size >= _SEEDS_SIZE:
                self._insert_seeds(rows)
                size, rows = 0, []
        self._insert_seeds(rows)
        with self._store.write() as connection:
            connection.execute("UPDATE jobs SET total = ? WHERE id = ?", [total, job_id])
        return total

    def _insert_seeds(self, rows: list[tuple[int, int, int, str]]) -> None:
        with self._store.write() as connection:
            connection.executemany(
                "INSERT INTO seeds (job_id, seed_index, repetitions, metadata) VALUES (?, ?, ?, ?)",
                rows,
            )

    def seed_pages(self, job: JobRow) -> Iterator[list[tuple[int, int, dict[str, Any]]]]:
        """Pages of (seed index, repetitions, metadata), in order, read one at a time."""
        last = -1
        while page := self._seed_page(job.id, last):
            last = page[-1][0]
            yield [(index, repetitions, decode(text)) for index, repetitions, text in page]

    def _seed_page(self, job_id: int, last: int) -> list[tuple[int, int, str]]:
        """The next seeds after ``last``: some hundred, fewer when they are large.

        Looked up each time: the job that has them may be deleted meanwhile, and hand them over.
        """
        page, size = [], 0
        rows = self._store.each(
            "SELECT seed_index, repetitions, metadata FROM seeds "
            "WHERE job_id = (SELECT root_job_id FROM jobs WHERE id = ?) AND seed_index > ? "
            "ORDER BY seed_index LIMIT ?",
            [job_id, last, _SEEDS_PER_PAGE],
        )
        with contextlib.closing(rows):
            for index, repetitions, text in rows:
                page.append((index, repetitions, text))
                size += len(text)
                if size >= _SEEDS_SIZE:
                    break
        return page

    def start(self, job_id: int, token: str) -> None:
        """Mark the job as running under ``token``.

        Raises
        ------
        JobError
            When another runner has it, or it was deleted.
        """
        with self._store.write() as connection:
            cursor = connection.execute(
                "UPDATE jobs SET status = 'running', started_at = COALESCE(started_at, ?) "
                "WHERE id = ? AND runner = ?",
                [utc_now(), job_id, token],
            )
        if cursor.rowcount != 1:
            raise JobError(
                f"job {job_id} is not this runner's any more; nothing was started",
                {"job_id": job_id},
            )

    def take_over(self, job_id: int, token: str, before: str) -> None:
        """The same for a job that another runner, ``before``, has filled with seeds for this one.

        Raises
        ------
        JobError
            When that runner does not have it any more.
        """
        now = utc_now()
        with self._store.write() as connection:
            cursor = connection.execute(
                "UPDATE jobs SET status = 'running', runner = ?, heartbeat_at = ?, "
                "started_at = COALESCE(started_at, ?) "
                "WHERE id = ? AND runner = ? AND status = 'queued' AND total IS NOT NULL",
                [token, now, now, job_id, before],
            )
        if cursor.rowcount != 1:
            raise JobError(
                f"job {job_id} is not to be had: the process that prepared it has it no more",
                {"job_id": job_id},
            )

    def finish(
        self, job_id: int, token: str, status: str, error: dict[str, Any] | None = None
    ) -> bool:
        """Give the job its final status; False when another runner has it."""
        with self._store.write(any_version=True) as connection:
            cursor = connection.execute(
                "UPDATE main.jobs SET status = ?, error = ?, runner = NULL, control = NULL, "
                "finished_at = ? WHERE id = ? AND runner = ?",
                [status, None if error is None else encode(error), utc_now(), job_id, token],
            )
            return cursor.rowcount == 1

    def get(self, job_id: int) -> JobRow:
        """The job's row, after jobs of dead runners were marked ``interrupted``.

        Raises
        ------
        JobError
            When there is no such job, with the numbers there are.
        """
        key = row_id(job_id)
        found = self._store.row("SELECT * FROM jobs WHERE id = ?", [key])
        if found is None:
            numbers = [row[0] for row in self._store.rows("SELECT id FROM jobs ORDER BY id")]
            there = ", ".join(map(str, numbers[-10:])) or "none"
            raise JobError(
                f"there is no job {told(job_id)} in {self._store.path.name}; there are: {there}",
                {"job_id": told(job_id) if key is None else key, "jobs": numbers[-10:]},
            )
        return self._settle(JobRow.read(found))

    def list(self) -> list[JobRow]:
        """All jobs, oldest first."""
        rows = self._store.rows("SELECT * FROM jobs ORDER BY id")
        return [self._settle(JobRow.read(row)) for row in rows]

    def delete(self, job_id: int) -> None:
        """Delete the job with its records and traces, and its seeds when no other runs from them.

        Raises
        ------
        JobError
            While it runs, or a job that runs takes answers from it.
        """
        job = self.get(job_id)
        if job.status in ACTIVE:
            raise JobError(
                f"job {job_id} is {job.status}; cancel it before deleting it", {"job_id": job_id}
            )
        for row in self._store.rows("SELECT id FROM jobs WHERE parent_job_id = ?", [job_id]):
            self.get(row[0])  # one whose runner died takes nothing any more
        with self._store.write() as connection:
            refuse_while_needed(connection, job_id, ACTIVE)
            hand_over_seeds(connection, job_id)
            forget_texts(connection, job_id)
            connection.execute("DELETE FROM jobs WHERE id = ?", [job_id])

    def _settle(self, job: JobRow) -> JobRow:
        """A job whose runner died reads ``interrupted``, and so does its row from now on."""
        seen = as_it_is(job)
        if seen is job or self._store.is_read_only:
            return seen
        error = None
        if job.total is None:
            message = "the process ended while the seeds were being stored; start the job again"
            error = encode({"error": message, "detail": {}})
        try:
            with self._store.write(any_version=True) as connection:
                cursor = connection.execute(
                    "UPDATE main.jobs SET status = ?, error = COALESCE(?, error), runner = NULL, "
                    "control = NULL, finished_at = ? "
                    "WHERE id = ? AND runner IS ? AND heartbeat_at IS ?",
                    [seen.status, error, utc_now(), job.id, job.runner, job.heartbeat_at],
                )
                if cursor.rowcount == 1 and job.runner is not None and may_live(job.runner):
                    told = (
                        f"{runner_told(job.runner)} lost the job after {LEASE:g} s without a sign "
                        "of life; its calls in flight may be paid for twice when it is resumed"
                    )
                    add_line(connection, job.id, "warning", told)
                row = connection.execute("SELECT * FROM jobs WHERE id = ?", [job.id]).fetchone()
        except StoreError as failure:
            if not may_pass(failure):
                raise
            return seen  # the disk is full: to look at a job needs no room
        return job if row is None else JobRow.read(row)
