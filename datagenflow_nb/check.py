"""What is wrong with a pipeline, found without running it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .blocks.base import BaseBlock
from .blocks.fields import Need, find_needs
from .blocks.registry import Registry
from .engine.program import build_block
from .errors import DataGenFlowError, SeedError, TemplateError, suggest
from .records import Seed
from .spec import BlockSpec, PipelineSpec
from .templating import compile_expression

__all__ = [
    "Flow",
    "Problem",
    "check_fields",
    "check_pipeline",
    "describe_flow",
    "needed_seed_fields",
]

_MAX_NAMED = 20  # fields of a seed in one message


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    message : str
        What, where, and what to do.
    block : str or None
        The block's id; None for the pipeline's own rules.
    """

    message: str
    block: str | None = None
    detail: dict[str, Any] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return self.message


class _Fields:
    """The fields known at one point of a pipeline.

    ``seed`` is None when the seed's fields are not known; ``is_open`` when a block may have added
    any field.
    """

    def __init__(self, seed: Iterable[str] | None) -> None:
        self.seed = None if seed is None else set(seed)
        self.known = set(self.seed or ())
        self.is_open = seed is None

    def provides(self, need: Need) -> bool:
        return any(self._has(name) for name in need.anyof)

    def nearest(self, name: str) -> tuple[str, list[str]]:
        """The half sentence about the fields there are, and those fields."""
        of_seed = name.startswith("metadata.")
        there = self.seed or set() if of_seed else self.known
        return suggest(name.removeprefix("metadata.") if of_seed else name, there), sorted(there)

    def add(self, names: Iterable[str]) -> None:
        for name in names:
            if name == "*":
                self.is_open = True
            else:
                self.known.add(name)

    def _has(self, name: str) -> bool:
        if not name.startswith("metadata."):
            # Templates and rules always see the seed's fields together as ``metadata``.
            return self.is_open or name == "metadata" or name in self.known
        # A field of that name goes before the seed's metadata; what is in it is not known.
        has_own = "metadata" in self.known
        return has_own or self.seed is None or name.removeprefix("metadata.") in self.seed


def check_pipeline(
    spec: PipelineSpec,
    registry: Registry,
    instances: Mapping[str, BaseBlock],
    fields: Iterable[str] | None,
) -> list[Problem]:
    """Every problem of ``spec``; see ``Pipeline.validate``."""
    problems: list[Problem] = []
    known = _Fields(fields)
    for number, entry in enumerate(spec.blocks, 1):
        try:
            block = instances.get(entry.id) or build_block(entry, registry, number)
            needs = _needs(entry, block)
        except DataGenFlowError as error:
            problems.append(_problem(error, entry.id, number))
            known.is_open = True  # what this block would have added is not known
            continue
        for need in needs:
            if not known.provides(need):
                place = f"block {entry.id!r} ({entry.type}), {need.where}:"
                problems.append(_missing(need, place, entry.id, known))
        known.add(block.output_fields())
    problems.extend(_check_accept_rule(spec, known))
    return problems


def needed_seed_fields(
    spec: PipelineSpec, registry: Registry, instances: Mapping[str, BaseBlock]
) -> dict[tuple[str, ...], str]:
    """Fields that every seed must bring, any one of each key, and who needs it: certain ones only.

    Raises
    ------
    DataGenFlowError
        For a pipeline that cannot be built.
    """
    needed: dict[tuple[str, ...], str] = {}
    known = _Fields(())
    for number, entry in enumerate(spec.blocks, 1):
        block = instances.get(entry.id) or build_block(entry, registry, number)
        for need in _needs(entry, block):
            if not need.is_guess and not known.provides(need):
                place = f"block {entry.id!r} ({entry.type}), {need.where}"
                needed.setdefault(_of_seed(need), place)
        known.add(block.output_fields())
    if spec.accept_when is not None:
        for need in _rule_needs(spec.accept_when, "accept_when"):
            if not known.provides(need):
                needed.setdefault(_of_seed(need), "the rule accept_when")
    return needed


def _of_seed(need: Need) -> tuple[str, ...]:
    return tuple(name.removeprefix("metadata.") for name in need.anyof)


@dataclass(frozen=True, slots=True)
class Flow:
    """What flows through a pipeline, for people.

    Attributes
    ----------
    blocks : list of dict
        ``number, id, type, reads, adds, fields, is_open, when, disabled, fan_out, problems`` each;
        ``reads``, ``adds`` and ``fields`` (what is there before the block; ``is_open``: others may
        be, too) are names of fields, ``problems`` what is wrong with the block.
    seed_fields : list of str
        Fields the seed has to bring; ``a or b`` where either will do.
    fields : list of str
        What is there at the end.
    problem : str or None
        What is wrong with the pipeline's own rule.
    """

    blocks: list[dict[str, Any]]
    seed_fields: list[str]
    fields: list[str]
    problem: str | None


