"""One reviewer at work: deciding, editing, noting, tagging, and taking it back."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np
import pytest
from reviews.looking import held, make_many, statuses

import datagenflow_nb as dgf


def test_one_decision(ws: dgf.Workspace) -> None:
    """It is stored with the reviewer, and the log says who, when and what."""
    session = ws.review_session(1, reviewer="ada")
    action = session.set_status(2, "accepted")
    assert action.to_dict() == {"id": 1, "what": "accepted", "count": 1, "skipped": {}}
    record = ws.record(2)
    assert (record.status, record.reviewer, record.version) == ("accepted", "ada", 2)
    log = ws.review_log(1)
    assert log.drop(columns=["created_at"]).to_dict("records")[0] | {
        "undone_at": None, "undone_by": None,
    } == {
        "id": 1, "reviewer": "ada", "action": "status", "what": "accepted", "count": 1,
        "skipped": 0, "can_undo": True, "undone": 0, "undone_at": None, "undone_by": None,
    }  # fmt: skip
    assert log["created_at"].iloc[0] == record.updated_at


def test_the_login_name_reviews(ws: dgf.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless a name is given."""
    monkeypatch.setenv("LOGNAME", "grace")
    assert repr(ws.review_session(1)) == "ReviewSession(job_id=1, reviewer='grace')"
    monkeypatch.setenv("LOGNAME", "rule")
    with pytest.raises(dgf.ValidationError, match="'rule' is what rules decide as"):
        ws.review_session(1)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "reviewer '' is no name"),
        ("a\nb", "is no name: it is a text of one line"),
        ("x" * 101, "1 to 100 characters"),
        (7, "reviewer 7 is no name"),
        ("rule: n > 1", "is what rules decide as; take another name"),
    ],
)
def test_names_that_are_none(ws: dgf.Workspace, name: Any, message: str) -> None:
    """Nobody reviews as a rule, or as nobody."""
    with pytest.raises(dgf.ValidationError, match=message):
        ws.review_session(reviewer=name)


@pytest.mark.parametrize(
    "ids",
    [[3, 1, 2, 2], (1, 2, 3), {1, 2, 3}, range(1, 4), array("q", [1, 2, 3]), np.array([1, 2, 3]),
     iter([1, 2, 3])],
    ids=["list", "tuple", "set", "range", "array", "numpy", "iterator"],
)  # fmt: skip
def test_many_at_once(ws: dgf.Workspace, ids: Any) -> None:
    """One action for all of them, whatever holds the ids."""
    session = ws.review_session(1, reviewer="ada")
    assert session.set_status(ids, "rejected").count == 3
    assert statuses(ws) == ["rejected", "rejected", "rejected", "pending", "failed", "filtered"]
    assert list(ws.review_log(1)["count"]) == [3]


def test_what_has_no_result_is_skipped(ws: dgf.Workspace) -> None:
    """Counted with the reason, of many; an error when it is the only one."""
    session = ws.review_session(1, reviewer="ada")
    action = session.set_status([*range(1, 7), 99, 2**70], "accepted")
    assert (action.count, action.skipped) == (
        4, {"failed": 1, "filtered": 1, "not there any more": 2},
    )  # fmt: skip
    assert list(ws.review_log()["skipped"]) == [4]
    with pytest.raises(dgf.ValidationError, match=r"record 5 is failed .*no result to review"):
        session.set_status(5, "accepted")
    with pytest.raises(dgf.StoreError, match="there is no record 99; nothing was changed"):
        session.set_status([99], "accepted")
    with pytest.raises(dgf.ValidationError, match="'ok' is no review status; there are: 'accepted"):
        session.set_status(1, "ok")
    with pytest.raises(dgf.ValidationError, match="record id '1' is no whole number"):
        session.set_status("1", "accepted")
    assert session.set_status([], "accepted").to_dict() == {
        "id": None, "what": "accepted", "count": 0, "skipped": {},
    }  # fmt: skip
    assert len(ws.review_log()) == 1


def test_deciding_the_same_again(ws: dgf.Workspace) -> None:
    """Nothing for who decided it; a decision of its own for somebody else."""
    ada, bob = ws.review_session(1, "ada"), ws.review_session(1, "bob")
    ada.set_status(1, "accepted")
    assert ada.set_status(1, "accepted").id is None
    assert bob.set_status(1, "accepted").count == 1
    assert ws.record(1).reviewer == "bob"
    undone = ada.undo()
    assert undone is not None
    assert (undone.count, undone.skipped) == (0, {"changed since by bob": 1})
    assert (ws.record(1).status, ws.record(1).reviewer) == ("accepted", "bob")
    assert ada.set_status(2, "pending").id is None  # nobody has decided on it
    assert ws.record(2).reviewer is None


