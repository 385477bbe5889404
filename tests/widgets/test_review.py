"""What the review's browser side may ask, answered without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

import datagenflow_nb as dgf
from datagenflow_nb import ConfigError, JobError, StoreError

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
    assert review.about == {"job_ids": [1], "pipelines": ["p"], "title": "job 1"}
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
