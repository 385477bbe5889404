"""What a record's card asks for beside the record, answered without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

import datagenflow_nb as dgf
from datagenflow_nb import ConflictError

PIPE = {
    "name": "p",
    "blocks": [{"type": "Output", "config": {"template": "Say {{ topic }}"}}],
}


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dgf.Workspace:
    """A workspace with two jobs of three records."""
    monkeypatch.chdir(tmp_path)
    made = dgf.workspace(tmp_path / "d.db")
    for _ in range(2):
        seeds = [{"topic": f"t{number}", "size": 10**20, "half": 1.0} for number in range(3)]
        made.run(PIPE, seeds, concurrency=1, wait=True)
    return made


def test_tags_in_use(space: dgf.Workspace) -> None:
    """Those of the jobs that are reviewed are offered, each once."""
    review = space.review(1)
    assert review.answer("tags", {}) == []
    for ids, tags in (([1, 2], ["moon", "Bad"]), ([2], ["moon"]), ([4], ["other job"])):
        review.answer("tag", {"ids": ids, "add": tags})
    assert review.answer("tags", {}) == ["Bad", "moon"]
    assert space.review().answer("tags", {}) == ["Bad", "moon", "other job"]


def test_position_of_a_record(space: dgf.Workspace) -> None:
    """A record with an edit that is not saved is found again, where it is among those shown."""
    review = space.review(2)
    asked = review.answer("query", {"query": {}})
    where = {"selection": asked["selection"]}
    assert review.answer("position", where | {"id": 5}) == 1
    assert review.answer("position", where | {"id": 1}) is None


def test_an_edit_in_the_browser(space: dgf.Workspace) -> None:
    """Numbers that JavaScript cannot hold stay what was typed; another version is a conflict."""
    review = space.review(1)
    record = review.answer("record", {"id": 1})
    edit = {"id": 1, "ids": [1], "version": record["version"]}
    done = review.answer(
        "edit", edit | {"fields": {"size": "1" + "0" * 20, "half": "1.0", "topic": '"new"'}}
    )
    assert done["record"]["original"] == {"topic": "t0"}
    assert done["record"]["state"]["size"] == 10**20
    with pytest.raises(ConflictError) as caught:
        review.answer("edit", edit | {"fields": {"topic": '"late"'}})
    assert caught.value.to_dict()["detail"]["theirs"] == {"topic": "new"}
    review.answer("edit", edit | {"version": record["version"] + 1, "fields": {"topic": '"t0"'}})
    assert review.answer("record", {"id": 1})["original"] == {}
