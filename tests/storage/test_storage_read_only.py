"""A store that is write-protected: it can be looked at and exported, and nothing appears beside it.

Done by a process that write protection binds: root drops the capability to pass over it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import ECHO, finish

import datagenflow_nb as dgf
from datagenflow_nb.storage.place import is_write_protected, reading_mode
from datagenflow_nb.storage.store import Store

_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE = 24, 1

LOOK = """
import sys
import datagenflow_nb as dgf
ws = dgf.workspace(sys.argv[1])
print([(job.id, job.status) for job in ws.jobs()], ws.record_counts())
print(ws.records()["output"].tolist(), ws.export("out.jsonl", job_id=1).records)
print([finding.what for finding in ws.examine() if finding.count])
pipe = dgf.Pipeline("p", [{"type": "Output", "config": {"template": "{{ n }}"}}])
for write in (
    lambda: ws.run(pipe, {"n": 1}),
    lambda: ws.update_record(1, status="accepted"),
    lambda: ws.delete_records([1]),
    lambda: ws.save_pipeline(pipe),
):
    try:
        write()
    except dgf.StoreError as error:
        print(error.message)
ws.close()
"""


def bound() -> None:
    """Make write protection count for root too, from the next program on."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")


def run(script: str, *args: str, module: bool = False) -> subprocess.CompletedProcess[str]:
    """What a process says that write protection binds."""
    return subprocess.run(
        [sys.executable, *(["-m", script] if module else ["-c", script]), *args],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=bound,
    )


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store, in a folder of its own, of a job with two records and one whose runner is gone."""
    (tmp_path / "kept").mkdir()
    ws = dgf.workspace("kept/store.db")
    finish(ws.run(ECHO, [{"n": 1}, {"n": 2}], concurrency=1))
    finish(ws.run(ECHO, {"n": 3}))
    with ws.store.write() as connection:
        connection.execute("UPDATE jobs SET status = 'running' WHERE id = 2")
    ws.close()
    return ws.store.path


@contextlib.contextmanager
def protected(*places: Path) -> Iterator[None]:
    """Without the right to write to them."""
    for place in places:
        place.chmod(0o555)
    try:
        yield
    finally:
        for place in places:
            place.chmod(0o755)


@pytest.mark.skipif(sys.platform != "linux", reason="write protection of root is Linux's")
@pytest.mark.parametrize("what", ["file", "folder", "both"])
def test_looking_at_a_protected_store(store: Path, what: str) -> None:
    """Jobs, records and exports are there; every write says why it is refused."""
    places = {"file": (store,), "folder": (store.parent,), "both": (store, store.parent)}
    with protected(*places[what]):
        done = run(LOOK, str(store))
    assert done.stderr == ""
    jobs, records, findings, *refused = done.stdout.splitlines()
    assert jobs == "[(1, 'completed'), (2, 'interrupted')] {'pending': 3}"
    assert records == "['1!', '2!', '3!'] 2"
    assert findings == "[]"
    assert (
        refused
        == [
            f"{store} is only read here, it or its folder is write-protected: nothing was stored; "
            "copy the file to where you may write, or choose another DATABASE_PATH"
        ]
        * 4
    )
    assert [path.name for path in store.parent.iterdir()] == ["store.db"]


@pytest.mark.skipif(sys.platform != "linux", reason="write protection of root is Linux's")
def test_the_command_line_on_a_protected_store(store: Path, tmp_path: Path) -> None:
    """`dgf jobs` and `dgf export` work."""
    with protected(store, store.parent):
        listed = run("datagenflow_nb", "jobs", "--db", str(store), module=True)
        exported = run("datagenflow_nb", "export", "1", "a.csv", "--db", str(store), module=True)
    assert (listed.returncode, exported.returncode) == (0, 0), (listed, exported)
    assert "interrupted" in listed.stdout
    assert len((tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()) == 3
    assert [path.name for path in store.parent.iterdir()] == ["store.db"]


@pytest.mark.skipif(sys.platform != "linux", reason="write protection of root is Linux's")
def test_an_older_protected_store(store: Path) -> None:
    """It would have to be written to: refused, with what to do."""
    with contextlib.closing(sqlite3.connect(store)) as connection:
        connection.execute("DELETE FROM _sqlite_migrations WHERE name <> 'm001_initial'")
        connection.commit()
    with protected(store):
        done = run(LOOK, str(store))
    assert "is of an older version, and it or its folder is write-protected" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="write protection of root is Linux's")
def test_a_protected_store_that_somebody_writes(store: Path) -> None:
    """What is in the log of the one who may write is read too."""
    writer = Store(store)
    with writer.write() as connection:
        connection.execute("DELETE FROM records WHERE id = 3")
    with protected(store.parent):
        done = run(LOOK, str(store))
    writer.close()
    assert done.stdout.splitlines()[0].endswith("{'pending': 2}"), done


def test_which_files_are_protected(tmp_path: Path) -> None:
    """One that can be written is not, nor one that is still to be made."""
    assert not is_write_protected(tmp_path / "new.db")
    (tmp_path / "there.db").touch()
    assert not is_write_protected(tmp_path / "there.db")


def test_modes_of_reading(tmp_path: Path) -> None:
    """A log or journal with something in it is read with the file; without one nothing is made."""
    assert reading_mode(tmp_path / "a.db") == "ro&immutable=1"
    (tmp_path / "a.db-wal").touch()
    assert reading_mode(tmp_path / "a.db") == "ro&immutable=1"
    (tmp_path / "a.db-wal").write_bytes(b"x")
    assert reading_mode(tmp_path / "a.db") == "ro"
    (tmp_path / "b.db-journal").write_bytes(b"x")
    assert reading_mode(tmp_path / "b.db") == "ro"
