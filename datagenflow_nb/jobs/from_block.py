"""A record runs again from one of its blocks: what precedes it stays, the rest is asked anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ..blocks.builtin.text_generator import TextGenerator
from ..displays.asked import changed_told
from ..displays.text import plural
from ..engine import Program
from ..engine.program import BoundBlock
from ..errors import ConfigError, suggest
from ..llm.catalog import Models
from ..storage.from_block import Place
from ..storage.records import Record
from .forecast import model_of

if TYPE_CHECKING:
    from .job import Job

__all__ = ["FromBlock", "PlanAgain", "RunAgainPlan", "RunsAgain", "place_of", "plan_again"]


class FromBlock(NamedTuple):
    """Which record runs again, and from which block on."""

    record_id: int
    block_id: str


@dataclass(frozen=True, slots=True)
class RunAgainPlan:
    """A record that can run again: what is taken over, what will be asked.

    Attributes
    ----------
    record_id : int
    from_block : str
        The id of the block from which it runs.
    kept : int
        Steps that are taken over, with their answers.
    calls : dict of str to int
        By block id: calls that will be made, if it goes as it went.
    is_exact : bool
        False where blocks, their rules or failures decide it only at run time.
    replaced : int
        Current records that give way to what comes out.
    is_shared : bool
        The block stands before a fan-out: records of several branches are made anew.
    changed : tuple of str
        Blocks whose code is another than it was.
    answered : int
        Answers that are there of an attempt which was stopped, and now goes on.
    """

    record_id: int
    from_block: str
    kept: int
    calls: dict[str, int]
    is_exact: bool
    replaced: int
    is_shared: bool
    changed: tuple[str, ...] = ()
    answered: int = 0
    _start: Callable[[RunAgainPlan, dict[str, Any], bool], Job] = field(
        repr=False, compare=False, kw_only=True
    )

    @property
    def made(self) -> int:
        """Calls in all."""
        return sum(self.calls.values())

    def __str__(self) -> str:
        about = "" if self.is_exact else "about "
        by_block = ", ".join(f"{id_} {count}" for id_, count in self.calls.items())
        told = f"record {self.record_id} again from {self.from_block!r}: "
        told += f"{plural(self.kept, 'step')} taken over, {about}{plural(self.made, 'call')} made"
        if len(self.calls) > 1:
            told += f" ({by_block})"
        if self.answered:
            told += (
                "; it goes on where it was stopped, with "
                f"{plural(self.answered, 'answer')} that {'is' if self.answered == 1 else 'are'} "
                "there"
            )
        if self.is_shared:
            told += (
                f"; it stands before the fan-out, so {plural(self.replaced, 'record')} of this "
                "seed will give way to new ones"
            )
        if self.changed:
            told += f"; {changed_told(self.changed)}"
        return told

    def to_dict(self) -> dict[str, Any]:
        """The figures by name, and all of it in words."""
        names = ("record_id", "from_block", "kept", "calls", "made", "is_exact", "replaced")
        told = {name: getattr(self, name) for name in (*names, "is_shared", "answered")}
        return {**told, "changed": list(self.changed), "told": str(self)}

    def start(self, *, wait: bool = False, detach: bool = False, **options: Any) -> Job:
        """Start it; the job. The parameters are those of ``run_again``.

        Raises
        ------
        JobError
            When the job runs meanwhile, or the record was deleted.
        """
        job = self._start(self, options, detach)
        return job.wait_or_cancel() if wait else job


class PlanAgain(Protocol):
    """Plans how a record runs again."""

    def __call__(self, job_id: int, record_id: int, from_block: str) -> RunAgainPlan: ...


class RunsAgain:
    """The part of a job that runs one of its records again from a block on."""

    id: int
    _plan_again: PlanAgain

    def run_again(
        self,
        record_id: int,
        from_block: str,
        *,
        wait: bool = False,
        detach: bool = False,
        **options: Any,
    ) -> Job:
        """Run a record again from one of its blocks, as a new attempt beside it.

        What precedes the block is taken over from the stored steps: no call is made for it. From
        the block on every model is asked anew. The new record becomes the current one in the moment
        it is stored; the old one stays with its trace and its decision, and
        ``ws.make_current(record_id)`` brings it back. A block before a fan-out makes all branches
        of the seed anew.

        Parameters
        ----------
        record_id : int
            One of the job's records, also one that failed or gave way to another.
        from_block : str
            The block's id.
        wait, detach, **options
            As for ``resume``.

        Raises
        ------
        JobError
            While a runner has the job, while an attempt of the same seed has not ended, and for a
            record of another job.
        ConfigError
            When the record never came to the block, and as for ``resume``.
        BlockNotFoundError
            As for ``resume``.
        """
        plan = self.plan_run_again(record_id, from_block)
        return plan.start(wait=wait, detach=detach, **options)

    def plan_run_again(self, record_id: int, from_block: str) -> RunAgainPlan:
        """What ``run_again`` would do, as a plan that tells it and can ``start()``; nothing is run.

        Parameters, errors
            As for ``run_again``.
        """
        return self._plan_again(self.id, record_id, from_block)


def place_of(record: Record, from_block: str, program: Program) -> Place:
    """Where the record runs again.

    Raises
    ------
    ConfigError
        When there is no such block, or the record never came to it.
    """
    ids = [bound.spec.id for bound in program.blocks]
    if from_block not in ids:
        raise ConfigError(
            f"job {record.job_id} has no block {from_block!r}; {suggest(str(from_block), ids)}",
            {"block_id": from_block, "blocks": ids},
        )
    step = ids.index(from_block)
    came = [one.index for one in record.steps]
    if step not in came:
        last = record.steps[-1].block_id if record.steps else None
        ended = f"it ended with {last!r}" if last is not None else "it has no steps"
        raise ConfigError(
            f"record {record.id} never came to block {from_block!r}, {ended}; run it again from "
            "there or from a block before",
            {"record_id": record.id, "block_id": from_block},
        )
    at = came.index(step)
    return Place(
        record.job_id, record.seed_index, record.repetition, record.execution_id,
        record.steps[at - 1].branch if at else "", step, from_block, tuple(ids[:step]),
    )  # fmt: skip


def plan_again(
    record: Record,
    place: Place,
    program: Program,
    models: Models,
    known: dict[str, int],
    current: list[int],
    changed: Iterable[str],
    start: Callable[[RunAgainPlan, dict[str, Any], bool], Job],
    answered: dict[str, int],
) -> RunAgainPlan:
    """What will be done.

    Parameters
    ----------
    known : dict
        Calls that the branch has made, by block.
    current : list of int
        The records that give way.
    changed
        Blocks whose code is another now.
    answered : dict
        By block: answers of an attempt from there that was stopped, and goes on.
    """
    came = {step.block_id for step in record.steps}
    later = program.blocks[place.step :]
    calls: dict[str, int] = {}
    is_exact = record.status != "failed" and place.branch == record.branch
    for bound in later:
        id_ = bound.spec.id
        asks = model_of(bound, models) is not None
        count = known.get(id_, 0)
        if not count and asks and id_ not in came:
            count = 1  # it has never come there
        count -= min(count, answered.get(id_, 0))
        if count:
            calls[id_] = count
        is_exact &= _is_sure(bound, asks=asks)
    touched = tuple(id_ for id_ in changed if id_ in {bound.spec.id for bound in later})
    return RunAgainPlan(
        record.id, place.block_id, place.step, calls, is_exact and not touched, len(current),
        place.branch != record.branch, touched, sum(answered.values()), _start=start,
    )  # fmt: skip


def _is_sure(bound: BoundBlock, *, asks: bool) -> bool:
    """Whether the block makes as many calls as it made before."""
    if bound.spec.disabled:
        return True
    if asks:
        return isinstance(bound.block, TextGenerator) and bound.when is None
    return not bound.wants_context
