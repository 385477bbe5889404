"""Rows that could not be written: kept in a file beside the store until their job is resumed.

A file holds what one runner could not commit, in the form the writer had it, and counts only as
long as that was the job's latest runner: when the job was taken up without it, its rows are made
anew, under the same numbers, and the file is left alone.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import StoreError
from ..records import decode
from .inserts import Counts, Item, insert
from .place import spare_folders

__all__ = ["drop_unstored", "has_unstored", "keep_unstored", "runner_of", "take_unstored"]

_log = logging.getLogger("datagenflow_nb")


def runner_of(row: sqlite3.Row) -> list[Any]:
    """What tells a job's latest runner from every other; JSON values.

    Parameters
    ----------
    row
        Of ``jobs``.
    """
    return [row["id"], row["created_at"], decode(row["options"]).get("resumed")]


def keep_unstored(store: Path, runner: Sequence[Any], items: Sequence[Item], number: int) -> Path:
    """Write the rows into a new file, beside the store or, without room there, where temporary
    files go; its path.

    Parameters
    ----------
    runner : sequence
        See ``runner_of``.
    number : int
        Of the file, in the order of its rows.

    Raises
    ------
    StoreError
        When there is no room anywhere.
    """
    lines = [json.dumps(["datagenflow_nb", *runner])]
    for job_id, rows, counts in items:
        totals = None if counts is None else [*counts[:-1], counts[-1]()]
        lines.append(json.dumps([job_id, rows, totals]))
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%d-%H%M%S")
    name = f"{store.name}.unstored-{stamp}-{os.getpid()}-{number:04d}.jsonl"
    problems = []
    for folder in spare_folders(store):
        path = folder / name
        try:
            _write(path, "\n".join(lines) + "\n")
        except OSError as error:
            problems.append(str(error))
            continue
        return path
    raise StoreError("; ".join(problems))


def has_unstored(store: Path, runner: Sequence[Any]) -> bool:
    """Whether there are files of that runner."""
    return next(_files_of(store, runner), None) is not None


def take_unstored(connection: sqlite3.Connection, store: Path, runner: Sequence[Any]) -> list[Path]:
    """Put what that runner could not write into the open transaction; the files it was in."""
    taken = []
    for path, lines in _files_of(store, runner):
        connection.execute("SAVEPOINT unstored")
        try:
            insert(connection, [_item(line) for line in lines])
        except (sqlite3.Error, ValueError) as error:
            connection.execute("ROLLBACK TO unstored")
            _log.warning("%s could not be taken up, and is left as it is: %s", path, error)
        else:
            taken.append(path)
        connection.execute("RELEASE unstored")
    return taken


def drop_unstored(paths: Sequence[Path]) -> None:
    """Delete files whose rows are stored now."""
    for path in paths:
        try:
            path.unlink()
        except OSError as error:
            _log.warning("%s is stored and was not deleted: %s", path, error)
        else:
            _log.info("what was kept in %s is stored", path)


def _write(path: Path, text: str) -> None:
    """A new file, for its owner alone, whole or not at all."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink()
        raise


def _files_of(store: Path, runner: Sequence[Any]) -> Iterator[tuple[Path, list[str]]]:
    """The files of that runner, in order; a rescued copy of the store has another name than it."""
    wanted = ["datagenflow_nb", *runner]
    for folder in spare_folders(store):
        for path in sorted(folder.glob("*.unstored-*.jsonl")):
            try:
                # Everybody may write where temporary files go.
                if os.name == "posix" and path.stat().st_uid != os.getuid():
                    continue
                head, *lines = path.read_text(encoding="ascii").splitlines()
                is_wanted = json.loads(head) == wanted
            except (OSError, ValueError) as error:
                _log.warning("%s could not be read, and is left as it is: %s", path, error)
                continue
            if is_wanted:
                yield path, lines


def _item(line: str) -> Item:
    job_id, rows, totals = json.loads(line)
    counts: Counts | None = None
    if totals is not None:
        *numbers, usage = totals
        counts = (*numbers, lambda: usage)
    return job_id, [(table, tuple(row)) for table, row in rows], counts
