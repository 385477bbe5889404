"""An execution that has begun under an earlier runner: where it goes on, with which answers.

So has, in a job that re-runs another one, every execution: nothing of it is stored, but the answers
that the other job has.
"""

from __future__ import annotations

import functools
import logging
from collections import Counter, defaultdict, deque
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
    take_over : callable
        Stores a call of another job as one of this.
    """

    def __init__(self, block_id: str, take_over: Callable[[Call], None]) -> None:
        self._block_id = block_id
        self._take_over = take_over
        self._waiting: dict[tuple[str, str], deque[Call]] = defaultdict(deque)
        self._elsewhere: dict[tuple[str, str], deque[Call]] = defaultdict(deque)
        self._unused: set[int] = set()
        self._used: set[int] = set()
        self._next = 0

    def add(self, digest: str, call: Call) -> None:
        """An answer to the request of that hash."""
        self._waiting[call.model, digest].append(call)
        self._unused.add(call.number)

    def offer(self, digest: str, call: Call) -> None:
        """An answer that another job has to the request of that hash."""
        self._elsewhere[call.model, digest].append(call)

    def keep(self, call: Call) -> None:
        """A further call that stays in the trace."""
        self._used.add(call.number)

    def take(self, model: str, request: dict[str, Any]) -> Call | None:
        """The answered call of that model with exactly this request, each once, or None."""
        key = (model, request_hash(encode(request)))
        waiting = self._waiting.get(key)
        if waiting:
            call = waiting.popleft()
            self._unused.discard(call.number)
            self._used.add(call.number)
            return call
        offered = self._elsewhere.get(key)
        if not offered:
            return None
        call = offered.popleft()
        call.number, call.reused = self.free_number(), True
        self._take_over(call)
        return call

    def free_number(self) -> int:
        """The number of a call that is made anew.

        Not that of an answer that waits: it may be asked for yet, in another order than before, and
        it was paid.
        """
        while self._next in self._used or self._next in self._unused:
            self._next += 1
        self._used.add(self._next)
        return self._next

    def close(self) -> None:
        """The block has ended well: tell of answers that it has not asked for again."""
        if self._unused:
            _log.warning(
                "block %r asks something else than before the job was resumed; answers that it had "
                "and did not ask for again: %d (paid, so they stay in the trace)",
                self._block_id, len(self._unused),
            )  # fmt: skip


def past_answers(
    past: Past, take_over: Callable[[str, Call], None]
) -> dict[tuple[str, str], PastAnswers]:
    """The answers of an execution by branch and block.

    A call that got no answer is asked again, and so is one whose answer is not kept (vectors).

    Parameters
    ----------
    take_over : callable
        Stores a call of another job as one of this, on that branch.
    """
    found: dict[tuple[str, str], PastAnswers] = {}

    def answers_at(branch: str, block_id: str) -> PastAnswers:
        if (branch, block_id) not in found:
            storing = functools.partial(take_over, branch)
            found[branch, block_id] = PastAnswers(block_id, storing)
        return found[branch, block_id]

    #: What was taken over before the job was stopped is not taken twice.
    taken: Counter[tuple[str, str, str, str]] = Counter()
    for branch, digest, call in past.calls:
        if call.usage.calls and call.answer is not None:
            answers_at(branch, call.block_id).add(digest, call)
            taken[branch, call.block_id, call.model, digest] += call.reused
    for branch, digest, call in past.elsewhere:
        key = (branch, call.block_id, call.model, digest)
        if taken[key]:
            taken[key] -= 1
        else:
            answers_at(branch, call.block_id).offer(digest, call)
    for branch, _, call in past.calls:
        if call.tries and call.tries[-1]["status"] in _REFUSED:
            answers = found.get((branch, call.block_id))
            if answers is not None:
                answers.keep(call)
    return found


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
