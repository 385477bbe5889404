"""What a seed is: the checks every kind of source shares, and how a wrong one is named."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..records import NotPlain, Seed, plain
from .place import Cursor, clip, shorten, source_error

__all__ = [
    "MAX_REPETITIONS",
    "check_names",
    "seed_of",
    "seed_of_row",
    "some",
]

MAX_REPETITIONS = 1_000_000_000
"""More than this is a slip of the keyboard, and no table could hold the records."""

_WHOLE_NUMBER = re.compile(r"[ \t]*\+?(\d{1,12})(?:\.0*)?[ \t]*", re.ASCII)


def some(seeds: Iterator[Seed], source: str, reason: str) -> Iterator[Seed]:
    """``seeds``, of which there has to be at least one: else a `SeedError` with ``reason``."""
    first = next(seeds, None)
    if first is None:
        raise source_error(source, reason)
    yield first
    yield from seeds


def seed_of(value: Any, at: Cursor) -> Seed:
    """The seed a dictionary describes.

    One with a ``metadata`` key is a seed, ``{"metadata": {...}, "repetitions": n}``; any other is
    the metadata itself, in which ``repetitions`` is the count and no field.

    Raises
    ------
    SeedError
        For anything else, a wrong count, and values JSON cannot hold.
    """
    if type(value) is not dict:
        if isinstance(value, Seed):
            metadata = _inner_metadata(value.metadata, at)
            count = _count(value.repetitions, at)
            return Seed(_plain(metadata, at), count, value.where or str(at))
        if not isinstance(value, Mapping):
            raise at.error(
                'expected a dictionary of fields such as {"topic": "AI"}, '
                f"found {type(value).__name__} {shorten(value)}"
            )
        value = dict(value)
    if "metadata" in value:
        metadata, count = _inner_metadata(value["metadata"], at), value.get("repetitions", 1)
        _check_only_seed_keys(value, at)
    elif "repetitions" in value:
        metadata, count = dict(value), value["repetitions"]
        del metadata["repetitions"]
    else:
        return Seed(_plain(value, at), 1, str(at))
    return Seed(_plain(metadata, at), _count(count, at), str(at))


def seed_of_row(
    names: Sequence[str], cells: Sequence[Any], at: Cursor, *, is_plain: bool = False
) -> Seed:
    """The seed of one table row: the cells are the metadata, a ``repetitions`` cell the count.

    ``is_plain`` says that all cells are strings, which need no check.
    """
    metadata: dict[str, Any] = dict(zip(names, cells, strict=True))
    count = 1
    if "repetitions" in metadata:
        count = _count(metadata.pop("repetitions"), at, in_table=True)
    return Seed(metadata if is_plain else _plain(metadata, at), count, str(at))


def check_names(names: Sequence[Any], at: Cursor) -> None:
    """Column names: strings, not empty, each once; else a `SeedError`."""
    seen: set[str] = set()
    for number, name in enumerate(names, start=1):
        if not isinstance(name, str):
            raise at.error(
                f"column {number} is called {shorten(name)}, {type(name).__name__}; "
                "field names are strings: rename it, for example with df.rename(columns=str)",
                shorten(name),
            )
        if not name.strip():
            raise at.error(f"column {number} has no name; give every column one", name)
        if name in seen:
            raise at.error(f"two columns are called {shorten(name)}; rename one", name)
        seen.add(name)


def _inner_metadata(metadata: Any, at: Cursor) -> dict[str, Any]:
    if isinstance(metadata, Mapping):
        return metadata if type(metadata) is dict else dict(metadata)
    raise at.error(
        "a dictionary with the key 'metadata' is a seed, and its metadata has to be a dictionary "
        f"of fields; found {type(metadata).__name__} {shorten(metadata)}",
        "metadata",
    )


def _check_only_seed_keys(value: dict[Any, Any], at: Cursor) -> None:
    others = [key for key in value if key not in ("metadata", "repetitions")]
    if others:
        raise at.error(
            f"unknown key {shorten(others[0])} beside 'metadata' and 'repetitions'; "
            "put it inside metadata",
            str(others[0]),
        )


def _plain(metadata: dict[Any, Any], at: Cursor) -> dict[str, Any]:
    try:
        copy: dict[str, Any] = plain(metadata)
    except NotPlain as exc:
        path = exc.path.lstrip(".")
        if not path:
            raise at.error(exc.reason) from exc
        raise at.error(f"field {clip(path)!r}: {exc.reason}", path) from exc
    except RecursionError as exc:
        raise at.error("nested too deeply, or contains itself") from exc
    return copy


def _count(value: Any, at: Cursor, *, in_table: bool = False) -> int:
    """``repetitions`` as int; text is a number only where a table has nothing but text."""
    count = value
    if type(count) is not int:
        with contextlib.suppress(NotPlain):  # what has no plain form is named as it is, below
            count = plain(value)
        if in_table and isinstance(count, str):
            match = _WHOLE_NUMBER.fullmatch(count)
            count = int(match[1]) if match else count
        elif isinstance(count, float) and count.is_integer():
            count = int(count)
    if type(count) is int and 1 <= count <= MAX_REPETITIONS:
        return count
    expected = "expected a whole number, 1 or more"
    if type(count) is int and count > MAX_REPETITIONS:
        expected = f"expected at most {MAX_REPETITIONS:,}"
    elif in_table and (count is None or count == ""):
        raise at.error(f"repetitions is empty; {expected}", "repetitions")
    elif isinstance(count, str) and _WHOLE_NUMBER.fullmatch(count):
        expected += ", without quotes"
    raise at.error(f"repetitions is {shorten(value)}; {expected}", "repetitions")
