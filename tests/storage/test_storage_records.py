"""Records and traces, rebuilt from the seed and what each step changed."""

from __future__ import annotations

import itertools

import pytest
from storage.filling import call, execution, new_job, put_all, record, simple_rows, step

from datagenflow_nb.errors import StoreError
from datagenflow_nb.records import Call, Step, Usage, build_trace
from datagenflow_nb.storage.jobs import JobRow
from datagenflow_nb.storage.records import Record, RecordTable
from datagenflow_nb.storage.store import Store

TRIES = [{"latency": 0.5, "status": 200, "error": None}]


@pytest.fixture
def table(store: Store) -> RecordTable:
    """The records of an empty store."""
    return RecordTable(store)


def nested_job(store: Store) -> JobRow:
    """One execution that parts twice: into 0 and 3, and 3 into 3.0 and 3.1."""
    job = new_job(store, {"topic": "tea", "draft": 1})
    asked = Call("split", 0, "m", {"q": 1}, answer="parts", tries=TRIES, usage=Usage(5, 6, 1, 0.5))
    again = Call("write", 0, "m", {"q": 2}, error="refused", tries=TRIES, usage=Usage(2, 0, 1))
    steps = [
        Step(0, "load", "Load", "", set={"text": "long"}, execution_time=0.25),
        Step(1, "split", "Split", "0", set={"part": "a"}),
        Step(1, "split", "Split", "3", set={"part": "b"}),
        Step(2, "score", "Score", "0", set={"score": 0.1}, removed=["draft"]),
        Step(2, "score", "Score", "3", set={"score": 0.9}, removed=["draft"]),
        Step(3, "again", "Again", "3.0", set={"word": "x"}),
        Step(3, "again", "Again", "3.1", set={"word": "y"}),
        Step(4, "skip", "Skip", "3.0", set={"extra": None}, skipped=True),
        Step(5, "write", "Write", "3.0", set={"text": "changed"}),
        Step(4, "skip", "Skip", "3.1", set={"extra": None}, skipped=True),
        Step(5, "write", "Write", "3.1", error={"error": "no", "detail": {"status": 500}}),
    ]
    rows = [execution(job), call(job, "", asked), call(job, "3.0", again)]
    rows += [step(job, one) for one in steps]
    rows += [
        record(job, branch="0", status="filtered", reason="too short", output_field=None),
        record(job, branch="3.0", status="accepted", verdict="accepted"),
        record(job, branch="3.1", status="failed", reason="no"),
    ]
    put_all(store, job, rows)
    return job


def by_branch(table: RecordTable) -> dict[str, Record]:
    """All records by branch."""
    return {one.branch: one for one in list(table.stream())}


def test_state_of_a_nested_branch(store: Store, table: RecordTable) -> None:
    """The steps before each fan-out, those of the branch, and nothing of its neighbours."""
    nested_job(store)
    found = by_branch(table)
    assert found["3.0"].state == {
        "topic": "tea", "text": "changed", "part": "b", "score": 0.9, "word": "x", "extra": None,
    }  # fmt: skip
    assert found["3.0"].outputs == {
        "text": "changed", "part": "b", "score": 0.9, "word": "x", "extra": None,
    }  # fmt: skip
    assert found["3.0"].metadata == {"topic": "tea", "draft": 1}
    assert found["0"].state == {"topic": "tea", "text": "long", "part": "a", "score": 0.1}
    assert found["3.1"].state == {
        "topic": "tea", "text": "long", "part": "b", "score": 0.9, "word": "y", "extra": None,
    }  # fmt: skip


def test_fields_of_a_record(store: Store, table: RecordTable) -> None:
    """What the row says, in the words users read."""
    nested_job(store)
    found = by_branch(table)
    accepted, failed, filtered = found["3.0"], found["3.1"], found["0"]
    assert (accepted.status, accepted.output, accepted.verdict) == (
        "accepted", "changed", "accepted",
    )  # fmt: skip
    assert (accepted.reviewer, accepted.version, accepted.tags, accepted.note) == (
        "rule", 1, [], None,
    )  # fmt: skip
    assert (accepted.seed_index, accepted.repetition, accepted.attempt) == (0, 0, 1)
    assert accepted.trace_id.startswith("trace-")
    assert (accepted.original, accepted.model) == ({}, "m")
    assert (failed.output, failed.reason, failed.reviewer) == (None, "no", None)
    assert (filtered.output, filtered.reason) == (None, "too short")
    assert "tea" not in repr(accepted)


