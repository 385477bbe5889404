"""The file an export writes: the right place, the whole file or none."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_records import make_record

from datagenflow_nb.errors import ConfigError, DataGenFlowError, StoreError
from datagenflow_nb.export import ExportResult, export_records
from datagenflow_nb.storage.records import Record

FORMATS = ["jsonl", "csv", "parquet"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder."""
    folder = tmp_path / "exports"
    folder.mkdir()
    return folder


def one() -> list[Record]:
    """A single record."""
    return [make_record(1, {"topic": "AI"}, {"text": "t"})]


@pytest.mark.parametrize(
    ("name", "format", "expected"),
    [
        ("a.jsonl", None, "jsonl"),
        ("a.ndjson", None, "jsonl"),
        ("a.CSV", None, "csv"),
        ("a.parquet", None, "parquet"),
        ("a.txt", "csv", "csv"),
        ("a.csv", "jsonl", "jsonl"),
        ("noend", "parquet", "parquet"),
    ],
)
def test_format_and_result(folder: Path, name: str, format: str | None, expected: str) -> None:
    """The argument counts, else the name's ending; the result says what was written."""
    result = export_records(one, folder / name, format=format)
    assert result == ExportResult(folder / name, 1, expected)
    assert [path.name for path in folder.iterdir()] == [name]
    start = (folder / name).read_bytes()[:4]
    assert start == {"jsonl": b'{"id', "csv": b"id,j", "parquet": b"PAR1"}[expected]


def test_paths(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text, the home folder and relative paths are understood; a link stays one."""
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.chdir(folder)
    assert export_records(one, "~/a.csv").path == folder / "a.csv"
    assert export_records(one, "b.csv").path == folder / "b.csv"
    (folder / "link.jsonl").symlink_to("target.data")
    assert export_records(one, "link.jsonl") == ExportResult(folder / "target.data", 1, "jsonl")
    assert (folder / "link.jsonl").is_symlink()


@pytest.mark.parametrize(
    ("path", "options", "problem"),
    [
        ("a.xlsx", {}, "cannot tell the export format from 'a.xlsx'; end the name in .jsonl,"),
        ("a", {}, "give format= one of jsonl, csv, parquet"),
        ("a.csv", {"format": "cvs"}, "export format 'cvs' is unknown; did you mean 'csv'?"),
        ("no/a.csv", {}, "no does not exist; create it first"),
        (".", {"format": "csv"}, "is a folder; name the file in it"),
        ("a\0.csv", {}, "is no path to export to: embedded null byte"),
        (7, {}, "7 is no path to export to"),
        ("/dev/null", {"format": "csv"}, "/dev/null is no ordinary file"),
        ("a.jsonl", {"defuse_formulas": True}, "defuse_formulas is for CSV"),
    ],
)
def test_wrong_targets(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: Any,
    options: dict[str, Any],
    problem: str,
) -> None:
    """A path or format that cannot be is told before anything is read or written."""
    monkeypatch.chdir(folder)
    opened: list[int] = []

    def records() -> list[Record]:
        opened.append(1)
        return one()

    with pytest.raises(ConfigError) as caught:
        export_records(records, path, **options)
    assert problem in caught.value.message
    assert opened == []
    assert list(folder.iterdir()) == []


def test_what_a_killed_export_leaves(folder: Path) -> None:
    """The next export into the folder removes it, and nothing of an export that runs."""
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from datagenflow_nb.export.place import replacing\n"
        "with replacing(Path(sys.argv[1]) / 'a.csv') as file:\n"
        "    print('writing', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with contextlib.ExitStack() as stack:
        writers = [
            stack.enter_context(
                subprocess.Popen([sys.executable, "-c", script, folder], stdout=subprocess.PIPE)
            )
            for _ in range(2)
        ]
        for writer in writers:
            stack.callback(writer.kill)
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"writing\n"
        killed, running = writers
        killed.kill()
        killed.wait()
        (folder / ".export-of-mine.part").touch()
        export_records(one, folder / "b.csv")
        left = sorted(path.name for path in folder.iterdir())
        assert left[1:] == [".export-of-mine.part", "b.csv"]
        assert f"-{running.pid}-" in left[0]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("error", [StoreError("the file is damaged"), KeyboardInterrupt()])
def test_a_failed_export_leaves_the_older_file(
    folder: Path, format: str, error: BaseException
) -> None:
    """An error or an interrupt half-way changes nothing and leaves nothing behind."""

    def records() -> Iterator[Record]:
        for id in range(1, 5_000):
            yield make_record(id, {"x": "some text"})
        raise error

    target = folder / f"a.{format}"
    target.write_bytes(b"older")
    with pytest.raises(type(error)):
        export_records(records, target)
    assert target.read_bytes() == b"older"
    assert [path.name for path in folder.iterdir()] == [target.name]


def test_a_full_disk_is_told(folder: Path) -> None:
    """What the file system says is said, with the file's name; nothing is left behind."""

    def records() -> Iterator[Record]:
        yield make_record(1)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(DataGenFlowError) as caught:
        export_records(records, folder / "a.jsonl")
    assert caught.value.message == (
        f"the export to {folder / 'a.jsonl'} failed: No space left on device; no file was "
        "written or changed"
    )
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("format", FORMATS)
def test_a_limit_of_the_file_size(folder: Path, format: str) -> None:
    """A write the system really refuses ends in our error, and the older file is whole."""
    target = folder / f"a.{format}"
    target.write_bytes(b"older")
    script = f"""
import resource, signal, random
from made_records import make_record
from datagenflow_nb.errors import DataGenFlowError
from datagenflow_nb.export import export_records
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
chance = random.Random(1)
records = lambda: (make_record(i, {{"x": chance.randbytes(500).hex()}}) for i in range(1, 4_000))
try:
    export_records(records, {str(target)!r})
except DataGenFlowError as error:
    print(error.message)
"""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert run.stdout == (
        f"the export to {target} failed: File too large; no file was written or changed\n"
    )
    assert run.stderr == ""
    assert target.read_bytes() == b"older"
    assert [path.name for path in folder.iterdir()] == [target.name]


def test_rights(folder: Path) -> None:
    """A new file has the usual rights, a replaced one keeps its own."""
    usual = folder / "usual"
    usual.touch()
    result = export_records(one, folder / "a.csv")
    assert result.path.stat().st_mode == usual.stat().st_mode
    result.path.chmod(0o600)
    assert export_records(one, folder / "a.csv").path.stat().st_mode & 0o777 == 0o600


def test_parquet_without_pyarrow(folder: Path) -> None:
    """The message says what to install."""
    script = f"""
import sys
sys.modules["pyarrow"] = None
from datagenflow_nb.errors import ConfigError
from datagenflow_nb.export import export_records
try:
    export_records(list, {str(folder / "a.parquet")!r})
except ConfigError as error:
    print(error.message)
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert run.stdout == (
        "exporting Parquet needs pyarrow: pip install 'datagenflow-nb[parquet]'; or export to "
        ".jsonl or .csv\n"
    )
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["store.db", "store.db-wal", "link.jsonl"])
def test_a_store_is_never_replaced(folder: Path, name: str) -> None:
    """An export onto a SQLite file, its log or a link to it is refused; the store stays."""
    import sqlite3

    store = folder / "store.db"
    with sqlite3.connect(store) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    (folder / "link.jsonl").symlink_to(store)
    before = store.read_bytes()
    with pytest.raises(ConfigError, match="is a SQLite file, maybe the very store"):
        export_records(one, folder / name, format="jsonl")
    assert store.read_bytes() == before
