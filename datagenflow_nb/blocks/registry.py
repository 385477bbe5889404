"""The blocks there are, by type name, and why some are not available."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import BlockNotFoundError, ConfigError, suggest
from .base import BaseBlock

__all__ = ["Entry", "Registry", "Unavailable"]

#: Where a class defined in a notebook cell or a script lives.
_CELL_MODULE = "__main__"


@dataclass(frozen=True, slots=True)
class Entry:
    """A block class and where it was found."""

    block: type[BaseBlock]
    source: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A file, entry point or type that cannot be used, and why.

    ``types`` are the names it is known to define, as far as they could be read.
    """

    source: str
    error: str
    types: tuple[str, ...] = ()


class Registry:
    """Block classes by type name.

    A class defined in a cell (or in the script itself) is found when asked for by name, and running
    the cell again replaces it. Two classes of one name are an error that names both places.
    """

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._clashes: dict[str, tuple[str, str]] = {}
        self._unavailable: dict[str, Unavailable] = {}
        self._sources: list[Callable[[Registry], None]] = []

    def add(self, block: type[BaseBlock], source: str) -> None:
        """Register ``block`` under its class name and its aliases.

        A name that is taken already becomes a clash, reported when that name is asked for: the
        other blocks of the same file stay usable.
        """
        for name in (block.__name__, *vars(block).get("aliases", ())):
            known = self._entries.get(name)
            if known is not None and known.source != source:
                self._clashes[name] = (known.source, source)
            else:
                self._entries[name] = Entry(block, source)

    def discard(self, source: str) -> None:
        """Forget everything that came from ``source``."""
        self._entries = {n: e for n, e in self._entries.items() if e.source != source}
        self._clashes = {n: both for n, both in self._clashes.items() if source not in both}
        self._unavailable.pop(source, None)

    def mark_unavailable(self, source: str, error: str, types: tuple[str, ...] = ()) -> None:
        """Note that ``source`` cannot be used."""
        self._unavailable[source] = Unavailable(source, error, types)

    def watch(self, source: Callable[[Registry], None]) -> None:
        """Have ``source(registry)`` called at every ``refresh``, and now."""
        self._sources.append(source)
        source(self)

    def refresh(self) -> None:
        """Pick up new, changed and deleted block files."""
        for source in self._sources:
            source(self)

    def get(self, type_name: str) -> type[BaseBlock]:
        """The class registered under ``type_name``.

        Raises
        ------
        BlockNotFoundError
            With the nearest names; when a file of blocks failed to load, that is said too.
        ConfigError
            When two places define that type.
        """
        cells = _cell_blocks()
        if type_name in self._clashes:
            raise _clash(type_name, *self._clashes[type_name])
        if type_name in cells and type_name in self._entries:
            raise _clash(type_name, self._entries[type_name].source, "a cell of this notebook")
        if type_name in cells:
            return cells[type_name]
        if type_name in self._entries:
            return self._entries[type_name].block
        raise self._not_found(type_name)

    def __contains__(self, type_name: str) -> bool:
        return type_name in self._entries or type_name in _cell_blocks()

    def types(self) -> list[str]:
        """Names of all available types, aliases left out, sorted."""
        names = {name for name, entry in self._entries.items() if entry.block.__name__ == name}
        return sorted((names | set(_cell_blocks())) - set(self._clashes))

    def unavailable(self) -> list[Unavailable]:
        """Files, entry points and types that cannot be used, with the reason."""
        clashes = [
            Unavailable(second, _clash(name, first, second).message, (name,))
            for name, (first, second) in self._clashes.items()
        ]
        return [*self._unavailable.values(), *clashes]

    def describe(self) -> list[dict[str, Any]]:
        """One JSON dictionary per available type, with its ``source``."""
        described = []
        for name in self.types():
            block = self.get(name)
            entry = self._entries.get(name)
            source = entry.source if entry is not None else "cell"
            described.append({**block.describe(), "source": source})
        return described

    def _not_found(self, type_name: str) -> BlockNotFoundError:
        names = self.types()
        broken = [item for item in self._unavailable.values() if type_name in item.types]
        message = f"block type {type_name!r} is not registered; "
        if broken:
            message += f"{broken[0].source} defines it but cannot be loaded: {broken[0].error}"
        else:
            message += suggest(type_name, names)
            if self._unavailable:
                message += f" (not loaded: {', '.join(sorted(self._unavailable))})"
        return BlockNotFoundError(message, {"block_type": type_name, "available_blocks": names})


def _clash(name: str, first: str, second: str) -> ConfigError:
    return ConfigError(
        f"two blocks are called {name!r}: one in {first}, one in {second}; rename one of them",
        {"block_type": name, "sources": [first, second]},
    )


def _cell_blocks() -> dict[str, type[BaseBlock]]:
    """Blocks the user's own cells or script define right now, by class name."""
    module = sys.modules.get(_CELL_MODULE)
    if module is None:
        return {}
    return {
        value.__name__: value
        for value in list(vars(module).values())
        if isinstance(value, type)
        and issubclass(value, BaseBlock)
        and value.__module__ == _CELL_MODULE
    }
