"""An execution that has begun under an earlier runner: where it goes on, with which answers."""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

from ..engine import Branch, Execution, Outcome
from ..errors import BlockExecutionError
from ..records import Call, encode, replay
from ..storage.attempts import paths_to
from ..storage.journal import request_hash
from ..storage.resume import Past

__all__ = ["PastAnswers", "open_branches", "past_answers"]

#: A server that does not understand a request says so; the next call asks in another way.
_REFUSED = (400, 404, 422)

_log = logging.getLogger("datagenflow_nb")


class PastAnswers:
    """The answers that one block of one branch has already.

    Matched by the model's configured name and the request, not by the number: which of several
    calls made at once comes first is left to chance, and two servers may have a model of one id.

    Parameters
    ----------
    calls : list of (hash of the request, Call)
    kept : set of int
        Numbers of further calls that stay in the trace.
    rewrite : callable
        Writes a call down again, under the number it has now.
    """

    def __init__(
        self,
        calls: list[tuple[str, Call]],
        kept: set[int],
        rewrite: Callable[[Call], None],
    ) -> None:
        self._waiting: dict[tuple[str, str], deque[Call]] = defaultdict(deque)
        self._unused = {call.number for _, call in calls}
        self._used = set(kept)
        self._rewrite = rewrite
        self._block_id = calls[0][1].block_id
        for digest, call in calls:
            self._waiting[call.model, digest].append(call)

    def take(self, model: str, request: dict[str, Any]) -> Call | None:
        """The answered call of that model with exactly this request, each once, or None."""
        waiting = self._waiting.get((model, request_hash(encode(request))))
        if not waiting:
            return None
        call = waiting.popleft()
        self._unused.discard(call.number)
        if call.number in self._used:
            call.number = self.free_number()
            self._rewrite(call)
        self._used.add(call.number)
        return call

    def free_number(self) -> int:
        """The number of a call that is made anew; an answer there is to another request."""
        number = 0
        while number in self._used:
            number += 1
        self._used.add(number)
        if number in self._unused:
            _log.warning(
                "block %r asks something else than before the job was resumed; its call %d is "
                "made anew", self._block_id, number,
            )  # fmt: skip
        return number


def past_answers(
    past: Past, rewrite: Callable[[str, Call], None]
) -> dict[tuple[str, str], PastAnswers]:
    """The answers of an execution by branch and block.

    A call that got no answer is asked again, and so is one whose answer is not kept (vectors).
    """
    found: dict[tuple[str, str], list[tuple[str, Call]]] = defaultdict(list)
    kept: dict[tuple[str, str], set[int]] = defaultdict(set)
    for branch, digest, call in past.calls:
        if call.usage.calls and call.answer is not None:
            found[branch, call.block_id].append((digest, call))
        elif call.tries and call.tries[-1]["status"] in _REFUSED:
            kept[branch, call.block_id].add(call.number)

    def rewriting(branch: str) -> Callable[[Call], None]:
        return lambda call: rewrite(branch, call)

    return {key: PastAnswers(calls, kept[key], rewriting(key[0])) for key, calls in found.items()}


def open_branches(execution: Execution, past: Past) -> list[tuple[Branch, Outcome | None]]:
    """The branches that have no record, each where it goes on, and how those that cannot end.

    Steps are stored when branches end or part, so a branch goes on after its last stored step.
    """
    parents = {part for branch in past.steps for part in paths_to(branch)[:-1]}
    leaves = [branch for branch in past.steps or [""] if branch not in parents]
    _add_calls(past)
    return [
        _opened(execution, branch, past)
        for branch in sorted(leaves, key=_in_list_order)
        if branch not in past.records
    ]


def _opened(execution: Execution, path: str, past: Past) -> tuple[Branch, Outcome | None]:
    steps = [step for part in paths_to(path) for step in past.steps.get(part, ())]
    branch = Branch(
        execution,
        replay(execution.metadata, steps),
        path,
        steps[-1].index + 1 if steps else 0,
        tuple(steps),
    )
    error = steps[-1].error if steps else None
    if error is None:
        return branch, None
    failure = BlockExecutionError(error["error"], dict(error["detail"]))
    return branch, Outcome("failed", reason=failure.message, error=failure)


def _add_calls(past: Past) -> None:
    """Give steps before a fan-out their calls: they say which models answered."""
    calls: dict[tuple[str, str], list[Call]] = defaultdict(list)
    for branch, _, call in past.calls:
        calls[branch, call.block_id].append(call)
    for branch, steps in past.steps.items():
        for step in steps:
            parent = branch.rpartition(".")[0]
            step.calls = calls.get((branch, step.block_id)) or calls.get(
                (parent, step.block_id), []
            )


def _in_list_order(branch: str) -> list[int]:
    return [int(part) for part in branch.split(".")] if branch else []
