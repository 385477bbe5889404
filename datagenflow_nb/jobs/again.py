"""A job that has ended runs again: resumed, or its failed records retried."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, Self

from ..blocks.base import BaseBlock
from ..displays.sample import sample_missing
from ..engine import Program
from ..errors import BlockNotFoundError, ConfigError
from ..llm.catalog import Models
from ..pipeline import Pipeline
from ..records import decode
from ..services import Services
from ..spec import PipelineSpec
from ..storage.jobs import JobRow
from ..storage.reuse import ReuseTable
from .identity import changed_code, refuse_other_models
from .options import KEPT, RunOptions
from .wishes import Steerable

if TYPE_CHECKING:
    from .job import Job

__all__ = ["Again", "Resumable", "options_again", "program_again", "told_again"]


#: Options of a job's last runner that say nothing about the next.
_OF_ONE_RUNNER = ("sample", "changed")


class Again(Protocol):
    """Runs a job again."""

    def __call__(
        self,
        job_id: int,
        options: dict[str, Any],
        *,
        is_retry: bool,
        detach: bool = False,
        from_block: tuple[int, str] | None = None,
    ) -> Job: ...


class Resumable(Steerable):
    """The part of a job that lets it go on or runs it again."""

    _again: Again

    def resume(self, *, wait: bool = False, detach: bool = False, **options: Any) -> Self:
        """Finish a job that was stopped, however, or that failed, from the stored seeds.

        A job that is paused goes on where it is, in whichever process. Else this process runs it:
        what has ended stays. Only what is missing runs, and answers that are stored are not asked
        for again. Of an estimate that was stopped its own executions are missing; once these have
        ended, all others.

        Parameters
        ----------
        wait : bool
            Return when the job has ended, as ``run(..., wait=True)`` does.
        detach : bool
            Run in a process of its own, as ``run(..., detach=True)`` does.
        **options
            ``concurrency``, ``stop_early``, and budgets (``max_tokens_total``, ``max_cost``,
            ``max_seconds``, ``max_records``; None takes one away); default: as before. A paused job
            goes on as it was.

        Raises
        ------
        JobError
            When the job is completed or is being cancelled, a runner has it, or its seeds were
            never all stored.
        BlockNotFoundError
            When there are no blocks of the types it uses, with these types.
        ConfigError
            For another option, for any when the job is paused, a budget that is met already, and
            when its blocks would ask other models than before, or the same name means another.
        """
        row = self._table.get(self.id)
        if row.is_paused:
            refuse_on_the_way(row, options, detach=detach)
        if not (row.is_paused and self._request(None)):
            self._again(self.id, options, is_retry=False, detach=detach)
        return self.wait_or_cancel() if wait else self

    def retry_failed(self, *, wait: bool = False, detach: bool = False, **options: Any) -> Self:
        """Run what failed again, as a new attempt that asks every model anew.

        The new record takes the failed one's place, which stays in the store with its trace.

        Parameters
        ----------
        wait, detach, **options
            As for ``resume``.

        Raises
        ------
        JobError
            When no record has failed, or a runner has the job.
        BlockNotFoundError, ConfigError
            As for ``resume``.
        """
        self._again(self.id, options, is_retry=True, detach=detach)
        return self.wait_or_cancel() if wait else self


def refuse_on_the_way(job: JobRow, options: dict[str, Any], *, detach: bool) -> None:
    """Raise when a paused job is told how to run: the runner that has it goes on as it was.

    Raises
    ------
    ConfigError
    """
    RunOptions.check(options)
    told = [*options, *(["detach"] if detach else [])]
    if told:
        raise ConfigError(
            f"job {job.id} is paused and goes on as it was: {', '.join(told)} cannot be changed; "
            "cancel it, then resume it so",
            {"job_id": job.id, "options": told},
        )


def options_again(job: JobRow, options: dict[str, Any], *, is_retry: bool) -> dict[str, Any]:
    """The job's options with those that may change.

    An estimate stays one until its executions have ended: not before that runs the whole job.

    Raises
    ------
    ConfigError
        For an unknown option, a value out of range, and one that a job keeps.
    """
    checked = RunOptions.check(options)
    for name in KEPT:
        if name in options:
            raise ConfigError(
                f"{name} cannot be changed, all records of job {job.id} come of the same one; "
                f'to use another, run the pipeline over "job:{job.id}"',
                {"job_id": job.id},
            )
    targets = options.get("target_accepted"), job.options.get("target_accepted")
    if "target_accepted" in options and None in targets:
        raise ConfigError(
            f"job {job.id} can be given another target_accepted, but none instead of one or one "
            f'instead of none; for that run the pipeline over "job:{job.id}"',
            {"job_id": job.id},
        )
    kept = {name: value for name, value in job.options.items() if name not in _OF_ONE_RUNNER}
    if "sample" in job.options and (is_retry or sample_missing(job)):
        kept["sample"] = job.options["sample"]
    return {**kept, **{name: getattr(checked, name) for name in options}}


def told_again(job: JobRow, program: Program) -> dict[str, Any]:
    """What a job's options keep of how it differs from what it was: ``changed`` blocks by id."""
    changed = changed_code(job.options, program)
    return {"changed": changed} if changed else {}


def program_again(
    job: JobRow, services: Services, instances: Mapping[str, BaseBlock], reuse: ReuseTable
) -> tuple[Program, Models]:
    """The job's stored pipeline with its blocks as they are now, and the models they ask.

    Parameters
    ----------
    instances : mapping
        Ready blocks by id, of a pipeline of objects that this process has run.
    reuse
        What it has been answered.

    Raises
    ------
    BlockNotFoundError
        Naming all types that there are no blocks of.
    ConfigError, TemplateError
        When a block does not take its configuration, or the models are not those of before.
    """
    spec = PipelineSpec.from_dict(decode(job.definition), f"pipeline {job.pipeline_name!r}")
    pipeline = Pipeline.from_spec(spec, services)
    pipeline.instances = dict(instances)
    registry = services.registry
    registry.refresh()
    used = {block.type for block in spec.blocks if block.id not in instances}
    missing = sorted(name for name in used if name not in registry)
    if missing:
        raise BlockNotFoundError(
            f"job {job.id} cannot go on: there are no blocks of type "
            f"{', '.join(map(repr, missing))} here; define them first (run the cell or the script "
            "that did, or put them into the project's blocks/)",
            {"job_id": job.id, "block_type": missing[0], "missing": missing,
             "available_blocks": registry.types()},
        )  # fmt: skip
    program = pipeline.program()
    models = services.models.with_default(job.options.get("model"))
    refuse_other_models(job, program, models, functools.partial(reuse.id_asked, job.id))
    return program, models