def test_editing(ws: dgf.Workspace) -> None:
    """The original stays, undo brings it back, and the reviewer is still who decided."""
    session = ws.review_session(1, reviewer="ada")
    action = session.edit(1, 1, {"output": "better", "n": 7})
    assert (action.what, action.count) == ("edited output, n", 1)
    record = ws.record(1)
    assert (record.output, record.state["n"]) == ("better", 7)
    assert record.original == {"text": "text 0", "n": 0}
    assert (record.version, record.reviewer) == (2, None)
    session.undo()
    assert (ws.record(1).output, ws.record(1).original) == ("text 0", {})
    session.redo()
    assert ws.record(1).original == {"text": "text 0", "n": 0}


def test_an_edit_that_comes_too_late(ws: dgf.Workspace) -> None:
    """Nothing is overwritten; the error has both values."""
    ada, bob = ws.review_session(1, "ada"), ws.review_session(1, "bob")
    bob.edit(1, 1, {"text": "bob's"})
    with pytest.raises(
        dgf.ConflictError, match=r"record 1 was changed by bob .*version 1, now 2"
    ) as raised:
        ada.edit(1, 1, {"output": "ada's", "n": 3})
    assert raised.value.detail == {
        "record_id": 1, "version": 2, "yours": {"output": "ada's", "n": 3},
        "theirs": {"text": "bob's", "n": 0}, "status": "pending", "reviewer": "bob",
    }  # fmt: skip
    assert raised.value.status_code == 409
    assert not ada.can_undo
    assert ws.record(1).output == "bob's"
    with pytest.raises(dgf.ValidationError, match="record 1 has no field 'tekst'"):
        ada.edit(1, 2, {"tekst": "x"})
    with pytest.raises(dgf.StoreError, match="there is no record 99"):
        ada.edit(99, 1, {"text": "x"})


def test_notes(ws: dgf.Workspace) -> None:
    """On failed records too; an empty one takes the note away."""
    session = ws.review_session(1, reviewer="ada")
    assert session.note([1, 5, 6], "look again").count == 3
    assert [ws.record(number).note for number in (1, 2, 5)] == ["look again", None, "look again"]
    assert session.note(1, "").what == "note removed"
    assert ws.record(1).note is None
    session.undo()
    assert ws.record(1).note == "look again"
    with pytest.raises(dgf.ValidationError, match="note is 5, expected a text"):
        session.note(1, 5)  # type: ignore[arg-type] # what is refused


def test_tags(ws: dgf.Workspace) -> None:
    """Added and removed, each record from what it had; undo gives each its own back."""
    session = ws.review_session(1, reviewer="ada")
    session.tag([1, 2, 5], add=["good", " very good "])
    session.tag(2, remove=["good"])
    session.tag(range(1, 4), add=["seen"], remove=["very good"])
    assert [ws.record(number).tags for number in (1, 2, 3, 5)] == [
        ["good", "seen"], ["seen"], ["seen"], ["good", "very good"],
    ]  # fmt: skip
    assert list(ws.review_log()["what"]) == [
        "tags +good +very good", "tags -good", "tags +seen -very good",
    ]  # fmt: skip
    session.undo()
    assert [ws.record(number).tags for number in (1, 2, 3)] == [
        ["good", "very good"], ["very good"], [],
    ]  # fmt: skip
    assert session.tag(3, remove=["good"]).id is None


@pytest.mark.parametrize("tags", ["good", [""], ["a\nb"], ["x" * 41], [5], 7])
def test_tags_that_are_none(ws: dgf.Workspace, tags: Any) -> None:
    """Short texts of one line, in a list."""
    with pytest.raises(dgf.ValidationError, match=r"^tag"):
        ws.review_session(1).tag(1, add=tags)


