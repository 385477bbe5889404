"""The blocks there are, by type name, and why some are not available."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..errors import BlockNotFoundError, ConfigError, suggest
from .base import BaseBlock

__all__ = ["CELL", "CELL_MODULE", "Entry", "Registry", "Unavailable", "is_block", "snake_case"]

#: The ``source`` of a class defined in a notebook cell or a script.
CELL = "a cell of this notebook"

#: The module such a class lives in.
CELL_MODULE = "__main__"


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
        self._found: dict[str, list[Entry]] = {}
        self._unavailable: dict[str, Unavailable] = {}
        self._sources: list[Callable[[Registry], None]] = []
        # Pipelines are built on several threads; none may see a file half reloaded.
        self._lock = threading.RLock()

    def add(self, block: type[BaseBlock], source: str) -> None:
        """Register ``block`` under its class name and its aliases.

        A name that is taken already becomes a clash, reported when that name is asked for: the
        other blocks of the same file stay usable.
        """
        for name in dict.fromkeys((block.__name__, *block.aliases)):
            entries = self._found.setdefault(name, [])
            if all(entry.block is not block for entry in entries):
                entries.append(Entry(block, source))

    def discard(self, source: str) -> None:
        """Forget everything that came from ``source``."""
        for name, entries in list(self._found.items()):
            kept = [entry for entry in entries if entry.source != source]
            if kept:
                self._found[name] = kept
            else:
                del self._found[name]
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
        with self._lock:
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
        return self.find(type_name).block

    def find(self, type_name: str) -> Entry:
        """The same with the place it was found in.

        Raises
        ------
        BlockNotFoundError, ConfigError
            As ``get``.
        """
        with self._lock:
            entries = self._all().get(type_name, [])
            if not entries:
                raise self._not_found(type_name)
            if len(entries) > 1:
                raise _clash(type_name, entries)
            return entries[0]

    def __contains__(self, type_name: str) -> bool:
        return type_name in self._all()

    def defined_by(self, source: str) -> list[type[BaseBlock]]:
        """The classes that came from ``source``, in the order of their definition."""
        found = [
            entry.block
            for entries in self._found.values()
            for entry in entries
            if entry.source == source
        ]
        return list(dict.fromkeys(found))

    def elsewhere(self, names: Iterable[str], source: str) -> dict[str, list[str]]:
        """Which of ``names`` other places than ``source`` define, by place; cells aside."""
        found: dict[str, list[str]] = {}
        with self._lock:
            for name in sorted(names):
                for place in dict.fromkeys(entry.source for entry in self._found.get(name, ())):
                    if place != source:
                        found.setdefault(place, []).append(name)
        return found

    def types(self) -> list[str]:
        """Names of all available types, aliases left out, sorted."""
        return [entry.block.__name__ for entry in self._available()]

    def unavailable(self) -> list[Unavailable]:
        """Files, entry points and types that cannot be used, with the reason."""
        clashes = [
            Unavailable(entries[-1].source, _clash(name, entries).message, (name,))
            for name, entries in self._all().items()
            if len(entries) > 1
        ]
        return [*self._unavailable.values(), *clashes]

    def describe(self) -> list[dict[str, Any]]:
        """One JSON dictionary per available type, with its ``source``."""
        return [{**entry.block.describe(), "source": entry.source} for entry in self._available()]

    def _all(self) -> dict[str, list[Entry]]:
        """What is registered and what cells define now."""
        found = {name: list(entries) for name, entries in self._found.items()}
        for block in _cell_blocks():
            for name in dict.fromkeys((block.__name__, *block.aliases)):
                found.setdefault(name, []).append(Entry(block, CELL))
        return found

    def _available(self) -> list[Entry]:
        return [
            entries[0]
            for name, entries in sorted(self._all().items())
            if len(entries) == 1 and entries[0].block.__name__ == name
        ]

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


def is_block(value: object) -> bool:
    """Whether ``value`` is a class that can be a block of a pipeline: public, with an execute."""
    return (
        isinstance(value, type)
        and issubclass(value, BaseBlock)
        and value.execute is not BaseBlock.execute
        and not value.__name__.startswith("_")
    )


def snake_case(name: str) -> str:
    """``TextGenerator`` -> ``text_generator``, ``JSONValidator`` -> ``json_validator``.

    >>> snake_case("JSONValidatorBlock")
    'json_validator_block'
    """
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text).lower()


def _clash(name: str, entries: list[Entry]) -> ConfigError:
    sources = [entry.source for entry in entries]
    if len(set(sources)) < len(sources):
        sources = [f"{entry.source} ({entry.block.__name__})" for entry in entries]
    remedy = f"rename one of them or, in the notebook, run: del {name}"
    return ConfigError(
        f"{len(entries)} blocks are called {name!r}: one in {', one in '.join(sources)}; "
        f"{remedy if CELL in sources else 'rename one of them'}",
        {"block_type": name, "sources": sources},
    )


def _cell_blocks() -> list[type[BaseBlock]]:
    """Blocks the user's own cells or script define right now.

    Only what its own name is bound to: ``_``, ``_12`` and ``Out`` of a notebook keep classes that
    were defined anew since.
    """
    module = sys.modules.get(CELL_MODULE)
    return [
        value
        for name, value in list(vars(module).items() if module is not None else ())
        if is_block(value) and value.__name__ == name and value.__module__ == CELL_MODULE
    ]
