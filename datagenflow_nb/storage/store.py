"""Opening the SQLite file, a connection per thread, and the one way to write."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
import weakref
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from ..errors import StoreError
from .explain import BUSY_TIMEOUT, explained
from .held import Held, empty_log
from .place import (
    drop_log,
    file_number,
    file_system_of,
    is_network_place,
    is_write_protected,
    reading_mode,
    set_journal_mode,
)
from .rescue import save_copy
from .versions import (
    bring_up,
    check_owner,
    pending_migrations,
    running_job,
    stand_ins,
    unknown_migrations,
)
from .words import teach

__all__ = ["Store"]

_log = logging.getLogger("datagenflow_nb")


class Store:
    """One SQLite file.

    It belongs to the process that opened it: a forked child must open the file itself.

    Parameters
    ----------
    path : path
        Created, with its folder, when it does not exist. One that is write-protected, or lies in a
        folder that is, can be looked at.

    Attributes
    ----------
    is_read_only : bool
        It is write-protected, or is of an older version and a job runs in it; every write is an
        error.
    outgrown : str or None
        Set when a newer version has brought the file up to date meanwhile: why writes are errors.

    Raises
    ------
    StoreError
        When the file is no store of ours, was written by a newer version, or cannot be opened;
        when it is of an older version and write-protected.
    """

    def __init__(self, path: str | Path) -> None:
        if str(path) == ":memory:":
            raise StoreError("a store is a file that several threads open; ':memory:' is not one")
        self.path = Path(path).expanduser().resolve()
        self._local = threading.local()
        self._connections: weakref.WeakSet[Held] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._is_closed = False
        self._pid = os.getpid()
        self._mode = "rw"
        self._identity: tuple[int, ...] | None = None
        self._log_number: tuple[int, int] | None = None
        self._rescue: str | None = None
        self.outgrown: str | None = None
        #: SQLite's count of changes to the tables, as of the last look at their version.
        self._schema: int | None = None
        #: Why nothing can be written; a job of an older version that runs is a reason that ends.
        self._why = ""
        self._is_held_back = False
        self._stand_ins: list[str] = []
        with self._explained():
            self.is_read_only = is_write_protected(self.path)
            if self.is_read_only:
                self._open_for_reading()
                return
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

    @property
    def read_only_reason(self) -> str | None:
        """Why nothing can be written, where that is so."""
        return self._why if self.is_read_only else None

    def _held(self) -> Held:
        if os.getpid() != self._pid:
            raise StoreError(
                f"the store {self.path} was opened before a fork; its threads and locks stayed in "
                "the parent: open a workspace in the child process"
            )
        # Asked each time: who works without a pause would never let close() have the lock.
        if self._is_closed:
            raise StoreError(f"the store {self.path} was closed")
        held: Held | None = getattr(self._local, "held", None)
        if held is None:
            with self._explained():
                connection = self._connect()
                if self.is_moved():
                    connection.close()
                    raise StoreError(self._moved())
                connection.execute("SELECT 1 FROM sqlite_master").fetchone()  # makes the log
                for statement in self._stand_ins:
                    connection.execute(statement)
                self._log_number = file_number(self.path.with_name(f"{self.path.name}-wal"))
            held = self._local.held = Held(connection)
            with self._lock:
                self._connections.add(held)
        return held

    @contextlib.contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, which nobody closes meanwhile."""
        held = self._held()
        with self._explained(), held.lock:
            yield held.connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, to read what is in the file at the path and in no other.

        Temporary tables may be written; they lock nothing.
        """
        with self._using() as connection:
            if self.is_moved():
                can_save = not (self.is_read_only or connection.in_transaction)
                text = self._moved(connection if can_save else None)
                raise StoreError(text, {"path": str(self.path)})
            yield connection

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """All that this thread reads in the block is of one moment, that of the outermost."""
        with self.reading() as connection:
            is_outermost = not connection.in_transaction
            try:
                if is_outermost:
                    connection.execute("BEGIN")
                yield connection
            finally:
                if is_outermost and connection.in_transaction:
                    connection.execute("COMMIT")

    def rows(self, sql: str, parameters: Any = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self.reading() as connection:
            return connection.execute(sql, parameters).fetchall()

    def column(self, sql: str, parameters: Any = ()) -> list[Any]:
        """The first column of a query, a million of them in half a second."""
        with self.reading() as connection, contextlib.closing(connection.cursor()) as cursor:
            cursor.row_factory = None
            return [row[0] for row in cursor.execute(sql, parameters)]

    def row(self, sql: str, parameters: Any = ()) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        with self.reading() as connection:
            found: sqlite3.Row | None = connection.execute(sql, parameters).fetchone()
            return found

    def mark(self) -> tuple[sqlite3.Connection, int, int] | None:
        """What equals an earlier one when it is of this thread, and nothing was written since.

        None within a transaction: it may still be taken back.
        """
        with self.reading() as connection:
            if connection.in_transaction:
                return None
            version = connection.execute("PRAGMA data_version").fetchone()[0]
            return connection, version, connection.total_changes

    def each(self, sql: str, parameters: Any = ()) -> Generator[sqlite3.Row, None, None]:
        """The rows of a query one by one; close the iterator when it is left early."""
        with self.reading() as connection, contextlib.closing(connection.cursor()) as cursor:
            yield from cursor.execute(sql, parameters)

    @contextlib.contextmanager
    def write(self, *, any_version: bool = False) -> Iterator[sqlite3.Connection]:
        """The one way to write: a transaction that holds the write lock from its first moment.

        ``BEGIN IMMEDIATE``: a deferred transaction that reads first and writes later fails with
        "database is locked" when another process wrote in between.

        Parameters
        ----------
        any_version : bool
            For what a job's row tells of its runner, that it lives, what is wished of it and how
            it ended, in columns of ``main.jobs`` that every version has: also written where the
            tables are not this version's, because another process needs the older ones or has
            brought them up to date.

        Raises
        ------
        StoreError
            When the file cannot be written, was deleted or replaced, or is of a newer version by
            now; nothing of the transaction is kept.
        """
        if self.is_read_only and not (any_version and self._is_held_back):
            raise StoreError(self._why, {"path": str(self.path)})
        with self._using() as connection:
            self._refuse_nested(connection)
            rescue = self._rescue
            try:
                # Inside: a KeyboardInterrupt right after it must not leave the lock held.
                connection.execute("BEGIN IMMEDIATE")
                if self.is_moved():
                    # With the lock held: nobody commits to the lost file after its rescue.
                    connection.execute("ROLLBACK")
                    raise StoreError(self._moved(connection), {"path": str(self.path)})
                if not any_version:
                    self._refuse_outgrown(connection)
                yield connection
                connection.execute("COMMIT")
                if self._rescue != rescue:  # saved by another thread, perhaps without this
                    raise StoreError(self._moved(), {"path": str(self.path)})
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
        is_left = bool(holders) and not self.is_read_only and self.is_moved()
        is_empty = is_left and empty_log(holders[0])
        for held in holders:
            held.close()
        if is_empty:
            with self._explained():
                drop_log(self.path, self._log_number)
        self._local = threading.local()

    def _refuse_outgrown(self, connection: sqlite3.Connection) -> None:
        """Write nothing into tables that a newer version has changed while the file was open."""
        (schema,) = connection.execute("PRAGMA schema_version").fetchone()
        if schema == self._schema:
            return
        newer = unknown_migrations(connection)
        if newer:
            self.outgrown = (
                f"{self.path} was brought up to date by a newer version of datagenflow-nb while it "
                f"was open here ({newer[-1]} is unknown to this one); nothing more is stored in it "
                "from here: go on with that version, in a new process"
            )
            raise StoreError(self.outgrown, {"path": str(self.path), "unknown": newer})
        self._schema = schema

    def _refuse_nested(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            raise StoreError(f"{self.path}: this thread has a transaction open already")

    def is_to_reopen(self) -> bool:
        """True when opening the path anew gives more: it leads elsewhere, or a job has ended that
        needed the file as it was."""
        if self.is_moved():
            return True
        if not self._is_held_back:
            return False
        with self._using() as connection:
            return running_job(connection) is None

    def is_moved(self) -> bool:
        """True when the path no longer leads to the file that was opened.

        A file that SQLite was told not to change is another one as soon as it does.
        """
        return self._found() != self._identity

    def _found(self) -> tuple[int, ...] | None:
        """What tells the file at the path from another one."""
        number = file_number(self.path)
        if number is None or "immutable" not in self._mode:
            return number
        found = self.path.stat()
        return *number, found.st_mtime_ns, found.st_size

    def _moved(self, connection: sqlite3.Connection | None = None) -> str:
        """What happened to the file, after saving what ``connection`` still reads, once."""
        what = "replaced by another file" if self.path.exists() else "deleted"
        if "immutable" in self._mode and self.path.exists():
            what = "changed or replaced"
        text = f"{self.path} was {what} while it was open; nothing more is stored in it or read"
        with self._lock:
            problem = None
            if self._rescue is None and connection is not None:
                try:
                    self._rescue = f"what it held was saved as {save_copy(connection, self.path)}"
                except StoreError as error:  # the next one who comes tries again
                    problem = f"what it held could not be saved: {error.message}"
            return f"{text}; {self._rescue or problem or 'open the workspace anew, by its path'}"

    def _connect(self, mode: str | None = None) -> sqlite3.Connection:
        """A new connection; only mode ``rwc`` makes a file that is not there."""
        mode = mode or self._mode
        try:
            connection = sqlite3.connect(
                f"{self.path.as_uri()}?mode={mode}", timeout=BUSY_TIMEOUT, isolation_level=None,
                check_same_thread=False, uri=True,
            )  # fmt: skip
        except sqlite3.OperationalError as error:
            if mode != "rwc" and not self.path.exists():
                raise StoreError(self._moved()) from error
            raise
        connection.row_factory = sqlite3.Row
        teach(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        # Safe against a killed process; a power cut may cost the last moments, never the file.
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _prepare(self) -> None:
        """Bring a new or older file to this version's tables; refuse a newer one."""
        with contextlib.closing(self._connect("rwc")) as connection:
            check_owner(connection, self.path)
            set_journal_mode(connection, self._journal_mode)
            running = bring_up(connection, self.path)
            self._identity = self._found()
            if running is not None:
                self.is_read_only = self._is_held_back = True
                what = f"{self.path} is of an older version, which a running job needs"
                self._why = f"{what}; nothing was stored: {running}"
                self._stand_ins = stand_ins(connection)
                _log.warning("%s; it is only read: %s", what, running)

    def _open_for_reading(self) -> None:
        """Look at a file that cannot be written; refuse one that would have to be."""
        self._why = (
            f"{self.path} is only read here, it or its folder is write-protected: nothing was "
            "stored; copy the file to where you may write, or choose another DATABASE_PATH"
        )
        self._mode = reading_mode(self.path)
        self._identity = self._found()
        with contextlib.closing(self._connect()) as connection:
            check_owner(connection, self.path)
            if pending_migrations(connection, self.path):
                raise StoreError(
                    f"{self.path} is of an older version, and it or its folder is write-protected, "
                    "so that it cannot be brought up to date; copy it to where you may write",
                    {"path": str(self.path)},
                )

    def _explained(self) -> contextlib.AbstractContextManager[None]:
        return explained(self.path, lambda: self._is_closed)
