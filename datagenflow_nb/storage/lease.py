"""Who runs a job, and whether that runner still lives."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import os
import platform
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from ..errors import StoreError
from ..records import utc_now
from .explain import may_pass

if TYPE_CHECKING:
    from .store import Store  # which asks before it opens whose runner lives

__all__ = [
    "HEARTBEAT",
    "LEASE",
    "Heartbeat",
    "Lease",
    "file_token",
    "is_gone",
    "is_lost",
    "may_live",
    "new_token",
    "runner_told",
]

#: Seconds between signs of life, and after which a silent runner counts as dead.
HEARTBEAT = 5.0
LEASE = 15.0

#: A clock that goes on while the process is stopped and the machine sleeps: Linux, macOS.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
_STOPPED = (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)


def new_token() -> str:
    """A runner's fencing token: where and what it is, and a number nobody else has."""
    pid = os.getpid()
    return "|".join((_place(), str(pid), _birth(pid), secrets.token_hex(8)))


def file_token() -> str:
    """What tells this process from others in the name of a file it is writing."""
    place, *rest = new_token().split("|")
    return "-".join((_short(place), *rest))


def is_gone(token: str) -> bool:
    """True when the process that a file's name tells is dead for certain."""
    place, *rest = token.split("-")
    if len(rest) != 3 or place != _short(_place()):
        return False
    return _lives("|".join((_place(), *rest))) is False


def _short(place: str) -> str:
    return hashlib.blake2b(place.encode(errors="surrogateescape"), digest_size=8).hexdigest()


def runner_told(token: str) -> str:
    """Which process a token names, in words."""
    place, pid, *_ = token.split("|")
    if place == _place() and pid == str(os.getpid()):
        return "this process"
    return f"process {pid} on {place.partition('/')[0]}"


def _place() -> str:
    """Names this host, this boot and this process table; processes compare only within one."""
    try:
        # Containers of one host have process tables of their own.
        table = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        table = "-"
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        boot = f"{psutil.boot_time():.0f}"
    return f"{platform.node()}/{boot}/{table}"


def _birth(pid: int) -> str:
    """When the process was born, in a measure that setting the clock does not move.

    Source: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html, field 22
    """
    if not Path("/proc/self/stat").exists():
        return f"{psutil.Process(pid).create_time():.2f}"
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return text.rpartition(")")[2].split()[19]


def _lives(token: str) -> bool | None:
    """Whether the runner's process lives and goes on; None where that cannot be told."""
    place, pid, birth, _ = token.split("|")
    if place != _place():
        return None
    try:
        # A number may be given again; the time of birth tells the two apart.
        if abs(float(_birth(int(pid))) - float(birth)) > 1:
            return False
        status = psutil.Process(int(pid)).status()
        if status in _STOPPED:
            return None  # by a signal or a debugger, perhaps for ever
        return status != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return None if _is_hidden(int(pid)) else False
    except (psutil.AccessDenied, PermissionError):
        return None  # there is one, but whether it is the runner is not shown


def _is_hidden(pid: int) -> bool:
    """True when /proc is mounted so that it does not show other users' processes, and this is one.

    Signal 0 reaches no process but tells whether there is one, whatever /proc shows.
    """
    if os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_lost(token: str | None, heartbeat_at: str | None, now: dt.datetime | None = None) -> bool:
    """True when a job's runner is dead for certain, or may be and is silent for over its lease.

    Another living process on this host keeps its job however silent it is: it may be waiting for
    the write lock, hold the interpreter's lock in an extension, or sleep with the machine. The
    lease decides about one that was stopped, where nothing is known about the process (another
    host, boot or process table; hidden processes), and for this process itself, whose living
    runners `JobTable.hold` knows. The fencing token protects the file in any case.
    """
    if token is None or heartbeat_at is None:
        return True
    lives = _lives(token)
    if lives is False:
        return True
    if lives and token.split("|")[1] != str(os.getpid()):
        return False
    last = dt.datetime.fromisoformat(heartbeat_at)
    return ((now or dt.datetime.now(dt.UTC)) - last).total_seconds() > LEASE


def may_live(token: str) -> bool:
    """Whether the runner's process lives, as far as that can be told: stopped or out of sight."""
    return _lives(token) is not False


class Lease:
    """A runner's hold on its job, good for some seconds after each sign of life."""

    def __init__(self, store: Store, job_id: int, token: str) -> None:
        self.job_id = job_id
        self.token = token
        self.renewed = _now()
        #: Stores what else is to be known of the job, with each sign of life; raises nothing.
        self.keep: Callable[[], None] | None = None
        self._store = store

    @property
    def is_in_doubt(self) -> bool:
        """Whether another may have the job meanwhile: this process was stopped, or cannot write."""
        return _now() - self.renewed > LEASE

    def renew(self) -> bool:
        """Give a sign of life; False when the job is not the runner's any more.

        Raises
        ------
        StoreError
            When that cannot be told.
        """
        return _beat(self._store, [self])[0]


class Heartbeat:
    """Signs of life for the jobs of this process, from a thread of its own.

    A thread, because a block that keeps the loop busy must not cost the job its lease. It also
    stores the ends of jobs that could not be stored when they came.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._leases: set[Lease] = set()
        self._owed: list[Callable[[], bool]] = []
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, job_id: int, token: str) -> Lease:
        """Keep ``job_id`` alive under ``token``, which its row has since this moment."""
        lease = Lease(self._store, job_id, token)
        with self._lock:
            self._leases.add(lease)
            self._start()
        return lease

    def owe(self, finish: Callable[[], bool]) -> None:
        """Store a job's end as soon as that can be done; until then its row reads as if it ran."""
        with self._lock:
            self._owed.append(finish)
            self._start()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, name="datagenflow-heartbeat", daemon=True
            )
            self._thread.start()

    def remove(self, lease: Lease) -> None:
        """Stop keeping it alive; the thread ends with the last job."""
        with self._lock:
            self._leases.discard(lease)
            if not self._leases and not self._owed:
                self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait(HEARTBEAT)
            with self._lock:
                self._wake.clear()
                if not self._leases and not self._owed:
                    self._thread = None
                    return
                leases, owed, self._owed = list(self._leases), self._owed, []
            late = [finish for finish in owed if not _is_done(finish)]
            with self._lock:
                self._owed.extend(late)
            if not leases:
                continue
            try:
                _beat(self._store, leases)
            except StoreError:
                # The writer meets the same error with the job's rows and reports it there; the
                # next beat tries again.
                continue
            for lease in leases:
                if (keep := lease.keep) is not None:
                    keep()


def _is_done(finish: Callable[[], bool]) -> bool:
    """Whether the end is stored, or never can be."""
    try:
        finish()
    except StoreError as error:
        return not may_pass(error)
    return True


def _beat(store: Store, leases: Sequence[Lease]) -> list[bool]:
    """Write signs of life; of each job whether it is still the runner's."""
    begun = _now()
    found = []
    # In tables of a newer version too: the runner stops, but waits for what it has asked.
    with store.write(any_version=True) as connection:
        now = utc_now()  # the wait for the lock is over
        for lease in leases:
            cursor = connection.execute(
                "UPDATE main.jobs SET heartbeat_at = ? WHERE id = ? AND runner = ?",
                [now, lease.job_id, lease.token],
            )
            found.append(cursor.rowcount == 1)
    for lease, is_there in zip(leases, found, strict=True):
        lease.renewed = begun if is_there else -math.inf
    return found


def _now() -> float:
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)
