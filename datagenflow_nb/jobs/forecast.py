"""How many answers a re-run will reuse and how many calls it will make, told without running it.

A block is *changed* when it, its code, its configuration, its rule or the model it asks differs
from the parent's. What it sets may differ, so a later block that reads that may ask something else,
and so may every block behind one that splits or ends branches differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..blocks.builtin.text_generator import TextGenerator
from ..blocks.fields import find_reads
from ..displays.usage import forecast_told
from ..engine import Program
from ..engine.program import BoundBlock
from ..llm.catalog import Models
from ..storage.reuse import Figures
from .identity import is_builtin

__all__ = ["Forecast", "Parent", "forecast", "model_of"]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a re-run is going to do.

    Attributes
    ----------
    reused : int
        Answers taken over from the parent.
    made : int
        Calls made anew, if nothing fails.
    is_exact : bool
        False where blocks, their rules or failures decide it only at run time.
    changed : tuple of str
        Blocks whose code is not that of the parent: at most about so many calls are made.
    notes : tuple of str
        What else is another than it was.
    """

    reused: int
    made: int
    is_exact: bool
    changed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return forecast_told(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """The figures by name."""
        told = {"reused": self.reused, "made": self.made, "is_exact": self.is_exact}
        more = {"changed": list(self.changed), "notes": list(self.notes)}
        return told | {name: value for name, value in more.items() if value}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Forecast:
        """From what ``to_dict`` gave."""
        return cls(
            told["reused"], told["made"], told["is_exact"],
            tuple(told.get("changed", ())), tuple(told.get("notes", ())),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parent:
    """The job that is re-run.

    Attributes
    ----------
    program : Program or None
        Its pipeline; None when that cannot be built here any more.
    total : int
        Executions that its seeds ask for.
    passed : int
        Branches that came to the end of its pipeline.
    has_failed : bool
        Something did.
    changed : sequence of str
        Ids of blocks whose code was another then.
    notes : sequence of str
        For the forecast.
    """

    program: Program | None
    figures: Figures
    total: int
    passed: int
    has_failed: bool
    changed: Sequence[str] = ()
    notes: Sequence[str] = ()


def forecast(program: Program, parent: Parent, models: Models) -> Forecast:
    """What ``program`` will ask over the seeds of ``parent``; nothing is run."""
    blocks_before = parent.program.blocks if parent.program else ()
    old = {bound.spec.id: bound for bound in blocks_before}
    before, now = _sources(blocks_before), _sources(program.blocks)
    flow = _Flow(parent)
    tainted: set[str] = set()
    reused, made, is_exact = 0, 0, True
    for place, bound in enumerate(program.blocks):
        id_ = bound.spec.id
        known = parent.figures.answers.get(id_, {})
        has_asked, model = sum(known.values()), model_of(bound, models)
        if id_ in old and now[id_].splitters != before[id_].splitters:
            flow.is_tainted = True
        is_comparable = id_ in old and not flow.is_tainted
        is_known = id_ in old and id_ not in parent.changed
        asks_same = is_known and _asks_same(bound, old[id_], model, known)
        given_same = is_comparable and now[id_].are_same(before[id_], "block", tainted)
        rule_holds = is_comparable and (
            _rule(bound) == _rule(old[id_]) and now[id_].are_same(before[id_], "rule", tainted)
        )
        is_clean = asks_same and given_same and rule_holds
        if not is_clean:
            tainted.add(id_)
        if not bound.spec.disabled and (model is not None or has_asked):
            later = program.blocks[place + 1 :]
            calls, is_sure = flow.runs(bound, later, rule_holds=rule_holds)
            if not isinstance(bound.block, TextGenerator):  # corrections, or whatever it likes
                calls, is_sure = max(calls, has_asked), False
            kept = min(has_asked, calls) if asks_same and given_same else 0
            # What a block asks about something else may turn out to be the same.
            is_exact &= is_sure and flow.is_sure and (given_same or not asks_same)
            is_exact &= not parent.has_failed and (model not in known or len(known) == 1)
            reused, made = reused + kept, made + calls - kept
        elif not is_builtin(bound.block) and bound.wants_context and not bound.spec.disabled:
            is_exact = False  # whether it asks is not known
        flow.passed(bound, old.get(id_), is_clean=is_clean)
    is_exact &= not parent.changed
    return Forecast(reused, made, is_exact, tuple(parent.changed), tuple(parent.notes))


class _Flow:
    """How many branches come to a block."""

    def __init__(self, parent: Parent) -> None:
        self._parent = parent
        #: One branch per execution so far.
        self._is_plain = True
        self.is_tainted = parent.program is None
        self.is_sure = parent.program is not None

    def runs(
        self, bound: BoundBlock, later: Iterable[BoundBlock], *, rule_holds: bool
    ) -> tuple[int, bool]:
        """How often the block will run, and whether that is certain."""
        figures, id_ = self._parent.figures, bound.spec.id
        has_rule = bound.when is not None
        if self._is_plain and not has_rule:
            return self._parent.total, True
        is_sure = not self.is_tainted and (rule_holds or not has_rule)
        if id_ in figures.passes:
            count = (figures.runs if has_rule and rule_holds else figures.passes)[id_]
        else:
            following = (figures.passes[b.spec.id] for b in later if b.spec.id in figures.passes)
            count = next(following, self._parent.passed)
        if 0 < figures.ended < self._parent.total:
            count, is_sure = count * self._parent.total // figures.ended, False
        return count, is_sure

    def passed(self, bound: BoundBlock, before: BoundBlock | None, *, is_clean: bool) -> None:
        """The branches have come past the block."""
        if _splits(bound) or (before is not None and _splits(before)):
            self._is_plain = False
            self.is_tainted |= not is_clean
        if not is_builtin(bound.block):
            self.is_sure = False  # it may do something else every time


def _asks_same(
    bound: BoundBlock,
    before: BoundBlock,
    model: tuple[str, str] | None,
    known: Mapping[tuple[str, str], int],
) -> bool:
    """Whether the two ask the same when they are given the same."""
    config, config_before = (dict(one.block.config.items()) for one in (bound, before))
    is_same = bound.type == before.type and config == config_before
    return is_same and (model is None or all(one == model for one in known))


def _rule(bound: BoundBlock) -> tuple[str | None, bool]:
    """What decides whether the block runs."""
    return bound.spec.when, bound.spec.disabled


def model_of(bound: BoundBlock, models: Models) -> tuple[str, str] | None:
    """Name and id of the model that the block's configuration makes it ask.

    An answer is that of a name and an id, whatever the address.
    """
    config = {} if bound.spec.disabled else dict(bound.block.config.items())
    if "model" not in config:
        return None
    found = models.resolve(config["model"])
    return found.name, found.model


def _splits(bound: BoundBlock) -> bool:
    """Whether the block makes branches, or may end them: of ours none does."""
    return bound.block.fan_out or not is_builtin(bound.block)


@dataclass(frozen=True, slots=True)
class _Sources:
    """For what a block and its rule read (None: any field), the blocks that may have set it."""

    block: dict[str | None, tuple[str, ...]]
    rule: dict[str | None, tuple[str, ...]]
    #: The blocks before it that decide how many branches come to it.
    splitters: tuple[str, ...]

    def are_same(self, before: _Sources, part: Literal["block", "rule"], tainted: set[str]) -> bool:
        """Whether they are the blocks of before, and none of them is tainted."""
        mine: dict[str | None, tuple[str, ...]] = getattr(self, part)
        return mine == getattr(before, part) and not any(
            tainted.intersection(ids) for ids in mine.values()
        )


def _sources(blocks: Iterable[BoundBlock]) -> dict[str, _Sources]:
    """Where what each block reads comes from."""
    found: dict[str, _Sources] = {}
    setters: dict[str, tuple[str, ...]] = {}
    anything: tuple[str, ...] = ()  # that may set any field
    splitters: tuple[str, ...] = ()
    for bound in blocks:
        reads = find_reads(bound.block)
        rule = bound.when.required | bound.when.optional if bound.when is not None else set()
        known = {name: setters.get(name, ()) + anything for name in {*rule, *(reads or ())}}
        found[bound.spec.id] = _Sources(
            {None: tuple(found)} if reads is None else {name: known[name] for name in reads},
            {name: known[name] for name in rule},
            splitters,
        )
        if _splits(bound):
            splitters += (bound.spec.id,)
        for name in bound.block.output_fields():
            if name == "*":
                anything += (bound.spec.id,)
            else:
                setters[name] = (bound.spec.id,)
    return found
