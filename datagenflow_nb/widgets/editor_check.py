"""What the editor shows beside a definition: problems and fields, as the package checks them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..blocks.base import BaseBlock
from ..blocks.registry import Registry
from ..check import describe_flow
from ..engine import ready_blocks
from ..errors import ConfigError
from ..records import plain
from ..spec import PipelineSpec

if TYPE_CHECKING:
    from ..workspaces import Workspace

__all__ = ["catalog_of", "check_definition"]

_BLOCK_KEYS = ("id", "problems", "reads", "adds", "fields", "is_open", "fan_out")


def check_definition(
    definition: Mapping[str, Any],
    registry: Registry,
    instances: Mapping[str, BaseBlock],
    seed_fields: Iterable[str] | None,
) -> dict[str, Any]:
    """``{"problems", "blocks", "seed_fields", "fields"}`` of a definition, whatever it holds.

    Parameters
    ----------
    definition : mapping
        As ``PipelineSpec.to_dict``; it need not be a pipeline yet.
    seed_fields : iterable of str, optional
        The fields of the seed it is tried on; a field that nobody provides is a problem then.
    """
    if not definition.get("blocks"):
        empty = "there are no blocks yet; add one from the palette"
        return {"problems": [empty], "blocks": [], "seed_fields": [], "fields": []}
    try:
        spec = PipelineSpec.from_dict(definition, "the pipeline")
    except ConfigError as error:
        return _malformed(error, len(definition["blocks"]))
    flow = describe_flow(spec, registry, ready_blocks(spec, instances), seed_fields)
    return {
        "problems": [] if flow.problem is None else [flow.problem],
        "blocks": [{key: block[key] for key in _BLOCK_KEYS} for block in flow.blocks],
        "seed_fields": flow.seed_fields,
        "fields": flow.fields,
    }


def _malformed(error: ConfigError, count: int) -> dict[str, Any]:
    """The one problem of a definition that is no pipeline, at its block where it is one's."""
    number = error.detail.get("block_number")
    if number is None:
        return {"problems": [error.message], "blocks": [], "seed_fields": [], "fields": []}
    blocks = [
        {"id": "", "problems": [error.message] if at == number else [], "reads": [], "adds": [],
         "fields": [], "is_open": True, "fan_out": False}
        for at in range(1, count + 1)
    ]  # fmt: skip
    return {"problems": [], "blocks": blocks, "seed_fields": [], "fields": []}


def catalog_of(workspace: Workspace) -> dict[str, Any]:
    """``{"blocks", "unavailable", "models", "templates"}``: what there is to build with."""
    registry = workspace.registry
    registry.refresh()
    return {
        "blocks": plain(registry.describe()),
        "unavailable": [
            {"source": item.source, "error": item.error, "types": list(item.types)}
            for item in registry.unavailable()
        ],
        "models": [config.name for config in workspace.configured_models()],
        "templates": [
            {"id": info.id, "name": info.name, "description": info.description}
            for info in workspace.templates()
        ],
    }
