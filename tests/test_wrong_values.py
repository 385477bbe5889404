"""Wrong values at the doors of workspaces and jobs: told by an error of ours, nothing touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from running import ECHO, finish

import datagenflow_nb as dgf
from datagenflow_nb.jobs import Job

Call = Callable[[dgf.Workspace, Job], Any]
HUGE = 2**63


@pytest.fixture
def ws() -> dgf.Workspace:
    """The current workspace, on a new store in the test's folder."""
    return dgf.workspace("store.db")


@pytest.fixture
def job(ws: dgf.Workspace) -> Job:
    """Job 1 with the records 1 and 2."""
    return finish(dgf.run(ECHO, [{"n": 1}, {"n": 2}]))


NO_JOB = {
    "job": lambda ws, job: ws.job(77),
    "records": lambda ws, job: ws.records(job_id=77),
    "counts": lambda ws, job: ws.record_counts(77),
    "traces": lambda ws, job: ws.traces(77),
    "delete": lambda ws, job: ws.delete_records(job_id=77),
    "export": lambda ws, job: ws.export("out.jsonl", job_id=77),
    "seeds": lambda ws, job: ws.run(ECHO, "job:77"),
}


@pytest.mark.parametrize("call", NO_JOB.values(), ids=NO_JOB)
def test_a_job_that_does_not_exist(ws: dgf.Workspace, job: Job, call: Call) -> None:
    """JobError with the numbers there are; a file at the export's path is as it was."""
    Path("out.jsonl").write_text("kept\n", encoding="utf-8")
    with pytest.raises(dgf.JobError, match=r"^there is no job 77 in store\.db; there are: 1$"):
        call(ws, job)
    assert Path("out.jsonl").read_text(encoding="utf-8") == "kept\n"
    assert ws.record_counts() == {"pending": 2}


@pytest.mark.parametrize(
    ("value", "told"),
    [("1", "'1'"), ([1], r"\[1\]"), (True, "True"), (1.5, "1.5"), (HUGE, "9223372036854775808")],
)
def test_what_is_no_number_of_a_job(ws: dgf.Workspace, job: Job, value: Any, told: str) -> None:
    """The same, for any kind of value and for numbers no store holds."""
    calls: list[Callable[[], Any]] = [
        lambda: ws.job(value),
        lambda: ws.records(job_id=value),
        lambda: ws.delete_records(job_id=value),
        lambda: ws.export("out.jsonl", job_id=value),
    ]
    for call in calls:
        with pytest.raises(dgf.JobError, match=rf"^there is no job {told} in store\.db; there"):
            call()
    assert ws.record_counts() == {"pending": 2}


def test_numbers_of_jobs_as_pandas_gives_them(ws: dgf.Workspace, job: Job) -> None:
    """NumPy's integers, and floats of a column with gaps."""
    assert ws.job(np.int64(1)).id == 1
    assert ws.record_counts(np.float64(1.0)) == {"pending": 2}  # type: ignore[arg-type]


def test_a_deleted_job_exports_nothing(ws: dgf.Workspace, job: Job) -> None:
    """The object of a job that is gone says so instead of emptying a file."""
    Path("out.jsonl").write_text("kept\n", encoding="utf-8")
    job.delete()
    calls: list[Callable[[], Any]] = [lambda: job.export("out.jsonl"), job.records, job.traces]
    for call in calls:
        with pytest.raises(dgf.JobError, match=r"^there is no job 1 in store.db; there are: none$"):
            call()
    assert Path("out.jsonl").read_text(encoding="utf-8") == "kept\n"


def test_exporting_no_status(ws: dgf.Workspace, job: Job) -> None:
    """An empty list of statuses is refused: it would empty the file."""
    Path("out.jsonl").write_text("kept\n", encoding="utf-8")
    calls: list[Callable[[], Any]] = [
        lambda: ws.export("out.jsonl", status=[]),
        lambda: job.export("out.jsonl", status=()),
    ]
    for call in calls:
        with pytest.raises(dgf.ValidationError, match="which exports nothing; name statuses, or"):
            call()
    assert Path("out.jsonl").read_text(encoding="utf-8") == "kept\n"


