"""Which version a file is of: what is not ours is refused, what is older brought up to date.

Not while a job runs in it: that job's process knows the older tables alone. Until it has ended the
file can be looked at, through views that give its tables the columns they lack.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import sqlite3
from pathlib import Path

from ..errors import StoreError
from .lease import is_lost, runner_told
from .migrations import MIGRATION_SET, apply_migrations, known_migrations

__all__ = [
    "bring_up",
    "check_owner",
    "pending_migrations",
    "running_job",
    "stand_ins",
    "unknown_migrations",
]

_log = logging.getLogger("datagenflow_nb")


def check_owner(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file of another program.

    Raises
    ------
    StoreError
    """
    tables = _tables(connection)
    if tables and not _applied(connection):
        raise StoreError(
            f"{path} is a SQLite file of another program (tables: "
            f"{', '.join(sorted(tables)[:5])}); choose another DATABASE_PATH",
            {"path": str(path)},
        )


def pending_migrations(connection: sqlite3.Connection, path: Path) -> list[str]:
    """What the file lacks of this version.

    Raises
    ------
    StoreError
        When it is of a newer one.
    """
    newer = unknown_migrations(connection)
    if newer:
        raise StoreError(
            f"{path} was written by a newer version of datagenflow-nb ({newer[-1]} is "
            "unknown to this one); upgrade the package, or choose another DATABASE_PATH",
            {"path": str(path), "unknown": newer},
        )
    applied = _applied(connection)
    return [name for name in known_migrations() if name not in applied]


def unknown_migrations(connection: sqlite3.Connection) -> list[str]:
    """What the file has of a newer version."""
    return sorted(_applied(connection) - set(known_migrations()))


def bring_up(connection: sqlite3.Connection, path: Path) -> str | None:
    """Bring a new or older file to this version's tables; None, or which job must end first.

    Raises
    ------
    StoreError
        When it is of a newer version.
    """
    if not pending_migrations(connection, path):
        return None
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been faster; what it applied is not pending now.
        pending = pending_migrations(connection, path)
        if pending and pending != known_migrations():
            # No job begins meanwhile: that needs the lock.
            if (running := running_job(connection)) is not None:
                connection.execute("ROLLBACK")
                return running
            _back_up(path, pending[0])
        apply_migrations(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return None


def running_job(connection: sqlite3.Connection) -> str | None:
    """A job that a living process works on, in words, and what to do about it; None without one."""
    # Columns that every version has.
    for job_id, status, runner, heartbeat_at in connection.execute(
        "SELECT id, status, runner, heartbeat_at FROM main.jobs WHERE runner IS NOT NULL "
        "ORDER BY id"
    ):
        if not is_lost(runner, heartbeat_at):
            return (
                f"job {job_id} is {status} in {runner_told(runner)}; wait until it has ended, or "
                f"cancel it (dgf cancel {job_id}), and open the store anew"
            )
    return None


def stand_ins(connection: sqlite3.Connection) -> list[str]:
    """Statements by which an older file reads as one of this version to one connection.

    A column that a table lacks has the value it is added with, a table that is missing no rows.
    Of tables for searching there are none: who asks first looks what has been indexed.
    """
    statements = []
    with contextlib.closing(sqlite3.connect(":memory:")) as model:
        apply_migrations(model)
        tables = model.execute(
            "SELECT name, sql FROM sqlite_master t WHERE type = 'table' AND NOT EXISTS "
            "(SELECT 1 FROM sqlite_master v WHERE v.sql LIKE 'CREATE VIRTUAL TABLE%' "
            "AND (t.name = v.name OR t.name GLOB v.name || '_*'))"
        )
        for name, sql in tables.fetchall():
            there = {row[1] for row in connection.execute(f"PRAGMA main.table_info({name})")}
            lacking = [
                f"{'NULL' if default is None else default} AS {column}"
                for _, column, _, _, default, _ in model.execute(f"PRAGMA table_info({name})")
                if column not in there
            ]
            if not there:
                statements.append(sql.replace("CREATE TABLE", "CREATE TEMP TABLE", 1))
            elif lacking:
                statements.append(
                    f"CREATE TEMP VIEW {name} AS SELECT *, {', '.join(lacking)} FROM main.{name}"
                )
    return statements


def _tables(connection: sqlite3.Connection) -> set[str]:
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {row[0] for row in found}


def _applied(connection: sqlite3.Connection) -> set[str]:
    """Our migrations in this file; other programs keep theirs in a table of the same name."""
    if "_sqlite_migrations" not in _tables(connection):
        return set()
    names = connection.execute(
        "SELECT name FROM _sqlite_migrations WHERE migration_set = ?", [MIGRATION_SET]
    )
    return {row[0] for row in names}


def _back_up(path: Path, before: str) -> None:
    """Copy the file; the caller holds the write lock, so that it cannot change meanwhile."""
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%d-%H%M%S")
    target = path.with_name(f"{path.name}.before-{before}-{stamp}-{os.getpid()}")
    with (
        contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True)) as source,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
    _log.warning("%s is of an older version; a copy was kept as %s", path, target.name)
