"""What several people do to the same records: taken back in parts, never overwritten unseen."""

from __future__ import annotations

from typing import Any

import pytest

import datagenflow_nb as dgf


def test_the_parts_of_an_update_are_taken_back_apart(ws: dgf.Workspace) -> None:
    """The note and the edit, though somebody has decided since; the decision stays and is told."""
    ws.update_record(2, status="accepted", note="look", fields={"text": "E"})
    ws.review_session(1, reviewer="ada").set_status(2, "rejected")
    undone = ws.undo_action(1)
    assert (undone.count, undone.skipped) == (1, {"the decision: changed since by ada": 1})
    record = ws.record(2)
    assert (record.status, record.reviewer, record.note, record.original) == (
        "rejected", "ada", None, {},
    )  # fmt: skip
    again = ws.undo_action(1)
    assert (again.count, again.skipped) == (0, {"the decision: changed since by ada": 1})
    assert ws.review_log(1)["undone"].tolist() == [1, 0]


def test_parts_of_many_are_taken_back_and_done_again(ws: dgf.Workspace) -> None:
    """Each record by itself; what both changed is left whole."""
    ada = ws.review_session(1, reviewer="ada")
    ws.update_records([1, 2, 3], status="accepted", note="look")
    ada.note(2, "hers")
    ada.note(3, "hers")
    ada.set_status(3, "rejected")
    undone = ws.undo_action(1)
    assert (undone.count, undone.skipped) == (
        2, {"the note: changed since by ada": 1, "changed since by ada": 1},
    )  # fmt: skip
    found = [(record.status, record.note) for record in map(ws.record, (1, 2, 3))]
    assert found == [("pending", None), ("pending", "hers"), ("rejected", "hers")]
    assert [ws.record(key).version for key in (1, 2, 3)] == [3, 4, 4]
    assert ws.review_log(1)["undone"].tolist()[0] == 2


def test_an_update_of_a_version(ws: dgf.Workspace) -> None:
    """Nothing is overwritten when somebody was faster."""
    version = ws.record(2).version
    ws.review_session(1, reviewer="ada").edit(2, version, {"text": "hers"})
    with pytest.raises(dgf.ConflictError, match="record 2 was changed by ada since you read it"):
        ws.update_record(2, fields={"text": "his"}, version=version)
    assert ws.record(2).state["text"] == "hers"
    record = ws.update_record(2, status="accepted", version=version + 1, reviewer="bob")
    assert (record.status, record.reviewer) == ("accepted", "bob")
    assert ws.update_record(2, fields={"text": "his"}).state["text"] == "his"
    assert ws.review_log(1)["reviewer"].tolist() == ["ada", "bob", "user"]
    with pytest.raises(dgf.ValidationError, match="version is 'x'"):
        ws.update_record(2, status="pending", version="x")  # type: ignore[arg-type]
    with pytest.raises(dgf.ValidationError, match="'rule' is what rules decide as"):
        ws.update_record(2, status="pending", reviewer="rule")


@pytest.mark.parametrize(
    "ids",
    [b"\x04", bytearray(b"\x04"), memoryview(b"\x04"), {4: "x"}],
    ids=["b", "bytes", "view", "dict"],
)
def test_what_is_no_list_of_ids(ws: dgf.Workspace, ids: Any) -> None:
    """Bytes are no numbers of records, and a mapping says something else."""
    with pytest.raises(dgf.ValidationError, match="is no list of record ids, such as"):
        ws.review_session(1).set_status(ids, "accepted")
    with pytest.raises(dgf.ValidationError, match="is no list of record ids, such as"):
        ws.delete_records(ids)
    assert ws.record_counts(1) == {"failed": 1, "filtered": 1, "pending": 4}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("text", "fields is 'text', expected a mapping"),
        (["text"], r"fields is \['text'\], expected a mapping"),
        (None, "fields is None, expected a mapping"),
        ({1: "x"}, "field 1 is no name: a field's name is a text"),
        ({"text": float("inf")}, "record 3, field 'text': "),
        ({"text": {"a": [float("nan")]}}, "record 3, field 'text': "),
    ],
)
def test_what_are_no_fields(ws: dgf.Workspace, fields: Any, message: str) -> None:
    """Nothing is changed."""
    with pytest.raises(dgf.ValidationError, match=message):
        ws.review_session(1).edit(3, 1, fields)
    if fields is not None:
        with pytest.raises(dgf.ValidationError, match=message):
            ws.update_record(3, fields=fields)
    assert ws.record(3).version == 1


@pytest.mark.parametrize(
    "tag",
    [
        "👩\u200d🔬", "❤\ufe0f", "\u0645\u06cc\u200c\u062e", "\u05e9\u05dc\u200f!",
        "🏴\U000e0067\U000e007f", "日本 語",
    ],
    ids=["emoji", "heart", "persian", "hebrew", "flag", "japanese"],
)  # fmt: skip
def test_tags_of_all_languages(ws: dgf.Workspace, tag: str) -> None:
    """With the unseen characters that they need."""
    ws.review_session(1).tag(1, add=[tag])
    assert ws.record(1).tags == [tag]


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ("a\nb", r"its character 2 is U\+000A \(a control character\)"),
        ("ab\u2028c", r"its character 3 is U\+2028 \(line separator\)"),
        ("\u202eabc", r"its character 1 is U\+202E \(right-to-left override\)"),
        ("a\u200bb", r"its character 2 is U\+200B \(zero width space\)"),
        ("\u200d", "a tag is a text of one line with 1 to 40 characters"),
        ("x" * 41, "a tag is a text of one line with 1 to 40 characters"),
    ],
)
def test_characters_that_no_tag_has(ws: dgf.Workspace, tag: str, message: str) -> None:
    """The message says which one."""
    with pytest.raises(dgf.ValidationError, match=message):
        ws.review_session(1).tag(1, add=[tag])