WRONG: dict[str, tuple[Call, type[dgf.DataGenFlowError], str]] = {
    "record": (
        lambda ws, job: ws.record([1]),  # type: ignore[arg-type]
        dgf.ValidationError,
        r"^record id \[1\] is no whole number$",
    ),
    "huge record": (
        lambda ws, job: ws.record(HUGE),
        dgf.StoreError,
        "^there is no record 9223372036854775808 in store.db; there are 2 records, the last is 2$",
    ),
    "record of a job": (
        lambda ws, job: job.trace("x"),  # type: ignore[arg-type]
        dgf.ValidationError,
        "^record id 'x' is no whole number$",
    ),
    "update": (
        lambda ws, job: ws.update_record("x", status="accepted"),  # type: ignore[arg-type]
        dgf.ValidationError,
        "^record id 'x' is no whole number; nothing was changed$",
    ),
    "update true": (
        lambda ws, job: ws.update_record(True, status="accepted"),
        dgf.ValidationError,
        "^record id True is no whole number; nothing was changed$",
    ),
    "huge update": (
        lambda ws, job: ws.update_record(HUGE, output="x"),
        dgf.StoreError,
        "^there is no record 9223372036854775808; nothing was changed$",
    ),
    "huge updates": (
        lambda ws, job: ws.update_records([1, HUGE], status="accepted"),
        dgf.StoreError,
        "^there is no record 9223372036854775808; nothing was changed$",
    ),
    "frame": (
        lambda ws, job: ws.update_records(ws.records().assign(id=[1, np.uint64(HUGE)])),
        dgf.ValidationError,
        "^the frame has a record 9223372036854775808 that does not exist",
    ),
    "delete": (
        lambda ws, job: ws.delete_records(1),  # type: ignore[arg-type]
        dgf.ValidationError,
        r"^1 is no list of record ids, such as \[1, 2\]; nothing was changed$",
    ),
    "limit": (
        lambda ws, job: ws.records(limit=HUGE),
        dgf.ValidationError,
        "^limit is 9223372036854775808, expected at most 2",
    ),
    "pipeline": (
        lambda ws, job: ws.pipeline(HUGE),
        dgf.ConfigError,
        "^there is no stored pipeline 9223372036854775808; there are none$",
    ),
    "pipeline true": (
        lambda ws, job: ws.delete_pipeline(True),
        dgf.ConfigError,
        "^there is no stored pipeline True; there are none$",
    ),
    "no pipeline": (
        lambda ws, job: ws.delete_pipeline([1]),  # type: ignore[arg-type]
        dgf.ConfigError,
        r"^there is no stored pipeline \[1\]; there are none$",
    ),
    "seeds": (
        lambda ws, job: ws.run(ECHO, "job:99999999999999999999"),
        dgf.JobError,
        "^there is no job 99999999999999999999 in store.db; there are: 1$",
    ),
    "endless seeds": (
        lambda ws, job: ws.run(ECHO, "job:" + "9" * 5000),
        dgf.SeedError,
        "expected the number of a job, such as 'job:3'$",
    ),
    "wait": (
        lambda ws, job: job.wait("x"),  # type: ignore[arg-type]
        dgf.ValidationError,
        "^timeout is 'x', expected seconds, 0 or more$",
    ),
    "wait nan": (
        lambda ws, job: job.wait(float("nan")),
        dgf.ValidationError,
        "^timeout is nan, expected seconds, 0 or more$",
    ),
    "export option": (
        lambda ws, job: ws.export("out.jsonl", flt=True),
        dgf.ConfigError,
        "^export option 'flt' is unknown; did you mean 'flat'",
    ),
    "job export option": (
        lambda ws, job: job.export("out.jsonl", defuse_formula=True),
        dgf.ConfigError,
        "^export option 'defuse_formula' is unknown; did you mean 'defuse_formulas'",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_values_are_told(ws: dgf.Workspace, job: Job, case: str) -> None:
    """An error of ours that names the value; nothing is changed."""
    call, error, message = WRONG[case]
    with pytest.raises(error, match=message):
        call(ws, job)
    assert ws.record_counts() == {"pending": 2}
    assert not Path("out.jsonl").exists()


def test_waiting_for_ever(job: Job) -> None:
    """An endless timeout is one that no clock reaches."""
    assert job.wait(float("inf")) is job


def test_deleting_records_of_several_statuses(ws: dgf.Workspace, job: Job) -> None:
    """A list of statuses, as everywhere else."""
    ws.update_record(1, status="rejected")
    ws.update_record(2, status="accepted")
    assert ws.delete_records(status=["rejected", "failed"]) == 1
    assert ws.records()["id"].tolist() == [2]


def test_integers_of_more_than_64_bits(ws: dgf.Workspace) -> None:
    """SQLite's refusal is a StoreError wherever it comes from."""
    with pytest.raises(dgf.StoreError, match=r"store\.db: a value is too large for SQLite"):
        ws.store.rows("SELECT ?", [HUGE])
