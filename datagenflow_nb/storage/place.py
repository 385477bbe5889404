"""What the place of a store allows: SQLite's write-ahead log, and writing at all."""

from __future__ import annotations

import logging
import os
import sqlite3
import tempfile
import time
from pathlib import Path

from .explain import BUSY_TIMEOUT

__all__ = [
    "NETWORK_FILE_SYSTEMS",
    "drop_log",
    "file_number",
    "file_system_of",
    "is_network_place",
    "is_write_protected",
    "reading_mode",
    "set_journal_mode",
    "spare_folders",
]

_log = logging.getLogger("datagenflow_nb")

#: WAL needs shared memory between processes, which these do not give (sqlite.org/wal.html, 2.2).
NETWORK_FILE_SYSTEMS = frozenset(
    {
        "nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "ncpfs", "9p",
        "fuse.sshfs", "fuse.gcsfuse", "fuse.s3fs", "fuse.rclone", "fuse.blobfuse", "fuse.glusterfs",
        "glusterfs", "lustre", "beegfs", "ceph", "fuse.ceph", "gpfs", "davfs", "fuse.davfs2",
    }
)  # fmt: skip


def file_system_of(path: Path, mounts: str | None = None) -> str | None:
    """The type of the file system that holds ``path``, or None where the system does not tell.

    Parameters
    ----------
    mounts : str, optional
        A mount table in the form of ``/proc/mounts``; default: this machine's.
    """
    if mounts is None:
        try:
            mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
    best, kind = -1, None
    for line in mounts.splitlines():
        parts = line.split()
        if len(parts) < 3:
            continue
        point = Path(parts[1].replace("\\040", " "))
        depth = len(point.parts)
        # The later of two mounts on one point is the one that counts.
        if depth >= best and (path == point or point in path.parents):
            best, kind = depth, parts[2]
    return kind


def is_network_place(path: Path, mounts: str | None = None) -> bool:
    """True when ``path`` lies on a network file system."""
    return file_system_of(path, mounts) in NETWORK_FILE_SYSTEMS


def is_write_protected(path: Path) -> bool:
    """True for a file that is there and cannot be written, or has no log or journal beside it."""
    own = os.access in os.supports_effective_ids  # as SQLite opens it
    return path.is_file() and not all(
        os.access(place, os.W_OK, effective_ids=own) for place in (path, path.parent)
    )


def reading_mode(path: Path) -> str:
    """SQLite's mode for a file that is only read: nothing is made beside it.

    ``immutable`` where nobody has it open: else SQLite makes a log and its index, or fails. A log
    with something in it belongs to the file and is read with it.

    Source: https://www.sqlite.org/wal.html#read_only_databases
    """
    for suffix in ("-wal", "-journal"):
        beside = path.with_name(path.name + suffix)
        if beside.exists() and beside.stat().st_size:
            return "ro"
    return "ro&immutable=1"


def set_journal_mode(connection: sqlite3.Connection, mode: str) -> None:
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


def file_number(path: Path) -> tuple[int, int] | None:
    """What tells the file at ``path`` from any other, whatever it is called; None without one."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def spare_folders(path: Path) -> list[Path]:
    """Where to put what the file at ``path`` does not take: beside it, or where temporary files go.

    They may be the same.
    """
    return list(dict.fromkeys([path.parent, Path(tempfile.gettempdir()).resolve()]))


def drop_log(path: Path, number: tuple[int, int] | None) -> None:
    """Remove the write-ahead log beside ``path`` if it is that file, with its index.

    SQLite leaves the log of a file that was moved away, and would work it into the file that took
    that one's place. Source: https://www.sqlite.org/howtocorrupt.html, 1.4
    """
    log = path.with_name(f"{path.name}-wal")
    if number is not None and file_number(log) == number:
        log.unlink(missing_ok=True)
        path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
