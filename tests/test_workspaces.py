"""The workspace: which one is current, and what users do with records, models and pipelines."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from running import ASK, ECHO, finish, row_counts
from servers import closed_port

import datagenflow_nb as dgf
from datagenflow_nb import runtime
from datagenflow_nb.jobs import Job
from datagenflow_nb.testing import temporary_workspace

FAILING = {
    "name": "failing",
    "blocks": [
        {"type": "Output", "config": {"template": "{{ 6 // n }}"}},
        {"type": "FieldMapper", "config": {"mappings": {"copy": "{{ output }}"}}},
    ],
}


@pytest.fixture
def ws() -> dgf.Workspace:
    """The current workspace, on a new store in the test's folder."""
    return dgf.workspace("store.db")


@pytest.fixture
def job(ws: dgf.Workspace) -> Job:
    """Records 1 to 4 in the order of their seeds: failed for n = 0, pending for 1, 2, 3."""
    return finish(dgf.run(FAILING, [{"n": n} for n in range(4)], concurrency=1))


def ids(frame: Any) -> list[int]:
    """The ids of a frame of records."""
    return [int(record_id) for record_id in frame["id"]]


# Which one is current


def test_the_current_workspace(tmp_path: Path) -> None:
    """The first call opens the project's store; a path makes another one current."""
    first = dgf.workspace()
    assert dgf.workspace() is first
    assert first.store.path == tmp_path / "datagenflow.db"
    assert repr(first) == "Workspace('datagenflow.db')"
    second = dgf.workspace("other.db")
    assert dgf.workspace() is second
    assert dgf.workspace(tmp_path / "other.db") is second
    finish(dgf.run(ECHO, {"n": 1}))
    assert (len(first.jobs()), len(second.jobs())) == (0, 1)
    first.close()
    assert dgf.workspace() is second


