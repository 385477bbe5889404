"""Disks that fill up, locks and lost files under a running job: nothing paid for is lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from holding import THREE_CALLS, answered, assert_whole, hear_out, stored_prompts, write_seeds
from running import finish, look, wait_until
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb import runtime
from datagenflow_nb.storage import lease as lease_module
from datagenflow_nb.storage import store as store_module
from datagenflow_nb.storage import writer as writer_module
from datagenflow_nb.storage.store import Store

SEEDS = 120
CONCURRENCY = 8

#: ``dgf`` with another patience.
COMMAND = """
import sys
from datagenflow_nb.cli import main
from datagenflow_nb.storage import store, writer
writer.PATIENCE = store.BUSY_TIMEOUT = float(sys.argv[1])
main(sys.argv[2:])
"""


class Command:
    """Starts ``dgf`` on a store, with the server as its model."""

    def __init__(self, store: Path, server: OfflineServer) -> None:
        self.store = store
        self._env = os.environ | {"LLM_ENDPOINT": server.url, "LLM_MODEL": "small", "TMPDIR": "."}
        self._started: list[subprocess.Popen[str]] = []

    def start(self, patience: float, *args: str) -> subprocess.Popen[str]:
        """In a process of its own."""
        process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-c", COMMAND, str(patience), *args,
             "--db", str(self.store)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self._env,
        )  # fmt: skip
        self._started.append(process)
        return process

    def run(self, patience: float) -> subprocess.Popen[str]:
        """The job of three calls per seed, from its start."""
        Path("three.json").write_text(dgf.Pipeline(**THREE_CALLS).to_json())
        write_seeds(SEEDS)
        args = ("run", "three.json", "seeds.csv", "--concurrency", str(CONCURRENCY))
        return self.start(patience, *args)

    def resume(self) -> str:
        """To the job's end, without the files it came from."""
        Path("seeds.csv").unlink(missing_ok=True)
        process = self.start(60, "resume", "1")
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert "Job 1 completed" in out
        return err

    def end(self) -> None:
        """Nothing goes on after the test."""
        for process in self._started:
            process.kill()
            process.communicate()


