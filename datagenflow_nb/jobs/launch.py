"""From a pipeline and seeds to a running job."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from .. import runtime
from ..blocks.base import BaseBlock
from ..check import needed_seed_fields
from ..displays.asked import changed_told
from ..displays.estimate import Estimate
from ..displays.reached import executions_told
from ..displays.sample import to_finish
from ..displays.text import shown_path
from ..engine import Program
from ..errors import SeedError
from ..llm.catalog import Models
from ..pipeline import Pipeline
from ..records import Seed
from ..seeds import check_fields, read_seeds
from ..services import Services
from ..settings import Settings
from ..storage.control import ControlTable
from ..storage.course import Course, CourseTable
from ..storage.glances import GlanceTable
from ..storage.jobs import JobRow, JobTable
from ..storage.lease import Heartbeat, Lease, new_token
from ..storage.log import LogTable, log_row
from ..storage.records import RecordTable
from ..storage.resume import ResumeTable
from ..storage.reuse import ReuseTable
from ..storage.samples import taken_by
from ..storage.store import Store
from ..storage.writer import LOG, Writer
from .bounds import limits_of, refuse_unpriced, without_counted
from .estimate import estimate_of
from .failures import causes_of
from .feed import Feed
from .goals import goal_of
from .identity import identity_of
from .job import Job
from .options import RunOptions
from .reporting import ReportFace
from .rerun import RerunPlan, Resolve
from .rerunning import RerunFace
from .runner import Runner
from .running_again import AgainFace
from .target import check_target
from .wishes import Live

__all__ = ["JobRoom"]

#: Digits that a job's number may have; Python reads no endless ones.
_DIGITS = 100


class JobRoom(RerunFace, AgainFace, ReportFace):
    """All jobs of one store that this process starts or looks at.

    Parameters
    ----------
    services : callable
        The blocks and models that jobs are resumed with.
    settings : Settings
        Those that detached jobs shall have, too.
    worker : str
        The module that runs these.
    resolve : callable
        The pipeline that somebody names, and (id, version) when it is a saved one.
    """

    def __init__(
        self,
        store: Store,
        services: Callable[[], Services],
        settings: Settings,
        worker: str,
        resolve: Resolve,
    ) -> None:
        self.table = JobTable(store)
        self.control = ControlTable(store)
        self.records = RecordTable(store)
        self.log = LogTable(store)
        self.courses = CourseTable(store)
        self._glances = GlanceTable(store, self.records, self.log)
        self._writer = Writer(store)
        self._heartbeat = Heartbeat(store)
        self._store = store
        self._services = services
        self._settings = settings
        self._worker = worker
        self._resume = ResumeTable(store)
        self._reuse = ReuseTable(store)
        self._resolve = resolve
        self._live: dict[int, Live] = {}
        #: Blocks that were given as objects, by job and id.
        self._instances: dict[int, Mapping[str, BaseBlock]] = {}
        self._stay_on_exit = runtime.on_exit(self._interrupt_all)

    def get(self, job_id: int) -> Job:
        """The job of that number.

        Raises
        ------
        JobError
            When there is none.
        """
        return self._job(self.table.get(job_id).id)

    def list(self) -> list[Job]:
        """All jobs, oldest first."""
        return [self._job(row.id) for row in self.table.list()]

    def estimate(self, job_id: int) -> Estimate:
        """What the job will take, from its executions that have ended.

        Raises
        ------
        JobError
            When none has.
        """
        job = self.table.get(job_id)
        causes = [
            (cause.message, cause.count) for cause in causes_of(self.records, job_id, "failed")
        ]
        models = self._services().models.without_keys()
        return estimate_of(job, taken_by(self._store, job_id), causes, models)

    def start(
        self,
        pipeline: Pipeline,
        seeds: Any,
        options: RunOptions,
        models: Models,
        *,
        stored: tuple[int, int] | None = None,
        where: str | None = None,
        detach: bool = False,
        rerun: RerunPlan | None = None,
        sample: int | None = None,
    ) -> Job:
        """Check everything, store the seeds, start the job.

        Parameters
        ----------
        seeds : any kind ``read_seeds`` takes, or ``"job:3"`` for that job's seeds; None: a re-run
            has its parent's, which are checked
        stored : (pipeline id, version), optional
            When the pipeline is a saved one.
        where : str, optional
            What to call the seeds in messages.
        detach : bool
            In a process of its own.
        sample : int, optional
            Run so many executions only, for an estimate.

        Raises
        ------
        ConfigError, BlockNotFoundError, TemplateError
            For a pipeline or model that cannot run; nothing is stored.
        SeedError
            For a seed that cannot be used; nothing is started and nothing stays stored.
        """
        program = pipeline.program()
        models = models.with_default(options.model)
        if options.model is not None:
            models.resolve(options.model)  # a wrong name is told even when no block asks for it
        resolved = models.check(program.model_names)
        refuse_unpriced(options.stored(), resolved.values())
        check_target(options.stored(), has_rule=program.accept_when is not None)
        needed = needed_seed_fields(pipeline.spec, pipeline.services.registry, pipeline.instances)
        order = self._order(pipeline) if detach else None
        source: Iterator[Seed] | None = None
        if rerun is None:
            is_job = _names_a_job(seeds)
            found = self._seeds_of(seeds) if is_job else read_seeds(seeds, where=where)
            source = _begun(_checked(found, needed))  # what is wrong at once takes no job's number
        random_seed = options.random_seed
        token = new_token()
        job_id = self.table.create(
            pipeline_name=pipeline.name,
            definition=pipeline.to_json(),
            options={
                **options.stored(), **identity_of(program, models),
                **(rerun.told() if rerun else {}),
                **({} if sample is None else {"sample": sample}),
            },
            random_seed=secrets.randbits(48) if random_seed is None else random_seed,
            token=token,
            pipeline_id=stored[0] if stored else None,
            pipeline_version=stored[1] if stored else None,
            parent_id=rerun.parent_id if rerun else None,
        )  # fmt: skip
        lease = self._hold(job_id, token)
        try:
            if source is not None:
                self.table.add_seeds(job_id, source)
            if order is not None:
                return self._hand_over(replace(order, job_id=job_id, token=token), lease)
            self.table.start(job_id, token)
            if pipeline.instances:
                self._instances[job_id] = pipeline.instances
            job = self.table.get(job_id)
            return self._launch(job, lease, program, models, self._feed(job, is_new=True))
        except BaseException:
            # Nothing was started: no half-filled job stays behind, whatever came in between.
            self._release(lease)
            if self.table.finish(job_id, token, "failed"):
                self.table.delete(job_id)
            raise

    def _seeds_of(self, name: str) -> Iterator[Seed]:
        """The stored seeds of ``"job:3"``."""
        number = name.partition(":")[2]
        if not number.isdecimal() or len(number) > _DIGITS:
            raise SeedError(f"seeds {name!r}: expected the number of a job, such as 'job:3'")
        job = self.table.get(int(number))
        if job.total is None:
            raise SeedError(f"{name} is {job.status} and its seeds are not all stored")
        return (
            Seed(metadata, repetitions, f"{name} seed {index}")
            for page in self.table.seed_pages(job)
            for index, repetitions, metadata in page
        )

    def _launch(
        self,
        job: JobRow,
        lease: Lease,
        program: Program,
        models: Models,
        feed: Feed,
        before: JobRow | None = None,
        *,
        is_retry: bool = False,
        is_replacing: bool = False,
        is_beside: bool = False,
    ) -> Job:
        self._writer.open_job(job.id, lease.token)
        changed = changed_told(job.options.get("changed") or [])
        if changed is not None:
            told = f"{changed} the job began; what is missing is made with it as it is now"
            self._writer.put(job.id, [(LOG, log_row(job.id, "warning", None, None, told))])
        concurrency = job.options.get("concurrency", RunOptions().concurrency)
        runner = Runner(
            self.table, self._writer, job, self.control, lease, program, models, concurrency, feed,
            goal_of(job, before, is_retry=is_retry, is_beside=is_beside),
            self.courses, Course() if before is None else self.courses.get(job.id),
            limits_of(
                without_counted(job) if is_replacing else job, models, concurrency,
                is_retry=is_retry,
            ),
        )  # fmt: skip
        live = Live(runner)

        async def work() -> str:
            try:
                return await runner.run()
            finally:
                # The job may run again already, under another token.
                self._release(lease)
                if runner.owed is not None:
                    self._heartbeat.owe(runner.owed)
                self._writer.close_job(job.id, lease.token)
                if self._live.get(job.id) is live:
                    del self._live[job.id]

        self._live[job.id] = live
        live.future = runtime.submit(work())
        return self._job(job.id)

    def _hold(self, job_id: int, token: str) -> Lease:
        self.table.hold(token)
        return self._heartbeat.add(job_id, token)

    def _release(self, lease: Lease) -> None:
        self._heartbeat.remove(lease)
        self.table.release(lease.token)

    def _job(self, job_id: int) -> Job:
        return Job(
            job_id,
            self.table,
            self.control,
            self.records,
            self.log,
            self.courses,
            self._glances,
            self._live.get,
            self.again,
            self.plan_rerun,
            self.plan_run_again,
            self.estimate,
            self.report,
        )

    async def close(self) -> None:
        """Cancel this process's jobs, keep what is finished, end the writer thread."""
        await self._stop("cancelled")
        self._stay_on_exit()
        self._writer.stop()

    async def _interrupt_all(self) -> None:
        """The interpreter ends: stop cleanly, store what is finished, say so."""
        path = shlex.quote(shown_path(self._store.path))
        for runner in await self._stop("interrupted"):
            counts = runner.ledger
            row = replace(runner.job, executions_done=counts.done, records_accepted=counts.accepted)
            what, command = to_finish(row)
            sys.stderr.write(
                f"datagenflow: job {runner.job.id} was interrupted, the script ended while it ran; "
                f"{executions_told(row)} are stored; "
                f"to finish {what}: dgf {command} --db {path}\n"
            )

    async def _stop(self, status: str) -> tuple[Runner, ...]:
        """End all jobs that run here; their runners."""
        lives = tuple(self._live.values())
        runners = tuple(live.runner for live in lives)
        for runner in runners:
            runner.stop(status, now=True)
        futures = [asyncio.wrap_future(live.future) for live in lives if live.future is not None]
        # Shielded: an interrupt while waiting must not end the runners without their last words.
        await asyncio.shield(asyncio.gather(*futures, return_exceptions=True))
        return runners


def _checked(seeds: Iterator[Seed], needed: dict[tuple[str, ...], str]) -> Iterator[Seed]:
    for seed in seeds:
        check_fields(seed, needed)
        yield seed


def _begun(seeds: Iterator[Seed]) -> Iterator[Seed]:
    """The same seeds, of which the first has been read."""
    first = next(seeds, None)
    if first is None:
        raise SeedError("there are no seeds; a job needs at least one")
    return itertools.chain([first], seeds)


def _names_a_job(seeds: Any) -> bool:
    return isinstance(seeds, str) and seeds.startswith("job:")