def test_undo_and_redo_in_order(ws: dgf.Workspace) -> None:
    """Through the whole session, whatever was done; a new action ends what could be redone."""
    session = ws.review_session(1, reviewer="ada")
    at_first = held(ws)
    session.set_status(1, "accepted")
    session.edit(1, 2, {"text": "better"})
    session.note(1, "fine")
    session.set_status([1, 2], "rejected")
    at_last = held(ws)
    assert [action.count for action in iter(session.undo, None)] == [2, 1, 1, 1]
    assert held(ws) == at_first
    assert not session.can_undo
    assert session.can_redo
    assert [action.what for action in iter(session.redo, None)] == [
        "redone: accepted", "redone: edited text", "redone: note", "redone: rejected",
    ]  # fmt: skip
    assert held(ws) == at_last
    assert list(ws.review_log()["undone"]) == [0, 0, 0, 0]
    session.undo()
    log = ws.review_log()
    assert list(zip(log["undone"], log["undone_by"] == "ada", strict=True)) == [
        (0, False), (0, False), (0, False), (2, True),
    ]  # fmt: skip
    session.tag(3, add=["x"])
    assert (session.can_redo, session.redo()) == (False, None)
    assert (ws.record(1).status, ws.record(2).status) == ("accepted", "pending")


def test_what_was_interrupted_is_undone_in_its_turn(ws: dgf.Workspace) -> None:
    """Stored, and then interrupted before it was said: it is the last action all the same."""
    session = ws.review_session(1, reviewer="ada")
    session.set_status(1, "accepted")
    session.set_status(2, "accepted")
    session.undo()
    ws._review.set_status([[3, 4]], "rejected", session.author)  # what an interrupt leaves
    assert session.redo() is None
    assert [action.count for action in iter(session.undo, None)] == [2, 1]
    assert statuses(ws)[:4] == ["pending"] * 4


def test_undo_of_a_bulk_gives_each_its_own(ws: dgf.Workspace) -> None:
    """10,000 records of mixed statuses and reviewers, rejected at once, and as before again."""
    make_many(ws.store, 10_000)
    ada, bob = ws.review_session(reviewer="ada"), ws.review_session(reviewer="bob")
    bob.set_status(range(100, 5_000, 7), "accepted")
    ada.set_status(range(200, 9_000, 3), "rejected")
    before = held(ws)
    counts = ws.record_counts()
    action = ada.set_status(range(1, 10_007), "rejected")
    assert action.skipped == {"failed": 1, "filtered": 1}
    assert ws.record_counts() == {"failed": 1, "filtered": 1, "rejected": 10_004}
    bob.set_status([50, 60], "accepted")
    undone = ada.undo()
    assert undone is not None
    assert (undone.count, undone.skipped) == (action.count - 2, {"changed since by bob": 2})
    after = held(ws)
    assert {number for number in after if after[number] != before[number]} == {50, 60}
    assert after[50]["status"] == "accepted"
    assert ws.record_counts()["accepted"] == counts["accepted"] + 2
    redone = ada.redo()
    assert redone is not None
    assert (redone.count, redone.skipped) == (action.count - 2, {"changed since by bob": 2})


def test_a_large_bulk_is_kept_in_little_space(ws: dgf.Workspace) -> None:
    """Runs of ids, not ids: what the log keeps does not grow with the number of records."""
    make_many(ws.store, 10_000)
    ws.review_session(reviewer="ada").set_status(range(1, 10_007), "rejected")
    (row,) = ws.store.rows("SELECT sum(length(before)) FROM review_actions")
    assert row[0] < 400


def test_undo_where_records_are_gone(ws: dgf.Workspace) -> None:
    """Those that are left are as before; a deletion cannot be undone, and the log says so."""
    session = ws.review_session(1, reviewer="ada")
    session.set_status([1, 2, 3], "accepted")
    ws.delete_records([2])
    undone = session.undo()
    assert undone is not None
    assert (undone.count, undone.skipped) == (2, {"not there any more": 1})
    assert ws.record_counts() == {"failed": 1, "filtered": 1, "pending": 3}
    log = ws.review_log(1)
    assert list(zip(log["what"], log["count"], log["can_undo"], strict=True)) == [
        ("accepted", 3, False), ("deleted", 1, False),
    ]  # fmt: skip
    with pytest.raises(
        dgf.ValidationError, match=r"action 2 \(deleted\) cannot be undone: deleted"
    ):
        ws.undo_action(2)


def test_sessions_of_one_name(ws: dgf.Workspace) -> None:
    """Each undoes its own alone."""
    one, other = ws.review_session(1, "ada"), ws.review_session(1, "ada")
    one.set_status(1, "accepted")
    other.set_status(1, "rejected")
    other.set_status(2, "rejected")
    undone = one.undo()
    assert undone is not None
    assert undone.skipped == {"changed since by ada": 1}
    assert statuses(ws)[:2] == ["rejected", "rejected"]
    other.undo()
    other.undo()
    assert statuses(ws)[:2] == ["accepted", "pending"]


