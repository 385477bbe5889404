"""What the review's browser side may ask, answered without a browser."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

import datagenflow_nb as dgf
from benchmarks.review_store import fill
from datagenflow_nb import ConfigError, JobError, StoreError, ValidationError
from datagenflow_nb.widgets.review.rows import preview
from datagenflow_nb.widgets.review.widget import ReviewWidget

PIPE = {
    "name": "p",
    "blocks": [{"type": "Output", "config": {"template": "Say {{ topic }}"}}],
}


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dgf.Workspace:
    """A workspace with a job of five records."""
    monkeypatch.chdir(tmp_path)
    made = dgf.workspace(tmp_path / "d.db")
    made.run(PIPE, [{"topic": f"t{number}"} for number in range(5)], concurrency=1, wait=True)
    return made


def test_rows_come_by_position(space: dgf.Workspace) -> None:
    """A query finds records in an order; rows of it are asked for by where they stand."""
    review = space.review(1)
    assert review.about == {
        "job_ids": [1], "pipelines": ["p"], "title": "job 1", "has_rule": False,
    }  # fmt: skip
    found = review.answer("query", {"query": {}})
    assert (found["total"], found["counts"]) == (5, {"pending": 5})
    asked = {"selection": found["selection"], "start": 3, "stop": 9, "fields": ["output"]}
    answer = review.answer("rows", asked)
    assert [row["id"] for row in answer["rows"]] == [4, 5]
    assert answer["rows"][0]["values"] == {"output": "Say t3"}


def test_order_stays_while_statuses_change(space: dgf.Workspace) -> None:
    """What was pending when it was asked for stays in its place when it is decided on."""
    review = space.review(1, status="pending")
    assert review.query == {"statuses": ["pending"]}
    found = review.answer("query", {"query": review.query})
    space.update_record(2, status="accepted")
    asked = {"selection": found["selection"], "start": 0, "stop": 5}
    rows = review.answer("rows", asked)["rows"]
    assert [(row["id"], row["status"]) for row in rows] == [
        (1, "pending"), (2, "accepted"), (3, "pending"), (4, "pending"), (5, "pending"),
    ]  # fmt: skip
    assert review.answer("query", {"query": review.query})["total"] == 4


def test_whole_record(space: dgf.Workspace) -> None:
    """The record that is looked at comes whole, with what was edited as it was before."""
    space.update_record(1, output="Edited")
    record = space.job(1).review().answer("record", {"id": 1})
    assert record["state"] == {"topic": "t0", "output": "Edited"}
    assert record["original"] == {"output": "Say t0"}
    assert (record["fields"], record["metadata"]) == (["topic", "output"], {"topic": "t0"})
    with pytest.raises(StoreError, match="there is no record 99"):
        space.review().answer("record", {"id": 99})


def test_what_cannot_be_reviewed(space: dgf.Workspace) -> None:
    """An unknown job, and a selection that is gone, are told."""
    with pytest.raises(JobError):
        space.review(7)
    with pytest.raises(ConfigError) as told:
        space.review(1).answer("rows", {"selection": 12})
    assert told.value.detail == {"kind": "selection_gone"}


def opened(space: dgf.Workspace, **query: Any) -> tuple[ReviewWidget, int]:
    """A review of job 1, and its selection."""
    review = space.review(1)
    return review, review.answer("query", {"query": query})["selection"]


def statuses(space: dgf.Workspace) -> list[str]:
    """Of all records."""
    return [space.record(number).status for number in range(1, 6)]


def test_decisions_are_stored_when_they_are_answered(space: dgf.Workspace) -> None:
    """One record, then many by their positions; undone and redone in order."""
    review, selection = opened(space)
    answer = review.answer("decide", {"ids": [2], "status": "accepted"})
    assert answer["action"] == {"id": 1, "what": "accepted", "count": 1, "skipped": {}}
    assert [(row["id"], row["status"], row["version"]) for row in answer["rows"]] == [
        (2, "accepted", 2)
    ]
    many = {"selection": selection, "runs": [[0, 2], [4, 4]], "status": "rejected"}
    assert review.answer("decide", many)["action"]["count"] == 4
    assert statuses(space) == ["rejected", "rejected", "rejected", "pending", "rejected"]
    assert review.answer("undo", {})["can_undo"] is True
    assert statuses(space) == ["pending", "accepted", "pending", "pending", "pending"]
    answer = review.answer("undo", {})
    assert (answer["can_undo"], answer["can_redo"]) == (False, True)
    assert review.answer("undo", {})["action"] is None
    assert review.answer("redo", {})["action"]["what"] == "redone: accepted"
    assert review.answer("counts", {"selection": selection}) == {"accepted": 1, "pending": 4}


def test_reviewer_is_who_the_browser_says(space: dgf.Workspace) -> None:
    """The name can be changed on the way; what was done under the other is undone all the same."""
    review, _ = opened(space)
    review.answer("decide", {"ids": [1], "status": "accepted"})
    review.answer("rename", {"name": "ada"})
    assert review.reviewer == "ada"
    review.answer("decide", {"ids": [2], "status": "accepted"})
    assert space.record(2).reviewer == "ada"
    review.answer("undo", {})
    assert review.answer("undo", {})["action"]["count"] == 1
    with pytest.raises(dgf.ValidationError):
        review.answer("rename", {"name": " "})


def test_notes_tags_and_edits(space: dgf.Workspace) -> None:
    """An edit names the version it was made from, and gives back the whole record."""
    review, selection = opened(space)
    review.answer("note", {"ids": [1], "text": "look again"})
    tagged = review.answer("tag", {"selection": selection, "runs": [[0, 1]], "add": ["odd"]})
    assert [(row["note"], row["tags"]) for row in tagged["rows"]] == [
        ("look again", ["odd"]), (None, ["odd"]),
    ]  # fmt: skip
    edited = review.answer("edit", {"id": 1, "version": 3, "fields": {"output": '"Hello"'}})
    assert edited["record"]["state"]["output"] == "Hello"
    assert edited["record"]["original"] == {"output": "Say t0"}
    with pytest.raises(dgf.DataGenFlowError) as told:
        review.answer("edit", {"id": 1, "version": 3, "fields": {"output": '"Bye"'}})
    assert told.value.detail["theirs"] == {"output": "Hello"}


def test_new_records_come_to_the_end(space: dgf.Workspace) -> None:
    """In the order of ids nothing moves; in another one, new records wait to be asked for."""
    review = space.review()
    found = review.answer("query", {"query": {"statuses": ["pending"]}})
    asked = {"selection": found["selection"], "seen": found["seen"]}
    nothing = {
        "seen": found["seen"], "total": 5, "waiting": 0, "counts": None, "is_changed": False,
        "is_running": False,
    }  # fmt: skip
    assert review.answer("news", asked) == nothing
    space.update_record(1, status="accepted")
    changed = review.answer("news", asked)
    assert (changed["total"], changed["is_changed"]) == (5, True)
    assert changed["counts"] == {"accepted": 1, "pending": 4}
    space.run(PIPE, [{"topic": "new"}], wait=True)
    news = review.answer("news", {**asked, "seen": changed["seen"]})
    assert (news["total"], news["waiting"], news["is_changed"]) == (6, 0, False)
    rows = review.answer("rows", {**asked, "start": 5, "stop": 6})["rows"]
    assert [row["id"] for row in rows] == [6]
    again = review.answer("news", {**asked, "seen": news["seen"]})
    assert again == {**nothing, "seen": news["seen"], "total": 6}


def test_saved_notebook_shows_counts_and_first_rows(space: dgf.Workspace) -> None:
    """Of twelve the first ten, and how many more there are; markup is text."""
    space.run(PIPE, [{"topic": "<b>bold</b>"} for _ in range(12)], wait=True)
    html = space.review(2)._as_html()["text/html"]
    assert "Review of job 2" in html
    assert "12 pending" in html
    assert html.count("Say &lt;b&gt;bold&lt;/b&gt;") == 10
    assert "<b>" not in html
    assert "... and 2 more" in html


def test_next_pending_record(space: dgf.Workspace) -> None:
    """Found wherever it is further down; none at the end."""
    review, selection = opened(space)
    review.answer("decide", {"ids": [2, 3, 5], "status": "accepted"})
    asked = {"selection": selection, "status": "pending"}
    assert review.answer("next", {**asked, "position": 1}) == 3
    assert review.answer("next", {**asked, "position": 4}) is None


def test_long_and_odd_values_are_shortened(space: dgf.Workspace) -> None:
    """A megabyte is sent as its beginning, numbers that JavaScript has not as texts."""
    values = {
        "text": "x" * 1_000_000, "list": list(range(1000)), "number": 2**60, "none": None,
        "score": 0.5, "html": "<script>alert(1)</script>",
    }  # fmt: skip
    shown = {name: preview(value) for name, value in values.items()}
    assert shown == {
        "text": {"kind": "text", "start": "x" * 300, "size": 1_000_000},
        "list": {"kind": "json", "start": shown["list"]["start"], "size": 1000},
        "number": {"kind": "number", "start": "1152921504606846976", "size": None},
        "none": None, "score": 0.5, "html": "<script>alert(1)</script>",
    }  # fmt: skip
    assert shown["list"]["start"].startswith("[0, 1, 2,")
    assert len(shown["list"]["start"]) == 300


def test_search_filter_and_sort(space: dgf.Workspace) -> None:
    """A query of the browser is the store's; its counts leave the statuses out."""
    space.update_record(4, status="accepted")
    review = space.review(1)
    query = {
        "statuses": ["pending"],
        "where": [{"field": "topic", "op": ">=", "value": "t2"}],
        "sort": [{"column": "output", "is_descending": True}],
    }
    found = review.answer("query", {"query": query, "keep": 3})
    assert (found["total"], found["position"]) == (2, 1)
    assert found["counts"] == {"accepted": 1, "pending": 2}
    asked = {"selection": found["selection"], "start": 0, "stop": 2}
    assert [row["id"] for row in review.answer("rows", asked)["rows"]] == [5, 3]
    assert review.answer("query", {"query": {"search": "say t4"}})["total"] == 1
    with pytest.raises(dgf.ValidationError, match="statuses"):
        review.answer("query", {"query": {"status": ["pending"]}})


