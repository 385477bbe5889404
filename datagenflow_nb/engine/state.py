"""What travels through the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ..errors import DataGenFlowError
from ..records import Call, Step

__all__ = ["Answers", "Branch", "Execution", "Outcome", "Sink"]


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of a pipeline for one repetition of one seed.

    Attributes
    ----------
    random_seed : int
        With the indexes, the branch and the block id it decides ``ctx.random``.
    key : int
        The store's number of this execution; 0 outside a job.
    """

    metadata: dict[str, Any]
    trace_id: str
    random_seed: int
    seed_index: int = 0
    repetition: int = 0
    attempt: int = 1
    job_id: int | None = None
    key: int = 0

    def random_key(self, branch: str, block_id: str) -> str:
        """What the random numbers of one block on one branch are drawn from."""
        return f"{self.random_seed}/{self.seed_index}/{self.repetition}/{branch}/{block_id}"


@dataclass(slots=True)
class Branch:
    """An execution's path through fan-outs: where it stands and what happened on it.

    Attributes
    ----------
    path : str
        List positions joined by dots; ``""`` before any fan-out.
    index : int
        The next block.
    state : dict
        The accumulated fields; never handed out, blocks get copies.
    inherited : tuple of Step
        The steps before the last fan-out, shared with its siblings.
    steps : list of Step
        The steps since.
    mark : int
        For the sink: up to where this branch's calls were noted.
    """

    execution: Execution
    state: dict[str, Any]
    path: str = ""
    index: int = 0
    inherited: tuple[Step, ...] = ()
    steps: list[Step] = field(default_factory=list)
    mark: int = 0

    @classmethod
    def start(cls, execution: Execution) -> Branch:
        """The one branch an execution begins with."""
        return cls(execution, dict(execution.metadata))

    @property
    def at(self) -> int:
        """The block that it is in, or comes to next."""
        return self.steps[-1].index + 1 if self.steps else self.index

    def all_steps(self) -> Iterator[Step]:
        """Every step on the path, in order."""
        yield from self.inherited
        yield from self.steps

    def models(self) -> list[str]:
        """Names of the models that answered on the path, each once, in order of first use."""
        calls = (call for step in self.all_steps() for call in step.calls)
        return list(dict.fromkeys(call.model for call in calls if call.answer is not None))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a branch ended.

    Attributes
    ----------
    reason : str or None
        Why it failed or was filtered.
    verdict : bool or None
        What ``accept_when`` said; None without a rule.
    output_field : str or None
        The field that is the record's output.
    """

    status: Literal["completed", "filtered", "failed"]
    reason: str | None = None
    error: DataGenFlowError | None = None
    verdict: bool | None = None
    output_field: str | None = None


class Answers(Protocol):
    """What a block on a branch was answered before its job was resumed."""

    def take(self, model: str, request: dict[str, Any]) -> Call | None:
        """The answered call with exactly this request, each once; None when there is none."""

    def free_number(self) -> int:
        """The number of a call that is made anew."""

    def close(self) -> None:
        """The block has ended well and asks for no more of them."""


class Sink(Protocol):
    """Where calls are made safe while a branch runs."""

    def answers(self, branch: Branch, block_id: str) -> Answers | None:
        """What the block was answered on the branch by an earlier runner; None: nothing."""

    def call(self, branch: Branch, call: Call) -> None:
        """Note a call that has ended."""

    async def ready(self, branch: Branch, call: Call) -> None:
        """Returns when the branch's calls noted so far are safe and ``call`` may be made.

        Raises
        ------
        Stopped
            When no more calls shall be made.
        """

    def give_up(self, call: Call) -> None:
        """A call that was ready is not made."""

    async def pause(self, branch: Branch, seconds: float, model: str, reason: str) -> bool:
        """Wait before another try of ``model``; False, at once, when no more calls shall be made.

        ``reason`` is for people.
        """

    async def turn(
        self, branch: Branch, place: asyncio.Future[Any], told: Callable[[], str | None]
    ) -> bool:
        """Returns when ``place``, a call's place in its model's queue, is done; False: but not now.

        ``told`` says to people why it waits.

        Raises
        ------
        Stopped
            At once, when no more calls shall be made.
        """
