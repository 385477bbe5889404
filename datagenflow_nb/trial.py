"""A pipeline tried block by block on one seed: what is unchanged is not run, or paid for, again."""

from __future__ import annotations

import asyncio
import functools
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from . import runtime
from .blocks.base import BaseBlock
from .blocks.context import ModelSource
from .blocks.registry import Registry
from .check import check_fields, needed_seed_fields
from .engine import Branch, Execution, Outcome, Program, build_program, run_branch
from .errors import DataGenFlowError, ModelError, Stopped
from .records import Call, Seed, Step
from .results import new_execution
from .spec import PipelineSpec
from .trial_calls import TrialAnswers, TrialSink, TrialStop
from .trial_keys import Keys, model_identity, seed_key

if TYPE_CHECKING:
    from .llm.catalog import Models

__all__ = ["Trial", "TrialStep", "TrialStop"]

#: Steps that are kept: going back to an earlier configuration shows what it gave.
_KEPT = 500


@dataclass(frozen=True, slots=True)
class TrialStep:
    """What one block did.

    Attributes
    ----------
    state : str
        ``done``, ``skipped``, ``filtered`` or ``failed``.
    set : dict
        Fields it added or changed; of the first branch, when it fanned out.
    branches : int or None
        How many branches it made.
    error : str or None
        Why it failed, or filtered the seed out.
    is_kept : bool
        It is shown again and was not run again.
    """

    block_id: str
    state: str
    set: dict[str, Any]
    removed: list[str]
    seconds: float
    calls: list[Call]
    error: str | None = None
    branches: int | None = None
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class _Past:
    """A step, and where the branch stood after it; None: it ended there."""

    step: TrialStep
    state: dict[str, Any] | None
    path: str
    steps: tuple[Step, ...]
    #: Who answered: a block may name a model anywhere, not only in ``model:``.
    models: Mapping[str, Any] = field(default_factory=dict)


class Trial:
    """Tries of pipelines, whatever they are changed to; see ``run``. Several may run at once."""

    def __init__(self) -> None:
        self._past: OrderedDict[str, _Past] = OrderedDict()
        self._answers = TrialAnswers()
        self._keys = Keys()
        #: One trial at a time for a step: a second one would pay for what the first is being
        #: answered.
        self._under_way: weakref.WeakValueDictionary[str, asyncio.Lock] = (
            weakref.WeakValueDictionary()
        )

    def keys(
        self,
        spec: PipelineSpec,
        registry: Registry,
        instances: Mapping[str, BaseBlock],
        models: Models,
        seed: Mapping[str, Any],
        *,
        dry: bool = False,
    ) -> list[str]:
        """What each block's step depends on: the seed, the blocks up to it, their code and models.

        Another seed, another key; so does what comes before a block decide about its own.
        """
        known = models.with_default(None).without_keys()
        return self._keys.of(spec, registry, instances, known, seed, dry=dry)

    def run(
        self,
        spec: PipelineSpec,
        registry: Registry,
        instances: Mapping[str, BaseBlock],
        models: Models,
        seed: Mapping[str, Any],
        *,
        upto: int,
        dry: bool = False,
        stop: TrialStop | None = None,
        on_step: Callable[[TrialStep], None] = lambda step: None,
        on_begin: Callable[[str], None] = lambda block_id: None,
    ) -> list[TrialStep]:
        """Run ``seed`` through the blocks before ``upto``, those that are kept left out.

        After a fan-out the first branch goes on. A block that failed is run again when asked again,
        with the answers that it had; one that a model could not use is asked for anew.

        Parameters
        ----------
        upto : int
            How many blocks.
        dry : bool
            Render every prompt and ask no model.
        stop : TrialStop, optional
            Ends it early: the steps until then are returned, ``stop.reason`` says why.
        on_begin, on_step : callable
            Called when a block begins and when its step is there.

        Raises
        ------
        DataGenFlowError
            For a pipeline, a model or a seed that cannot be used; before any call.
        """
        cut = replace(spec, blocks=spec.blocks[:upto], accept_when=None)
        program = build_program(cut, registry, instances)
        source = _source(models, dry=dry)
        source.check(program.model_names)
        execution = new_execution(seed, 0)
        required = needed_seed_fields(cut, registry, instances)
        check_fields(Seed(execution.metadata), required)
        keys = self.keys(cut, registry, instances, models, execution.metadata, dry=dry)
        work = self._run(program, execution, source, keys, stop or TrialStop(), on_begin, on_step)
        return runtime.run(work, "a trial")

    async def _run(
        self,
        program: Program,
        execution: Execution,
        models: ModelSource,
        keys: Sequence[str],
        stop: TrialStop,
        on_begin: Callable[[str], None],
        on_step: Callable[[TrialStep], None],
    ) -> list[TrialStep]:
        steps: list[TrialStep] = []
        branch: Branch | None = Branch.start(execution)
        seed = seed_key(execution.metadata)
        identity = functools.partial(model_identity, models)
        stop.begin()
        try:
            for at, key in enumerate(keys):
                assert branch is not None  # the loop ends with the branch
                sink = TrialSink(self._answers, stop, identity, seed, key)
                past, is_kept = await self._past_or_new(
                    program, branch, at, models, sink, key, stop, on_begin
                )
                steps.append(replace(past.step, is_kept=is_kept))
                on_step(steps[-1])
                branch = _after(execution, past, at)
                if branch is None:
                    break
        except Stopped:
            pass  # ``stop`` says why
        except asyncio.CancelledError:
            if not stop.take_cancel():
                raise
        finally:
            stop.end()
        return steps

    async def _past_or_new(
        self,
        program: Program,
        branch: Branch,
        at: int,
        models: ModelSource,
        sink: TrialSink,
        key: str,
        stop: TrialStop,
        on_begin: Callable[[str], None],
    ) -> tuple[_Past, bool]:
        """The step of ``key``, and whether it was there."""
        lock = self._under_way.setdefault(key, asyncio.Lock())
        async with lock:
            past = self._past.get(key)
            if past is not None and past.step.state != "failed" and _has_same(past, models):
                return past, True
            if not stop.goes_on(key):
                raise Stopped
            on_begin(program.blocks[at].spec.id)
            with self._keys.running(program.blocks[at].block):
                past = await _step(program, branch, at, models, sink)
            past = replace(past, models=_answering(past, models))
            self._keep(key, past)
            return past, False

    def _keep(self, key: str, past: _Past) -> None:
        self._past[key] = past
        self._past.move_to_end(key)
        while len(self._past) > _KEPT:
            self._past.popitem(last=False)


