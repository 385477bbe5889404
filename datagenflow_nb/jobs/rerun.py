"""An edited pipeline over the seeds of an earlier job, with the answers that still hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from ..blocks.base import BaseBlock
from ..check import check_fields, needed_seed_fields
from ..engine import Program
from ..errors import ConfigError, DataGenFlowError, JobError
from ..pipeline import Pipeline
from ..records import Seed, decode
from ..spec import PipelineSpec
from ..storage.jobs import ACTIVE, JobRow, JobTable
from ..storage.reuse import ReuseTable
from .bounds import refuse_unpriced
from .forecast import Forecast, Parent, forecast
from .identity import changed_code, moved_models
from .options import RunOptions

if TYPE_CHECKING:
    from .job import Job

__all__ = ["Plan", "RerunPlan", "Rerunnable", "Resolve", "plan_rerun"]

#: The pipeline that somebody names, and (id, version) when it is a saved one.
Resolve = Callable[[Any], tuple[Pipeline, tuple[int, int] | None]]


@dataclass(frozen=True, slots=True)
class RerunPlan:
    """A re-run that can start: what it will reuse and what it will ask.

    Attributes
    ----------
    parent_id : int
        The job that is re-run.
    pipeline : Pipeline
        The edited one.
    forecast : Forecast
        How many answers it reuses, how many calls it makes.
    """

    parent_id: int
    pipeline: Pipeline
    forecast: Forecast
    options: RunOptions = field(repr=False)
    stored: tuple[int, int] | None = field(repr=False)
    _start: Callable[[RerunPlan, bool], Job] = field(repr=False, compare=False)

    def __str__(self) -> str:
        return f"re-run of job {self.parent_id} with {self.pipeline.name!r}: {self.forecast}"

    def __repr__(self) -> str:
        return f"RerunPlan({self})"

    def told(self) -> dict[str, Any]:
        """What the new job's options keep of it."""
        return {"rerun": {"of": self.parent_id, **self.forecast.to_dict()}}

    def start(self, *, wait: bool = False, detach: bool = False) -> Job:
        """Start it; the new job. The parameters are those of ``rerun``.

        Raises
        ------
        JobError
            When the parent was deleted or runs again since.
        """
        job = self._start(self, detach)
        return job.wait_or_cancel() if wait else job


class Plan(Protocol):
    """Plans a re-run."""

    def __call__(self, job_id: int, pipeline: Any, options: dict[str, Any]) -> RerunPlan: ...


class Rerunnable:
    """The part of a job that runs an edited pipeline over its seeds."""

    id: int
    _plan: Plan
    _table: JobTable

    def rerun(
        self, pipeline: Any = None, *, wait: bool = False, detach: bool = False, **options: Any
    ) -> Job:
        """Run an edited pipeline over the same seeds, reusing the answers whose requests are the
        same, as a new job.

        Parameters
        ----------
        pipeline : Pipeline, str, path or dict, optional
            As for ``run``; default: the saved pipeline of the same name, as it is now.
        wait, detach : bool
            As for ``run``.
        **options
            As for ``run``; default: as this job. Its ``random_seed`` stays.

        Returns
        -------
        Job
            Its ``forecast`` tells how many answers it reuses and how many calls it makes.

        Raises
        ------
        JobError
            While this job runs, and when its seeds were never all stored.
        ConfigError
            When no pipeline is given and none is saved under that name.
        DataGenFlowError
            As for ``run``; then nothing was started.
        """
        return self.plan_rerun(pipeline, **options).start(wait=wait, detach=detach)

    def plan_rerun(self, pipeline: Any = None, **options: Any) -> RerunPlan:
        """What ``rerun`` would do, as a plan that tells it and can ``start()``; nothing is run.

        Parameters, errors
            As for ``rerun``.
        """
        return self._plan(self.id, pipeline, options)

    @property
    def forecast(self) -> Forecast | None:
        """Of a re-run, what was foreseen before it started; else None."""
        told = self._table.get(self.id).options.get("rerun")
        return None if told is None else Forecast.of(told)


