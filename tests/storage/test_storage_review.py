"""What people do to records: edits, statuses, notes, deletion."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from storage.filling import execution, new_job, put_all, record, simple_rows, step

from datagenflow_nb.errors import ConflictError, StoreError, ValidationError
from datagenflow_nb.records import Step, decode
from datagenflow_nb.storage.doctor import examine
from datagenflow_nb.storage.jobs import JobTable
from datagenflow_nb.storage.records import RecordTable
from datagenflow_nb.storage.review import ReviewTable
from datagenflow_nb.storage.store import Store


@pytest.fixture
def records(store: Store) -> RecordTable:
    """Three pending records, one failed and one filtered, of one job."""
    job = new_job(store, *({"topic": "tea", "n": index} for index in range(5)))
    statuses = ["pending", "pending", "pending", "failed", "filtered"]
    groups = [simple_rows(job, index, status) for index, status in enumerate(statuses)]
    put_all(store, job, *groups)
    return RecordTable(store)


@pytest.fixture
def review(store: Store, records: RecordTable) -> ReviewTable:
    """What can be done to them."""
    return ReviewTable(store, records)


def actions(store: Store) -> list[tuple[str, str, Any]]:
    """(reviewer, action, before) of all review actions, oldest first."""
    rows = store.rows("SELECT reviewer, action, before FROM review_actions ORDER BY id")
    return [(row[0], row[1], decode(row[2])) for row in rows]


def test_status_and_note(store: Store, records: RecordTable, review: ReviewTable) -> None:
    """All in one transaction, one action that says what was before."""
    assert review.update({1: {}, 2: {}}, status="accepted", note="fine", reviewer="ada") == 2
    first = records.get(1)
    assert (first.status, first.note, first.reviewer, first.version) == (
        "accepted", "fine", "ada", 2,
    )  # fmt: skip
    assert first.updated_at > first.created_at
    assert records.get(3).version == 1
    before, after = ["pending", None, None], ["accepted", "ada", "fine"]
    changed = {
        "columns": ["status", "reviewer", "note"],
        "groups": [[before, after, [None, None], [[1, 2]]]],
    }
    assert actions(store) == [("ada", "update", changed)]


def test_nothing_changed_is_no_action(store: Store, review: ReviewTable) -> None:
    """The number counts what really changed; that somebody else decides the same is a change."""
    assert review.update({1: {}}, status="accepted") == 1
    assert review.update({1: {}, 2: {}}, status="accepted") == 1
    assert review.update({1: {}}, status="accepted", reviewer="bob") == 1
    assert review.update({1: {"text": "text 0"}}) == 0
    assert review.update({1: {}}) == 0
    assert review.update({}) == 0
    runs = [before["groups"][0][3] for _, _, before in actions(store)]
    assert runs == [[[1, 1]], [[2, 2]], [[1, 1]]]


def test_edit_keeps_the_original(records: RecordTable, review: ReviewTable) -> None:
    """Several fields, the seed's too."""
    assert review.update({1: {"text": "better", "topic": "coffee"}}) == 1
    edited = records.get(1)
    assert edited.state == {"topic": "coffee", "n": 0, "text": "better"}
    assert edited.original == {"text": "text 0", "topic": "tea"}
    assert (edited.output, edited.status) == ("better", "pending")
    review.update({1: {"n": 7}})
    assert records.get(1).original == {"text": "text 0", "topic": "tea", "n": 0}


def test_edit_of_output_writes_its_field(records: RecordTable, review: ReviewTable) -> None:
    """The output is a view of the field it comes from."""
    review.update({1: {"output": "better"}})
    edited = records.get(1)
    assert (edited.state["text"], edited.output) == ("better", "better")
    assert "output" not in edited.state


def test_edit_of_a_field_called_output(store: Store) -> None:
    """When the state has such a field, that is it."""
    job = new_job(store)
    made = Step(0, "o", "Output", set={"output": "a", "text": "b"})
    put_all(store, job, [execution(job), step(job, made), record(job, output_field="output")])
    table = RecordTable(store)
    ReviewTable(store, table).update({1: {"output": "better"}})
    assert table.get(1).state == {"topic": "tea", "output": "better", "text": "b"}


def test_edit_back_is_no_edit(store: Store, records: RecordTable, review: ReviewTable) -> None:
    """The original value again: nothing is left of the edit."""
    review.update({1: {"text": "better", "n": 5}})
    assert review.update({1: {"text": "text 0"}}) == 1
    assert records.get(1).original == {"n": 0}
    assert review.update({1: {"n": 0}}) == 1
    assert records.get(1).original == {}
    assert store.rows("SELECT edits FROM records WHERE id = 1")[0][0] is None


@pytest.mark.parametrize("value", [0.0, False, None, "0"])
def test_edit_to_a_value_python_takes_for_equal(
    records: RecordTable, review: ReviewTable, value: Any
) -> None:
    """0, 0.0 and False are three values in JSON."""
    assert review.update({1: {"n": value}}) == 1
    edited = records.get(1)
    assert type(edited.state["n"]) is type(value)
    assert edited.original == {"n": 0}


def test_numbers_out_of_a_dataframe(records: RecordTable, review: ReviewTable) -> None:
    """NumPy's integers are numbers of records, its values are values."""
    assert review.update({np.int64(1): {"n": np.int64(9)}}, status="accepted") == 1  # type: ignore[dict-item] # as frames give them
    assert (records.get(1).state["n"], records.get(1).status) == (9, "accepted")
    assert review.delete(record_ids=[np.int64(1)]) == 1  # type: ignore[list-item] # as frames give them


