"""One block on one branch: check, run, check again, note what changed."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable
from typing import Any

from ..blocks.context import BlockContext, ModelSource, job_lines
from ..errors import (
    BlockExecutionError,
    DataGenFlowError,
    Stopped,
    TemplateError,
    ValidationError,
    suggest,
)
from ..records import Step, plain
from .journal import StepJournal
from .program import BoundBlock
from .returned import StepResult, check_returned
from .state import Branch, Sink
from .threads import run_in_thread, run_inline

__all__ = ["execute_block", "is_wanted", "rule_fields"]


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
    Stopped
        When a call of the block was not made because the job is being stopped, whatever the block
        returned or raised then.
    """
    _check_inputs(bound, branch.state)
    data = branch.state if bound.block.reads_only else plain(branch.state)
    journal = StepJournal(branch, step, sink)
    lines = job_lines.get()
    if lines is not None:
        lines.begin_block()
    call = functools.partial(bound.block.execute, data)
    if bound.wants_context:
        call = functools.partial(call, ctx=_make_context(bound, branch, data, models, journal))
    try:
        returned = await (call() if bound.is_async else _from_thread(bound, call, step))
        # Inside, because copying what a block returned may run methods of its values.
        result = check_returned(bound, branch.state, returned)
    except GeneratorExit:
        raise
    except BaseException as error:
        if isinstance(error, asyncio.CancelledError) and _is_cancelled():
            await journal.drop()
            raise
        if journal.is_stopped:
            raise Stopped from error
        if isinstance(error, DataGenFlowError):
            raise
        # A block that calls sys.exit() must not take the loop thread with it.
        raise _as_ours(error, bound, step) from error
    finally:
        journal.close()
    if journal.is_stopped:
        raise Stopped
    journal.settle()
    return result


async def _from_thread(bound: BoundBlock, call: Callable[[], Any], step: Step) -> Any:
    """What the block's sync ``execute`` returned, in a worker thread."""
    returned, error = await (run_inline if bound.is_inline else run_in_thread)(call)
    if isinstance(error, DataGenFlowError):
        raise error
    if error is not None:
        raise _as_ours(error, bound, step) from error
    return await returned if inspect.isawaitable(returned) else returned


def _is_cancelled() -> bool:
    """Whether the task itself is being cancelled, not something the block waited for."""
    task = asyncio.current_task()
    return task is not None and bool(task.cancelling())


def _make_context(
    bound: BoundBlock,
    branch: Branch,
    data: dict[str, Any],
    models: ModelSource,
    journal: StepJournal,
) -> BlockContext:
    execution = branch.execution
    return BlockContext(
        data,
        execution.metadata,
        block_type=bound.type,
        block_id=bound.spec.id,
        config=bound.block.config,
        models=models,
        journal=journal,
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
            where = bound.block._inputs_where
            place = "" if where == "inputs" else f", {where},"
            raise ValidationError(
                f"block {bound.spec.id!r} ({bound.type}){place} needs the field {wanted}; "
                f"{suggest(anyof[0], state)}",
                {"block_type": bound.type, "missing": list(anyof), "fields": sorted(state)},
            )
