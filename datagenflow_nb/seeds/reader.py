"""The doors to seeds: ``read_seeds`` for sources, ``parse_text`` for what is typed in a cell."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import DataGenFlowError, SeedError, suggest
from ..records import Seed, decode
from .check import seed_of, some
from .documents import read_json, read_jsonl, read_yaml
from .files import read_path
from .place import Cursor, clip, shorten, source_error
from .tables import is_frame, read_csv, read_frame

__all__ = ["parse_text", "read_seeds"]

_FORMATS = ("csv", "json", "jsonl", "yaml")


def read_seeds(source: Any, *, where: str | None = None) -> Iterator[Seed]:
    """Seeds out of any source, read and checked one by one as they are asked for.

    Parameters
    ----------
    source : iterable, dict, Seed, DataFrame, str or Path
        Dictionaries or `Seed` objects; one of them (one seed); a pandas DataFrame; a path, which
        a string always is: .json .jsonl .ndjson .yaml .yml .csv .tsv .parquet .md .txt, or a
        folder of such files. A dictionary with a ``metadata`` key is a seed, any other the
        metadata itself; table rows are always the metadata itself. A .md or .txt file is one seed
        with the fields ``file_content`` and ``file_name``. CSV cells stay strings.
    where : str, optional
        What messages call the source in place of the path, "DataFrame" or nothing.

    Yields
    ------
    Seed
        At least one, in the order of the source; ``seed.where`` says where it stood. Lines count
        from 1; rows and seeds from 0, like ``seed_index``.

    Raises
    ------
    SeedError
        Begins with the place; ``detail`` has ``source``, ``line`` or ``row`` or ``index``, and
        ``key``. What is wrong with the source as a whole is raised by the call itself where it
        can be seen without reading.

    Examples
    --------
    >>> [seed.metadata for seed in read_seeds([{"topic": "tea", "repetitions": 2}])]
    [{'topic': 'tea'}]
    """
    if isinstance(source, str | os.PathLike):
        return read_path(_path(source, where), where or os.fspath(source))
    if is_frame(source):
        seeds = read_frame(source, where or "DataFrame")
        return some(seeds, where or "DataFrame", "it has no rows; give at least one seed")
    if isinstance(source, Mapping | Seed):
        return iter([seed_of(source, Cursor(where or "seed", "index", where or "seed"))])
    if isinstance(source, bytes | bytearray) or not isinstance(source, Iterable):
        raise source_error(
            where or "seeds",
            "expected a list of dictionaries, a dictionary, a DataFrame or a path, "
            f"found {type(source).__name__} {shorten(source)}",
        )
    reason = f"the {type(source).__name__} holds no seed; give at least one"
    return some(_read_items(source, where), where or "seeds", reason)


def _read_items(source: Iterable[Any], where: str | None) -> Iterator[Seed]:
    prefix = f"{where}: seed " if where else "seed "
    at = Cursor(where or type(source).__name__, "index", prefix)
    for value in _given(source, at):
        yield seed_of(value, at)


def _given(source: Iterable[Any], at: Cursor) -> Iterator[Any]:
    """The items of an iterable, which may be code of the user's; moves the cursor along."""
    at.number = 0
    try:
        for value in source:
            yield value
            at.number += 1
    except DataGenFlowError:
        raise
    except Exception as exc:
        raise at.error(
            f"the {type(source).__name__} that gives the seeds raised "
            f"{type(exc).__name__}: {clip(str(exc))}"
        ) from exc


def _path(source: str | os.PathLike[str], where: str | None) -> Path:
    path = Path(source)
    text = str(source)
    if text.lstrip().startswith(("{", "[")) or "\n" in text:
        try:
            is_there = path.exists()
        except OSError:  # too long for a file name
            is_there = False
        if not is_there:
            raise _inline_text(text, where or "seeds")
    elif not text:
        raise source_error(where or "seeds", "the path is empty")
    return path.expanduser() if text.startswith("~") else path


def _inline_text(text: str, where: str) -> SeedError:
    kind = _format_of(text.lstrip())
    advice = {
        "json": "json.loads(text)",
        "jsonl": "[json.loads(line) for line in text.splitlines()]",
        "yaml": "yaml.safe_load(text)",
        "csv": "pandas.read_csv(io.StringIO(text))",
    }
    return source_error(
        where,
        f"a string is a path, and {shorten(text)} looks like {kind.upper()} text; "
        f"give {advice[kind]}, or save it to a .{kind} file",
    )


def parse_text(text: str, *, where: str, format: str | None = None) -> Iterator[Seed]:
    """Seeds typed as text, such as the body of a notebook cell.

    Parameters
    ----------
    text : str
        A JSON array or object, JSON Lines, YAML (a list, a mapping, several documents) or CSV.
    where : str
        What messages call the text.
    format : {"json", "jsonl", "yaml", "csv"}, optional
        Told from the text when None.

    Yields
    ------
    Seed
        As ``read_seeds`` gives them.

    Raises
    ------
    SeedError
        As ``read_seeds``; for an unknown format too.
    """
    text = text.removeprefix("\ufeff")
    if format is not None and format not in _FORMATS:
        raise source_error(where, f"unknown seed format {format!r}; {suggest(format, _FORMATS)}")
    if not text or text.isspace():
        raise source_error(where, "the text is empty; give seeds as JSON, JSON Lines, YAML or CSV")
    reason = "there is no seed in it"
    match format or _format_of(text.lstrip()):
        case "json":
            seeds = read_json([text], where)
        case "jsonl":
            seeds = read_jsonl(io.StringIO(text, newline="\n"), where)
        case "yaml":
            seeds = read_yaml([text], where)
        case _:
            seeds = read_csv(io.StringIO(text, newline="\n"), where)
            reason += (
                f"; it was read as CSV, of which {shorten(text.strip())} is the head line: "
                "give a line per seed below it, or JSON or YAML"
            )
    return some(seeds, where, reason)


def _format_of(text: str) -> str:
    """The format of a text that starts with what is no white space."""
    first, _, rest = text.partition("\n")
    first = first.rstrip()
    if first.startswith("["):
        return "json"
    if first.startswith("{"):
        return "jsonl" if rest.strip() and _is_json_line(first, rest) else "json"
    if first.startswith(("- ", "---", "#", "%YAML")) or first == "-":
        return "yaml"
    key, colon, value = first.partition(":")
    is_mapping = (
        colon and (not value or value[0] in " \t") and not any(mark in key for mark in ",;\t|")
    )
    return "yaml" if is_mapping else "csv"


def _is_json_line(first: str, rest: str) -> bool:
    """Whether an object ends on its first line; a broken one does when the next looks like it."""
    try:
        decode(first)
    except (ValueError, RecursionError):
        return first.endswith("}") and rest.lstrip().startswith("{")
    return True
