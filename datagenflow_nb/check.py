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
    """The fields known at one point of a pipeline."""

    def __init__(self, seed: Iterable[str]) -> None:
        self.seed = set(seed)
        self.known = set(self.seed)
        self.is_open = False

    def provides(self, need: Need) -> bool:
        return self.is_open or any(self._has(name) for name in need.anyof)

    def _has(self, name: str) -> bool:
        if name.startswith("metadata."):
            return name.removeprefix("metadata.") in self.seed
        return name == "metadata" or name in self.known

    def add(self, names: Iterable[str]) -> None:
        for name in names:
            if name == "*":
                self.is_open = True
            else:
                self.known.add(name)


def check_pipeline(
    spec: PipelineSpec,
    registry: Registry,
    instances: Mapping[str, BaseBlock],
    fields: Iterable[str] | None,
) -> list[Problem]:
    """Every problem of ``spec``; see ``Pipeline.validate``."""
    problems: list[Problem] = []
    known = _Fields(fields or ())
    known.is_open = fields is None
    for number, entry in enumerate(spec.blocks, 1):
        if entry.disabled:
            continue
        try:
            block = instances.get(entry.id) or build_block(entry, registry, number)
            needs = _needs(entry, block)
        except DataGenFlowError as error:
            problems.append(_problem(error, entry.id, number))
            known.is_open = True  # what this block would have added is not known
            continue
        for need in needs:
            if not known.provides(need):
                problems.append(_missing(need, entry, known))
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
        if entry.disabled:
            continue
        block = instances.get(entry.id) or build_block(entry, registry, number)
        for need in _needs(entry, block):
            name = need.anyof[0].removeprefix("metadata.")
            from_seed = need.anyof[0].startswith("metadata.")
            if len(need.anyof) == 1 and (from_seed or not known.provides(need)):
                needed.setdefault(name, f"block {entry.id!r} ({entry.type}), {need.where}")
        known.add(block.output_fields())
    return needed


def _needs(entry: BlockSpec, block: BaseBlock) -> list[Need]:
    """With a ``when``, only the rule's own fields are certainly needed."""
    if entry.when is None:
        return find_needs(block)
    try:
        rule = compile_expression(entry.when)
    except TemplateError as error:
        raise TemplateError(f"'when': {error.message}", error.detail) from error
    find_needs(block)  # its templates must still parse
    names = [*rule.required, *(f"metadata.{name}" for name in rule.metadata_fields)]
    return [Need((name,), "'when'") for name in sorted(names)]


def _missing(need: Need, entry: BlockSpec, known: _Fields) -> Problem:
    wanted = " or ".join(repr(name) for name in need.anyof)
    there = known.seed if need.anyof[0].startswith("metadata.") else known.known
    return Problem(
        f"block {entry.id!r} ({entry.type}), {need.where}: needs {wanted}, which neither the seed "
        f"nor an earlier block provides; {suggest(need.anyof[0], there)}",
        entry.id,
        {"missing": list(need.anyof), "fields": sorted(there)},
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
        rule = compile_expression(spec.accept_when)
    except TemplateError as error:
        return [Problem(f"accept_when: {error.message}", None, error.detail)]
    return [
        Problem(
            f"accept_when: needs {name!r}, which neither the seed nor a block provides; "
            f"{suggest(name, known.known)}",
            None,
            {"missing": [name], "fields": sorted(known.known)},
        )
        for name in sorted(rule.required)
        if not known.provides(Need((name,), "accept_when"))
    ]
