"""A block type: what it needs, what it adds, how it is configured."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .html import el, page, table_html
from .text import json_start, printable, shorten, table, told
from .values import tags_html

__all__ = ["BlockCard"]

_HEADERS = ("Config", "Type", "Default", "Description")
_DEFAULT_WIDTH = 30


class BlockCard(dict[str, Any]):
    """The description of a block type as ``BaseBlock.describe`` gives it, with its ``source``."""

    def text(self, width: int | None = None) -> str:
        """The card as plain text."""
        fan_out = ", fans out" if self["fan_out"] else ""
        lines = [
            f"{self['type']} ({self['category']}{fan_out}): {self['description']}",
            f"inputs:  {', '.join(self['inputs']) or 'none'}",
            f"outputs: {', '.join(self['outputs']) or 'none'}",
            f"source:  {_place(self['source'])}",
        ]
        if not self["config"]:
            lines.append("config:  not described; any key is passed on")
        else:
            lines += ["", table(_HEADERS, self._rows(), width)]
        return printable("\n".join(lines))

    def _rows(self) -> list[tuple[str, str, str, str]]:
        return [
            (key, _kind(entry), _default(entry), told(entry.get("description") or ""))
            for key, entry in self["config"].items()
        ]

    def _repr_html_(self) -> str:
        fan_out = ", fans out" if self["fan_out"] else ""
        return page(
            el("div", self["type"], " ",
               el("span", f"{self['category']}{fan_out}", class_="dgf-soft"), class_="dgf-head"),
            el("div", self["description"], dir="auto"),
            el("div", el("span", "reads ", class_="dgf-soft"), tags_html(self["inputs"]) or "none"),
            el("div", el("span", "adds ", class_="dgf-soft"), tags_html(self["outputs"]) or "none"),
            table_html(_HEADERS, self._rows()) if self["config"] else
            el("div", "config: not described; any key is passed on", class_="dgf-soft"),
            el("div", f"source: {_place(self['source'])}", class_="dgf-soft"),
        )  # fmt: skip

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.text(100))


def _place(source: str) -> str:
    """A file below the working directory from there, everything else as it is."""
    return source.removeprefix(f"{Path.cwd()}{os.sep}")


def _kind(entry: Mapping[str, Any]) -> str:
    kind = entry.get("type", "any")
    return " or ".join(map(told, kind)) if isinstance(kind, list | tuple) else told(kind)


def _default(entry: Mapping[str, Any]) -> str:
    if "default" not in entry:
        return "required" if entry.get("required") else "-"
    return shorten(json_start(entry["default"], 10 * _DEFAULT_WIDTH)[0], _DEFAULT_WIDTH)
