"""Taking up a job that has ended: who may, where it stands, what its executions have already."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..errors import JobError
from ..records import Call, Step, decode, encode, utc_now
from .attempts import ASIDE, ENDED, is_below, waiting_attempts
from .jobs import ACTIVE, EXECUTION_SHIFT, JobRow, as_it_is
from .journal import STEP_COLUMNS, call_from_row, step_from_row
from .lease import runner_told
from .passes import Passes, passes_of, repetitions_of
from .store import Store
from .unstored import drop_unstored, has_unstored, runner_of, take_unstored

__all__ = [
    "Begun",
    "Past",
    "Progress",
    "Renew",
    "Replaced",
    "ResumeTable",
    "counted_anew",
    "refuse",
]

#: Gives executions further attempts that wait: rows in the transaction that takes the job.
Renew = Callable[[sqlite3.Connection, str], None]

#: The status of the latest attempt; SQLite takes a bare column from the row that has the max.
_LATEST = (
    "SELECT status, max(attempt) FROM executions WHERE job_id = ? GROUP BY seed_index, repetition"
)


@dataclass(frozen=True, slots=True)
class Begun:
    """An execution that has a row and has not ended."""

    key: int
    seed_index: int
    repetition: int
    attempt: int
    trace_id: str
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Progress:
    """What there is of the executions of some seeds.

    Attributes
    ----------
    rows : dict of int to bytearray
        By seed index: a byte per repetition, 1 where an execution has a row.
    begun : dict of int to list of Begun
        By seed index: those that have not ended.
    """

    rows: dict[int, bytearray]
    begun: dict[int, list[Begun]]


class Replaced(NamedTuple):
    """A record that gives way: what it is counted as."""

    status: str
    verdict: str | None


@dataclass(frozen=True, slots=True)
class Past:
    """What an execution that has not ended has in the store.

    Attributes
    ----------
    steps : dict of str to list of Step
        By branch.
    calls : list of (str, str, Call)
        Branch, hash of the request, call; of branches that have no record.
    records : dict of str to (str, str or None)
        By branch: status and reason.
    replaced : dict of str to Replaced
        By branch: current records of earlier attempts that this one replaces.
    scope : str or None
        Of an attempt from a block on: all current records on this branch and below it give way.
    elsewhere : list of (str, str, Call)
        Like ``calls``: what the job that this one re-runs was answered there.
    """

    steps: dict[str, list[Step]]
    calls: list[tuple[str, str, Call]]
    records: dict[str, tuple[str, str | None]]
    replaced: dict[str, Replaced]
    elsewhere: list[tuple[str, str, Call]] = field(default_factory=list)
    scope: str | None = None


class ResumeTable:
    """What resuming and retrying read and write."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(
        self,
        job: JobRow,
        token: str,
        *,
        options: dict[str, Any],
        renew: Renew | None = None,
        what: str | None = None,
    ) -> JobRow:
        """Give the job to the runner ``token``, with counters as the tables have them; its row.

        One transaction: of several that try at once one succeeds. What runs again also gets the
        rows of its new attempts there. What the last runner could not write is written first.

        Raises
        ------
        JobError
            When it cannot be resumed, or another runner has taken it meanwhile.
        """
        now = utc_now()
        with self._store.write() as connection:
            found = connection.execute("SELECT * FROM jobs WHERE id = ?", [job.id]).fetchone()
            if found is None:
                raise JobError(f"job {job.id} was deleted", {"job_id": job.id})
            row = as_it_is(JobRow.read(found))  # a full disk keeps that from being stored
            refuse(row, is_retry=renew is not None, what=what)
            if row != job:
                raise JobError(
                    f"job {job.id} was run by another process in this very moment; look at it and "
                    "try again",
                    {"job_id": job.id, "status": row.status},
                )
            kept = take_unstored(connection, self._store.path, runner_of(found))
            if renew is not None:
                renew(connection, now)
            counts = _counts(connection, job.id)
            if renew is None:
                _refuse_complete(row, *counts[:3])
            options = {**options, "resumed": [now, row.seconds or 0.0]}
            for name in ("paused", "coming"):
                options.pop(name, None)
            connection.execute(
                "UPDATE jobs SET status = 'running', runner = ?, heartbeat_at = ?, error = NULL, "
                "control = NULL, finished_at = NULL, options = ?, executions_done = ?, "
                "records_generated = ?, records_failed = ?, records_filtered = ?, "
                "records_accepted = ?, started_at = COALESCE(started_at, ?) WHERE id = ?",
                [token, now, encode(options), *counts, now, job.id],
            )
            taken = connection.execute("SELECT * FROM jobs WHERE id = ?", [job.id]).fetchone()
        drop_unstored(kept)
        return JobRow.read(taken)

    def with_unstored(self, job: JobRow) -> JobRow:
        """The job with what its last runner could not write, which is written first; its row.

        Nothing is done while a runner has it.
        """
        if job.status in ACTIVE:
            return job
        found = self._store.row("SELECT * FROM jobs WHERE id = ?", [job.id])
        if found is None or not has_unstored(self._store.path, runner_of(found)):
            return job
        with self._store.write() as connection:
            found = connection.execute("SELECT * FROM jobs WHERE id = ?", [job.id]).fetchone()
            if found is None or JobRow.read(found) != job:
                return job  # somebody has taken it in this very moment, with the same
            kept = take_unstored(connection, self._store.path, runner_of(found))
            counted_anew(connection, job.id)
            found = connection.execute("SELECT * FROM jobs WHERE id = ?", [job.id]).fetchone()
        drop_unstored(kept)
        return JobRow.read(found)

    def give_back(self, before: JobRow, token: str) -> None:
        """Undo ``take`` for a runner that could not start, whether or not it was done."""
        with self._store.write() as connection:
            row = connection.execute(
                "SELECT options FROM jobs WHERE id = ? AND runner = ?", [before.id, token]
            ).fetchone()
            if row is None:
                return
            taken_at, _ = decode(row["options"])["resumed"]
            connection.execute(
                "DELETE FROM executions WHERE job_id = ? AND attempt > 1 AND status = 'queued' "
                "AND started_at = ?",
                [before.id, taken_at],
            )
            # One that was to go on where it was stopped has answers that were paid.
            connection.execute(
                "UPDATE executions SET status = ? WHERE job_id = ? AND from_block IS NOT NULL "
                "AND status = 'queued' AND EXISTS (SELECT 1 FROM calls c "
                "WHERE c.execution_id = executions.id AND c.reused = 0)",
                [ASIDE, before.id],
            )
            connection.execute(
                "UPDATE jobs SET status = ?, error = ?, options = ?, executions_done = ?, "
                "records_generated = ?, records_failed = ?, records_filtered = ?, "
                "heartbeat_at = ?, started_at = ?, finished_at = ?, control = NULL, runner = NULL "
                "WHERE id = ?",
                [
                    before.status, None if before.error is None else encode(before.error),
                    encode(before.options), before.executions_done, before.records_generated,
                    before.records_failed, before.records_filtered, before.heartbeat_at,
                    before.started_at, before.finished_at, before.id,
                ],
            )  # fmt: skip

    def last_key(self, job_id: int) -> int:
        """The highest number of the job's executions, or the one before the first."""
        base = job_id << EXECUTION_SHIFT
        row = self._store.row(
            "SELECT max(id) FROM executions WHERE id > ? AND id < ?",
            [base, (job_id + 1) << EXECUTION_SHIFT],
        )
        return base if row is None or row[0] is None else int(row[0])

    def progress(self, job_id: int, page: list[tuple[int, int, dict[str, Any]]]) -> Progress:
        """What there is of the executions of a page of seeds."""
        seeds = {index: (repetitions, metadata) for index, repetitions, metadata in page}
        found = Progress({}, defaultdict(list))
        for row in self._store.each(
            "SELECT id, seed_index, repetition, attempt, trace_id, status "
            "FROM executions WHERE job_id = ? AND seed_index BETWEEN ? AND ? "
            "ORDER BY seed_index, repetition, attempt",
            [job_id, page[0][0], page[-1][0]],
        ):
            key, index, repetition, attempt, trace_id, status = row
            repetitions, metadata = seeds[index]
            found.rows.setdefault(index, bytearray(repetitions))[repetition] = 1
            if status not in ENDED:
                begun = Begun(key, index, repetition, attempt, trace_id, metadata)
                found.begun[index].append(begun)
        return found

    def attempts(self, job: JobRow, *, only_retries: bool = False) -> Iterator[list[Begun]]:
        """Pages of the further attempts that have not ended, in the order of their numbers.

        Parameters
        ----------
        only_retries : bool
            Those from a block on are left.
        """
        return self._waiting(job, first=2, only_retries=only_retries)

    def unfinished(self, job: JobRow) -> Iterator[list[Begun]]:
        """Pages of all attempts that have begun and not ended, in the order of their numbers."""
        return self._waiting(job, first=1)

    def passes(self, job: JobRow) -> Passes:
        """How far a job is that goes through its seeds again and again."""
        return passes_of(self._store, job)

    def repetitions(
        self, job_id: int, page: list[tuple[int, int, dict[str, Any]]], number: int
    ) -> set[tuple[int, int]]:
        """Which executions of that pass over a page of seeds have a row."""
        return repetitions_of(self._store, job_id, page, number)

    def _waiting(
        self, job: JobRow, *, first: int, only_retries: bool = False
    ) -> Iterator[list[Begun]]:
        last = 0
        while rows := waiting_attempts(
            self._store, job.id, last, first=first, only_retries=only_retries
        ):
            last = rows[-1][0]
            yield [
                Begun(key, index, repetition, attempt, trace_id, decode(metadata))
                for key, index, repetition, attempt, trace_id, metadata in rows
            ]

    def past(self, job_id: int, begun: Begun) -> Past:
        """What an execution that has not ended has in the store."""
        key = [begun.key]
        steps: dict[str, list[Step]] = defaultdict(list)
        for row in self._store.rows(
            f"SELECT {STEP_COLUMNS} FROM steps WHERE execution_id = ? ORDER BY branch, step", key
        ):
            steps[row[0]].append(step_from_row(row))
        calls = self._store.rows(
            "SELECT * FROM calls c WHERE execution_id = ? AND NOT EXISTS (SELECT 1 FROM records r "
            "WHERE r.execution_id = c.execution_id AND r.branch = c.branch) "
            "ORDER BY branch, block_id, number",
            key,
        )
        records = self._store.rows(
            "SELECT branch, status, reason FROM records WHERE execution_id = ?", key
        )
        # Of a re-run's execution there is no row yet.
        its_row = self._store.row("SELECT from_branch FROM executions WHERE id = ?", key)
        scope = None if its_row is None else its_row[0]
        return Past(
            dict(steps),
            [(row["branch"], row["request_hash"], call_from_row(row)) for row in calls],
            {row[0]: (row[1], row[2]) for row in records},
            self._replaced(job_id, begun, scope),
            scope=scope,
        )

    def _replaced(self, job_id: int, begun: Begun, scope: str | None) -> dict[str, Replaced]:
        """Of a retry the failed records; of an attempt from a block on all that it is about."""
        rows = self._store.rows(
            "SELECT r.branch, r.status, r.verdict FROM executions e "
            "JOIN records r ON r.execution_id = e.id WHERE e.job_id = ? AND e.seed_index = ? "
            "AND e.repetition = ? AND e.attempt < ? AND r.is_current = 1",
            [job_id, begun.seed_index, begun.repetition, begun.attempt],
        )
        return {
            branch: Replaced(status, verdict)
            for branch, status, verdict in rows
            if (status == "failed" if scope is None else is_below(branch, scope))
        }