def plan_rerun(
    parent: JobRow,
    source: Any,
    options: dict[str, Any],
    *,
    table: JobTable,
    reuse: ReuseTable,
    resolve: Resolve,
    instances: Mapping[str, BaseBlock],
    start: Callable[[RerunPlan, bool], Job],
) -> RerunPlan:
    """Check everything about a re-run; see ``Rerunnable.rerun`` for errors.

    Parameters
    ----------
    instances : mapping
        Ready blocks of the parent's pipeline by id.
    """
    refuse_rerun(parent)
    pipeline, stored = resolve(source) if source is not None else _saved(parent, resolve)
    if "random_seed" in options:
        raise ConfigError(
            f"random_seed cannot be changed: a re-run draws what job {parent.id} drew, else no "
            f'request would be the same; for another, run the pipeline over "job:{parent.id}"',
            {"job_id": parent.id},
        )
    known = RunOptions.__dataclass_fields__
    before = {name: value for name, value in parent.options.items() if name in known}
    if "target_accepted" in options:  # none; what was to limit the way to the parent's goes too
        before.pop("max_attempts", None)
    checked = RunOptions.check(before | options | {"random_seed": parent.random_seed})
    if checked.target_accepted is not None:
        raise ConfigError(
            f"a re-run goes through the seeds once, and target_accepted "
            f"({checked.target_accepted:,}) again and again; to run it once, reusing answers: "
            "job.rerun(..., target_accepted=None), plan_rerun(..., target_accepted=None), "
            f"%dgf rerun {parent.id} --target-accepted none or dgf rerun {parent.id} "
            "--target-accepted none; to reach a target, with every answer paid anew: run the "
            f'pipeline over "job:{parent.id}"',
            {"job_id": parent.id},
        )
    program = pipeline.program()
    models = pipeline.services.models.with_default(checked.model)
    refuse_unpriced(checked.stored(), models.check(program.model_names).values())
    _check_seeds(parent, pipeline, table)
    before_it = _parent_of(parent, pipeline, reuse, instances)
    before_it = replace(
        before_it,
        changed=changed_code(parent.options, program),
        notes=moved_models(parent.options, program, models),
    )
    told = forecast(program, before_it, models)
    return RerunPlan(parent.id, pipeline, told, checked, stored, start)


def refuse_rerun(parent: JobRow) -> None:
    """Raise when the job cannot be re-run now.

    Raises
    ------
    JobError
    """
    detail = {"job_id": parent.id, "status": parent.status}
    if parent.total is None:
        raise JobError(
            f"job {parent.id} is {parent.status} and its seeds are not all stored; run the "
            "pipeline over the seeds anew",
            detail,
        )
    if parent.status in ACTIVE:
        raise JobError(
            f"job {parent.id} is {parent.status}, more answers are coming; wait for its end or "
            "cancel it, then re-run it",
            detail,
        )


def _saved(parent: JobRow, resolve: Resolve) -> tuple[Pipeline, tuple[int, int] | None]:
    try:
        return resolve(parent.pipeline_name)
    except ConfigError as error:
        raise ConfigError(
            f"job {parent.id} ran the pipeline {parent.pipeline_name!r}, and none is saved under "
            "that name; say which to run: job.rerun(pipeline), "
            f"dgf rerun {parent.id} --pipeline NAME",
            error.detail,
        ) from error


def _check_seeds(parent: JobRow, pipeline: Pipeline, table: JobTable) -> None:
    """The edited pipeline may need fields that the seeds do not have."""
    needed = needed_seed_fields(pipeline.spec, pipeline.services.registry, pipeline.instances)
    if not needed:
        return
    for page in table.seed_pages(parent):
        for index, repetitions, metadata in page:
            where = f"seed {index} of job {parent.id}"
            check_fields(Seed(metadata, repetitions, where), needed)


def _parent_of(
    parent: JobRow, now: Pipeline, reuse: ReuseTable, instances: Mapping[str, BaseBlock]
) -> Parent:
    program: Program | None
    spec = PipelineSpec.from_dict(decode(parent.definition), f"pipeline {parent.pipeline_name!r}")
    before = Pipeline.from_spec(spec, now.services)
    # Objects that are not there any more were made as those of the same description are now.
    same = {block.id: now.instances[block.id] for block in now.spec.blocks
            if block.id in now.instances and block in spec.blocks}  # fmt: skip
    before.instances = {**same, **instances}
    try:
        program = before.program()
    except DataGenFlowError:
        program = None  # blocks that it used are gone: nothing can be compared
    return Parent(
        program,
        reuse.figures(parent.id),
        parent.total or 0,
        parent.records_generated,
        bool(parent.records_failed),
    )
