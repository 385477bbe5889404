"""What is wrong with a pipeline, found without running it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .blocks.base import BaseBlock
from .blocks.fields import Need, find_needs
from .blocks.registry import Registry
from .engine.program import build_block
from .errors import DataGenFlowError, TemplateError, suggest
from .spec import BlockSpec, PipelineSpec
from .templating import compile_expression

__all__ = ["Problem", "check_pipeline", "needed_seed_fields"]


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
) -> dict[str, str]:
    """Fields that every seed must bring, and who needs each: certain ones only.

    Raises
    ------
    DataGenFlowError
        For a pipeline that cannot be built.
    """
    needed: dict[str, str] = {}
    known = _Fields(())
    for number, entry in enumerate(spec.blocks, 1):
        block = instances.get(entry.id) or build_block(entry, registry, number)
        for need in _needs(entry, block):
            if len(need.anyof) == 1 and not known.provides(need):
                name = need.anyof[0].removeprefix("metadata.")
                needed.setdefault(name, f"block {entry.id!r} ({entry.type}), {need.where}")
        known.add(block.output_fields())
    if spec.accept_when is not None:
        for need in _rule_needs(spec.accept_when, "accept_when"):
            if not known.provides(need):
                needed.setdefault(need.anyof[0].removeprefix("metadata."), "the rule accept_when")
    return needed


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