def refuse(job: JobRow, *, is_retry: bool = False, what: str | None = None) -> None:
    """Raise when the job cannot be resumed, or its records not run again.

    Parameters
    ----------
    what : str, optional
        What then cannot be done; default: its failed records be retried, or it be resumed.

    Raises
    ------
    JobError
    """
    if what is None:
        what = "its failed records cannot be retried" if is_retry else "it cannot be resumed"
    detail = {"job_id": job.id, "status": job.status}
    if job.status in ACTIVE:
        told = runner_told(job.runner) if job.runner else "another runner"
        raise JobError(f"job {job.id} is {job.status}, {told} has it: {what} meanwhile", detail)
    if job.total is None:
        raise JobError(
            f"job {job.id} is {job.status} and its seeds were not all stored: {what}; run its "
            "pipeline over the seeds anew",
            detail,
        )
    if job.status == "completed" and not is_retry:
        can_retry = job.records_failed and job.options.get("target_accepted") is None
        retry = f"; its failed records: job.retry_failed(), dgf retry {job.id}"
        raise JobError(
            f"job {job.id} is completed, there is nothing to resume{retry if can_retry else ''}",
            detail,
        )


def counted_anew(connection: sqlite3.Connection, job_id: int) -> None:
    """Give the job's row its counters as the tables have them; no runner has it."""
    connection.execute(
        "UPDATE jobs SET executions_done = ?, records_generated = ?, records_failed = ?, "
        "records_filtered = ?, records_accepted = ? WHERE id = ?",
        [*_counts(connection, job_id), job_id],
    )


