"""The part of a room of jobs that gives them to processes of their own, and takes them there."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .. import runtime
from ..engine import Program
from ..llm.catalog import Models
from ..pipeline import Pipeline
from ..services import Services
from ..settings import Settings
from ..storage.jobs import JobRow, JobTable
from ..storage.lease import Lease, new_token
from ..storage.reuse import ReuseTable
from .again import program_again
from .detached import Order, check_code, make_order
from .feed import Feed
from .handover import hand_over
from .job import Job
from .wishes import Live

__all__ = ["DetachedFace"]


class DetachedFace:
    """What a room does for detached jobs."""

    table: JobTable
    _services: Callable[[], Services]
    _settings: Settings
    _worker: str
    _live: dict[int, Live]
    _reuse: ReuseTable

    def take(self, order: Order) -> Job:
        """Run in this process the job that it was started for.

        Raises
        ------
        DataGenFlowError
            When the job is not to be had any more, or its blocks or models are not those of the
            process that gave the order.
        """
        services = self._services()
        services.registry.refresh()
        check_code(order.blocks, services.registry)
        if order.again is not None:
            return self.again(order.job_id, **order.again)
        assert order.token is not None  # of a new job
        job = self.table.get(order.job_id)
        program, models = program_again(job, services, {}, self._reuse)
        token = new_token()
        lease = self._hold(job.id, token)
        try:
            self.table.take_over(job.id, token, order.token)
            job = self.table.get(job.id)
            return self._launch(job, lease, program, models, self._feed(job, is_new=True))
        except BaseException:
            self._release(lease)
            raise

    def interrupt(self, job_id: int, *, now: bool) -> None:
        """End a job that runs here as ``interrupted``; with ``now``, drop what is under way."""
        live = self._live.get(job_id)
        if live is not None:
            stop = functools.partial(live.runner.stop, "interrupted", now=now)
            runtime.loop().call_soon_threadsafe(stop)

    def _order(self, pipeline: Pipeline) -> Order:
        registry = self._services().registry
        return make_order(pipeline.spec, registry, pipeline.instances, self._settings)

    def _hand_over(self, order: Order, lease: Lease | None = None) -> Job:
        hand_over(order, self._worker)
        if lease is not None:
            self._release(lease)
        return self._job(order.job_id)

    def again(
        self,
        job_id: int,
        options: dict[str, Any],
        *,
        is_retry: bool,
        detach: bool = False,
        from_block: tuple[int, str] | None = None,
    ) -> Job:
        raise NotImplementedError

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
        raise NotImplementedError

    def _feed(self, job: JobRow, *, is_new: bool) -> Feed:
        raise NotImplementedError

    def _hold(self, job_id: int, token: str) -> Lease:
        raise NotImplementedError

    def _release(self, lease: Lease) -> None:
        raise NotImplementedError

    def _job(self, job_id: int) -> Job:
        raise NotImplementedError
