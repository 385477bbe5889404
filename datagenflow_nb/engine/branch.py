"""All blocks on one branch, to its end or to a fan-out."""

from __future__ import annotations

import logging
from time import perf_counter
from typing import Any

from ..blocks.context import ModelSource
from ..errors import BlockExecutionError, DataGenFlowError, TemplateError
from ..records import NotPlain, Step, plain
from ..redaction import known_keys
from .program import BoundBlock, Program
from .state import Branch, Outcome, Sink
from .step import execute_block, is_wanted, rule_fields

__all__ = ["run_branch"]

_log = logging.getLogger("datagenflow_nb")


async def run_branch(
    program: Program, branch: Branch, models: ModelSource, sink: Sink | None = None
) -> Outcome | list[Branch]:
    """Run ``branch`` from its next block on.

    Returns
    -------
    Outcome
        When the branch ended: completed, filtered or failed. Errors are outcomes, not exceptions.
    list of Branch
        When a block fanned out: one branch per item, to be run next.

    Raises
    ------
    Stopped
        When the sink is being stopped and a block would need another call.
    """
    tag = f"[{branch.execution.trace_id[:8]}]"
    if branch.index == 0 and _log.isEnabledFor(logging.INFO):
        _log.info("%s Pipeline %r started (%d blocks)", tag, program.spec.name, len(program.blocks))
    for index in range(branch.index, len(program.blocks)):
        bound = program.blocks[index]
        step = Step(index, bound.spec.id, bound.type, branch.path)
        started = perf_counter()
        try:
            children = await _run_step(bound, branch, step, models, sink)
        except DataGenFlowError as error:
            step.execution_time = perf_counter() - started - step.held
            branch.steps.append(step)
            return _fail(branch, step, bound, error, tag)
        if isinstance(children, Outcome):
            _log.info("%s Pipeline %s", tag, _ending(children))
            return children
        if children is not None:
            _log.debug("%s %s fanned out into %d branches", tag, bound.type, len(children))
            return children
    outcome = _finish(program, branch)
    if _log.isEnabledFor(logging.INFO):
        _log.info("%s Pipeline %s", tag, _ending(outcome))
    return outcome


async def _run_step(
    bound: BoundBlock, branch: Branch, step: Step, models: ModelSource, sink: Sink | None
) -> Outcome | list[Branch] | None:
    """Run one block; None when the branch simply goes on."""
    debugging = _log.isEnabledFor(logging.DEBUG)
    if debugging:
        tag = f"[{branch.execution.trace_id[:8]}]"
        _log.debug(
            "%s Block %d: %s executing, input %r",
            tag, step.index + 1, bound.type, dict(branch.state),  # a line may be formatted later
        )  # fmt: skip
    started = perf_counter()
    if not is_wanted(bound, branch):
        step.skipped = True
        step.set = {
            name: None for name in bound.block.output_fields()
            if name != "*" and name not in branch.state
        }  # fmt: skip
        branch.state.update(step.set)
        branch.steps.append(step)
        return None
    result = await execute_block(bound, branch, step, models, sink)
    step.execution_time = perf_counter() - started - step.held
    if debugging:
        _log.debug(
            "%s %s completed (%.3fs), output %r", tag, bound.type, step.execution_time,
            result.items if result.items is not None else result.set,
        )  # fmt: skip
    if result.dropped is not None:
        branch.steps.append(step)
        return Outcome("filtered", reason=known_keys.text(result.dropped))
    if result.items is not None:
        return _fan_out(bound, branch, step, result.items)
    step.set, step.removed = result.set, result.removed
    branch.steps.append(step)
    branch.state.update(step.set)
    for name in step.removed:
        branch.state.pop(name, None)
    return None


def _fan_out(
    bound: BoundBlock, branch: Branch, step: Step, items: list[dict[str, Any]]
) -> Outcome | list[Branch]:
    if not items:
        branch.steps.append(step)
        return Outcome("filtered", reason=f"block {bound.spec.id!r} returned no items")
    before = tuple(branch.all_steps())
    children = []
    for position, item in enumerate(items):
        path = f"{branch.path}.{position}" if branch.path else str(position)
        # The calls were made before the branches parted: every child shows them, none owns them.
        own = Step(
            step.index, step.block_id, step.block_type, path, set=item,
            execution_time=step.execution_time, calls=step.calls,
        )  # fmt: skip
        children.append(
            Branch(
                branch.execution,
                {**branch.state, **item},
                path,
                step.index + 1,
                before,
                [own],
            )
        )
    return children


def _fail(
    branch: Branch, step: Step, bound: BoundBlock, error: DataGenFlowError, tag: str
) -> Outcome:
    error.detail.setdefault("block_type", bound.type)
    error.detail.setdefault("block_id", bound.spec.id)
    error.detail.setdefault("step", step.index)
    _hide_keys(error)
    # The trace holds the input already; the error carries it for whoever catches it.
    step.error = error.to_dict() | {"detail": dict(error.detail), "type": _type_of(error)}
    error.detail.setdefault("input", known_keys.value(plain(branch.state)))
    _log.info("%s Pipeline failed in block %r: %s", tag, bound.spec.id, error.message)
    return Outcome("failed", reason=error.message, error=error)


def _type_of(error: DataGenFlowError) -> str:
    """The name of the error's type, or of the foreign one that it stands for."""
    is_foreign = type(error) is BlockExecutionError and error.__cause__ is not None
    return type(error.__cause__ if is_foreign else error).__name__


def _hide_keys(error: DataGenFlowError) -> None:
    """Take keys out of the error, and make its detail JSON."""
    if known_keys.may_hold(error.message):
        error.message = known_keys.text(error.message)
        error.args = (error.message,)
    error.detail = known_keys.value(_plain_detail(error.detail))


def _plain_detail(detail: dict[str, Any]) -> dict[str, Any]:
    """``detail`` as JSON: a block's own error may say anything in it."""
    try:
        return dict(plain(detail))
    except NotPlain:
        return {str(key): _plain_or_text(value) for key, value in detail.items()}


def _plain_or_text(value: Any) -> Any:
    try:
        return plain(value)
    except NotPlain:
        return f"<{type(value).__name__}>"


def _finish(program: Program, branch: Branch) -> Outcome:
    output_field = _output_field(program, branch)
    if program.accept_when is None:
        return Outcome("completed", output_field=output_field)
    try:
        verdict = bool(program.accept_when.evaluate(rule_fields(branch)))
    except TemplateError as error:
        located = TemplateError(f"accept_when: {error.message}", error.detail)
        return Outcome("failed", reason=located.message, error=located, output_field=output_field)
    return Outcome("completed", verdict=verdict, output_field=output_field)


def _output_field(program: Program, branch: Branch) -> str | None:
    """``output`` when a block set it, else the first output of the last block that ran."""
    steps = [step for step in branch.all_steps() if not step.skipped]
    if "output" in branch.state and any("output" in step.set for step in steps):
        return "output"
    if not steps:
        return None
    declared = program.blocks[steps[-1].index].block.output_fields()
    names = declared if declared and declared[0] != "*" else list(steps[-1].set)
    return names[0] if names else None


def _ending(outcome: Outcome) -> str:
    return outcome.status if outcome.reason is None else f"{outcome.status}: {outcome.reason}"
