"""Attempts of records and running again, as the browser asks for them, without a browser."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from running import finish, wait_until

import datagenflow_nb as dgf
from datagenflow_nb.widgets.trace import TraceWidget
from datagenflow_nb.widgets.trace_acts import TraceActs
from datagenflow_nb.widgets.trace_document import record_document

ASK = [
    {"type": "TextGenerator", "id": "draft", "config": {"user_prompt": "Tell of {{ topic }}"}},
    {"type": "TextGenerator", "id": "judge", "config": {"user_prompt": "Judge {{ assistant }}"}},
]


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dgf.Workspace:
    """A workspace with a job that has two records."""
    monkeypatch.chdir(tmp_path)
    made = dgf.workspace(tmp_path / "d.db")
    pipe = dgf.Pipeline("p", blocks=ASK)
    finish(dgf.run(pipe, [{"topic": "tides"}, {"topic": "tea"}], concurrency=1))
    return made


def test_run_again(space: dgf.Workspace) -> None:
    """Planned, confirmed with what was told, followed to its end, undone."""
    record = space.record(2)
    widget = TraceWidget(lambda: record_document(record), "record 2", TraceActs(space), 2)
    shown = widget.answer("trace", {"id": 2})
    assert (shown["record_id"], shown["title"]) == (2, "Record 2 (seed 1, repetition 0): pending")
    assert [(one["record_id"], one["is_current"], one["why"]) for one in shown["attempts"]] == [
        (2, True, "first")
    ]
    plan = widget.answer("plan_again", {"id": 2, "block": "judge"})
    assert plan["told"] == "record 2 again from 'judge': 1 step taken over, 1 call made"
    assert space.job(1).usage["calls"] == 4
    again = widget.answer("run_again", {"id": 2, "block": "judge", "told": "something else"})
    assert again == {"plan": plan}
    assert space.job(1).usage["calls"] == 4
    state = widget.answer("run_again", {"id": 2, "block": "judge", "told": plan["told"]})
    assert state["job_id"] == 1
    wait_until(lambda: not widget.answer("again", {"id": 2})["is_running"], "its end")
    assert widget.answer("again", {"id": 2}) == {
        "job_id": 1, "status": "completed", "is_running": False, "current": 3,
        "record_status": "pending", "reason": None, "error": None,
    }  # fmt: skip
    assert space.job(1).usage["calls"] == 5
    shown = widget.answer("make_current", {"id": 2})
    assert [one["is_current"] for one in shown["attempts"]] == [True, False]
    with pytest.raises(dgf.StoreError, match="there is no record 99"):
        widget.answer("trace", {"id": 99})
    with pytest.raises(dgf.ConfigError, match="has no block 'x'"):
        widget.answer("plan_again", {"id": 2, "block": "x"})


def test_stopping(space: dgf.Workspace) -> None:
    """What is told afterwards: the record is as it was, and what can be done."""
    goes_on = threading.Event()
    goes_on.set()

    class Wait(dgf.BaseBlock):
        inputs, outputs = ["topic"], ["waited"]

        def execute(self, data: dict[str, Any]) -> dict[str, Any]:
            assert goes_on.wait(30)
            return {"waited": True}

    job = finish(dgf.run(dgf.Pipeline("w", blocks=[Wait(), *ASK]), [{"topic": "tea"}]))
    record = int(job.records()["id"].iloc[0])
    widget = TraceWidget(dict, "it", TraceActs(space), record)
    plan = widget.answer("plan_again", {"id": record, "block": "wait"})
    goes_on.clear()
    widget.answer("run_again", {"id": record, "block": "wait", "told": plan["told"]})
    widget.answer("stop_again", {"id": record})
    live = job._live(job.id)
    assert live is not None
    wait_until(lambda: live.runner.steering.status == "cancelled", "that the runner has heard it")
    goes_on.set()
    wait_until(lambda: not widget.answer("again", {"id": record})["is_running"], "its end")
    assert widget.answer("again", {"id": record}) == {
        "job_id": 2, "status": "completed", "is_running": False, "current": record,
        "record_status": "pending", "reason": None,
        "error": "running a record again was stopped. The record is as it was; run again from the "
        "same block, it goes on with the answers that are there",
    }  # fmt: skip
    assert job.usage["calls"] == 2
    assert widget.answer("plan_again", {"id": record, "block": "judge"})["made"] == 1


def test_the_review_has_traces(space: dgf.Workspace) -> None:
    """The same actions, fetched for the record that is looked at."""
    from datagenflow_nb.widgets.review.widget import ReviewWidget

    review = ReviewWidget(space, [1])
    found = review.answer("query", {"query": {}})
    review.answer("decide", {"ids": [1], "status": "rejected"})
    shown = review.answer("trace", {"id": 1})
    assert shown["branches"][0]["seed"] == {"topic": "tides"}
    assert [step["block_id"] for step in shown["branches"][0]["steps"]] == ["draft", "judge"]

    plan = review.answer("plan_again", {"id": 1, "block": "judge"})
    review.answer("run_again", {"id": 1, "block": "judge", "told": plan["told"]})
    wait_until(lambda: not review.answer("again", {"id": 1})["is_running"], "its end")

    def rows() -> list[int]:
        asked = {"selection": found["selection"], "start": 0, "stop": 9, "fields": []}
        return [row["id"] for row in review.answer("rows", asked)["rows"]]

    assert rows() == [3, 2]  # the new record has the row of the old one
    news = review.answer("news", {"selection": found["selection"], "seen": found["seen"]})
    assert news["total"] == 2
    review.answer("decide", {"ids": [3], "status": "accepted"})
    whats = [review.answer("undo", {})["action"]["what"] for _ in range(2)]
    assert whats == ["undone: accepted", "undone: record 1 is the current one again"]
    assert (rows(), space.record_counts(1)) == ([1, 2], {"pending": 1, "rejected": 1})
    assert review.answer("redo", {})["action"]["what"] == (
        "redone: record 3 is the current one again"
    )
    assert rows() == [3, 2]
    review.answer("make_current", {"id": 1})
    assert rows() == [1, 2]
    for _ in range(3):
        review.answer("undo", {})
    assert (rows(), space.record_counts(1)) == ([1, 2], {"pending": 2})
