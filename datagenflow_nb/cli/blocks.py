"""``dgf blocks``: the block types there are, and how one is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..displays.block import BlockCard
from .command import Command, json_option, load_settings
from .output import emit, emit_json, output_width

if TYPE_CHECKING:
    from ..blocks.registry import Registry

__all__ = ["blocks"]


@click.command(cls=Command)
@click.argument("type_name", metavar="[TYPE]", required=False)
@json_option
def blocks(type_name: str | None, as_json: bool) -> None:
    """List the block types, or show what the block TYPE takes.

    Files of blocks that cannot be loaded are listed below, with the reason.
    """
    settings = load_settings()
    from ..blocks.discovery import build_registry
    from ..workspaces.catalog import block_listing

    registry = build_registry(settings.blocks_path)
    if type_name is not None:
        _show_one(registry, type_name, as_json)
        return
    if as_json:
        broken = [
            {"source": item.source, "error": item.error, "types": list(item.types)}
            for item in registry.unavailable()
        ]
        emit_json({"blocks": registry.describe(), "unavailable": broken})
    else:
        emit(block_listing(registry).text(output_width()))


def _show_one(registry: Registry, type_name: str, as_json: bool) -> None:
    name = registry.get(type_name).__name__  # an alias is one of its names
    (block,) = [BlockCard(item) for item in registry.describe() if item["type"] == name]
    if as_json:
        emit_json(block)
    else:
        emit(block.text(output_width()))
