"""What a runner writes down: calls as they are answered, branches as they end."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..engine import Branch, Execution, Outcome
from ..errors import BlockExecutionError
from ..records import Call, Step, encode, utc_now
from ..redaction import Redactor
from ..storage.attempts import is_below, paths_to
from ..storage.jobs import JobRow
from ..storage.journal import call_row, execution_row, record_row, step_row
from ..storage.resume import Past, Replaced
from ..storage.writer import CALLS, EXECUTIONS, RECORDS, REPLACED, STEPS, Counts, Row, Writer
from .reopening import PastAnswers, open_branches, past_answers
from .steering import Steering
from .usage import JobUsage
from .waits import Waits

__all__ = ["Ledger"]

_log = logging.getLogger("datagenflow_nb")

_VERDICTS = {None: None, True: "accepted", False: "rejected"}


@dataclass(slots=True)
class _Open:
    """An execution that has not ended: how many branches still run, and what became of the rest."""

    execution: Execution
    started_at: str
    branches: int = 1
    is_stored: bool = False
    completed: int = 0
    failed: int = 0
    error: dict[str, Any] | None = None
    #: Of one that has begun under an earlier runner: what its blocks were answered, and the records
    #: of earlier attempts that it replaces, by branch; with a scope, all of them in the end.
    answers: dict[tuple[str, str], PastAnswers] = field(default_factory=dict)
    replaced: dict[str, Replaced] = field(default_factory=dict)
    scope: str | None = None

    @property
    def status(self) -> str:
        if self.failed:
            return "failed"
        return "completed" if self.completed else "filtered"


class Ledger:
    """One job's stream of rows; the engine's Sink.

    Parameters
    ----------
    job : JobRow
        What was counted before, by an earlier runner, is counted on.
    keys : Redactor
        Takes keys out of everything that is written.
    steering : Steering
        Says whether a call may be made.

    Attributes
    ----------
    done, generated, failed, filtered, accepted : int
        Executions that ended, and records by what became of them; those that the rule accepted are
        generated ones.
    usage : JobUsage
        All calls so far.
    waits : Waits
        Calls that wait for another try.
    """

    def __init__(self, writer: Writer, job: JobRow, keys: Redactor, steering: Steering) -> None:
        self.job_id = job.id
        self._keys = keys
        self.done, self.generated = job.executions_done, job.records_generated
        self.failed, self.filtered = job.records_failed, job.records_filtered
        self.accepted = job.records_accepted
        self.abandoned = 0
        self.usage = JobUsage(job.usage)
        self.waits = Waits()
        self._writer = writer
        self._largest = writer.largest_row
        self._open: dict[int, _Open] = {}
        self._steering = steering

    @property
    def waiting(self) -> str | None:
        """Why the job's calls wait, for the store or for another try; None when none does."""
        return self._writer.waiting or self.waits.latest

    def begin(self, execution: Execution) -> None:
        """An execution starts; its row is written with its first call or its end."""
        self._open[execution.key] = _Open(execution, utc_now())

    def is_open(self, key: int) -> bool:
        """Whether the execution has begun under this runner and not ended."""
        return key in self._open

    def reopen(self, execution: Execution, past: Past) -> list[Branch]:
        """An execution that has begun under an earlier runner goes on; its missing branches."""
        branches = open_branches(execution, past)
        state = _Open(
            execution, utc_now(), len(branches), is_stored=True, replaced=dict(past.replaced),
            scope=past.scope,
        )  # fmt: skip
        state.answers = past_answers(past, functools.partial(self._take_over, execution.key))
        for status, reason in past.records.values():
            if status == "failed":
                state.failed += 1
                state.error = {"error": reason, "detail": {}}
            elif status != "filtered":
                state.completed += 1
        self._open[execution.key] = state
        self._writer.put(self.job_id, [self._execution(execution, state, "running", None)])
        for branch, outcome in branches:
            if outcome is not None:
                self.end(branch, outcome)
        return [branch for branch, outcome in branches if outcome is None]

    def answers(self, branch: Branch, block_id: str) -> PastAnswers | None:
        """What the block was answered on the branch by an earlier runner."""
        state = self._open.get(branch.execution.key)
        return state.answers.get((branch.path, block_id)) if state and state.answers else None

    def call(self, branch: Branch, call: Call) -> None:
        """Write the call down; the branch's next call waits until it is safe."""
        self.waits.end(branch, call)
        self._steering.called(call)
        if branch.execution.key not in self._open:
            _log.warning(
                "job %d: an answer of model %r to block %r came after its execution had ended and "
                "is not stored; await every call inside execute",
                self.job_id, call.model, call.block_id,
            )  # fmt: skip
            return
        if call.usage.calls:  # answered, if only with vectors or a refusal: it costs the same
            self.usage.add(call)
        rows = self._first_rows(branch.execution)
        key = branch.execution.key
        rows.append((CALLS, call_row(key, branch.path, call, utc_now(), keys=self._keys)))
        branch.mark = self._writer.put(self.job_id, rows, self._counts())

    async def ready(self, branch: Branch, call: Call) -> None:
        """Returns when the branch's calls so far are committed and ``call`` may be made."""
        if self._writer.waiting is not None and not self._steering.stopping.is_set():
            await self.flush()
        elif branch.mark and not self._steering.stopping.is_set():
            await self._writer.ready(self.job_id, branch.mark)
        await self._steering.admit(branch, call)

    def give_up(self, call: Call) -> None:
        """A call that was ready is not made."""
        self._steering.called(call)

    async def pause(self, branch: Branch, seconds: float, model: str, reason: str) -> bool:
        """Wait before another try; False, at once, when the job is being stopped."""
        self.waits.begin(branch, model, self._keys.text(reason))
        return await self._steering.rest(seconds)

    async def turn(
        self, branch: Branch, place: asyncio.Future[Any], told: Callable[[], str | None]
    ) -> bool:
        """Wait for a call's turn at its model's gate; False: nothing may start now."""
        self.waits.line_up(place, lambda: self._keys.text(told() or "") or None)
        try:
            return await self._steering.turn(place)
        finally:
            self.waits.step_up(place)

    def fan_out(self, branch: Branch, children: list[Branch]) -> list[Branch]:
        """Write the parted branches' common steps once, and each one's first step, together.

        The branches that go on: one whose step is too large to be stored has failed.
        """
        key = branch.execution.key
        common, failure = self._step_rows(key, branch.steps)
        if failure is not None:
            self.end(branch, failure)
            return []
        rows = [*self._first_rows(branch.execution), *common]
        failures: list[Outcome | None] = []
        for child in children:
            own, failure = self._step_rows(key, child.steps)
            rows.extend(own)
            failures.append(failure)
            child.inherited = (*child.inherited, *child.steps)
            child.steps = []
        self._open[key].branches += len(children) - 1
        mark = self._writer.put(self.job_id, rows)
        for child, failure in zip(children, failures, strict=True):
            child.mark = mark
            if failure is not None:
                self.end(child, failure)
        return [child for child, failure in zip(children, failures, strict=True) if not failure]

    def end(self, branch: Branch, outcome: Outcome) -> None:
        """Write the branch's steps and its record, and with the last branch the execution's end."""
        execution = branch.execution
        state = self._open[execution.key]
        state.branches -= 1
        step_rows, failure = self._step_rows(execution.key, branch.steps)
        outcome = self._steering.ended(branch, failure or outcome)
        status = self._count(outcome, state)
        now = utc_now()
        rows: list[Row] = []
        if state.branches == 0:
            del self._open[execution.key]
            self.done += 1
            rows.append(self._execution(execution, state, state.status, now))
        elif not state.is_stored:
            rows = self._first_rows(execution)
        rows.extend(step_rows)
        rows.extend(self._replacing(branch, state))
        rows.append((RECORDS, self._record(branch, outcome, status, now)))
        self._writer.put(self.job_id, rows, self._counts())

    def abandon(self, status: str, done: int | None = None) -> None:
        """The job is over: what has not ended of it ends as ``status``.

        Parameters
        ----------
        done : int, optional
            Executions that count as ended, where an earlier attempt of each is what holds.
        """
        rows = [
            self._execution(state.execution, state, status, utc_now())
            for state in self._open.values()
            if state.is_stored
        ]
        self.abandoned = len(rows)
        self._open.clear()
        if done is not None:
            self.done = done
        if rows or done is not None:
            self._writer.put(self.job_id, rows, self._counts())

    async def room(self) -> None:
        """Returns when the writer has caught up enough for more."""
        if self._writer.is_behind:
            await self._writer.room(self.job_id)

    async def flush(self) -> None:
        """Returns when everything is committed."""
        await self._writer.flush(self.job_id)

    def _replacing(self, branch: Branch, state: _Open) -> list[Row]:
        """What makes records of earlier attempts give way to this branch's record."""
        gone = {path for path in state.replaced if _gives_way(path, branch.path, state)}
        if not gone:
            return []
        for path in gone:
            self._count_out(state.replaced.pop(path))
        execution = branch.execution
        row = (
            self.job_id, execution.seed_index, execution.repetition, execution.attempt,
            execution.key, encode(sorted(gone)),
        )  # fmt: skip
        return [(REPLACED, row)]

    def _count_out(self, replaced: Replaced) -> None:
        """A record is not current any more."""
        if replaced.status == "failed":
            self.failed -= 1
        elif replaced.status == "filtered":
            self.filtered -= 1
        else:
            self.generated -= 1
            self.accepted -= replaced.verdict == "accepted"

    def _take_over(self, key: int, branch: str, call: Call) -> None:
        """Write down a call that another job made; it costs nothing now."""
        self.usage.reuse()
        row = call_row(key, branch, call, utc_now(), keys=self._keys)
        self._writer.put(self.job_id, [(CALLS, row)], self._counts())

    def _step_rows(self, key: int, steps: list[Step]) -> tuple[list[Row], Outcome | None]:
        """The steps as rows; to the first that no row can hold, and how the branch then ends."""
        rows: list[Row] = []
        for step in steps:
            row = step_row(key, step, keys=self._keys)
            size = _size(row[5], self._largest)
            if size > self._largest:
                error = BlockExecutionError(
                    f"block {step.block_id!r} set {size:,} bytes, a row of the store holds "
                    f"{self._largest:,}; return less, or write a file and return its path",
                    {"block_type": step.block_type, "block_id": step.block_id, "step": step.index},
                )
                step.set, step.error = {}, error.to_dict()
                rows.append((STEPS, step_row(key, step, keys=self._keys)))
                return rows, Outcome("failed", reason=error.message, error=error)
            rows.append((STEPS, row))
        return rows, None

    def _count(self, outcome: Outcome, state: _Open) -> str:
        """Count the outcome; the record's status."""
        if outcome.status == "failed":
            self.failed += 1
            state.failed += 1
            state.error = outcome.error.to_dict() if outcome.error is not None else None
            if state.error is not None:
                state.error["detail"].pop("input", None)  # the trace has it
            return "failed"
        if outcome.status == "filtered":
            self.filtered += 1
            return "filtered"
        self.generated += 1
        self.accepted += outcome.verdict is True
        state.completed += 1
        return _VERDICTS[outcome.verdict] or "pending"

    def _first_rows(self, execution: Execution) -> list[Row]:
        state = self._open[execution.key]
        if state.is_stored:
            return []
        state.is_stored = True
        return [self._execution(execution, state, "running", None)]

    def _execution(
        self, execution: Execution, state: _Open, status: str, finished_at: str | None
    ) -> Row:
        row = execution_row(
            execution.key, self.job_id, execution.seed_index, execution.repetition,
            execution.attempt, status, state.error, execution.trace_id, state.started_at,
            finished_at, keys=self._keys,
        )  # fmt: skip
        return EXECUTIONS, row

    def _record(self, branch: Branch, outcome: Outcome, status: str, now: str) -> tuple[Any, ...]:
        execution = branch.execution
        return record_row(
            self.job_id, execution.key, execution.seed_index, execution.repetition, branch.path,
            status, outcome.reason, outcome.output_field, ", ".join(branch.models()) or None,
            _VERDICTS[outcome.verdict], now, keys=self._keys,
        )  # fmt: skip

    def _counts(self) -> Counts:
        return (
            self.done,
            self.generated,
            self.failed,
            self.filtered,
            self.accepted,
            self.usage.snapshot(),
        )


def _gives_way(path: str, to: str, state: _Open) -> bool:
    """Whether the record of an earlier attempt on ``path`` gives way to one on ``to``."""
    if state.scope is None:
        return path in paths_to(to)
    # Which branches there are may be others than before: what is left gives way in the end.
    return state.branches == 0 or is_below(path, to) or is_below(to, path)


def _size(text: str | None, limit: int) -> int:
    """Bytes of a text in the file; only a bound for one that is far from the limit."""
    if text is None:
        return 0
    most = 4 * len(text)
    return most if most <= limit else len(text.encode(errors="surrogatepass"))