def _answering(past: _Past, models: ModelSource) -> dict[str, Any]:
    return {call.model: model_identity(models, call.model) for call in past.step.calls}


def _has_same(past: _Past, models: ModelSource) -> bool:
    """Whether its models are still those that answered."""
    return _answering(past, models) == past.models


async def _step(
    program: Program, branch: Branch, at: int, models: ModelSource, sink: TrialSink
) -> _Past:
    """Run the one block at ``at``."""
    bound = program.blocks[at]
    one = replace(program, blocks=program.blocks[: at + 1])
    ended = await run_branch(one, branch, models, sink)
    if isinstance(ended, list):
        first = ended[0]
        own = first.steps[-1]
        told = _told(own, "done", branches=len(ended))
        return _Past(told, first.state, first.path, (*first.inherited, *first.steps))
    step = branch.steps[-1] if branch.steps else Step(at, bound.spec.id, bound.type)
    if isinstance(ended.error, ModelError) and step.calls:
        sink.forget(step.calls[-1])
    steps = tuple(branch.all_steps())
    if ended.status == "completed":
        state = "skipped" if step.skipped else "done"
        return _Past(_told(step, state), branch.state, branch.path, steps)
    return _Past(_told(step, ended.status, _why(ended)), None, branch.path, steps)


def _told(
    step: Step, state: str, error: str | None = None, branches: int | None = None
) -> TrialStep:
    return TrialStep(
        step.block_id, state, step.set, step.removed, step.execution_time, step.calls, error,
        branches,
    )  # fmt: skip


def _why(outcome: Outcome) -> str | None:
    error: DataGenFlowError | None = outcome.error
    return outcome.reason if error is None else error.message


def _after(execution: Execution, past: _Past, at: int) -> Branch | None:
    """Where the next block begins; a branch of its own, for running changes it."""
    if past.state is None:
        return None
    return Branch(execution, dict(past.state), past.path, at + 1, past.steps)


def _source(models: Models, *, dry: bool) -> ModelSource:
    if not dry:
        return models.with_default(None).awaited()
    from .llm.dry import DryModels

    return DryModels(models.with_default(None))
