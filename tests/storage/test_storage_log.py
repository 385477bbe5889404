"""The log of a job: its rows, reading them, and a store from before blocks were named in it."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest
from storage.filling import new_job

from datagenflow_nb.storage import migrations
from datagenflow_nb.storage.jobs import JobTable
from datagenflow_nb.storage.log import LogLine, LogTable, log_row
from datagenflow_nb.storage.store import Store
from datagenflow_nb.storage.writer import LOG, Writer


@pytest.mark.asyncio
async def test_lines_are_kept_in_order(store: Store) -> None:
    """More than fit into one statement, of two jobs; the last ones can be asked for."""
    jobs = [new_job(store), new_job(store)]
    writer = Writer(store)
    for job in jobs:
        writer.open_job(job.id, job.runner or "")
    for number in range(150):
        for job in jobs:
            row = log_row(job.id, "print", "block", "trace", f"line {number} of {job.id}")
            writer.put(job.id, [(LOG, row)])
    for job in jobs:
        await writer.flush(job.id)
    writer.stop()
    table = LogTable(store)
    first, second = (job.id for job in jobs)
    assert [line.message for line in table.lines(first)] == [f"line {n} of 1" for n in range(150)]
    assert [line.message for line in table.lines(second, 2)] == ["line 148 of 2", "line 149 of 2"]
    assert (table.count(first), table.count(99)) == (150, 0)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("message", "stored"), [("nul \x00 byte", "nul \x00 byte"), ("half \ud83d", "half \\ud83d")]
)
async def test_any_text_can_be_stored(store: Store, message: str, stored: str) -> None:
    """A line never fails the rows it is written with."""
    job = new_job(store)
    writer = Writer(store)
    writer.open_job(job.id, job.runner or "")
    writer.put(job.id, [(LOG, log_row(job.id, "print", None, None, message))])
    await writer.flush(job.id)
    writer.stop()
    (line,) = LogTable(store).lines(job.id)
    assert line == LogLine(line.created_at, "print", None, None, stored)


def test_store_from_before_blocks_were_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is copied and migrated; its lines stay, without a block."""
    path = tmp_path / "old.db"
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "_MIGRATIONS", migrations._MIGRATIONS[:1])
        old = Store(path)
        job_id = JobTable(old).create(
            pipeline_name="demo", definition="{}", options={}, random_seed=1, token="none"
        )
        with old.write() as connection:
            connection.execute(
                "INSERT INTO job_log (job_id, created_at, level, trace_id, message) "
                "VALUES (?, '2026-01-02T03:04:05.678Z', 'print', 'abc', 'from before')",
                [job_id],
            )
        JobTable(old).finish(job_id, "none", "failed")
        old.close()
    migrated = Store(path)
    assert LogTable(migrated).lines(job_id) == [
        LogLine("2026-01-02T03:04:05.678Z", "print", None, "abc", "from before")
    ]
    assert migrated.describe()["migrations"] == [
        "m001_initial", "m002_block_of_log_line", "m003_reused_calls",
        "m004_records_accepted",
        "m005_drafts_of_pipelines",
        "m006_actions_taken_back",
        "m007_choices_and_layouts",
        "m008_selections_of_records",
        "m009_course_of_jobs",
        "m010_attempts_from_a_block",
        "m011_last_edits_and_notes",
        "m012_records_of_actions_undone",
        "m013_indexes_of_each_job",
        "m014_origins_of_attempts",
    ]  # fmt: skip
    migrated.close()
    (copy,) = tmp_path.glob("old.db.before-m002_block_of_log_line-*")
    with contextlib.closing(sqlite3.connect(copy)) as kept:
        columns = [row[1] for row in kept.execute("PRAGMA table_info(job_log)")]
        lines = kept.execute("SELECT message FROM job_log").fetchall()
    assert columns == ["id", "job_id", "created_at", "level", "trace_id", "message"]
    assert lines == [("from before",)]
