"""One seed through a pipeline, nothing stored: the seed as given by hand, and what comes out."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .blocks.context import ModelSource
from .engine import Branch, Execution, Outcome, Program, run_branch
from .errors import DataGenFlowError, SeedError, ValidationError
from .records import NotPlain, Trace, build_trace, new_trace_id, plain

__all__ = ["Result", "new_execution", "only_result", "results_of", "run_seed"]


@dataclass(frozen=True, slots=True)
class Result:
    """What one branch gave; unpacks as ``result, trace, trace_id``.

    Attributes
    ----------
    result : dict
        The final state, and ``output``: the field of that name when a block set it, else the first
        declared output of the last block that ran; where there is none, the seed's own field.
    trace : list of dict
        One entry per step; see ``records.build_trace``.
    status : str
        ``completed``; ``filtered`` when a block dropped the branch, with ``reason``.
    accepted : bool or None
        What ``accept_when`` said; None without that rule.
    """

    result: dict[str, Any]
    trace: Trace = field(repr=False)
    trace_id: str
    branch: str = ""
    status: str = "completed"
    reason: str | None = None
    accepted: bool | None = None

    def __iter__(self) -> Iterator[Any]:
        return iter((self.result, self.trace, self.trace_id))

    def __len__(self) -> int:
        return 3

    def _repr_html_(self) -> str:
        from .displays.trace import trace_html

        about = f" ({self.reason})" if self.reason else ""
        return trace_html(self.trace, title=f"Result: {self.status}{about}")

    def __getitem__(self, index: int) -> Any:
        return (self.result, self.trace, self.trace_id)[index]


async def run_seed(
    program: Program, execution: Execution, models: ModelSource, *, keep_going: bool = False
) -> list[Result | DataGenFlowError]:
    """What every branch gave, in order of their paths: its result, or the error that ended it.

    An error carries the ``trace`` until then; it is the last item unless ``keep_going``.
    """
    waiting = [Branch.start(execution)]
    ended: list[Result | DataGenFlowError] = []
    while waiting:
        branch = waiting.pop()
        outcome = await run_branch(program, branch, models)
        if isinstance(outcome, list):
            waiting.extend(reversed(outcome))
            continue
        ended.append(_ending(branch, outcome))
        if outcome.error is not None and not keep_going:
            break
    return ended


def results_of(ended: Sequence[Result | DataGenFlowError]) -> list[Result]:
    """The results alone.

    Raises
    ------
    DataGenFlowError
        The first branch's error, when one failed.
    """
    results = []
    for item in ended:
        if isinstance(item, DataGenFlowError):
            raise item
        results.append(item)
    return results


def only_result(results: Sequence[Result], name: str) -> Result:
    """The one result of pipeline ``name``.

    Raises
    ------
    ValidationError
        When there is not exactly one.
    """
    if len(results) != 1:
        raise ValidationError(
            f"pipeline {name!r} fanned out into {len(results)} branches; execute() gives "
            "exactly one result, use execute_all()",
            {"branches": len(results)},
        )
    if results[0].status == "filtered":
        raise ValidationError(
            f"pipeline {name!r} filtered this seed out ({results[0].reason}); execute() "
            "gives exactly one result, use execute_all()",
            {"reason": results[0].reason},
        )
    return results[0]


def new_execution(seed: Mapping[str, Any], random_seed: int | None) -> Execution:
    """An execution of ``seed``, which is its fields or ``{"metadata": {...}}``.

    Raises
    ------
    SeedError
        For anything else, and for values JSON cannot hold.
    """
    return Execution(
        metadata=_as_metadata(seed),
        trace_id=new_trace_id(),
        random_seed=random.getrandbits(32) if random_seed is None else random_seed,
    )


def _ending(branch: Branch, outcome: Outcome) -> Result | DataGenFlowError:
    trace = build_trace(branch.execution.metadata, branch.all_steps())
    if outcome.error is not None:
        outcome.error.trace = trace
        return outcome.error
    state = plain(branch.state)
    output = state.get(outcome.output_field or "output")
    return Result(
        result={**state, "output": output},
        trace=trace,
        trace_id=branch.execution.trace_id,
        branch=branch.path,
        status=outcome.status,
        reason=outcome.reason,
        accepted=outcome.verdict,
    )


def _as_metadata(seed: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(seed, Mapping):
        raise SeedError(
            f"a seed is a dictionary of fields, got {type(seed).__name__}: {seed!r:.60}"
        )
    fields = seed
    if "metadata" in seed:
        fields = seed["metadata"]
        others = [key for key in seed if key not in ("metadata", "repetitions")]
        if not isinstance(fields, Mapping):
            raise SeedError(
                "a dictionary with the key 'metadata' is a seed, and its metadata is a dictionary "
                f"of fields, got {type(fields).__name__}: {fields!r:.60}"
            )
        if others:
            raise SeedError(
                f"seed: unknown key {others[0]!r} beside 'metadata' and 'repetitions'; put it "
                "inside metadata"
            )
    try:
        return dict(plain(dict(fields)))
    except NotPlain as error:
        place = f"seed field {error.path!r}" if error.path else "seed"
        raise SeedError(f"{place}: {error.reason}") from error