def test_an_earlier_session_is_undone(ws: dgf.Workspace) -> None:
    """By the number in the log, also what no session did; twice is once."""
    ws.review_session(1, "ada").set_status([1, 2], "accepted")
    ws.update_record(2, status="rejected", output="better", note="mine")
    log = ws.review_log(1)
    assert list(zip(log["reviewer"], log["what"], strict=True)) == [
        ("ada", "accepted"), ("user", "rejected; edited output; note"),
    ]  # fmt: skip
    assert ws.undo_action(1).to_dict() == {
        "id": 1, "what": "undone: accepted", "count": 1, "skipped": {"changed since by user": 1},
    }  # fmt: skip
    assert ws.undo_action(2).count == 1
    log = ws.review_log(1)
    assert list(zip(log["count"], log["undone"], log["can_undo"], strict=True)) == [
        (2, 1, False), (1, 1, False),
    ]  # fmt: skip
    assert ws.undo_action(1).count == 1  # what stood in its way is undone
    assert list(ws.review_log(1)["undone"]) == [2, 1]
    assert ws.undo_action(1).skipped == {"undone already": 2}
    assert statuses(ws)[:2] == ["pending", "pending"]
    with pytest.raises(dgf.ValidationError, match=r"there is no review action 99; ws.review_log"):
        ws.undo_action(99)
    with pytest.raises(dgf.ValidationError, match="action is '1', expected a whole number"):
        ws.undo_action("1")  # type: ignore[arg-type] # what is refused


def test_what_is_apart_is_undone_apart(ws: dgf.Workspace) -> None:
    """A decision does not stand in the way of a note's, an edit's or a tag's undo."""
    ada, bob = ws.review_session(1, "ada"), ws.review_session(1, "bob")
    bob.note([1, 2], "hm")
    bob.tag([1, 2], add=["x"])
    bob.edit(1, 3, {"text": "better"})
    assert ada.set_status(2, "pending").id is None  # nobody has decided, whoever wrote a note
    ada.set_status([1, 2], "accepted")
    ada.note(2, "fine")
    undone = [(action.count, action.skipped) for action in iter(bob.undo, None)]
    assert undone == [(1, {}), (2, {}), (1, {"changed since by ada": 1})]
    first, second = ws.record(1), ws.record(2)
    assert (first.status, first.note, first.tags, first.original) == ("accepted", None, [], {})
    assert (second.status, second.note, second.tags) == ("accepted", "fine", [])


def test_an_update_touches_what_it_changes(ws: dgf.Workspace) -> None:
    """A frame that edits one record and decides on another leaves the rest of each alone."""
    ada = ws.review_session(1, "ada")
    ada.set_status([1, 2], "accepted")
    frame = ws.records()
    frame.loc[frame["id"] == 1, "text"] = "better"
    frame.loc[frame["id"] == 2, "status"] = "rejected"
    assert ws.update_records(frame) == 2
    undone = ada.undo()
    assert undone is not None
    assert (undone.count, undone.skipped) == (1, {"changed since by user": 1})
    assert statuses(ws)[:2] == ["pending", "rejected"]
    assert ws.undo_action(2).count == 2
    assert (statuses(ws)[:2], ws.record(1).output) == (["pending", "accepted"], "text 0")


def test_actions_over_jobs(ws: dgf.Workspace) -> None:
    """One action, told of each job with its own records; it goes on when a job is deleted."""
    make_many(ws.store, 3)
    session = ws.review_session(reviewer="ada")
    action = session.set_status(range(3, 9), "accepted")
    assert (action.count, action.skipped) == (4, {"failed": 1, "filtered": 1})
    assert [list(ws.review_log(job)["count"]) for job in (1, 2, None)] == [[2], [2], [4]]
    ws.job(1).delete()
    undone = session.undo()
    assert undone is not None
    assert undone.count == 2
    assert ws.record_counts() == {"pending": 3}


def test_a_session_of_a_job_that_is_not_there(ws: dgf.Workspace) -> None:
    """Told with the jobs there are."""
    with pytest.raises(dgf.JobError, match=r"there is no job 7 in store.db; there are: 1"):
        ws.review_session(7)
    with pytest.raises(dgf.JobError, match="there is no job 7"):
        ws.review_log(7)
