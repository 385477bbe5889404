"""A pipeline tried on one seed: every step and call to be looked at, whatever fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from . import runtime
from .blocks.base import BaseBlock
from .blocks.context import ModelSource
from .blocks.registry import Registry
from .check import check_fields, needed_seed_fields
from .displays.text import shorten
from .engine import build_program
from .errors import BlockNotFoundError, ConfigError, DataGenFlowError, suggest
from .records import Seed, Trace
from .results import Result, new_execution, run_seed
from .spec import BlockSpec, PipelineSpec

if TYPE_CHECKING:
    from .llm.catalog import Models

__all__ = ["Preview", "branch_name", "cut_after", "preview_seed"]


@dataclass(frozen=True, slots=True, repr=False)
class Preview:
    """What one seed made of a pipeline; iterates over its ``results``.

    Attributes
    ----------
    pipeline : str
        The pipeline's name.
    seed : dict
        The seed's fields.
    results : list of Result
        One per branch that did not fail, filtered ones included, in order of their paths.
    error : DataGenFlowError or None
        Of the first branch that failed.
    traces : list of Trace
        One per branch, in order of their paths. A failed branch's ends with the step that failed,
        and that step's ``error``.
    is_dry : bool
        No model was asked: the answers in it are placeholders.
    last_block : str
        Id of the last block that was to run.
    """

    pipeline: str
    seed: dict[str, Any]
    results: list[Result]
    error: DataGenFlowError | None
    traces: list[Trace] = field(repr=False)
    is_dry: bool
    last_block: str

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, index: int) -> Result:
        return self.results[index]

    def __repr__(self) -> str:
        """One line, the same for the same seed: no times, no ids of runs."""
        statuses = [result.status for result in self.results]
        statuses += ["failed"] * (len(self.traces) - len(self.results))
        counts = [f"{statuses.count(status)} {status}" for status in dict.fromkeys(statuses)]
        dry = "dry, " if self.is_dry else ""
        failure = f"; {shorten(self.error.message, None)}" if self.error is not None else ""
        return f"Preview({self.pipeline!r}: {dry}{', '.join(counts)}{failure})"

    def _repr_html_(self) -> str:
        from .displays.trace import preview_html

        told = "no model was asked: its answers are placeholders" if self.is_dry else ""
        return preview_html(
            f"Preview of {self.pipeline}",
            [(branch_name(trace), trace) for trace in self.traces],
            about=told,
            seed=self.seed,
            problem=None if self.error is None else self.error.message,
        )

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        from .displays.trace import preview_text

        traces = [(branch_name(trace), trace) for trace in self.traces]
        printer.text(preview_text(repr(self), traces, seed=self.seed))


def branch_name(trace: Trace) -> str:
    """What the branch is called to which the trace belongs."""
    branch = trace[-1]["branch"] if trace else ""
    return f"Branch {branch}" if branch else "Main branch"


def preview_seed(
    spec: PipelineSpec,
    registry: Registry,
    instances: Mapping[str, BaseBlock],
    models: Models,
    seed: Mapping[str, Any],
    *,
    dry: bool,
    model: str | None,
    random_seed: int | None,
) -> Preview:
    """Run ``seed`` through ``spec``; see ``Pipeline.preview``."""
    source: ModelSource = models.with_default(model).awaited()
    if dry:
        from .llm.dry import DryModels

        source = DryModels(models.with_default(model))
    if model is not None:
        source.check([model])  # a wrong name is told even when no block asks for it
    program = build_program(spec, registry, instances)
    source.check(program.model_names)
    execution = new_execution(seed, random_seed)
    metadata = execution.metadata
    check_fields(Seed(metadata), needed_seed_fields(spec, registry, instances))
    ended = runtime.run(run_seed(program, execution, source, keep_going=True), "preview")
    errors = [item for item in ended if isinstance(item, DataGenFlowError)]
    return Preview(
        pipeline=spec.name,
        seed=metadata,
        results=[item for item in ended if isinstance(item, Result)],
        error=errors[0] if errors else None,
        traces=[cast(Trace, item.trace) for item in ended],
        is_dry=dry,
        last_block=spec.blocks[-1].id,
    )


def cut_after(spec: PipelineSpec, upto: str | int, registry: Registry) -> PipelineSpec:
    """``spec`` up to and with the block that ``upto`` names; without its rule when blocks go.

    Parameters
    ----------
    upto : str or int
        A block's id, its type or an alias of that, or its position from 1.

    Raises
    ------
    ConfigError
        When it names no block, or a type of which there are several.
    """
    count = len(spec.blocks)
    if isinstance(upto, int) or upto.isdecimal():
        position = int(upto)
        if not 1 <= position <= count:
            raise ConfigError(f"upto is {position}; pipeline {spec.name!r} has {count} block(s)")
    else:
        position = _position(spec, upto, registry)
    if position == count:
        return spec
    return replace(spec, blocks=spec.blocks[:position], accept_when=None)


def _position(spec: PipelineSpec, name: str, registry: Registry) -> int:
    ids = [block.id for block in spec.blocks]
    if name in ids:
        return ids.index(name) + 1
    names = [_type_names(block, registry) for block in spec.blocks]
    found = [position for position, known in enumerate(names, 1) if name in known]
    if len(found) > 1:
        same = ", ".join(repr(ids[position - 1]) for position in found)
        raise ConfigError(
            f"upto {name!r} names {len(found)} blocks of pipeline {spec.name!r}; use the id: {same}"
        )
    if not found:
        choices = [*ids, *(known[0] for known in names)]
        raise ConfigError(
            f"upto {name!r} names no block of pipeline {spec.name!r}; {suggest(name, choices)}",
            {"upto": name, "blocks": ids},
        )
    return found[0]


def _type_names(block: BlockSpec, registry: Registry) -> list[str]:
    """What its type is called: as written, then the class and its aliases."""
    try:
        kind = registry.get(block.type)
    except (BlockNotFoundError, ConfigError):
        return [block.type]  # told when the pipeline is built; an object's class is in no registry
    return [block.type, kind.__name__, *kind.aliases]
