"""``dgf blocks``: the block types there are, and how one is configured."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from .command import Command, json_option, load_settings
from .output import emit, emit_json, output_width, shorten, table

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

    registry = build_registry(settings.blocks_path)
    if type_name is not None:
        _show_one(registry, type_name, as_json)
        return
    described = registry.describe()
    broken = [
        {"source": item.source, "error": item.error, "types": list(item.types)}
        for item in registry.unavailable()
    ]
    if as_json:
        emit_json({"blocks": described, "unavailable": broken})
        return
    emit(table(("Type", "Category", "Inputs", "Outputs", "Description"),
               [_cells(block) for block in described], output_width()))  # fmt: skip
    if broken:
        emit("\nNot available:")
        for item in broken:
            emit(f"  {item['source']}: {item['error']}")


def _cells(block: dict[str, Any]) -> list[str]:
    return [
        block["type"],
        block["category"],
        ", ".join(block["inputs"]) or "-",
        ", ".join(block["outputs"]) or "-",
        block["description"],
    ]


def _show_one(registry: Registry, type_name: str, as_json: bool) -> None:
    name = registry.get(type_name).__name__  # an alias is one of its names
    (block,) = [item for item in registry.describe() if item["type"] == name]
    if as_json:
        emit_json(block)
        return
    fan_out = ", fans out" if block["fan_out"] else ""
    emit(f"{block['type']} ({block['category']}{fan_out}): {block['description']}")
    emit(f"inputs:  {', '.join(block['inputs']) or 'none'}")
    emit(f"outputs: {', '.join(block['outputs']) or 'none'}")
    emit(f"source:  {block['source']}")
    if not block["config"]:
        emit("config:  not described; any key is passed on")
        return
    rows = [
        (key, entry.get("type", "any"), _default(entry), entry.get("description", ""))
        for key, entry in block["config"].items()
    ]
    emit("")
    emit(table(("Config", "Type", "Default", "Description"), rows, output_width()))


def _default(entry: dict[str, Any]) -> str:
    if "default" not in entry:
        return "required" if entry.get("required") else "-"
    return shorten(json.dumps(entry["default"], ensure_ascii=False, default=str), 30)
