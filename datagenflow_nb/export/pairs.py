"""Preference pairs as a file: lines of JSON, or Parquet with typed columns."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO

from ..errors import ConfigError
from ..records import encode
from .formats import load_parquet, utf8
from .place import check_target, replacing
from .run import ExportResult, choose_format

__all__ = ["NotAlike", "write_pairs"]

_SIDES = ("prompt", "chosen", "rejected")
#: What tells a pair's origin, after ``prompt``, ``chosen`` and ``rejected``.
_TEXTS = ("branch", "reviewer", "note", "chosen_at")
_NUMBERS = ("chosen_id", "rejected_id", "chosen_job_id", "rejected_job_id", "seed_index",
            "repetition")  # fmt: skip
_GROUP_ROWS = 2_000


class NotAlike(Exception):
    """A pair that has no conversation, among those that have: all of a file are alike."""


def write_pairs(
    open_pairs: Callable[[bool], Iterable[dict[str, Any]]],
    path: str | os.PathLike[str],
    format: str | None,
    check: Callable[[int], None],
) -> tuple[ExportResult, bool]:
    """Write pairs, as conversations when all of them are; whether they are.

    Parameters
    ----------
    open_pairs : callable
        Gives the rows, as conversations (True; raises ``NotAlike`` at one that is none) or as
        texts.
    check : callable
        Is given the number of rows before the file takes its place, and may refuse it.

    Raises
    ------
    ConfigError
        For an unknown format, CSV, a path that cannot be one, or Parquet without pyarrow.
    DataGenFlowError
        When the file cannot be written; one that is there is as it was.
    """
    target = check_target(path)
    format = choose_format(target, path, format)
    if format == "csv":
        raise ConfigError("preference pairs hold lists: export them to .jsonl or .parquet")
    if format == "parquet":
        load_parquet()  # before anything is read
    write = _write_lines if format == "jsonl" else _write_parquet
    with replacing(target) as file:
        is_conversation = True
        try:
            count = write(file, open_pairs(True), True)
        except NotAlike:
            is_conversation = False
            file.seek(0)
            file.truncate()
            count = write(file, open_pairs(False), False)
        check(count)
    return ExportResult(target, count, format), is_conversation


def _write_lines(file: BinaryIO, pairs: Iterable[dict[str, Any]], _: bool) -> int:
    count = 0
    for pair in pairs:
        file.write(encode(pair).encode() + b"\n")
        count += 1
    return count


def _write_parquet(file: BinaryIO, pairs: Iterable[dict[str, Any]], is_conversation: bool) -> int:
    arrow = load_parquet()
    text = arrow.string()
    messages = arrow.list_(arrow.struct([("role", text), ("content", text)]))
    schema = arrow.schema(
        [
            *((name, messages if is_conversation else text) for name in _SIDES),
            *((name, arrow.int64()) for name in _NUMBERS),
            *((name, text) for name in _TEXTS),
        ]
    )
    count = 0
    writer = arrow.parquet.ParquetWriter(file, schema)
    try:
        for rows in _batches(pairs):
            writer.write_table(arrow.Table.from_pylist(rows, schema=schema))
            count += len(rows)
    finally:
        writer.close()
    return count


def _spelled(value: Any) -> Any:
    """Texts as the format can write them."""
    if isinstance(value, str):
        return utf8(value)
    if isinstance(value, list):
        return [{name: utf8(text) for name, text in message.items()} for message in value]
    return value


def _batches(pairs: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    found = iter(pairs)
    while rows := list(itertools.islice(found, _GROUP_ROWS)):
        yield [{name: _spelled(value) for name, value in row.items()} for row in rows]
