"""The pool that works through a job, on the loop thread."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from typing import Any

from ..engine import Branch, Execution, Outcome, Program, run_branch
from ..errors import BlockExecutionError, DataGenFlowError, JobError, Stopped, StoreError
from ..llm.catalog import Models
from ..redaction import known_keys
from ..storage.attempts import ASIDE
from ..storage.control import ControlTable
from ..storage.course import Course, CourseTable
from ..storage.explain import may_pass
from ..storage.jobs import JobRow, JobTable
from ..storage.lease import Lease, runner_told
from ..storage.resume import Begun
from ..storage.writer import Writer
from .aside import in_thread
from .control import LOST, Control
from .course import Chronicle
from .feed import Feed, Page
from .goals import Goal
from .ledger import Ledger
from .lines import BranchLog, JobLog
from .steering import Limit, Steering

__all__ = ["Runner"]

_log = logging.getLogger("datagenflow_nb")

#: Seconds of computing without a wait after which a worker lets the loop breathe.
_BREATH = 0.005


class Runner:
    """Works through one job.

    A fixed number of workers take branches before new executions (so that memory stays bounded and
    one document's chunks use the whole pool), and executions lazily from the feed.

    Parameters
    ----------
    feed : Feed
        The executions to run.
    lease : Lease
        The hold on the job.
    concurrency : int
        Number of workers.
    goal : Goal
        What the job is to reach.
    courses : CourseTable
        Where notes on how the job goes are kept.
    course : Course
        How it went under earlier runners.
    limits : sequence of Limit
        What keeps the job within bounds.
    """

    def __init__(
        self,
        table: JobTable,
        writer: Writer,
        job: JobRow,
        control: ControlTable,
        lease: Lease,
        program: Program,
        models: Models,
        concurrency: int,
        feed: Feed,
        goal: Goal,
        courses: CourseTable,
        course: Course,
        limits: Sequence[Limit] = (),
    ) -> None:
        self.job = job
        self.steering = Steering(limits, lambda: lease.is_in_doubt)
        self.ledger = Ledger(writer, job, known_keys, self.steering)
        self._job_log = JobLog(writer, job.id, known_keys)
        self._table = table
        self._lease = lease
        self._control = Control(control, lease, self.steering, self._drop)
        self.chronicle = Chronicle(
            courses, course, lease, self.ledger, self.steering, self.current_blocks, models,
            program.model_names, concurrency,
        )  # fmt: skip
        self._program = program
        self._models = models
        self._concurrency = concurrency
        self._feed = feed
        self._goal = goal
        self._pages: Iterator[Page] = feed.pages()
        self._waiting: Page = iter(())
        self._ahead: Execution | Begun | None = None
        self._branches: list[Branch] = []
        self._under_way: dict[int, Branch] = {}
        self._pages_read = 0
        self._is_exhausted = False
        self._reading = asyncio.Lock()
        self._is_dropping = False
        self._workers: list[asyncio.Task[None]] = []
        self._last_breath = perf_counter()

        #: Stores the job's end, which could not be stored at the time.
        self.owed: Callable[[], bool] | None = None

    @property
    def token(self) -> str:
        """What the job's row names its runner by."""
        return self._lease.token

    async def run(self) -> str:
        """Work until everything is done or the job is stopped; the final status.

        Raises
        ------
        StoreError
            When the final status could not be stored.
        """
        failure: DataGenFlowError | None = None
        self._job_log.open()
        self.chronicle.open()
        self.steering.begin()
        await self._control.heed()  # somebody may have a wish before anything has begun
        beside = [
            asyncio.create_task(work) for work in (self._control.follow(), self.chronicle.follow())
        ]
        self._workers = [asyncio.create_task(self._work()) for _ in range(self._concurrency)]
        try:
            await self._join()
            if self.steering.status == LOST:
                return await self._tell_loss()
            if self.steering.leftover is not None:
                await self._end_others(self.steering.leftover)
            if self.steering.status is not None:
                # Executions that have failed or are completed have ended: none would resume them.
                status, error = self.steering.status, self.steering.error
                kept = self._goal.kept(status, error)
                done = None if kept is None else kept.executions_done
                ends = self._goal.open_ends(status)
                if ends == ASIDE:
                    await self._open_others()
                self.ledger.abandon(ends, done)
            await self.ledger.flush()
        except DataGenFlowError as error:
            failure = error
            with contextlib.suppress(DataGenFlowError):  # the same
                await self.ledger.flush()  # what was put is kept beside the store by then
        finally:
            self.steering.end()
            self._job_log.close()
            self.chronicle.close()
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
        if failure is None:
            await in_thread(self.chronicle.keep)
        return await self._end(failure)

    async def _end(self, failure: DataGenFlowError | None) -> str:
        """Say what the job has ended as, and why."""
        if failure is not None:
            return await self._finish("failed", failure)
        end = self._goal.end(self.ledger, self.steering.status, self.steering.error)
        return await self._finish(end.status, end.error, end.detail)

    def stop(self, status: str, *, now: bool = False) -> None:
        """Start nothing new, no call either, and end as ``status``; with ``now``, drop calls too.

        Called on the loop thread. Calls in flight are awaited, without a further try, and branches
        that need no other call run to their end. Branches of a fan-out that wait are not started.
        What is not started, would need another call or is dropped gets no record, and its execution
        ends as ``status``; what was answered and stored before stays.
        """
        self.steering.stop(status)
        if now:
            self._drop()

    def look(self) -> None:
        """Look at the job's row now: somebody has a wish. Called on the loop thread."""
        self.steering.look.set()

    def current_blocks(self) -> list[tuple[str, int]]:
        """(block id, branches in it now), in the pipeline's order. Called from any thread."""
        blocks = self._program.blocks
        counts = [0] * (len(blocks) + 1)  # one more: a branch that has just ended
        for branch in list(self._under_way.values()):
            counts[branch.at] += 1
        ids = [bound.spec.id for bound in blocks]
        return [(id_, count) for id_, count in zip(ids, counts, strict=False) if count]

    def _drop(self) -> None:
        self._is_dropping = True
        for worker in self._workers:
            worker.cancel()

    async def _join(self) -> None:
        """Wait for all workers; the first error stops the others."""
        done, _ = await asyncio.wait(self._workers, return_when=asyncio.FIRST_EXCEPTION)
        failed = [task for task in done if not task.cancelled() and task.exception() is not None]
        if failed:
            self._drop()
        await asyncio.gather(*self._workers, return_exceptions=True)
        for task in failed:
            error = task.exception()
            assert error is not None  # filtered for it above
            if isinstance(error, DataGenFlowError):
                raise error
            _log.error("job %d: the runner failed", self.job.id, exc_info=error)
            raise StoreError(f"the runner failed: {type(error).__name__}: {error}") from error

    async def _finish(
        self, status: str, error: DataGenFlowError | None, detail: dict[str, Any] | None = None
    ) -> str:
        if error is not None:
            detail = known_keys.value(error.to_dict())
        finish = functools.partial(
            self._table.finish, self.job.id, self._lease.token, status, detail
        )
        try:
            is_mine = await in_thread(finish)
        except StoreError as failure:
            if may_pass(failure):
                self.owed = finish
            # Until then the row stays as it is; it reads interrupted when the lease has run out.
            why = error or failure
            message = f"job {self.job.id} ended as {status}, which cannot be stored: {why.message}"
            _log.error(message)
            raise StoreError(message, why.detail) from failure
        if not is_mine:
            return await self._tell_loss()
        _log.info("job %d %s: %d records", self.job.id, status, self.ledger.generated)
        return status

    async def _tell_loss(self) -> str:
        """Say what became of the job that was this runner's."""
        try:
            row = await in_thread(self._table.get, self.job.id)
        except (JobError, StoreError) as error:
            told = error.message
        else:
            told = f"it is {row.status} now"
            if row.runner is not None:
                told = f"{runner_told(row.runner)} has it since"
        _log.warning(
            "job %d is not this runner's any more, %s; nothing further was asked or written here",
            self.job.id, told,
        )  # fmt: skip
        return LOST

    async def _work(self) -> None:
        mark = 0
        while (branch := await self._take()) is not None:
            # What this worker was answered before is safe, too, before it asks on.
            branch.mark = max(branch.mark, mark)
            self.steering.enter()
            self._under_way[id(branch)] = branch
            self.steering.began(branch)
            try:
                with BranchLog(self._job_log, self._program, branch):
                    await self._run(branch)
            finally:
                del self._under_way[id(branch)]
                self.steering.leave()
            mark = branch.mark
            await self._breathe()

    async def _run(self, branch: Branch) -> None:
        try:
            outcome = await run_branch(self._program, branch, self._models, self.ledger)
        except Stopped:
            if self.steering.leftover is None:
                return  # no record; the execution stays open, and ends with the job
            outcome = self.steering.leftover
        except (asyncio.CancelledError, GeneratorExit):
            task = asyncio.current_task()
            if self._is_dropping or task is None:
                raise
            # A block that cancels the task it runs in, as libraries with scopes do, ends itself.
            task.uncancel()
            reason = "a block cancelled the task it ran in"
            outcome = Outcome(
                "failed", reason=reason, error=BlockExecutionError(reason, {"error": reason})
            )
        except Exception as error:  # noqa: BLE001 - the job edge: one record does not end a job
            _log.error("job %d: the engine failed on a record", self.job.id, exc_info=error)
            reason = f"the engine failed: {type(error).__name__}: {error}"
            failure = BlockExecutionError(reason, {"error": reason})
            outcome = Outcome("failed", reason=reason, error=failure)
        if isinstance(outcome, list):
            self.steering.parted(branch, len(outcome))
            self._branches.extend(reversed(self.ledger.fan_out(branch, outcome)))
            self.steering.changed.set()
        else:
            self.ledger.end(branch, outcome)
        await self.ledger.room()

    async def _take(self) -> Branch | None:
        """The next branch to run; None when there is nothing left."""
        steering = self.steering
        while steering.status is None:
            if self._ahead is None:
                self._ahead = next(self._waiting, None)
            if self._ahead is None and not self._branches:
                if not self._is_exhausted:
                    await self._read_page()
                    continue
                if not steering.under_way:
                    break
                await steering.until_changed()  # another worker's branch may still fan out
                continue
            if steering.is_paused:
                await steering.until_it_goes_on()
                continue
            if not steering.may_begin(self._next_index()):
                await steering.until_settled()
                continue
            if self._branches:
                return self._branches.pop()
            work, self._ahead = self._ahead, None
            if isinstance(work, Begun):
                await self._reopen(work)
            elif work is not None:
                self.ledger.begin(work)
                return Branch.start(work)
        steering.changed.set()
        return None

    def _next_index(self) -> int:
        """The block at which the next work begins; to put branches back takes none."""
        if self._branches:
            return self._branches[-1].index
        return len(self._program.blocks) if isinstance(self._ahead, Begun) else 0

    async def _read_page(self) -> None:
        number = self._pages_read
        async with self._reading:
            if self._pages_read != number:  # another worker read one while this one waited
                return
            page = await in_thread(next, self._pages, None)
            self._pages_read += 1
            self._is_exhausted = page is None
            self._waiting = page or iter(())

    async def _reopen(self, begun: Begun) -> None:
        """Put the branches that an execution lacks among those that wait."""
        self.steering.enter()  # the other workers wait for them
        try:
            past = await in_thread(self._feed.past, begun)
            missing = self.ledger.reopen(self._feed.execution(begun), past)
            self._branches.extend(reversed(missing))
        finally:
            self.steering.leave()
            self.steering.changed.set()

    async def _end_others(self, outcome: Outcome) -> None:
        """End so what has begun and has no record: the job needs none of it."""
        await self._open_others()
        while self._branches:
            self.ledger.end(self._branches.pop(), outcome)

    async def _open_others(self) -> None:
        await self.ledger.flush()
        for begun in await in_thread(self._feed.unfinished):
            if not self.ledger.is_open(begun.key):
                await self._reopen(begun)

    async def _breathe(self) -> None:
        """Blocks that never wait would keep the loop from everything else."""
        now = perf_counter()
        if now - self._last_breath > _BREATH:
            await asyncio.sleep(0)
            self._last_breath = perf_counter()
