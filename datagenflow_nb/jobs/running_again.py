"""The part of a room of jobs that runs those which have ended again."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..blocks.base import BaseBlock
from ..engine import Program
from ..errors import JobError
from ..llm.catalog import Models
from ..pipeline import Pipeline
from ..storage.attempts import new_attempts
from ..storage.current import refuse_split_apart
from ..storage.from_block import (
    Place,
    answered_aside,
    attempt_from,
    calls_below,
    current_below,
    has_waiting,
    refuse_unfinished,
)
from ..storage.jobs import JobRow
from ..storage.lease import new_token
from ..storage.records import Record, RecordTable
from ..storage.resume import Renew, ResumeTable, refuse
from ..storage.store import Store
from .again import options_again, program_again, told_again
from .aside import uninterrupted
from .bounds import met, refuse_met, refuse_unpriced, without_counted
from .detaching import DetachedFace
from .feed import AttemptsFeed, Feed, FromBlockFeed, RetryFeed
from .from_block import FromBlock, RunAgainPlan, place_of, plan_again
from .job import Job
from .renewing import renewed
from .target import check_target

__all__ = ["AgainFace"]

#: What cannot be done while a runner has the job.
_WHAT = "none of its records can run again"


class AgainFace(DetachedFace):
    """What a room does for jobs that run again."""

    records: RecordTable
    _store: Store
    _resume: ResumeTable
    _instances: dict[int, Mapping[str, BaseBlock]]

    def again(
        self,
        job_id: int,
        options: dict[str, Any],
        *,
        is_retry: bool,
        detach: bool = False,
        from_block: tuple[int, str] | None = None,
    ) -> Job:
        """Resume a job, or with ``is_retry`` run its failed records again.

        Parameters
        ----------
        from_block : (record id, block id), optional
            Run this record again from this block instead.

        Raises
        ------
        JobError
            When that cannot be done, or a runner has the job; of several that try at once one
            succeeds.
        BlockNotFoundError, ConfigError, TemplateError
            When its pipeline cannot run here; the job stays as it is.
        """
        before = self.table.get(job_id)
        is_new_attempt = is_retry or from_block is not None
        what = None if from_block is None else _WHAT
        refuse(before, is_retry=is_new_attempt, what=what)
        given, options = options, options_again(before, options, is_retry=is_new_attempt)
        # These take other records' places, whatever the job may still begin.
        is_left = not is_new_attempt and self._is_left_over(replace(before, options=options))
        bound = replace(before, options=options)
        bound = without_counted(bound) if is_left or from_block is not None else bound
        verb = "again" if from_block is not None else "retry" if is_retry else "resume"
        refuse_met(before, bound.options, verb=verb)
        instances, program, models = self._ready(before)
        place = None if from_block is None else self._place(before, FromBlock(*from_block), program)
        options |= told_again(before, program)
        refuse_unpriced(options, models.check(program.model_names).values())
        check_target(options, has_rule=program.accept_when is not None)
        if detach:
            pipeline = Pipeline.from_spec(program.spec, self._services())
            pipeline.instances = dict(instances)
            again = {"options": given, "is_retry": is_retry, "from_block": from_block}
            return self._hand_over(replace(self._order(pipeline), job_id=before.id, again=again))
        token = new_token()
        self.table.hold(token)
        try:
            renew = _renewal(before.id, place, is_retry=is_retry)
            take = functools.partial(self._resume.take, options=options, renew=renew, what=what)
            job = uninterrupted(take, before, token)
        except BaseException as error:
            if not isinstance(error, Exception):  # an interrupt: it may have been taken
                uninterrupted(self._resume.give_back, before, token)
            self.table.release(token)
            raise
        lease = self._hold(job.id, token)
        try:
            return self._launch(
                job, lease, program, models,
                self._feed_again(job, place, is_retry=is_retry, is_left=is_left), before,
                is_retry=is_new_attempt or is_left, is_replacing=is_left or place is not None,
                is_beside=place is not None,
            )  # fmt: skip
        except BaseException:
            self._release(lease)
            uninterrupted(self._resume.give_back, before, token)
            raise

    def plan_run_again(self, job_id: int, record_id: int, from_block: str) -> RunAgainPlan:
        """See ``RunsAgain.plan_run_again``."""
        job = self._resume.with_unstored(self.table.get(job_id))
        refuse(job, is_retry=True, what=_WHAT)
        _, program, models = self._ready(job)
        place = self._place(job, FromBlock(record_id, from_block), program)
        return plan_again(
            self._record(job, record_id), place, program, models,
            calls_below(self._store, place), current_below(self._store, place),
            told_again(job, program).get("changed", ()), self._start_again,
            answered_aside(self._store, place),
        )  # fmt: skip

    def _start_again(self, plan: RunAgainPlan, options: dict[str, Any], detach: bool) -> Job:
        return self.again(
            self.records.get(plan.record_id).job_id, options, is_retry=False, detach=detach,
            from_block=(plan.record_id, plan.from_block),
        )  # fmt: skip

    def _is_left_over(self, job: JobRow) -> bool:
        """Whether runs from a block on are unfinished in a job whose bounds count records.

        They are finished by themselves: as part of the others they could be taken for surplus.
        """
        has_target = job.options.get("target_accepted") is not None
        if not has_target and not any(
            name == "max_records" for name, *_ in met(job, job.options, is_retry=False)
        ):
            return False
        return has_waiting(self._store, job.id)

    def _place(self, job: JobRow, wanted: FromBlock, program: Program) -> Place:
        place = place_of(self._record(job, wanted.record_id), wanted.block_id, program)
        refuse_unfinished(self._store.connection, job.id, place.seed_index, place.repetition)
        seed = (job.id, place.seed_index, place.repetition)
        refuse_split_apart(self._store, seed, wanted.record_id, place.branch)
        return place

    def _record(self, job: JobRow, record_id: int) -> Record:
        record = self.records.get(record_id)
        if record.job_id != job.id:
            raise JobError(f"record {record_id} belongs to job {record.job_id}, not to {job.id}")
        return record

    def _ready(self, job: JobRow) -> tuple[Mapping[str, BaseBlock], Program, Models]:
        """The job's blocks that were objects, its pipeline and its models, as they are now."""
        services = self._services()
        instances = renewed(job, services.registry, self._instances.get(job.id, {}))
        return instances, *program_again(job, services, instances, self._reuse)

    def _feed_again(
        self, job: JobRow, place: Place | None, *, is_retry: bool, is_left: bool
    ) -> Feed:
        if place is not None:
            return FromBlockFeed(self.table, job, self._resume, place.seed_index, place.repetition)
        if is_retry:
            return RetryFeed(self.table, job, self._resume)
        if is_left:
            return AttemptsFeed(self.table, job, self._resume)
        return self._feed(job, is_new=False)


def _renewal(job_id: int, place: Place | None, *, is_retry: bool) -> Renew | None:
    """What gives executions further attempts; None: nothing runs again."""
    if place is not None:
        return lambda connection, now: attempt_from(connection, place, now)
    if is_retry:
        return lambda connection, now: new_attempts(connection, job_id, now)
    return None
