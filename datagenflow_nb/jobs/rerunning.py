"""The part of a room of jobs that re-runs one with an edited pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..blocks.base import BaseBlock
from ..llm.catalog import Models
from ..pipeline import Pipeline
from ..services import Services
from ..storage.jobs import JobRow, JobTable
from ..storage.resume import ResumeTable
from ..storage.reuse import ReuseTable
from .feed import Feed, RerunFeed, ResumedFeed
from .job import Job
from .options import RunOptions
from .passes import PassesFeed
from .rerun import RerunPlan, Resolve, plan_rerun, refuse_rerun
from .sample import SampleFeed
from .target import attempts_of

__all__ = ["RerunFace"]


class RerunFace:
    """What a room does for re-runs."""

    table: JobTable
    _reuse: ReuseTable
    _resume: ResumeTable
    _resolve: Resolve
    _services: Callable[[], Services]
    _instances: dict[int, Mapping[str, BaseBlock]]

    def plan_rerun(self, job_id: int, pipeline: Any, options: dict[str, Any]) -> RerunPlan:
        """See ``Rerunnable.plan_rerun``."""
        parent = self._resume.with_unstored(self.table.get(job_id))
        return plan_rerun(
            parent, pipeline, options, table=self.table, reuse=self._reuse,
            resolve=self._resolve, instances=self._instances.get(job_id, {}),
            start=self._start_rerun,
        )  # fmt: skip

    def _start_rerun(self, plan: RerunPlan, detach: bool) -> Job:
        refuse_rerun(self.table.get(plan.parent_id))
        return self.start(
            plan.pipeline, None, plan.options, self._services().models, stored=plan.stored,
            detach=detach, rerun=plan,
        )  # fmt: skip

    def _feed(self, job: JobRow, *, is_new: bool) -> Feed:
        """What is to be done of the job; of a re-run, with the answers that it may take over."""
        parent_id = job.parent_job_id
        if parent_id is not None:
            return RerunFeed(self.table, job, self._resume, self._reuse, parent_id)
        if job.options.get("sample") is not None:
            return SampleFeed(self.table, job, self._resume, job.options["sample"])
        if job.options.get("target_accepted") is not None:
            most = attempts_of(job.options, job.total or 0)
            return PassesFeed(self.table, job, self._resume, most)
        return Feed(self.table, job) if is_new else ResumedFeed(self.table, job, self._resume)

    def start(
        self,
        pipeline: Pipeline,
        seeds: Any,
        options: RunOptions,
        models: Models,
        *,
        stored: tuple[int, int] | None = None,
        detach: bool = False,
        rerun: RerunPlan | None = None,
    ) -> Job:
        raise NotImplementedError