class Disk:
    """A folder with little room; ``free`` gives it more."""

    def __init__(self, folder: Path, limit: Callable[[int], None], free: Callable[[], None]):
        self.folder, self.limit, self.free = folder, limit, free


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """A file system of its own, where we may mount one."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a file system can be mounted by root alone")
    try:
        ballast = disk / "ballast"
        ballast.write_bytes(b"x" * 7_200_000)
        yield Disk(disk, lambda pid: None, ballast.unlink)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@contextlib.contextmanager
def small_files(folder: Path) -> Iterator[Disk]:
    """Files that the system does not let grow, as with a quota."""
    limited: list[int] = []
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(pid: int) -> None:
        limited.append(pid)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (900_000, most))

    def free() -> None:
        for pid in limited:
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))

    yield Disk(folder, limit, free)


@pytest.fixture(params=[small_disk, small_files])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """A folder with room for some of the job."""
    with request.param(tmp_path) as made:
        yield made


@pytest.fixture
def dgf_on(server: OfflineServer) -> Iterator[Callable[[Path], Command]]:
    """The command on a store; what it started ends with the test."""
    commands: list[Command] = []

    def on(store: Path) -> Command:
        commands.append(Command(store, server))
        return commands[-1]

    yield on
    for command in commands:
        command.end()


On = Callable[[Path], Command]


def until_told(process: subprocess.Popen[str], pattern: str) -> str:
    """Read the log lines of the command up to the one."""
    assert process.stderr is not None
    read = []
    for line in process.stderr:
        read.append(line)
        if re.search(pattern, line):
            return "".join(read)
    raise AssertionError(f"in vain: {pattern}: {read}")


HELD = "what is not stored is held in memory and tried again for 60 s, and jobs make no call"


def test_disk_with_room_again(server: OfflineServer, disk: Disk, dgf_on: On) -> None:
    """The job waits, making no call, says so, and goes on to its end when there is room."""
    server.reset(latency=0.01)
    store = disk.folder / "store.db"
    process = dgf_on(store).run(patience=60)
    disk.limit(process.pid)
    told = until_told(process, "held in memory")
    assert HELD in told
    assert re.search(r"store\.db: (database or disk is full|disk I/O error): free some space", told)
    wait_until(lambda: not server.log()["in_flight"], "what was in flight", process)
    before = server.log()["requests"]
    assert answered(store) < before < 3 * SEEDS
    listed = dgf_on(store).start(60, "jobs").communicate(timeout=30)[0]
    assert " running " in listed  # looking needs no room; some time has passed now
    assert server.log()["requests"] <= before + CONCURRENCY
    disk.free()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "what was held is stored, after " in err
    assert "Job 1 completed" in out
    heard = hear_out(server)
    assert (len(heard), heard.total()) == (3 * SEEDS, 3 * SEEDS)
    ws = dgf.workspace(store)
    assert_whole(ws, ws.job(1), SEEDS)
    ws.close()


def test_disk_that_stays_full(
    server: OfflineServer, disk: Disk, dgf_on: On, tmp_path: Path
) -> None:
    """The command fails and says why and where the rest is; with room, resuming repeats nothing."""
    server.reset(latency=0.01)
    store = disk.folder / "store.db"
    command = dgf_on(store)
    process = command.run(patience=0.5)
    disk.limit(process.pid)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    # A last small write may find room, and then the job's row says what else the error does.
    status = "failed" if out else "interrupted"
    told = r"\nWhy: +" if out else "\nError: job 1 ended as failed, which cannot be stored: "
    assert re.search(
        told
        + r"\S+/store\.db: (database or disk is full|disk I/O error): free some space; what was "
        r"stored before is safe; it was tried for 0\.5 s; what was not stored of job 1 is in \S+, "
        r"and resuming takes it up\n",
        out + err,
    ), (out, err)
    first = hear_out(server)
    assert f" {status} " in command.start(60, "jobs").communicate(timeout=30)[0]
    stored = stored_prompts(store)
    assert 0 < len(stored) < first.total()
    disk.free()
    command.resume()
    second = hear_out(server)
    assert (len(first | second), (first + second).total()) == (3 * SEEDS, 3 * SEEDS)
    assert list(disk.folder.glob("*.unstored-*")) == []
    ws = dgf.workspace(store)
    assert_whole(ws, ws.job(1), SEEDS)
    ws.close()


def test_cancel_on_a_full_disk(server: OfflineServer, disk: Disk) -> None:
    """The wish cannot be stored and is obeyed all the same; what was answered is stored later."""
    server.reset(latency=0.01)
    ws = dgf.workspace(disk.folder / "full.db")
    ws.add_model("m", endpoint=server.url, model="offline")
    job = ws.run(THREE_CALLS, [{"n": n} for n in range(1_000)], model="m", concurrency=8)
    disk.limit(os.getpid())
    try:
        wait_until(lambda: str(job.waiting).startswith("waiting to store: d"), "a full disk")
        job.cancel()
    finally:
        disk.free()
    finish(job, "cancelled")
    heard = hear_out(server)
    assert answered(ws.store.path) == len(heard) == heard.total() < 3_000
    assert job.records_failed == 0
    ws.close()


def test_no_first_call_on_a_full_disk(server: OfflineServer, disk: Disk) -> None:
    """A branch that has asked nothing before makes no call either while nothing can be stored."""
    go_on = asyncio.Event()

    @dgf.block(outputs=["said"])
    async def ask(n: int, ctx: dgf.BlockContext) -> dict[str, Any]:
        if n == 0:
            await go_on.wait()
        return {"said": (await ctx.llm("m").chat(f"number {n} " + "x" * 5_000)).text}

    async def leave() -> None:
        go_on.set()
        await asyncio.sleep(0.2)

    ws = dgf.workspace(disk.folder / "full.db")
    ws.add_model("m", endpoint=server.url, model="offline")
    pipe = dgf.Pipeline("asks", [ask])
    job = ws.run(pipe, [{"n": n} for n in range(60)], concurrency=8)
    disk.limit(os.getpid())
    try:
        wait_until(lambda: str(job.waiting).startswith("waiting to store: d"), "a full disk")
        runtime.submit(leave()).result(30)
        asked = [entry["prompt"][:9] for entry in server.log()["entries"]]
        assert "number 0 " not in asked
    finally:
        disk.free()
    finish(job)
    assert hear_out(server).total() == 60
    ws.close()


@contextlib.contextmanager
def locked(store: Path) -> Iterator[Callable[[], None]]:
    """Another process has the write lock, until it is told to let go."""
    script = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(store)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield lambda: process.communicate("let go\n", timeout=30) and None
    finally:
        process.kill()
        process.communicate()


def until_answered(count: int, process: subprocess.Popen[str], store: Path) -> None:
    """Wait for so many stored answers."""

    def are_there() -> bool:
        try:
            return answered(store) >= count
        except sqlite3.OperationalError:  # no file, no tables yet
            return False

    wait_until(are_there, f"{count} answers", process)


def test_lock_that_passes(ws: dgf.Workspace, server: OfflineServer, dgf_on: On) -> None:
    """The job waits for the lock and ends as ever; nothing is asked twice."""
    server.reset(latency=0.01)
    process = dgf_on(ws.store.path).run(patience=60)
    until_answered(100, process, ws.store.path)
    with locked(ws.store.path) as let_go:
        told = until_told(process, "held in memory")
        assert "store.db: database is locked: another process holds the write lock; what" in told
        before = server.log()["requests"]
        assert before < 3 * SEEDS - CONCURRENCY
        let_go()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert hear_out(server).total() == 3 * SEEDS
    assert_whole(ws, ws.job(1), SEEDS)


def test_lock_that_lasts(ws: dgf.Workspace, server: OfflineServer, dgf_on: On) -> None:
    """The command fails and says so; what was answered meanwhile is there when it is resumed."""
    server.reset(latency=0.01)
    command = dgf_on(ws.store.path)
    process = command.run(patience=1)
    until_answered(100, process, ws.store.path)
    with locked(ws.store.path):
        _, err = process.communicate(timeout=60)
        assert process.returncode == 1
        assert re.search(
            r"\nError: job 1 ended as failed, which cannot be stored: .*: database is locked: "
            r"another process holds the write lock; it was tried for 1 s; what was not stored of "
            r"job 1 is in .*/store\.db\.unstored-.*\.jsonl, and resuming takes it up\n$",
            err,
        ), err
    first = hear_out(server)
    assert ws.job(1).status == "interrupted"
    assert answered() < first.total()
    command.resume()
    second = hear_out(server)
    assert (len(first | second), (first + second).total()) == (3 * SEEDS, 3 * SEEDS)
    assert list(Path().glob("*.unstored-*")) == []
    assert_whole(ws, ws.job(1), SEEDS)


def test_end_that_could_not_be_stored(
    server: OfflineServer, monkeypatch: pytest.MonkeyPatch, dgf_on: On, tmp_path: Path
) -> None:
    """It is stored when the lock is gone, so that other processes can resume the job at once."""
    monkeypatch.setattr(writer_module, "PATIENCE", 0.2)
    monkeypatch.setattr(store_module, "BUSY_TIMEOUT", 0.2)
    monkeypatch.setattr(lease_module, "HEARTBEAT", 0.2)
    server.reset(latency=0.01)
    monkeypatch.setenv("LLM_ENDPOINT", server.url)
    monkeypatch.setenv("LLM_MODEL", "small")
    path = tmp_path / "locked.db"
    job = dgf.workspace(path).run(THREE_CALLS, [{"n": n} for n in range(SEEDS)], concurrency=8)
    wait_until(lambda: job.executions_done >= 10, "first records")
    with locked(path) as let_go:
        with pytest.raises(dgf.StoreError, match=r"^job 1 ended as failed, which cannot be stored"):
            job.wait(30)
        assert look(path, "SELECT status FROM jobs") == [("running",)]
        let_go()
    wait_until(lambda: look(path, "SELECT status FROM jobs") == [("failed",)], "its end")
    assert job.error is not None
    assert "database is locked" in job.error["error"]
    first = hear_out(server)
    dgf_on(path).resume()
    second = hear_out(server)
    assert (len(first | second), (first + second).total()) == (3 * SEEDS, 3 * SEEDS)
    assert_whole(dgf.workspace(), job, SEEDS)


@pytest.mark.parametrize("what", ["deleted", "deleted with its folder", "replaced by another file"])
def test_store_that_is_lost(tmp_path: Path, server: OfflineServer, dgf_on: On, what: str) -> None:
    """The command fails and names the copy it saved, from which the job is finished."""
    server.reset(latency=0.01)
    store = tmp_path / "project" / "lost.db"
    process = dgf_on(store).run(patience=60)
    until_answered(100, process, store)
    stored = stored_prompts(store)
    if what == "deleted":
        store.unlink()
    elif what == "deleted with its folder":
        shutil.rmtree(store.parent)
    else:
        Store(tmp_path / "other.db").close()
        (tmp_path / "other.db").replace(store)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    happened = what.removesuffix(" with its folder")
    told = re.search(
        rf"Error: .*/lost\.db was {happened} while it was open; nothing more is "
        "stored in it or read; "
        r"what it held was saved as (\S+\.rescued-\S+\.db)",
        err,
    )
    assert told, err
    saved = Path(told[1])
    assert saved.parent == (tmp_path if "folder" in what else store.parent)
    assert saved.stat().st_mode & 0o777 == 0o600
    first = hear_out(server)
    assert stored <= stored_prompts(saved)
    dgf_on(saved).resume()
    second = hear_out(server)
    repeated = Counter((first + second).elements())
    repeated.subtract(Counter(set(repeated)))
    assert repeated.total() <= CONCURRENCY  # what was in flight was dropped
    assert stored.isdisjoint(second)
    ws = dgf.workspace(saved)
    assert_whole(ws, ws.job(1), SEEDS)
    ws.close()