@pytest.mark.parametrize(
    ("changes", "options", "error", "message"),
    [
        ({1: {}, 2: {"tekst": "x"}}, {}, ValidationError,
         r"record 2 has no field 'tekst'; did you mean 'text'\?; nothing was changed"),
        ({1: {}, 4: {}}, {}, ValidationError, r"record 4 is failed .*no result to review"),
        ({1: {}, 5: {}}, {}, ValidationError, r"record 5 is filtered"),
        ({1: {}, 99: {}}, {}, StoreError, "there is no record 99; nothing was changed"),
        ({1: {}, 2: {"text": math.nan}}, {}, ValidationError,
         r"record 2, field 'text': nan is not a JSON number"),
        ({1: {}}, {"status": "acepted"}, ValidationError,
         r"'acepted' is no review status; did you mean 'accepted'"),
        ({1: {}}, {"status": "failed"}, ValidationError, "'failed' is no review status"),
        ({1: {}}, {"note": 5}, ValidationError, "note is 5, expected a text"),
    ],
)  # fmt: skip
def test_all_or_nothing(
    store: Store,
    records: RecordTable,
    review: ReviewTable,
    changes: dict[int, Any],
    options: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    """One wrong change, and the right ones before it are not made either."""
    with pytest.raises(error, match=message):
        review.update(changes, **{"status": "accepted", **options})
    assert records.count() == {"failed": 1, "filtered": 1, "pending": 3}
    assert actions(store) == []


def test_output_of_a_record_without_one(store: Store) -> None:
    """A failed record has no output field to write to."""
    job = new_job(store)
    put_all(store, job, [execution(job), record(job, status="failed", output_field=None)])
    with pytest.raises(ValidationError, match="record 1 has no field 'output'"):
        ReviewTable(store, RecordTable(store)).update({1: {"output": "x"}})


def test_statuses_by_record(records: RecordTable, review: ReviewTable) -> None:
    """An edited frame sends a status per row."""
    assert review.update({}, status={1: "accepted", 2: "rejected"}) == 2
    assert records.count() == {
        "accepted": 1, "failed": 1, "filtered": 1, "pending": 1, "rejected": 1,
    }  # fmt: skip


def test_somebody_is_faster(records: RecordTable, review: ReviewTable) -> None:
    """What was compared with one version is not written over another; nothing is changed."""
    review.update({2: {"text": "theirs"}}, reviewer="bob")
    with pytest.raises(ConflictError, match="record 2 was changed by bob since you") as raised:
        review.update({1: {"text": "x"}, 2: {"text": "y"}}, versions={1: 1, 2: 1})
    assert (raised.value.detail["yours"], raised.value.detail["theirs"]) == (
        {"text": "y"}, {"text": "theirs"},
    )  # fmt: skip
    assert [record.output for record in records.many([1, 2])] == ["text 0", "theirs"]
    assert review.update({1: {"text": "x"}, 2: {"text": "y"}}, versions={1: 1, 2: 2}) == 2


def test_delete_by_id_takes_the_trace(
    store: Store, records: RecordTable, review: ReviewTable
) -> None:
    """The execution goes with its last record, and the deletion is on record."""
    assert review.delete(record_ids=[1, 99]) == 1
    assert [one.id for one in list(records.stream())] == [2, 3, 4, 5]
    assert store.rows("SELECT count(*) FROM executions")[0][0] == 4
    assert store.rows("SELECT count(*) FROM steps")[0][0] == 4
    assert actions(store) == [("user", "delete", {"runs": [[1, 1]]})]
    assert review.delete(record_ids=[]) == 0


def test_delete_of_one_branch_leaves_the_others(store: Store) -> None:
    """A trace is shared by the branches of an execution."""
    job = new_job(store)
    rows = [execution(job), step(job, Step(0, "load", "Load", set={"text": "x"}))]
    rows += [step(job, Step(1, "split", "Split", branch, set={"part": 1})) for branch in "01"]
    put_all(store, job, [*rows, record(job, branch="0"), record(job, branch="1")])
    table = RecordTable(store)
    review = ReviewTable(store, table)
    review.delete(record_ids=[1])
    assert table.get(2).state == {"topic": "tea", "text": "x", "part": 1}
    review.delete(record_ids=[2])
    assert store.rows("SELECT count(*) FROM steps")[0][0] == 0


def test_delete_by_job_and_status(store: Store, records: RecordTable, review: ReviewTable) -> None:
    """Conditions narrow each other."""
    other = new_job(store)
    put_all(store, other, simple_rows(other))
    assert review.delete(job_id=1, status="pending") == 3
    assert review.delete(status="pending") == 1
    assert records.count() == {"failed": 1, "filtered": 1}


def test_delete_everything_must_be_said(records: RecordTable, review: ReviewTable) -> None:
    """Never by leaving something out."""
    with pytest.raises(ValidationError, match="needs record ids, job_id= or status="):
        review.delete()
    assert len(list(records.stream())) == 5


def test_delete_of_very_many_records(records: RecordTable, review: ReviewTable) -> None:
    """More than SQLite takes parameters."""
    assert review.delete(record_ids=list(range(1, 300_001))) == 5
    assert list(records.stream()) == []


def test_running_execution_keeps_its_trace(store: Store) -> None:
    """Its other branches are still to come."""
    job = new_job(store)
    put_all(store, job, [execution(job, status="running"), record(job, branch="0")])
    assert ReviewTable(store, RecordTable(store)).delete(job_id=job.id) == 1
    assert store.rows("SELECT count(*) FROM executions")[0][0] == 1


def test_store_is_healthy_after_a_deletion(store: Store, review: ReviewTable) -> None:
    """Deleted records are not missing ones."""
    job = JobTable(store).get(1)
    JobTable(store).finish(1, job.runner or "", "completed")
    review.delete(record_ids=[1])
    assert [finding for finding in examine(store) if finding.count] == []
