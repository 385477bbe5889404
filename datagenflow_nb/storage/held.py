"""A thread's connection to the file, and what becomes of it when the process forks."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import weakref

__all__ = ["Held", "empty_log"]

#: All that are open in this process, and the lock of who adds to them or forks.
_open: weakref.WeakSet[Held] = weakref.WeakSet()
_lock = threading.Lock()
#: What a fork that is under way keeps alive, and what forked children never let go.
_kept: list[Held] = []
_inherited: list[Held] = []


class Held:
    """A thread's connection, closed when that thread ends or the store is closed.

    Two threads closing one connection at once, or one closing what the other executes, crash the
    interpreter; so both are done under ``lock``. The store knows its holders weakly: one that is
    being closed by the store is kept alive by that, and its thread's end closes nothing.

    In a forked child the other threads are gone, and Python lets go what each had for itself before
    anything else runs there. Closed then, a connection would wait for ever for a lock that one of
    them had at the moment, the holder's or one of SQLite's: a child never closes what it inherits.
    Source: https://www.sqlite.org/howtocorrupt.html, section 2.7
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.lock = threading.RLock()
        with _lock:
            _open.add(self)

    def close(self) -> None:
        """Close it, as soon as nobody uses it."""
        with self.lock:
            self.connection.close()

    def __del__(self) -> None:
        self.close()


def empty_log(held: Held) -> bool:
    """Write what is in the log into the file it belongs to, wherever that was moved."""
    with held.lock, contextlib.suppress(sqlite3.Error):
        _, pages, written = held.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return bool(pages == written)
    return False


def _begin_fork() -> None:
    _lock.acquire()
    _kept.extend(_open)


def _end_fork_in_parent() -> None:
    _lock.release()
    _kept.clear()


def _end_fork_in_child() -> None:
    _inherited.extend(_kept)
    _lock.release()
    _kept.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_begin_fork,
        after_in_parent=_end_fork_in_parent,
        after_in_child=_end_fork_in_child,
    )
