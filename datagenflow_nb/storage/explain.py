"""SQLite's and the file system's errors as ours."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from ..errors import StoreError

__all__ = ["BUSY_TIMEOUT", "explained", "may_pass"]

#: Seconds a writer waits for another process's transaction.
BUSY_TIMEOUT = 60.0
#: What time may mend. A quota, unlike a full disk, is an input/output error to SQLite.
_PASSING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


@contextlib.contextmanager
def explained(path: Path, is_closed: Callable[[], bool]) -> Iterator[None]:
    """What SQLite raises in the block comes out as a `StoreError` that says what to do."""
    detail = {"path": str(path)}
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreError(f"{path}: {_explain(error)}", detail) from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.ProgrammingError) and is_closed():
            raise StoreError(f"the store {path} was closed") from error
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise
        raise StoreError(
            f"{path}: {error}; the file is damaged or no SQLite file: run `dgf doctor`, or restore "
            "a copy",
            detail,
        ) from error
    except UnicodeEncodeError as error:
        raise StoreError(
            f"{path}: a text holds half a surrogate pair ({error.object[error.start]!a}) and "
            "cannot be stored; remove that character",
            detail,
        ) from error
    except OverflowError as error:
        raise StoreError(
            f"{path}: a value is too large for SQLite ({error}); integers have up to 64 bits, "
            "texts up to a billion bytes",
            detail,
        ) from error
    except OSError as error:
        raise StoreError(f"{path}: {error}", detail) from error


def may_pass(error: StoreError) -> bool:
    """True when trying again later may succeed: the file is locked, or the disk is full."""
    cause = error.__cause__
    # The lowest byte of a code is its kind.
    code = getattr(cause, "sqlite_errorcode", None)  # Python's own sqlite3 errors have none
    return code is not None and code & 0xFF in _PASSING


def _explain(error: sqlite3.OperationalError) -> str:
    text = str(error)
    if "locked" in text:
        return f"{text}: another process holds the write lock"
    if "full" in text or "disk I/O" in text:
        return f"{text}: free some space; what was stored before is safe"
    if "unable to open" in text:
        return f"{text}: check that the folder exists and can be written"
    if "readonly" in text:
        return f"{text}: check the rights of the file and its folder"
    return text
