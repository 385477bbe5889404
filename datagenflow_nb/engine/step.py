"""One block on one branch: check, run, check again, note what changed."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..blocks.base import Changes, Drop
from ..blocks.context import BlockContext, ModelSource
from ..errors import BlockExecutionError, DataGenFlowError, TemplateError, ValidationError, suggest
from ..records import Call, NotPlain, Step, plain
from .program import BoundBlock
from .state import Branch, Sink

__all__ = ["StepJournal", "StepResult", "execute_block", "is_wanted", "wrap_error"]


@dataclass(slots=True)
class StepResult:
    """What a block returned, checked and copied: one of changes, items or a drop."""

    set: dict[str, Any] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    items: list[dict[str, Any]] | None = None
    dropped: str | None = None


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
    data = plain(branch.state)
    execute = bound.block.execute
    arguments: tuple[Any, ...] = (data,)
    if bound.wants_context:
        execution = branch.execution
        context = BlockContext(
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
        arguments = (data, context)
    try:
        if bound.is_async:
            returned = await execute(*arguments)
        else:
            returned, error = await asyncio.to_thread(_call, execute, arguments)
            if error is not None:
                raise error
            if inspect.isawaitable(returned):
                returned = await returned
    except DataGenFlowError:
        raise
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise wrap_error(error, bound, step) from error
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        # A block that calls sys.exit() must not take the loop thread with it.
        raise wrap_error(error, bound, step) from error
    return _check_outputs(bound, branch.state, returned)


def _call(execute: Any, arguments: tuple[Any, ...]) -> tuple[Any, BaseException | None]:
    """Run a sync block; its exception is a value, for a future cannot carry StopIteration."""
    try:
        return execute(*arguments), None
    except BaseException as error:  # noqa: BLE001 - handed to the step edge, which tells them apart
        return None, error


def wrap_error(error: BaseException, bound: BoundBlock, step: Step) -> BlockExecutionError:
    """A foreign exception as ours."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
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


def _check_outputs(bound: BoundBlock, state: dict[str, Any], returned: Any) -> StepResult:
    if isinstance(returned, Drop):
        return StepResult(dropped=returned.reason)
    if isinstance(returned, Changes):
        return _check_changes(bound, state, returned)
    if bound.block.fan_out:
        if not isinstance(returned, list | tuple):
            raise _wrong(bound, f"returned {_kind(returned)}, expected a list of dictionaries "
                         "(it is declared with fan_out = True)")  # fmt: skip
        return StepResult(
            items=[_check_fields(bound, item, f"item {n}: ") for n, item in enumerate(returned)]
        )
    return StepResult(set=_check_fields(bound, returned, ""))


def _check_changes(bound: BoundBlock, state: dict[str, Any], changes: Changes) -> StepResult:
    if isinstance(changes.remove, str):  # type: ignore[unreachable]  # a user's mistake
        raise _wrong(bound, f"Changes(remove={changes.remove!r}): expected a list of field names")
    removed = list(changes.remove)
    for name in removed:
        if name not in state:
            raise _wrong(bound, f"removes the field {name!r}; {suggest(str(name), state)}")
    return StepResult(set=_check_fields(bound, changes.set, "Changes: "), removed=removed)


def _check_fields(bound: BoundBlock, returned: Any, place: str) -> dict[str, Any]:
    if not isinstance(returned, Mapping):
        hint = "; is a return missing?" if returned is None else ""
        if isinstance(returned, list) and not place:
            hint = "; declare fan_out = True to continue with several branches"
        raise _wrong(
            bound, f"{place}returned {_kind(returned)}, expected a dictionary of fields{hint}"
        )
    declared = bound.declared
    if declared is not None and not declared.issuperset(returned):
        extra = next(name for name in returned if name not in declared)
        raise _wrong(
            bound,
            f"{place}returned the undeclared field {extra!r}; declared outputs: "
            f"{', '.join(repr(name) for name in bound.block.outputs) or 'none'}",
        )
    try:
        return dict(plain(dict(returned)))
    except NotPlain as error:
        raise _wrong(bound, f"{place}field {error.path.lstrip('.')!r}: {error.reason}") from error


def _wrong(bound: BoundBlock, problem: str) -> ValidationError:
    return ValidationError(
        f"block {bound.spec.id!r} ({bound.type}) {problem}",
        {"block_type": bound.type, "declared": list(bound.block.outputs)},
    )


def _kind(value: Any) -> str:
    return "None" if value is None else f"{type(value).__name__} ({repr(value)[:60]})"
