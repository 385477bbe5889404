"""One block on one branch: check, run, check again, note what changed."""

from __future__ import annotations

import asyncio
import functools
import inspect
from typing import Any

from ..blocks.context import BlockContext, ModelSource
from ..errors import BlockExecutionError, DataGenFlowError, TemplateError, ValidationError, suggest
from ..records import Call, Step, plain
from .program import BoundBlock
from .returned import StepResult, check_returned
from .state import Branch, Sink
from .threads import run_in_thread, run_inline

__all__ = ["StepJournal", "execute_block", "is_wanted", "rule_fields"]


class StepJournal:
    """Numbers the calls of one block on one branch and passes them on."""

    __slots__ = ("_branch", "_count", "_sink", "_step")

    def __init__(self, branch: Branch, step: Step, sink: Sink | None) -> None:
        self._branch = branch
        self._step = step
        self._sink = sink
        self._count = 0

    def next_number(self) -> int:
        number, self._count = self._count, self._count + 1
        return number

    async def ready(self) -> None:
        if self._sink is not None:
            await self._sink.ready(self._branch)

    async def pause(self, seconds: float) -> bool:
        if self._sink is not None:
            return await self._sink.pause(seconds)
        await asyncio.sleep(seconds)
        return True

    def add(self, call: Call) -> None:
        self._step.calls.append(call)
        if self._sink is not None:
            self._sink.call(self._branch, call)


def is_wanted(bound: BoundBlock, branch: Branch) -> bool:
    """False when the block is disabled or its ``when`` is false."""
    if bound.spec.disabled:
        return False
    if bound.when is None:
        return True
    try:
        return bool(bound.when.evaluate(rule_fields(branch)))
    except TemplateError as error:
        message = f"block {bound.spec.id!r}, when: {error.message}"
        raise TemplateError(message, error.detail) from error


def rule_fields(branch: Branch) -> dict[str, Any]:
    """What a rule sees: the state, and the seed's fields as ``metadata``."""
    return {"metadata": branch.execution.metadata, **branch.state}


async def execute_block(
    bound: BoundBlock, branch: Branch, step: Step, models: ModelSource, sink: Sink | None
) -> StepResult:
    """Run the block and return what it changes.

    Raises
    ------
    DataGenFlowError
        Whatever the block raised, foreign exceptions as BlockExecutionError.
    """
    _check_inputs(bound, branch.state)
    data = branch.state if bound.block.reads_only else plain(branch.state)
    call = functools.partial(bound.block.execute, data)
    if bound.wants_context:
        call = functools.partial(call, ctx=_make_context(bound, branch, data, step, models, sink))
    try:
        if bound.is_async:
            returned = await call()
        else:
            run = run_inline if bound.is_inline else run_in_thread
            returned, error = await run(call)
            if isinstance(error, DataGenFlowError):
                raise error
            if error is not None:
                raise _as_ours(error, bound, step) from error
            if inspect.isawaitable(returned):
                returned = await returned
        # Inside, because copying what a block returned may run methods of its values.
        return check_returned(bound, branch.state, returned)
    except (DataGenFlowError, GeneratorExit):
        raise
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise _as_ours(error, bound, step) from error
    except BaseException as error:
        # A block that calls sys.exit() must not take the loop thread with it.
        raise _as_ours(error, bound, step) from error


def _make_context(
    bound: BoundBlock,
    branch: Branch,
    data: dict[str, Any],
    step: Step,
    models: ModelSource,
    sink: Sink | None,
) -> BlockContext:
    execution = branch.execution
    return BlockContext(
        data,
        execution.metadata,
        block_type=bound.type,
        block_id=bound.spec.id,
        config=bound.block.config,
        models=models,
        journal=StepJournal(branch, step, sink),
        random_key=execution.random_key(branch.path, bound.spec.id),
        trace_id=execution.trace_id,
        job_id=execution.job_id,
    )


def _as_ours(error: BaseException, bound: BoundBlock, step: Step) -> BlockExecutionError:
    """A foreign exception as ours."""
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - an edge: the message is made by foreign code too
        message = "(its message cannot be shown)"
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return BlockExecutionError(
        f"block {bound.spec.id!r} ({bound.type}) raised {text}",
        {"block_type": bound.type, "step": step.index, "error": text},
    )


def _check_inputs(bound: BoundBlock, state: dict[str, Any]) -> None:
    for anyof in bound.needs:
        if not any(name in state for name in anyof):
            wanted = " or ".join(repr(name) for name in anyof)
            raise ValidationError(
                f"block {bound.spec.id!r} ({bound.type}) needs the field {wanted}; "
                f"{suggest(anyof[0], state)}",
                {"block_type": bound.type, "missing": list(anyof), "fields": sorted(state)},
            )
