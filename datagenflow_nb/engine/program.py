"""A pipeline made ready to run: blocks built, rules compiled, declarations read once."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..blocks.base import BaseBlock
from ..blocks.registry import Registry
from ..errors import ConfigError, DataGenFlowError, TemplateError
from ..records import NotPlain, plain
from ..redaction import known_keys
from ..spec import BlockSpec, PipelineSpec
from ..templating import compile_expression

if TYPE_CHECKING:
    from ..templating import Expression

__all__ = ["BoundBlock", "Program", "build_block", "build_program", "ready_blocks"]


@dataclass(frozen=True, slots=True)
class BoundBlock:
    """A block in its place in a pipeline.

    Attributes
    ----------
    needs : tuple of tuple of str
        One of each inner tuple must be in the state.
    declared : frozenset of str or None
        Fields it may set; None: any.
    is_inline : bool
        A sync block runs on the loop's own thread, not in a worker thread.
    """

    spec: BlockSpec
    block: BaseBlock
    type: str
    when: Expression | None
    needs: tuple[tuple[str, ...], ...]
    declared: frozenset[str] | None
    wants_context: bool
    is_async: bool
    is_inline: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """All blocks of a pipeline, bound, and its rule."""

    spec: PipelineSpec
    blocks: tuple[BoundBlock, ...]
    accept_when: Expression | None

    @property
    def model_names(self) -> list[str | None]:
        """What its blocks say in ``model:``; None where one leaves it to the default."""
        return [
            bound.block.config.get("model")
            for bound in self.blocks
            if not bound.spec.disabled and "model" in dict(bound.block.config.items())
        ]

    def inline(self) -> Program:
        """The same, with sync blocks on the loop's own thread: for debuggers and profilers."""
        blocks = tuple(replace(bound, is_inline=True) for bound in self.blocks)
        return replace(self, blocks=blocks)


def build_program(
    spec: PipelineSpec, registry: Registry, instances: Mapping[str, BaseBlock] | None = None
) -> Program:
    """Build the blocks of ``spec``.

    Parameters
    ----------
    instances : mapping, optional
        Ready blocks by id, for pipelines made of objects.

    Raises
    ------
    BlockNotFoundError, ConfigError, TemplateError
        For the first thing that is wrong, with the block's place in front.
    """
    ready = instances or {}
    blocks = []
    for number, entry in enumerate(spec.blocks, 1):
        block = ready.get(entry.id) or build_block(entry, registry, number)
        blocks.append(_bind(entry, block))
    return Program(
        spec=spec,
        blocks=tuple(blocks),
        accept_when=_rule(spec.accept_when, "accept_when"),
    )


def ready_blocks(spec: PipelineSpec, instances: Mapping[str, BaseBlock]) -> dict[str, BaseBlock]:
    """The blocks of ``instances`` that the pipeline still describes, by their ids in it.

    One whose type or configuration was changed since it was made is left out: it would not do what
    the pipeline says. A new id alone changes nothing.
    """
    found = {}
    for entry in spec.blocks:
        held = [instances.get(entry.id), *instances.values()]
        fitting = (block for block in held if block is not None and _is_made_as(block, entry))
        ready = next(fitting, None)
        if ready is not None:
            found[entry.id] = ready
    return found


def _is_made_as(block: BaseBlock, entry: BlockSpec) -> bool:
    try:
        return type(block).__name__ == entry.type and plain(block.given_config) == entry.config
    except NotPlain:  # it was changed; no pipeline says so
        return False


def build_block(entry: BlockSpec, registry: Registry, number: int) -> BaseBlock:
    """The block ``entry`` describes.

    Raises
    ------
    BlockNotFoundError, ConfigError
        With the block's place in the pipeline in front of the message.
    """
    kind = registry.get(entry.type)
    try:
        return _construct(kind, entry)
    except ConfigError as error:
        place = f"block {number} ({entry.id!r}): "
        raise ConfigError(place + error.message, {**error.detail, "block_id": entry.id}) from error


def _construct(kind: type[BaseBlock], entry: BlockSpec) -> BaseBlock:
    config = plain(entry.config)  # what a block does to its configuration stays with the block
    parameters = list(inspect.signature(kind.__init__).parameters)[1:]
    try:
        if "config" in parameters:
            return kind(config=config)
        # A class with a constructor of its own takes its configuration as keyword arguments.
        block = kind(**config)
    except DataGenFlowError:
        raise
    except TypeError as error:
        raise ConfigError(
            f"{entry.type}: {error}; its constructor takes: {', '.join(parameters) or 'nothing'}",
            {"block_type": entry.type},
        ) from error
    except Exception as error:
        raise ConfigError(
            known_keys.text(
                f"{entry.type}: its constructor raised {type(error).__name__}: {error}"
            ),
            {"block_type": entry.type},
        ) from error
    block.config = block.config or config
    return block


def _bind(entry: BlockSpec, block: BaseBlock) -> BoundBlock:
    kind = type(block)
    outputs = list(block.outputs)
    _check_parameters(entry, block)
    return BoundBlock(
        spec=entry,
        block=block,
        type=kind.__name__,
        when=_rule(entry.when, f"block {entry.id!r}, when"),
        needs=tuple(
            tuple(name.strip() for name in need.split("|"))
            for need in block.input_fields()
            if need != "*" and not need.endswith("?")
        ),
        declared=None if "*" in outputs else frozenset(outputs),
        wants_context="ctx" in inspect.signature(block.execute).parameters,
        is_async=inspect.iscoroutinefunction(block.execute),
    )


def _check_parameters(entry: BlockSpec, block: BaseBlock) -> None:
    parameters = list(inspect.signature(block.execute).parameters.values())
    required = [
        parameter.name
        for parameter in parameters[1:]
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        and parameter.name != "ctx"
    ]
    if required or not parameters:
        names = ", ".join(parameter.name for parameter in parameters)
        raise ConfigError(
            f"block {entry.id!r} ({entry.type}): execute takes ({names}), expected (data) or "
            "(data, ctx)",
            {"block_type": entry.type, "block_id": entry.id},
        )


def _rule(source: str | None, where: str) -> Expression | None:
    if source is None:
        return None
    try:
        return compile_expression(source)
    except TemplateError as error:
        raise TemplateError(f"{where}: {error.message}", error.detail) from error