def test_columns_are_the_fields(space: dgf.Workspace) -> None:
    """Of blocks first, then the seed's, each with the name that queries have for it."""
    answer = space.review(1).answer("fields", {})
    assert answer["fields"] == [
        {"name": "output", "column": "field.output", "kind": "text", "source": "output"},
        {"name": "topic", "column": "topic", "kind": "text", "source": "seed"},
    ]


def test_export_of_what_is_selected(space: dgf.Workspace) -> None:
    """In the table's order; a file that is there is replaced only when that is said."""
    review, selection = opened(space, sort=[{"column": "id", "is_descending": True}])
    asked = {"selection": selection, "runs": [[0, 1]], "path": "out.jsonl"}
    done = review.answer("export", asked)
    assert (done["records"], done["format"]) == (2, "jsonl")
    lines = Path("out.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [5, 4]
    with pytest.raises(ConfigError, match="is there already") as told:
        review.answer("export", asked)
    assert told.value.detail == {"kind": "file_exists"}
    everything = {"selection": selection, "path": "out.jsonl", "over": True}
    assert review.answer("export", everything)["records"] == 5
    assert review.answer("export_cell", asked)["source"] == (
        "%dgf export 1 out.jsonl --status pending --status accepted --status rejected "
        "--status failed --status filtered --ids 4-5 --sort=-id"
    )
    assert review.answer("export", everything | {"review": True})["records"] == 5
    assert '"original":{}' in Path("out.jsonl").read_text(encoding="utf-8")
    line = review.answer("export_cell", asked | {"review": True})["source"]
    assert line.endswith("--sort=-id --review")
    assert space.review().answer("query", {"query": {}})["total"] == 5
    other = space.review()
    number = other.answer("query", {"query": {}})["selection"]
    cell = other.answer("export_cell", {"selection": number, "path": "x.csv"})
    assert cell == {"source": None, "why": "A cell exports the records of one job."}


def test_no_cell_of_several_lines(space: dgf.Workspace) -> None:
    """A line end of the data is escaped, and where it cannot be there is no cell."""
    where = [{"field": "topic", "op": "=", "value": "a\n%reset -f"}]
    review, selection = opened(space, where=where)
    cell = review.answer("export_cell", {"selection": selection, "path": "x.csv"})["source"]
    assert r'topic = "a\n%reset -f"' in cell
    assert len(cell.splitlines()) == 1
    cell = review.answer("export_cell", {"selection": selection, "path": "x\n%reset.csv"})
    assert cell["source"] is None
    assert "A line end" in cell["why"]


def test_export_of_what_was_decided_meanwhile(space: dgf.Workspace) -> None:
    """What does not match any more is not in the file, and that is said."""
    review, selection = opened(space, statuses=["pending"])
    ids = list(space.records(1, "pending")["id"])
    space.review_session(1, reviewer="bob").set_status(ids[:1], "rejected")
    done = review.answer("export", {"selection": selection, "path": "out.jsonl"})
    lines = Path("out.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ids[1:]
    assert done["records"] == len(ids) - 1
    assert done["notes"] == ["1 record changed meanwhile and matched no more: left out"]


def test_rule_is_tried_compared_and_applied(space: dgf.Workspace) -> None:
    """It says what it would do and how often people decided so; then it is one act."""
    review, selection = opened(space)
    review.answer("decide", {"ids": [5], "status": "accepted"})
    rule = "topic in ('t0', 't1', 't4')"
    tried = review.answer("judge", {"rule": rule})
    assert (tried["accepted"], tried["rejected"], tried["action"]) == (2, 2, None)
    assert (tried["agreement"]["percent"], tried["agreement"]["count"]) == (100.0, 1)
    assert review.judged == 0
    some = {"selection": selection, "runs": [[0, 2]], "rule": rule}
    assert review.answer("judge", some)["rejected"] == 1
    assert review.answer("sort_out", {"rule": rule})["action"]["count"] == 4
    assert statuses(space) == ["accepted", "accepted", "rejected", "rejected", "accepted"]
    review.answer("undo", {})
    assert statuses(space) == ["pending", "pending", "pending", "pending", "accepted"]
    with pytest.raises(dgf.TemplateError):
        review.answer("judge", {"rule": "topic =="})


def test_columns_stay_as_they_were_left(space: dgf.Workspace) -> None:
    """For the pipeline, whichever job's records are reviewed next."""
    layout = {
        "columns": [{"name": "topic", "width": 120, "is_pinned": True}],
        "primary": ["output"], "secondary": [], "hidden": [],
    }  # fmt: skip
    space.review(1).answer("keep_layout", {"layout": layout})
    space.run(PIPE, [{"topic": "new"}], wait=True)
    assert space.review(2).answer("fields", {})["layout"] == layout
    assert space.review().answer("fields", {})["layout"] == layout


def test_query_waits_for_its_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many records an index is made first; how far it is is told until it is asked again."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "many.db"
    fill(path, 1_100)
    review = dgf.workspace(path).review(1)
    asked = {"query": {"sort": [{"column": "score", "is_descending": True}]}}
    answer = review.answer("query", asked)
    assert answer["indexing"]["columns"] == ["score"]
    assert 0 <= answer["indexing"]["part"] <= 1
    deadline = time.monotonic() + 20
    while "indexing" in (answer := review.answer("query", asked)):
        assert time.monotonic() < deadline
    assert answer["total"] == 1_100
    number = answer["selection"]
    values = {"selection": number, "start": 0, "stop": 100, "fields": ["score"]}
    rows = review.answer("rows", values)["rows"]
    scores = [row["values"]["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)


def test_two_reviews_see_each_other(space: dgf.Workspace) -> None:
    """What one decides, or takes back, is news to the other; counts are true at once."""
    mine, other = space.review(1), space.review(1)
    found = mine.answer("query", {"query": {}})
    asked = {"selection": found["selection"], "seen": found["seen"]}
    other.answer("decide", {"ids": [3], "status": "rejected"})
    news = mine.answer("news", asked)
    assert (news["is_changed"], news["counts"]) == (True, {"pending": 4, "rejected": 1})
    other.answer("undo", {})
    news = mine.answer("news", {**asked, "seen": news["seen"]})
    assert (news["is_changed"], news["counts"]) == (True, {"pending": 5})
    mine.answer("decide", {"ids": [1], "status": "accepted"})
    mine.answer("undo", {})
    mine.answer("redo", {})
    assert mine.answer("counts", asked) == {"accepted": 1, "pending": 4}


def test_reviews_of_a_store_make_its_indexes_together(space: dgf.Workspace) -> None:
    """Ten reviews do not begin the same index ten times."""
    one, other = space.review(1), space.review()
    assert one._selections._table is other._selections._table


def test_many_are_those_that_the_latest_query_found(space: dgf.Workspace) -> None:
    """A query that was refused, or another one, leaves no number by which many are decided on."""
    review, selection = opened(space)
    many = {"selection": selection, "runs": [[0, 4]], "status": "rejected"}
    with pytest.raises(ValidationError, match="has no word"):
        review.answer("query", {"query": {"search": "("}})
    with pytest.raises(ConfigError, match="not what the latest query found") as told:
        review.answer("decide", many)
    assert told.value.detail == {"kind": "selection_old"}
    latest = review.answer("query", {"query": {"statuses": ["pending"]}})["selection"]
    with pytest.raises(ConfigError, match="not what the latest query found"):
        review.answer("tag", many | {"add": ["odd"]})
    assert statuses(space) == ["pending"] * 5
    review.answer("decide", many | {"selection": latest, "runs": [[0, 1]]})
    assert statuses(space) == ["rejected", "rejected", "pending", "pending", "pending"]


def test_a_rule_decides_on_what_was_judged(space: dgf.Workspace) -> None:
    """Records that came after the trial stay pending."""
    review, _ = opened(space)
    judged = review.answer("judge", {"rule": "topic != 't0'"})
    assert (judged["accepted"], judged["rejected"], judged["until"]) == (4, 1, 5)
    answer = review.answer("sort_out", {"rule": "topic != 't0'", "until": 3})
    assert answer["action"]["count"] == 3
    assert statuses(space) == ["rejected", "accepted", "accepted", "pending", "pending"]


def test_a_view_that_comes_later_can_undo(space: dgf.Workspace) -> None:
    """What was done before the page was loaded again is told with the first answer."""
    review, _ = opened(space)
    review.answer("decide", {"ids": [1], "status": "accepted"})
    found = review.answer("query", {"query": {}})
    assert (found["can_undo"], found["can_redo"]) == (True, False)


def test_a_review_opened_before_the_first_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fields and the saved notebook's rows come with the records."""
    monkeypatch.chdir(tmp_path)
    space = dgf.workspace(tmp_path / "d.db")
    review = space.review()
    found = review.answer("query", {"query": {}})
    assert (found["total"], review.answer("fields", {})["fields"]) == (0, [])
    assert "Say t0" not in review._as_html()["text/html"]
    space.run(PIPE, [{"topic": f"t{number}"} for number in range(5)], concurrency=1, wait=True)
    news = review.answer("news", {"selection": found["selection"], "seen": found["seen"]})
    assert news["total"] == 5
    assert [field["name"] for field in review.answer("fields", {})["fields"]] == ["output", "topic"]
    assert "Say t0" in review._as_html()["text/html"]


def test_a_job_that_was_deleted_is_told(space: dgf.Workspace) -> None:
    """Looking for news says that there is nothing to review any more."""
    review, selection = opened(space)
    space.job(1).delete()
    with pytest.raises(JobError, match="there is no job 1"):
        review.answer("news", {"selection": selection, "seen": [5, 0, 0, "", 0]})
