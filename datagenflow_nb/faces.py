"""Doors from the values that users hold to the faces above them, which imports do not reach.

``Pipeline.edit`` opens a widget, and the widgets are made of pipelines. The package names the door
when it is imported; what is behind it is imported when it is first opened.
"""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["open_door", "set_door"]

_doors: dict[str, tuple[str, str]] = {}


def set_door(name: str, module: str, function: str) -> None:
    """Have ``open_door(name)`` call that function."""
    _doors[name] = (module, function)


def open_door(name: str, *arguments: Any) -> Any:
    """What the function behind the door of that name gives."""
    module, function = _doors[name]
    return getattr(importlib.import_module(module), function)(*arguments)
