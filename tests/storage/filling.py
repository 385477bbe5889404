"""What the storage tests share: stores with jobs, executions, steps and records in them."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datagenflow_nb.records import Call, Seed, Step
from datagenflow_nb.storage.jobs import EXECUTION_SHIFT, JobRow, JobTable
from datagenflow_nb.storage.journal import call_row, execution_row, record_row, step_row
from datagenflow_nb.storage.lease import new_token
from datagenflow_nb.storage.store import Store
from datagenflow_nb.storage.writer import CALLS, EXECUTIONS, RECORDS, STEPS, Row, Writer

AT = "2026-11-23T10:00:00.000Z"


def new_job(store: Store, *metadata: dict[str, Any], token: str | None = None) -> JobRow:
    """A running job of this process with one seed per metadata."""
    table = JobTable(store)
    token = token or new_token()
    job_id = table.create(
        pipeline_name="demo", definition="{}", options={}, random_seed=1, token=token
    )
    table.add_seeds(job_id, [Seed(fields) for fields in metadata or ({"topic": "tea"},)])
    table.start(job_id, token)
    return table.get(job_id)


def key_of(job: JobRow, seed_index: int = 0) -> int:
    """The number of the execution of this seed."""
    return (job.id << EXECUTION_SHIFT) + seed_index + 1


def execution(job: JobRow, seed_index: int = 0, status: str = "completed") -> Row:
    """A row of ``executions``."""
    key = key_of(job, seed_index)
    row = execution_row(
        key, job.id, seed_index, 0, 1, status, None, f"trace-{key}", AT,
        None if status == "running" else AT,
    )  # fmt: skip
    return EXECUTIONS, row


def step(job: JobRow, value: Step, seed_index: int = 0) -> Row:
    """A row of ``steps``."""
    return STEPS, step_row(key_of(job, seed_index), value)


def call(job: JobRow, branch: str, value: Call, seed_index: int = 0) -> Row:
    """A row of ``calls``."""
    return CALLS, call_row(key_of(job, seed_index), branch, value, AT)


def record(
    job: JobRow,
    seed_index: int = 0,
    branch: str = "",
    status: str = "pending",
    *,
    reason: str | None = None,
    output_field: str | None = "text",
    verdict: str | None = None,
) -> Row:
    """A row of ``records``."""
    row = record_row(
        job.id, key_of(job, seed_index), seed_index, 0, branch, status, reason, output_field, "m",
        verdict, AT,
    )  # fmt: skip
    return RECORDS, row


def simple_rows(job: JobRow, seed_index: int = 0, status: str = "pending") -> list[Row]:
    """One execution with one step that sets ``text``, and its record."""
    value = Step(0, "writer", "TextGenerator", set={"text": f"text {seed_index}"})
    return [execution(job, seed_index), step(job, value, seed_index),
            record(job, seed_index, status=status)]  # fmt: skip


def put_all(store: Store, job: JobRow, *groups: list[Row]) -> None:
    """Write through a writer and wait until all is committed."""

    async def write() -> None:
        for group in groups:
            writer.put(job.id, group)
        await writer.flush(job.id)

    assert job.runner is not None
    writer = Writer(store)
    writer.open_job(job.id, job.runner)
    try:
        asyncio.run(write())
    finally:
        writer.stop()


@contextlib.contextmanager
def child(script: str, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A process that runs ``script``, with pipes, ended and reaped when the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def tell(process: subprocess.Popen[str], line: str) -> None:
    """Send the process one line."""
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> str:
    """The next line the process prints."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")
