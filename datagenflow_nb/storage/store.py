"""Opening the SQLite file, a connection per thread, and the one way to write."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from ..errors import StoreError
from .migrations import MIGRATION_SET, apply_migrations, known_migrations
from .place import file_system_of, is_network_place

__all__ = ["Store"]

_log = logging.getLogger("datagenflow_nb")

#: Seconds a writer waits for another process's transaction.
BUSY_TIMEOUT = 60.0


class _Held:
    """A thread's connection, closed when that thread ends or the store is closed.

    Two threads closing one connection at once, or one closing what the other executes, crash the
    interpreter; so both are done under ``lock``. The store knows its holders weakly: one that is
    being closed by the store is kept alive by that, and its thread's end closes nothing.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.lock = threading.RLock()

    def close(self) -> None:
        with self.lock:
            self.connection.close()

    def __del__(self) -> None:
        self.close()


class Store:
    """One SQLite file.

    It belongs to the process that opened it: a forked child must open the file itself.

    Parameters
    ----------
    path : path
        Created, with its folder, when it does not exist.

    Raises
    ------
    StoreError
        When the file is no store of ours, was written by a newer version, or cannot be opened.
    """

    def __init__(self, path: str | Path) -> None:
        if str(path) == ":memory:":
            raise StoreError("a store is a file that several threads open; ':memory:' is not one")
        self.path = Path(path).expanduser().resolve()
        self._local = threading.local()
        self._connections: weakref.WeakSet[_Held] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._is_closed = False
        self._pid = os.getpid()
        self._identity: tuple[int, int] | None = None  # device and file number
        self._rescue: str | None = None
        with self._explained():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._journal_mode = "DELETE" if is_network_place(self.path) else "WAL"
            if self._journal_mode != "WAL":
                _log.warning(
                    "%s lies on a network file system (%s) that cannot carry SQLite's write-ahead "
                    "log; the slower rollback journal is used. A local DATABASE_PATH is safer.",
                    self.path, file_system_of(self.path),
                )  # fmt: skip
            self._prepare()

    def __repr__(self) -> str:
        return f"Store({self.path.name!r})"

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        return self._held().connection

    def _held(self) -> _Held:
        if os.getpid() != self._pid:
            raise StoreError(
                f"the store {self.path} was opened before a fork; its threads and locks stayed in "
                "the parent: open a workspace in the child process"
            )
        # Asked each time: who works without a pause would never let close() have the lock.
        if self._is_closed:
            raise StoreError(f"the store {self.path} was closed")
        held: _Held | None = getattr(self._local, "held", None)
        if held is None:
            with self._explained():
                connection = self._connect()
                if self._is_moved():
                    connection.close()
                    raise StoreError(self._moved())
            held = self._local.held = _Held(connection)
            with self._lock:
                self._connections.add(held)
        return held

    @contextlib.contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, which nobody closes meanwhile."""
        held = self._held()
        with self._explained(), held.lock:
            yield held.connection

    def rows(self, sql: str, parameters: Any = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._using() as connection:
            return connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Any = ()) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        with self._using() as connection:
            found: sqlite3.Row | None = connection.execute(sql, parameters).fetchone()
            return found

    def each(self, sql: str, parameters: Any = ()) -> Generator[sqlite3.Row, None, None]:
        """The rows of a query one by one; close the iterator when it is left early."""
        with self._using() as connection, contextlib.closing(connection.cursor()) as cursor:
            yield from cursor.execute(sql, parameters)

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """The one way to write: a transaction that holds the write lock from its first moment.

        ``BEGIN IMMEDIATE``: a deferred transaction that reads first and writes later fails with
        "database is locked" when another process wrote in between.

        Raises
        ------
        StoreError
            When the file cannot be written, or was deleted or replaced; nothing of the
            transaction is kept.
        """
        with self._using() as connection:
            self._refuse_nested(connection)
            try:
                # Inside: a KeyboardInterrupt right after it must not leave the lock held.
                connection.execute("BEGIN IMMEDIATE")
                if self._is_moved():
                    # With the lock held: nobody commits to the lost file after its rescue.
                    connection.execute("ROLLBACK")
                    raise StoreError(self._moved(connection), {"path": str(self.path)})
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def describe(self) -> dict[str, Any]:
        """``{"sqlite": version, "journal_mode", "migrations": [names]}``."""
        names = self.rows("SELECT name FROM _sqlite_migrations ORDER BY rowid")
        return {
            "sqlite": sqlite3.sqlite_version,
            "journal_mode": self.rows("PRAGMA journal_mode")[0][0],
            "migrations": [row[0] for row in names],
        }

    def close(self) -> None:
        """Close all connections; the store cannot be used after it."""
        if os.getpid() != self._pid:
            return  # the parent's connections are not ours to close
        with self._lock:
            self._is_closed = True
            holders = list(self._connections)
            self._connections.clear()
        for held in holders:
            held.close()
        self._local = threading.local()

    def _refuse_nested(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            raise StoreError(f"{self.path}: this thread has a transaction open already")

    def _is_moved(self) -> bool:
        """True when the path no longer leads to the file that was opened."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return True
        return (found.st_dev, found.st_ino) != self._identity

    def _moved(self, connection: sqlite3.Connection | None = None) -> str:
        """What happened to the file, after saving what ``connection`` still reads, once."""
        what = "replaced by another file" if self.path.exists() else "deleted"
        text = f"{self.path} was {what} while it was open; nothing more is stored"
        with self._lock:
            if self._rescue is None and connection is not None:
                stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%d-%H%M%S")
                target = self.path.with_name(f"{self.path.name}.rescued-{stamp}-{self._pid}.db")
                try:
                    connection.execute("VACUUM INTO ?", [str(target)])
                except sqlite3.Error as error:
                    self._rescue = f"it could not be saved as {target}: {error}"
                else:
                    self._rescue = f"what it held was saved as {target}"
            return f"{text}; {self._rescue or 'open the workspace anew'}"

    def _connect(self, mode: str = "rw") -> sqlite3.Connection:
        """A new connection; only mode ``rwc`` makes a file that is not there."""
        try:
            connection = sqlite3.connect(
                f"{self.path.as_uri()}?mode={mode}", timeout=BUSY_TIMEOUT, isolation_level=None,
                check_same_thread=False, uri=True,
            )  # fmt: skip
        except sqlite3.OperationalError as error:
            if mode == "rw" and not self.path.exists():
                raise StoreError(self._moved()) from error
            raise
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        # Safe against a killed process; a power cut may cost the last moments, never the file.
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _prepare(self) -> None:
        """Bring a new or older file to this version's tables; refuse a newer one."""
        connection = self._connect("rwc")
        try:
            self._check_owner(connection)
            _set_journal_mode(connection, self._journal_mode)
            if self._pending(connection):
                connection.execute("BEGIN IMMEDIATE")
                try:
                    # Another process may have been faster; what it applied is not pending now.
                    pending = self._pending(connection)
                    if pending and pending != known_migrations():
                        self._back_up(pending[0])
                    apply_migrations(connection)
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            found = self.path.stat()
            self._identity = (found.st_dev, found.st_ino)
        finally:
            connection.close()

    def _check_owner(self, connection: sqlite3.Connection) -> None:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = {row[0] for row in found}
        if tables and not self._applied(connection, tables):
            raise StoreError(
                f"{self.path} is a SQLite file of another program (tables: "
                f"{', '.join(sorted(tables)[:5])}); choose another DATABASE_PATH",
                {"path": str(self.path)},
            )

    def _applied(self, connection: sqlite3.Connection, tables: set[str]) -> set[str]:
        """Our migrations in this file; other programs keep theirs in a table of the same name."""
        if "_sqlite_migrations" not in tables:
            return set()
        names = connection.execute(
            "SELECT name FROM _sqlite_migrations WHERE migration_set = ?", [MIGRATION_SET]
        )
        return {row[0] for row in names}

    def _pending(self, connection: sqlite3.Connection) -> list[str]:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        applied = self._applied(connection, {row[0] for row in found})
        newer = sorted(applied - set(known_migrations()))
        if newer:
            raise StoreError(
                f"{self.path} was written by a newer version of datagenflow-nb ({newer[-1]} is "
                "unknown to this one); upgrade the package, or choose another DATABASE_PATH",
                {"path": str(self.path), "unknown": newer},
            )
        return [name for name in known_migrations() if name not in applied]

    def _back_up(self, before: str) -> None:
        """Copy the file; the caller holds the write lock, so that it cannot change meanwhile."""
        stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%d-%H%M%S")
        target = self.path.with_name(f"{self.path.name}.before-{before}-{stamp}-{os.getpid()}")
        with (
            contextlib.closing(self._connect()) as source,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
        _log.warning("%s is of an older version; a copy was kept as %s", self.path, target.name)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """SQLite's and the file system's errors as ours."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StoreError(f"{self.path}: {_explain(error)}", {"path": str(self.path)}) from error
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.ProgrammingError) and self._is_closed:
                raise StoreError(f"the store {self.path} was closed") from error
            if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                raise
            raise StoreError(
                f"{self.path}: {error}; the file is damaged or no SQLite file: run "
                "`dgf doctor`, or restore a copy",
                {"path": str(self.path)},
            ) from error
        except UnicodeEncodeError as error:
            raise StoreError(
                f"{self.path}: a text holds half a surrogate pair ({error.object[error.start]!a}) "
                "and cannot be stored; remove that character",
                {"path": str(self.path)},
            ) from error
        except OverflowError as error:
            raise StoreError(
                f"{self.path}: a value is too large for SQLite ({error}); integers have up to 64 "
                "bits, texts up to a billion bytes",
                {"path": str(self.path)},
            ) from error
        except OSError as error:
            raise StoreError(f"{self.path}: {error}", {"path": str(self.path)}) from error


def _explain(error: sqlite3.OperationalError) -> str:
    text = str(error)
    if "locked" in text:
        return f"{text}: another process held the write lock for over {BUSY_TIMEOUT:g} s"
    if "full" in text:
        return f"{text}: free some space; what was stored before is safe"
    if "unable to open" in text:
        return f"{text}: check that the folder exists and can be written"
    if "readonly" in text:
        return f"{text}: check the rights of the file and its folder"
    return text


def _set_journal_mode(connection: sqlite3.Connection, mode: str) -> None:
    """Switch to ``mode``; SQLite's busy timeout does not cover this statement."""
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            answer = connection.execute(f"PRAGMA journal_mode = {mode}").fetchone()[0]
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)  # another process is opening the same new file
        else:
            if answer.upper() != mode:
                _log.warning("SQLite keeps journal mode %s instead of %s", answer, mode)
            return