def test_trace_of_a_nested_branch(store: Store, table: RecordTable) -> None:
    """States chain from the seed on; the call of the fan-out shows in each of its branches."""
    nested_job(store)
    found = by_branch(table)["3.0"]
    trace = build_trace(found.metadata, table.steps_with_calls(found))
    assert [(entry["step"], entry["branch"], entry["skipped"]) for entry in trace] == [
        (0, "", False), (1, "3", False), (2, "3", False), (3, "3.0", False), (4, "3.0", True),
        (5, "3.0", False),
    ]  # fmt: skip
    assert trace[0]["input"] == {"topic": "tea", "draft": 1}
    assert trace[0]["execution_time"] == 0.25
    assert trace[-1]["accumulated_state"] == found.state
    for before, after in itertools.pairwise(trace):
        assert before["accumulated_state"] == after["input"]
    assert [[one["answer"] for one in entry["calls"]] for entry in trace] == [
        [], ["parts"], [], [], [], [None],
    ]  # fmt: skip
    assert trace[1]["calls"][0]["usage"] == {
        "input_tokens": 5, "output_tokens": 6, "calls": 1, "cost": 0.5,
    }  # fmt: skip
    assert trace[5]["calls"][0]["usage"]["calls"] == 1  # refused, but answered and billed


def test_failed_step_keeps_its_error(store: Store, table: RecordTable) -> None:
    """The trace of a failed branch ends with what went wrong."""
    nested_job(store)
    failed = by_branch(table)["3.1"]
    assert failed.steps[-1].error == {"error": "no", "detail": {"status": 500}}
    assert failed.steps[-1].set == {}


def test_calls_survive_the_file(store: Store, table: RecordTable) -> None:
    """A call reads back as it was written."""
    job = new_job(store)
    written = Call(
        "writer", 0, "m", {"messages": [{"role": "user", "content": "ö"}]}, answer="é",
        finish_reason="stop", usage=Usage(3, 4, 1, 0.125), latency=0.75,
        tries=[{"latency": 0.5, "status": 429, "error": "slow down"}, *TRIES],
    )  # fmt: skip
    unanswered = Call("writer", 1, "m", {}, error="gone", tries=[
        {"latency": 0.5, "status": None, "error": "gone"},
    ])  # fmt: skip
    rows = [execution(job), call(job, "", written), call(job, "", unanswered)]
    rows += [step(job, Step(0, "writer", "TextGenerator", set={"text": "é"})), record(job)]
    put_all(store, job, rows)
    (only,) = list(table.stream())
    assert table.steps_with_calls(only)[0].calls == [written, unanswered]


def test_edits_lie_over_the_computed_state(store: Store, table: RecordTable) -> None:
    """The state and the output are the edited ones; the original is kept beside them."""
    job = new_job(store)
    put_all(store, job, simple_rows(job))
    with store.write() as connection:
        connection.execute("""UPDATE records SET edits = '{"text":"better","topic":"coffee"}'""")
    edited = table.get(1)
    assert edited.state == {"topic": "coffee", "text": "better"}
    assert edited.output == "better"
    assert edited.original == {"text": "text 0", "topic": "tea"}
    assert edited.outputs == {"topic": "coffee", "text": "better"}
    assert edited.metadata == {"topic": "tea"}
    assert edited.steps[0].set == {"text": "text 0"}


def test_filters(store: Store, table: RecordTable) -> None:
    """By job, by status."""
    first = new_job(store, *({"n": index} for index in range(6)))
    second = new_job(store)
    statuses = ["pending", "accepted", "pending", "failed", "rejected", "pending"]
    groups = [simple_rows(first, index, status) for index, status in enumerate(statuses)]
    put_all(store, first, *groups)
    put_all(store, second, simple_rows(second))
    assert [one.id for one in table.stream()] == [1, 2, 3, 4, 5, 6, 7]
    assert [one.id for one in table.stream(statuses=["failed", "rejected"])] == [4, 5]
    assert list(table.stream(statuses=[])) == []
    assert [one.id for one in table.stream(job_id=first.id, statuses=["pending"])] == [1, 3, 6]
    assert [one.metadata for one in list(table.stream(job_id=first.id))[:2]] == [{"n": 0}, {"n": 1}]
    assert table.count() == {"accepted": 1, "failed": 1, "pending": 4, "rejected": 1}
    assert table.count(second.id) == {"pending": 1}


def test_earlier_attempts_are_not_current(store: Store, table: RecordTable) -> None:
    """Lists and counts show what holds now; the record itself can still be read."""
    job = new_job(store)
    put_all(store, job, simple_rows(job))
    with store.write() as connection:
        connection.execute("UPDATE records SET is_current = 0")
    assert list(table.stream()) == []
    assert list(table.stream()) == []
    assert table.count() == {}
    assert table.get(1).branch == ""


def test_stream_goes_over_pages(store: Store, table: RecordTable) -> None:
    """More records than one page holds, each once, in order, also when some vanish meanwhile."""
    job = new_job(store, *({"n": index} for index in range(1_203)))
    put_all(store, job, *(simple_rows(job, index) for index in range(1_203)))
    seen = []
    for one in table.stream():
        seen.append(one.seed_index)
        if one.seed_index == 100:
            with store.write() as connection:
                connection.execute("DELETE FROM records WHERE seed_index >= 1000")
    assert seen == list(range(1_000))


def test_unknown_record(store: Store, table: RecordTable) -> None:
    """The message says how many there are."""
    with pytest.raises(StoreError, match=r"no record 5 in .*; there are no records"):
        table.get(5)
    job = new_job(store)
    put_all(store, job, simple_rows(job))
    with pytest.raises(StoreError, match="there are 1 records, the last is 1"):
        table.get(5)