def describe_flow(
    spec: PipelineSpec,
    registry: Registry,
    instances: Mapping[str, BaseBlock],
    fields: Iterable[str] | None = None,
) -> Flow:
    """Blocks, fields and problems in order; whatever is wrong is told in it, never raised.

    Parameters
    ----------
    fields : iterable of str, optional
        The seed's fields; else those the pipeline needs stand for them.
    """
    wrong: dict[str | None, list[str]] = {}
    for problem in check_pipeline(spec, registry, instances, fields):
        wrong.setdefault(problem.block, []).append(problem.message)
    try:
        needed = list(needed_seed_fields(spec, registry, instances))
    except DataGenFlowError:
        needed = []  # the problem is told beside its block
    known = _Fields(fields if fields is not None else {name for need in needed for name in need})
    blocks = []
    for number, entry in enumerate(spec.blocks, 1):
        before = {"fields": sorted(known.known), "is_open": known.is_open}
        traffic = _traffic(entry, registry, instances, number)
        known.add("*" if name == "any" else name for name in traffic["adds"])
        blocks.append(
            {
                "number": number,
                "id": entry.id,
                "type": entry.type,
                **traffic,
                **before,
                "when": entry.when,
                "disabled": entry.disabled,
                "problems": wrong.get(entry.id, []),
            }
        )
    seed_fields = [" or ".join(anyof) for anyof in needed]
    rule = wrong.get(None)
    return Flow(blocks, seed_fields, sorted(known.known), rule[0] if rule else None)


def _traffic(
    entry: BlockSpec, registry: Registry, instances: Mapping[str, BaseBlock], number: int
) -> dict[str, Any]:
    try:
        block = instances.get(entry.id) or build_block(entry, registry, number)
        needs = find_needs(block)
        adds = ["any" if name == "*" else name for name in block.output_fields()]
    except DataGenFlowError:
        return {"reads": [], "adds": [], "fan_out": False}
    reads = [" or ".join(need.anyof) for need in needs]
    return {"reads": list(dict.fromkeys(reads)), "adds": adds, "fan_out": block.fan_out}


def check_fields(seed: Seed, required: Mapping[tuple[str, ...], str]) -> None:
    """Make sure that a seed has the fields a pipeline needs.

    Parameters
    ----------
    seed : Seed
        As read by ``read_seeds``.
    required : mapping of tuple of str to str
        Fields of which one must be there, and who needs it:
        ``{("topic",): "block 'writer' (TextGenerator), user_prompt"}``.

    Raises
    ------
    SeedError
        Names the place, the missing field, who needs it, and the fields there are.
    """
    metadata = seed.metadata
    for anyof, needed_by in required.items():
        if any(name in metadata for name in anyof):
            continue
        fields = sorted(metadata)
        named = ", ".join(map(repr, fields[:_MAX_NAMED])) or "no fields"
        if len(fields) > _MAX_NAMED:
            named += f" and {len(fields) - _MAX_NAMED} more"
        near = suggest(anyof[0], fields)
        is_near = near.startswith("did you mean")
        hint = f"{near} The seed has {named}" if is_near else f"the seed has {named}"
        source = seed.where or "seed"
        raise SeedError(
            f"{source}: no field {' or '.join(map(repr, anyof))}, which {needed_by} needs; {hint}",
            {"source": source, "key": " or ".join(anyof), "needed_by": needed_by, "fields": fields},
        )


def _needs(entry: BlockSpec, block: BaseBlock) -> list[Need]:
    """With a ``when``, only the rule's own fields are certainly needed; disabled, none."""
    needs = find_needs(block)  # templates must parse in any case
    rule_needs = _rule_needs(entry.when, "'when'") if entry.when is not None else needs
    return [] if entry.disabled else rule_needs


def _rule_needs(source: str, where: str) -> list[Need]:
    try:
        rule = compile_expression(source)
    except TemplateError as error:
        raise TemplateError(f"{where}: {error.message}", error.detail) from error
    names = [*rule.required, *(f"metadata.{name}" for name in rule.metadata_fields)]
    return [Need((name,), where) for name in sorted(names)]


def _missing(need: Need, place: str, block_id: str | None, known: _Fields) -> Problem:
    wanted = " or ".join(repr(name) for name in need.anyof)
    hint, there = known.nearest(need.anyof[0])
    if need.is_guess:
        hint += "" if hint.endswith("?") else "."
        hint += (
            " The text looks like a template; if the block does not render it, describe the "
            "block's configuration with get_schema"
        )
    return Problem(
        f"{place} needs {wanted}, which neither the seed nor an earlier block provides; {hint}",
        block_id,
        {"missing": list(need.anyof), "fields": there},
    )


def _problem(error: DataGenFlowError, block_id: str, number: int) -> Problem:
    message = error.message
    if not message.startswith("block "):
        message = f"block {number} ({block_id!r}): {message}"
    elif message.startswith("block type"):
        message = f"block {number}: {message}"
    return Problem(message, block_id, error.detail)


def _check_accept_rule(spec: PipelineSpec, known: _Fields) -> list[Problem]:
    if spec.accept_when is None:
        return []
    try:
        needs = _rule_needs(spec.accept_when, "accept_when")
    except TemplateError as error:
        return [Problem(error.message, None, error.detail)]
    missing = [need for need in needs if not known.provides(need)]
    return [_missing(need, "accept_when:", None, known) for need in missing]