def _refuse_complete(job: JobRow, done: int, generated: int, failed: int) -> None:
    """Raise when a job was stopped early and nothing is missing: only a retry makes it better."""
    has_target = job.options.get("target_accepted") is not None
    if job.stopped_early is None or has_target or done != job.total:
        return
    raise JobError(
        f"job {job.id} is failed and nothing is missing: all of its {done:,} executions have "
        f"ended, with {generated:,} records and {failed:,} failed; to run what failed again: "
        f"job.retry_failed(), %dgf retry {job.id} or dgf retry {job.id}",
        {"job_id": job.id, "status": job.status},
    )


def _counts(connection: sqlite3.Connection, job_id: int) -> tuple[int, int, int, int, int]:
    """Executions that have ended; records generated, failed, filtered and accepted by the rule.

    What a reviewer has decided since does not change the rule's verdict.
    Usage is not among them: it is written in the transactions of the calls, and money that was
    spent stays so when a call's row was replaced or deleted since.
    """
    marks = ",".join("?" * len(ENDED))
    (done,) = connection.execute(
        f"SELECT count(*) FROM ({_LATEST}) WHERE status IN ({marks})", [job_id, *ENDED]
    ).fetchone()
    rows = connection.execute(
        "SELECT status, count(*) FROM records WHERE job_id = ? AND is_current = 1 GROUP BY status",
        [job_id],
    )
    counts = {row[0]: row[1] for row in rows}
    failed, filtered = counts.pop("failed", 0), counts.pop("filtered", 0)
    (accepted,) = connection.execute(
        "SELECT count(*) FROM records WHERE job_id = ? AND is_current = 1 AND verdict = 'accepted'",
        [job_id],
    ).fetchone()
    return done, sum(counts.values()), failed, filtered, accepted
