"""What a file held that was deleted or replaced while it was open: saved from the open handle."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sqlite3
from pathlib import Path

from ..errors import StoreError
from .place import spare_folders

__all__ = ["save_copy"]


def save_copy(connection: sqlite3.Connection, store: Path) -> Path:
    """Copy what ``connection`` still reads into a new file, beside the store or, where that cannot
    be, where temporary files go; its path.

    Raises
    ------
    StoreError
        When it can be saved nowhere, with the reason at each place.
    """
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%d-%H%M%S")
    name = f"{store.name}.rescued-{stamp}-{os.getpid()}.db"
    problems = []
    for folder in spare_folders(store):
        target = folder / name
        try:
            # For its owner alone: everybody may read where temporary files go. SQLite takes an
            # empty file.
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except OSError as error:
            problems.append(str(error))
            continue
        try:
            with contextlib.ExitStack() as half:
                half.callback(target.unlink, missing_ok=True)
                connection.execute("VACUUM INTO ?", [str(target)])
                half.pop_all()
        except sqlite3.Error as error:
            problems.append(f"{target}: {error}")
            continue
        return target
    raise StoreError("; ".join(problems))