def test_settings_say_where_the_store_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DATABASE_PATH, and the project root above the working directory."""
    monkeypatch.setenv("DATABASE_PATH", "sub/mine.db")
    assert dgf.workspace().store.path == tmp_path / "sub" / "mine.db"
    dgf.workspace().close()
    monkeypatch.delenv("DATABASE_PATH")
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    assert dgf.workspace().store.path == tmp_path / "datagenflow.db"


def test_closing_and_opening_again(ws: dgf.Workspace) -> None:
    """A closed workspace is current no more; the same path opens a new one on the same data."""
    finish(dgf.run(ECHO, {"n": 1}))
    ws.close()
    ws.close()
    with pytest.raises(dgf.StoreError, match=r"^the store .*store\.db was closed$"):
        ws.records()
    again = dgf.workspace("store.db")
    assert again is not ws
    assert again.record_counts() == {"pending": 1}


@pytest.mark.parametrize("replaced", [False, True])
def test_a_store_that_was_deleted_or_replaced(tmp_path: Path, replaced: bool) -> None:
    """Nothing is read out of the lost file; its path gives a new workspace on what is there."""
    other = dgf.workspace("other.db")
    finish(dgf.run(ECHO, [{"n": 1}, {"n": 2}]))
    other.close()
    ws = dgf.workspace("store.db")
    job = finish(dgf.run(ECHO, {"n": 1}))
    (tmp_path / "store.db").unlink()
    if replaced:
        (tmp_path / "other.db").rename(tmp_path / "store.db")
    what = "replaced by another file" if replaced else "deleted"
    looks: list[Callable[[], object]] = [
        ws.records, ws.jobs, job.records, lambda: job.status, lambda: job.export("out.jsonl"),
        lambda: dgf.run(ECHO, {"n": 2}),
    ]  # fmt: skip
    for look in looks:
        with pytest.raises(dgf.StoreError, match=f"^.*store.db was {what} while it was open; noth"):
            look()
    assert not (tmp_path / "out.jsonl").exists()
    again = dgf.workspace("store.db")
    assert again is not ws
    assert dgf.workspace() is again
    assert again.record_counts() == ({"pending": 2} if replaced else {})
    with pytest.raises(dgf.StoreError, match="was closed"):
        ws.records()


@pytest.mark.parametrize("path", [5, b"store.db", "a\0b", "~nobody-here/store.db"])
def test_what_is_no_path_of_a_store(path: Any) -> None:
    """ConfigError that names it."""
    with pytest.raises(dgf.ConfigError, match="is no path of a store"):
        dgf.workspace(path)


def test_pipelines_run_on_after_closing(ws: dgf.Workspace) -> None:
    """Without a workspace a pipeline and a block still find the offline model."""
    ws.close()
    result, _, _ = dgf.Pipeline.from_dict(ASK).execute_sync({"n": 1})
    assert result["output"]


def test_closing_on_the_loop_thread(ws: dgf.Workspace) -> None:
    """An error that leaves everything as it was."""

    async def close() -> None:
        ws.close()

    with pytest.raises(dgf.JobError, match=r"^Workspace.close\(\) waits for the loop thread"):
        runtime.run(close())
    assert dgf.workspace() is ws
    assert finish(dgf.run(ECHO, {"n": 1})).records_generated == 1


def test_two_workspaces_side_by_side(ws: dgf.Workspace) -> None:
    """Each runs its jobs in its own store, with its own models."""
    with temporary_workspace() as other:
        other.add_model("theirs", endpoint="http://127.0.0.1:9/v1", model="x")
        assert dgf.workspace() is ws
        finish(other.run(ECHO, [{"n": 1}, {"n": 2}]))
        finish(ws.run(ECHO, {"n": 1}))
        assert (other.record_counts(), ws.record_counts()) == ({"pending": 2}, {"pending": 1})
        assert ws.configured_models() == []


def test_file_that_is_no_store(tmp_path: Path) -> None:
    """StoreError, and the workspace before stays the current one."""
    before = dgf.workspace("good.db")
    (tmp_path / "bad.db").write_text("no database at all " * 100, encoding="utf-8")
    with pytest.raises(dgf.StoreError, match=r"bad\.db: file is not a database"):
        dgf.workspace("bad.db")
    assert dgf.workspace() is before


def test_debug_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """DEBUG=true lets every block's timing, input and output through to the user's handlers."""
    monkeypatch.setenv("DEBUG", "true")
    logger = logging.getLogger("datagenflow_nb")
    before = logger.level
    try:
        dgf.workspace("store.db")
        assert logger.level == logging.DEBUG
        assert logger.handlers == []
    finally:
        logger.setLevel(before)


# Pipelines and models


def test_saved_pipelines(ws: dgf.Workspace) -> None:
    """Saved, listed, changed, deleted; jobs of a deleted one stay."""
    pipe = dgf.Pipeline.from_dict(ECHO)
    assert (ws.save_pipeline(pipe).version, ws.save_pipeline(pipe).version) == (1, 1)
    changed = dgf.Pipeline.from_dict({**ECHO, "description": "says it"})
    assert ws.save_pipeline(changed).version == 2
    assert [stored.name for stored in ws.pipelines()] == ["echo"]
    assert ws.pipeline("echo") == changed
    finish(dgf.run("echo", {"n": 1}))
    ws.delete_pipeline("echo")
    assert ws.pipelines() == []
    assert ws.record_counts() == {"pending": 1}
    with pytest.raises(dgf.ConfigError, match="echo"):
        ws.pipeline("echo")


@pytest.mark.parametrize("source", [3.5, None, ["Output"]])
def test_what_is_no_pipeline(ws: dgf.Workspace, source: Any) -> None:
    """ConfigError that says what is taken."""
    with pytest.raises(dgf.ConfigError, match="is no pipeline; expected a Pipeline, its name, a"):
        ws.pipeline(source)


def test_models(ws: dgf.Workspace) -> None:
    """Added, replaced, listed and deleted, with their limits; never a key."""
    ws.add_model("m", endpoint="http://127.0.0.1:9/v1/", model="one", timeout=3, max_tries=2,
                 requests_per_minute=60, tokens_per_minute=9000)  # fmt: skip
    (model,) = ws.configured_models()
    assert (model.name, model.model, model.endpoint) == ("m", "one", "http://127.0.0.1:9/v1")
    assert (model.timeout, model.max_tries, model.max_wait) == (3, 2, 120.0)
    assert (model.requests_per_minute, model.tokens_per_minute) == (60, 9000)
    ws.add_model("m", endpoint="http://127.0.0.1:9/v1", model="two")
    assert [model.model for model in ws.configured_models()] == ["two"]
    assert ws.models.resolve("m").model == "two"
    ws.delete_model("m")
    with pytest.raises(dgf.ConfigError, match="'m' is not configured"):
        ws.delete_model("m")


def test_server_that_is_not_there(ws: dgf.Workspace) -> None:
    """A test of its model, and a preview, say so after two tries."""
    endpoint = f"http://127.0.0.1:{closed_port()}/v1"
    ws.add_model("m", endpoint=endpoint, model="one")
    told = r"Cannot connect to host .* \(after 2 tries\); check that the server runs"
    with pytest.raises(dgf.ModelError, match=told):
        ws.test_model("m")
    looked = ws.pipeline(ASK).preview({"n": 1}, model="m")
    assert isinstance(looked.error, dgf.ModelError)
    assert looked.error.detail["tries"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "offline"}, "model name 'offline' is not allowed"),
        ({"name": " "}, "model name ' ' is not allowed"),
        ({"endpoint": "127.0.0.1:80"}, "endpoint is '127.0.0.1:80', expected the URL"),
        ({"key_env": "sk-123"}, "key_env is the NAME of an environment variable"),
        ({"key_env": 5}, "key_env is the NAME of an environment variable"),
        ({"max_trys": 2}, "model option 'max_trys' is unknown; did you mean 'max_tries'"),
        ({"timeout": 0}, "model option timeout is 0, expected a number above 0"),
        ({"timeout": True}, "model option timeout is True, expected a number above 0"),
        ({"timeout": float("nan")}, "model option timeout is nan, expected a number above 0"),
        ({"max_tries": 1.5}, "model option max_tries is 1.5, expected a whole number"),
        ({"requests_per_minute": 0}, "model option requests_per_minute is 0, expected a number a"),
        ({"tokens_per_minute": 0.5}, "model option tokens_per_minute is 0.5, expected a whole n"),
        ({"input_price": -1}, "input_price is -1, expected a number, 0 or more"),
        ({"input_price": "3"}, "input_price is '3', expected a number, 0 or more"),
        ({"model": ""}, "model is '', expected the id of a model"),
    ],
)
def test_models_that_cannot_be(ws: dgf.Workspace, arguments: dict[str, Any], message: str) -> None:
    """ConfigError, and nothing is stored."""
    given = {"name": "m", "endpoint": "http://127.0.0.1:9/v1", "model": "x", **arguments}
    with pytest.raises(dgf.ConfigError, match=f"^{message}"):
        ws.add_model(given.pop("name"), **given)
    assert ws.configured_models() == []


def test_a_limit_of_another_version(ws: dgf.Workspace, caplog: pytest.LogCaptureFixture) -> None:
    """It is left out with a warning, and keeps no run from its work."""
    ws.add_model("m", endpoint="http://127.0.0.1:9/v1", model="one", timeout=3)
    with ws.store.write() as connection:
        connection.execute("""UPDATE models SET limits = '{"timeout": 3, "max_cost": 1}'""")
    (model,) = ws.configured_models()
    assert (model.timeout, model.max_tries) == (3, 8)
    assert "model 'm' has the limit 'max_cost', which this version does not know" in caplog.text
    finish(dgf.run(ECHO, {"n": 1}))


# Looking at records


def test_records_by_job_status_and_page(ws: dgf.Workspace, job: Job) -> None:
    """Filters and pages, in order of the ids."""
    finish(dgf.run(ECHO, [{"n": 1}, {"n": 2}]))
    assert ids(ws.records()) == [1, 2, 3, 4, 5, 6]
    assert ids(ws.records(job_id=1)) == [1, 2, 3, 4]
    assert ids(ws.records(status="failed")) == [1]
    assert ids(ws.records(job_id=1, status=["pending", "failed"], limit=2, offset=1)) == [2, 3]
    assert ids(ws.records(offset=4)) == [5, 6]
    assert ids(ws.records(limit=0)) == []
    assert ids(ws.records(status=[])) == []
    assert ws.record_counts(1) == {"failed": 1, "pending": 3}
    assert ids(job.records(status="pending")) == [2, 3, 4]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"status": "acepted"}, r"record status 'acepted' is unknown; did you mean 'accepted'\?"),
        ({"limit": -1}, r"limit is -1, expected a whole number, 0 or more"),
        ({"offset": -5}, r"offset is -5, expected a whole number, 0 or more"),
        ({"limit": "10"}, r"limit is '10', expected a whole number, 0 or more"),
    ],
)
def test_filters_are_checked(ws: dgf.Workspace, arguments: dict[str, Any], message: str) -> None:
    """A slip is told, not answered with nothing."""
    with pytest.raises(dgf.ValidationError, match=f"^{message}"):
        ws.records(**arguments)


def test_traces(ws: dgf.Workspace, job: Job) -> None:
    """A row per step of every record, failed ones included."""
    frame = ws.traces(job_id=1)
    assert list(zip(frame["record_id"], frame["step"], strict=True)) == [
        (1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (4, 0), (4, 1),
    ]  # fmt: skip
    assert list(job.traces()["record_id"]) == list(frame["record_id"])
    assert frame["error"].iloc[0].startswith("block 'output', config 'template': ")
    assert ws.trace(2)[1]["accumulated_state"] == {"n": 1, "output": "6", "copy": "6"}
    assert ws.trace(2) == job.trace(2)


def test_records_that_are_not_there(ws: dgf.Workspace, job: Job) -> None:
    """Asking for one names what there is; a record of another job is told as such."""
    for look in (ws.record, ws.trace, job.record, job.trace):
        with pytest.raises(dgf.StoreError, match=r"there is no record 9 in store.db; there are 4"):
            look(9)
    other = finish(dgf.run(ECHO, {"n": 1}))
    with pytest.raises(dgf.JobError, match=r"^record 1 belongs to job 1, not to 2$"):
        other.trace(1)
    with pytest.raises(dgf.JobError, match=r"^there is no job 7 in store.db; there are: 1, 2$"):
        ws.job(7)


# Deciding and editing


def test_update_record(ws: dgf.Workspace, job: Job) -> None:
    """An edit writes the field the output comes from and keeps the original."""
    record = ws.update_record(2, status="accepted", output="nine", note="mine")
    assert (record.status, record.output, record.note, record.reviewer) == (
        "accepted", "nine", "mine", "user",
    )  # fmt: skip
    assert record.original == {"output": "6"}
    assert (record.state["copy"], record.version) == ("6", 2)
    record = ws.update_record(2, fields={"copy": ["a", 1], "n": 5})
    assert (record.state["copy"], record.state["n"], record.metadata["n"]) == (["a", 1], 5, 1)
    assert record.original == {"output": "6", "copy": "6", "n": 1}
    assert ws.trace(2)[0]["input"] == {"n": 1}
    record = ws.update_record(2, fields={"copy": "6", "n": 1}, output="6")
    assert (record.original, record.output) == ({}, "6")
    assert ws.update_record(3, output=None).output is None


@pytest.mark.parametrize(
    ("record_id", "changes", "error", "message"),
    [
        (1, {"status": "accepted"}, dgf.ValidationError, "record 1 is failed .* no result"),
        (2, {"status": "failed"}, dgf.ValidationError, "status 'failed' is no review status"),
        (2, {"fields": {"cpoy": 1}}, dgf.ValidationError, "no field 'cpoy'; did you mean 'copy'"),
        (2, {"fields": {"copy": object()}}, dgf.ValidationError, "object is not a JSON value"),
        (2, {"note": 3}, dgf.ValidationError, "note is 3, expected a text"),
        (9, {"status": "accepted"}, dgf.StoreError, "there is no record 9; nothing was changed"),
    ],
)
def test_update_that_is_refused(
    ws: dgf.Workspace,
    job: Job,
    record_id: int,
    changes: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    """Told why, and nothing is changed."""
    with pytest.raises(error, match=message):
        ws.update_record(record_id, **changes)
    assert ws.record_counts() == {"failed": 1, "pending": 3}
    assert row_counts(ws).get("review_actions", 0) == 0


@pytest.mark.parametrize(
    "choose",
    [
        lambda frame: [2, 3],
        lambda frame: (2, 3),
        lambda frame: {2, 3},
        lambda frame: np.array([2, 3]),
        lambda frame: range(2, 4),
        lambda frame: frame.loc[frame["id"].isin([2, 3]), "id"],
        lambda frame: frame[frame["id"].isin([2, 3])],
        lambda frame: frame.loc[frame["id"].isin([2, 3]), ["id", "output"]],
    ],
    ids=["list", "tuple", "set", "array", "range", "column", "frame", "part"],
)
def test_deciding_on_many(ws: dgf.Workspace, job: Job, choose: Callable[[Any], Any]) -> None:
    """By ids in any form, or by a frame that was not edited at all."""
    assert ws.update_records(choose(ws.records()), status="accepted", note="both") == 2
    assert ws.record_counts() == {"failed": 1, "accepted": 2, "pending": 1}
    assert [ws.record(number).note for number in (2, 3, 4)] == ["both", "both", None]
    assert ws.update_records(choose(ws.records()), status="accepted") == 0


@pytest.mark.parametrize("wrong", [["2"], [2.5], [True], [None]])
def test_ids_that_are_none(ws: dgf.Workspace, job: Job, wrong: list[Any]) -> None:
    """Anything but whole numbers is an error before anything changes."""
    with pytest.raises(dgf.ValidationError, match="is no whole number; nothing was changed"):
        ws.update_records([3, *wrong], status="accepted")
    assert ws.record_counts() == {"failed": 1, "pending": 3}


def test_an_edited_frame_goes_back(ws: dgf.Workspace, job: Job) -> None:
    """Changed cells and statuses are written, the rest is left alone; all or nothing."""
    frame = ws.records()
    frame.loc[frame["id"] == 2, "copy"] = "edited"
    frame.loc[frame["id"] == 3, "status"] = "rejected"
    assert ws.update_records(frame) == 2
    assert ws.record(2).state["copy"] == "edited"
    assert ws.record_counts() == {"failed": 1, "pending": 2, "rejected": 1}
    assert [ws.record(number).version for number in (1, 2, 3, 4)] == [1, 2, 2, 1]
    frame = ws.records()
    frame.loc[frame["id"] == 4, "copy"] = "lost"
    frame.loc[frame["id"] == 1, "status"] = "accepted"
    with pytest.raises(dgf.ValidationError, match="record 1, column 'status': cannot be edited"):
        ws.update_records(frame)
    assert ws.record(4).state["copy"] == "2"


def test_seed_fields_called_like_columns_of_an_export(ws: dgf.Workspace) -> None:
    """A frame in which some records lack them goes back unchanged; an edit of one is written."""
    seeds = [{"n": 1, "created_at": "1999", "updated_at": 5, "trace_id": "t"}, {"n": 2}]
    finish(dgf.run(ECHO, seeds, concurrency=1))
    frame = ws.records()
    assert ws.update_records(frame) == 0
    frame.loc[frame["id"] == 1, "created_at"] = "2000"
    assert ws.update_records(frame) == 1
    assert ws.record(1).state["created_at"] == "2000"
    frame = ws.records()
    frame.loc[frame["id"] == 2, "created_at"] = "2000"
    with pytest.raises(dgf.ValidationError, match="record 2, column 'created_at': cannot be edit"):
        ws.update_records(frame)


def test_edited_values_are_exported(ws: dgf.Workspace, job: Job, tmp_path: Path) -> None:
    """Exports hold what people wrote; rejected and failed records only when asked for."""
    ws.update_record(2, output="edited", status="accepted")
    ws.update_record(3, status="rejected")
    assert ws.export("out.csv").records == 2
    lines = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()
    assert [",accepted,edited," in line for line in lines] == [False, True, False]
    assert ws.export("all.jsonl", status=["failed", "rejected"], job_id=1).records == 2
    with pytest.raises(dgf.ValidationError, match="record status 'all' is unknown"):
        ws.export("no.jsonl", status="all")


def test_delete_records(ws: dgf.Workspace, job: Job) -> None:
    """By ids, by job and status; never everything by leaving something out."""
    finish(dgf.run(ECHO, [{"n": 1}, {"n": 2}]))
    with pytest.raises(dgf.ValidationError, match=r"^delete_records needs record ids, job_id= or"):
        ws.delete_records()
    assert ws.delete_records([]) == 0
    assert ws.delete_records([2, 99]) == 1
    assert ws.delete_records(job_id=1, status="failed") == 1
    assert ids(ws.records()) == [3, 4, 5, 6]
    with pytest.raises(dgf.ValidationError, match="record status 'pendign' is unknown"):
        ws.delete_records(status="pendign")
    assert ws.delete_records(job_id=2) == 2
    assert row_counts(ws)["executions"] == 2
    assert not [finding for finding in ws.examine() if finding.count]


# The current workspace's models


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings that name a server nobody runs."""
    monkeypatch.setenv("LLM_ENDPOINT", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("LLM_MODEL", "gone")
    yield


@pytest.mark.usefixtures("unreachable")
def test_offline_never_answers_unasked() -> None:
    """With LLM_* set the job's model is that one, in its row before anything is asked."""
    ws = dgf.workspace("store.db")
    job = dgf.run(ASK, {"n": 1})
    assert job.row.options["models"] == ["gone"]
    finish(job.cancel(now=True), "cancelled")  # it tries again for two minutes
    assert ws.record_counts() == {}


@pytest.mark.usefixtures("unreachable")
def test_offline_when_asked_for() -> None:
    """``model="offline"`` replaces the default for one job."""
    dgf.workspace("store.db")
    job = finish(dgf.run(ASK, {"n": 1}, model="offline"))
    assert job.records()["model"].tolist() == ["offline"]
