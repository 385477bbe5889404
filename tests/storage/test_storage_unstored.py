"""Rows that could not be written: kept beside the store, and taken up by a resume."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest
from storage.filling import call, execution, new_job, record, simple_rows, step

from datagenflow_nb.errors import StoreError
from datagenflow_nb.records import Call, Step
from datagenflow_nb.storage import writer as writer_module
from datagenflow_nb.storage.jobs import JobRow, JobTable
from datagenflow_nb.storage.lease import new_token
from datagenflow_nb.storage.resume import ResumeTable
from datagenflow_nb.storage.reuse import ReuseTable
from datagenflow_nb.storage.store import Store
from datagenflow_nb.storage.writer import Writer

USAGE = '{"calls":1}'


def limit(store: Store, pages: int) -> None:
    """As if the disk had room for so many pages more, in every thread that has met the store."""
    for held in list(store._connections):
        with held.lock:
            (now,) = held.connection.execute("PRAGMA page_count").fetchone()
            held.connection.execute(f"PRAGMA max_page_count = {now + pages}")


@pytest.fixture
def job(store: Store) -> JobRow:
    """A running job with three seeds."""
    return new_job(store, {"n": 0}, {"n": 1}, {"n": 2})


@pytest.fixture
def kept(store: Store, job: JobRow, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of rows that found no room: one seed's call and all that there is of another."""
    monkeypatch.setattr(writer_module, "PATIENCE", 0.0)
    writer = Writer(store)
    writer.open_job(job.id, job.runner or "")
    asked = Call("writer", 0, "m", {"text": "a\ud83d"}, answer="paid " + "x" * 50_000)
    large = Step(0, "writer", "TextGenerator", set={"text": "y" * 50_000})

    async def write() -> None:
        await writer.ready(job.id, writer.put(job.id, simple_rows(job, 0)))
        limit(store, 1)
        writer.put(job.id, [execution(job, 1, "running"), call(job, "", asked, 1)])
        rows = [execution(job, 2), step(job, large, 2), record(job, 2)]
        ticket = writer.put(job.id, rows, (2, 2, 0, 0, 0, lambda: USAGE))
        told = (
            r"^/.*: database or disk is full: free some space; what was stored before is safe; it "
            r"was tried for 0 s; what was not stored of job 1 is in .*\.unstored-.*-0001\.jsonl, "
            r"and resuming takes it up$"
        )
        with pytest.raises(StoreError, match=told):
            await writer.ready(job.id, ticket)

    asyncio.run(write())
    writer.stop()
    limit(store, 1_000_000)
    (path,) = store.path.parent.glob("*.unstored-*")
    assert path.stat().st_mode & 0o777 == 0o600
    JobTable(store).finish(job.id, job.runner or "", "failed")
    return path


def take(store: Store, job: JobRow) -> JobRow:
    """Take the job up."""
    return ResumeTable(store).take(JobTable(store).get(job.id), new_token(), options={})


def seeds_of(store: Store, table: str) -> list[Any]:
    """Which seeds have rows there."""
    sql = f"SELECT seed_index FROM {table} ORDER BY 1"
    if table == "calls":
        sql = "SELECT seed_index FROM calls c JOIN executions e ON e.id = c.execution_id"
    return [row[0] for row in store.rows(sql)]


def test_resuming_takes_them_up(store: Store, job: JobRow, kept: Path) -> None:
    """All of them, with the totals, and the file is gone; what was in the store stays."""
    assert seeds_of(store, "executions") == [0]
    taken = take(store, job)
    assert (taken.executions_done, taken.records_generated, taken.usage) == (2, 2, {"calls": 1})
    assert seeds_of(store, "executions") == [0, 1, 2]
    assert (seeds_of(store, "calls"), seeds_of(store, "records")) == ([1], [0, 2])
    assert not kept.exists()


def test_rerunning_takes_them_up(store: Store, job: JobRow, kept: Path) -> None:
    """What was answered can be reused then; a runner that has the job keeps its own."""
    resuming, table = ResumeTable(store), JobTable(store)
    ended = table.get(job.id)
    row = resuming.with_unstored(ended)
    assert (row.status, row.executions_done, row.records_generated) == ("failed", 2, 2)
    assert row.usage == {"calls": 1}
    assert [asked.answer for _, _, asked in ReuseTable(store).answers(job.id, 1, 0)] == [
        "paid " + "x" * 50_000
    ]
    assert not kept.exists()
    assert resuming.with_unstored(row) == row
    taken = take(store, job)
    assert resuming.with_unstored(taken) == taken


def test_a_rescued_copy_finds_them(store: Store, job: JobRow, kept: Path) -> None:
    """The store may have another name since."""
    copy = store.path.with_name("copy.db")
    store.connection.execute("VACUUM INTO ?", [str(copy)])
    other = Store(copy)
    assert take(other, job).executions_done == 2
    other.close()


def test_rows_of_an_earlier_runner(store: Store, job: JobRow, kept: Path) -> None:
    """A job that was taken up without them has made them anew: they are left where they are."""
    away = kept.rename(kept.with_name("away"))
    taken = take(store, job)
    assert taken.executions_done == 1
    JobTable(store).finish(job.id, taken.runner or "", "failed")
    away.rename(kept)
    assert take(store, job).executions_done == 1
    assert kept.exists()


def test_rows_that_cannot_be_taken_up(
    store: Store, job: JobRow, kept: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Rows that are there already, a file cut off, one that is none: told, and no obstacle."""
    with store.write() as connection:
        connection.execute(
            "CREATE TRIGGER no BEFORE INSERT ON steps BEGIN SELECT RAISE(FAIL, 'x');END"
        )
    cut = kept.with_name("a.unstored-1.jsonl")
    cut.write_text(kept.read_text()[:-20])
    kept.with_name("b.unstored-1.jsonl").touch()
    assert take(store, job).executions_done == 1
    assert seeds_of(store, "executions") == [0]
    assert kept.exists()
    assert [text.split(" ", 1)[1].split(",")[0] for text in caplog.messages if "left" in text] == [
        "could not be taken up", "could not be read", "could not be taken up",
    ]  # fmt: skip


def test_no_folder_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They go where temporary files do and are found there; without a place they are lost."""
    temporary, folder = tmp_path / "temporary", tmp_path / "project"
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    store = Store(folder / "datagenflow.db")
    job = new_job(store)
    for is_there in (False, True):
        if is_there:
            temporary.mkdir()
        writer = Writer(store)
        writer.open_job(job.id, job.runner or "")
        away = folder.rename(tmp_path / "away")
        ticket = writer.put(job.id, simple_rows(job, 0))
        with pytest.raises(StoreError, match="was deleted while it was open") as caught:
            asyncio.run(writer.ready(job.id, ticket))
        writer.stop()
        away.rename(folder)
        assert ("; what was not stored of job 1 is lost: " in caught.value.message) != is_there
    JobTable(store).finish(job.id, job.runner or "", "failed")
    assert take(store, job).executions_done == 1
    assert list(temporary.iterdir()) == []
    store.close()
