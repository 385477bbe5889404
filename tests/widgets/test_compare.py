"""What the comparison's browser side may ask, answered without a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import datagenflow_nb as dgf
from datagenflow_nb import ConfigError, JobError, ValidationError
from datagenflow_nb.widgets.compare.widget import CompareWidget


def pipe(template: str) -> dict[str, Any]:
    """A pipeline that asks no model."""
    return {"name": "p", "blocks": [{"type": "Output", "config": {"template": template}}]}


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dgf.Workspace:
    """Jobs 1 and 2 over four seeds: the first pair is the same, the last one has failed on the
    right; job 1 has a fifth."""
    monkeypatch.chdir(tmp_path)
    made = dgf.workspace(tmp_path / "d.db")
    seeds = [{"n": n, "word": f"word {n}"} for n in (1, 2, 4, 0)]
    made.run(pipe("{{ n }} of {{ word }}"), [*seeds, {"n": 9, "word": "x"}], concurrency=1,
             wait=True)  # fmt: skip
    made.run(pipe("{{ 1 // n or 7 }} of {{ word }}"), seeds, concurrency=1, wait=True)
    return made


def test_pairs_and_what_stands_alone(space: dgf.Workspace) -> None:
    """Every pair with its choice, its seed and whether it differs; what has no partner is told."""
    compare = space.job(1).compare(space.job(2))
    assert isinstance(compare, CompareWidget)
    assert compare.about == {
        "title": "jobs 1 and 2", "by": "of equal seeds", "is_attempts": False,
        "left": {"job_id": 1, "name": "job 1", "pipeline": "p"},
        "right": {"job_id": 2, "name": "job 2", "pipeline": "p"},
    }  # fmt: skip
    space.choose(7, 2, "left", reviewer="ada")
    assert compare.answer("pairs", {}) == {
        "pairs": [[1, 6, None], [2, 7, "right"], [3, 8, None], [4, 9, None]],
        "alone": [
            {"job_id": 1, "why": "the other job has no such seed", "count": 1, "ids": [5]}
        ],
        "can_undo": False, "can_redo": False,
    }  # fmt: skip
    pairs = [[1, 6], [2, 7], [4, 9]]
    assert compare.answer("differences", {"pairs": pairs}) == [False, True, True]
    assert compare.answer("labels", {"ids": [3]}) == [[3, 2, "n: 4, word: word 4"]]
    both = compare.answer("pair", {"left": 2, "right": 7})
    assert both["left"]["state"] == {"n": 2, "word": "word 2", "output": "2 of word 2"}
    assert both["right"]["state"]["output"] == "7 of word 2"


def test_choices_are_stored_and_undone_in_order(space: dgf.Workspace) -> None:
    """By record, whoever stands on which side; what is undone says of which pair it was."""
    compare = space.compare(1, 2)
    compare.answer("rename", {"name": "bea"})
    assert compare.reviewer == "bea"
    done = compare.answer("choose", {"left": 1, "right": 6, "choice": "tie"})
    assert (done["pair"], done["choice"], done["can_undo"]) == ((1, 6), "tie", True)
    compare.answer("choose", {"left": 2, "right": 7, "choice": "right"})
    compare.answer("choose", {"left": 2, "right": 7, "choice": "right"})  # nothing new
    compare.answer("choose", {"left": 1, "right": 6, "choice": "neither"})
    frame = space.choices(1, 2)
    assert frame[["left", "right", "choice", "reviewer"]].values.tolist() == [
        [1, 6, "neither", "bea"], [2, 7, "right", "bea"],
    ]  # fmt: skip
    told = [compare.answer("undo", {}) for _ in range(4)]
    assert [(one["pair"], one["choice"]) for one in told] == [
        ((1, 6), "tie"), ((2, 7), None), ((1, 6), None), (None, None),
    ]  # fmt: skip
    assert space.choices(1, 2).empty
    again = compare.answer("redo", {})
    assert (again["pair"], again["choice"], again["can_redo"]) == ((1, 6), "tie", True)
    turned = space.compare(2, 1)
    compare.answer("redo", {})
    assert turned.answer("pairs", {})["pairs"][:2] == [[6, 1, "tie"], [7, 2, "left"]]


def test_what_cannot_be_chosen(space: dgf.Workspace) -> None:
    """A record without a result is not the better one, and jobs that share nothing no comparison;
    nothing is left to undo."""
    compare = space.compare(1, 2)
    with pytest.raises(ValidationError, match="record 9 is failed"):
        compare.answer("choose", {"left": 4, "right": 9, "choice": "right"})
    assert compare.answer("undo", {})["action"] is None
    with pytest.raises(JobError):
        space.compare(1, 7)
    with pytest.raises(ValidationError, match="job 1 has one attempt only"):
        space.job(1).compare()


def test_attempts_of_a_job(space: dgf.Workspace) -> None:
    """What was retried stands beside what it was before."""
    with space.store.write() as connection:
        connection.execute("UPDATE seeds SET metadata = '{\"n\": 3, \"word\": \"w\"}' "
                           "WHERE job_id = 2 AND seed_index = 3")  # fmt: skip
    space.job(2).retry_failed(wait=True)
    compare = space.compare(2)
    assert compare.about["title"] == "attempts of job 2"
    assert [compare.about[side]["name"] for side in ("left", "right")] == [
        "the attempt before", "the latest attempt",
    ]  # fmt: skip
    assert compare.answer("pairs", {})["pairs"] == [[9, 10, None]]
    assert compare.answer("cell", {"path": "p.jsonl"}).endswith(".export_pairs('p.jsonl', 2)")


def test_export_and_its_cell(space: dgf.Workspace) -> None:
    """The file holds what was chosen, and the cell says how to write it again."""
    compare = space.compare(1, 2, blind=True)
    assert compare.is_blind is True
    with pytest.raises(ValidationError, match="there is no pair to export"):
        compare.answer("export", {"path": "pairs.jsonl"})
    with pytest.raises(ConfigError, match="the path is empty"):
        compare.answer("export", {"path": " "})
    compare.answer("choose", {"left": 2, "right": 7, "choice": "right"})
    compare.answer("choose", {"left": 3, "right": 8, "choice": "tie"})
    asked = {"path": "pairs.jsonl", "prompt": "Count {{ word }}"}
    done = compare.answer("export", asked)
    assert (done["pairs"], done["prompt"], done["left_out"]) == (1, "template", {"tie": 1})
    written = Path("pairs.jsonl").read_text(encoding="utf-8")
    (line,) = map(json.loads, written.splitlines())
    assert (line["prompt"], line["chosen"], line["rejected"]) == (
        "Count word 2", "7 of word 2", "2 of word 2",
    )  # fmt: skip
    cell = compare.answer("cell", asked)
    assert cell == (
        "import datagenflow_nb as dgf\n\n"
        "dgf.workspace().export_pairs('pairs.jsonl', 1, 2, prompt='Count {{ word }}')"
    )
    Path("pairs.jsonl").write_text("something else", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"pairs\.jsonl is there already") as told:
        compare.answer("export", asked)
    assert told.value.detail == {"kind": "file_exists"}
    assert Path("pairs.jsonl").read_text(encoding="utf-8") == "something else"
    assert compare.answer("export", {**asked, "over": True})["pairs"] == 1
    assert Path("pairs.jsonl").read_text(encoding="utf-8") == written
    Path("pairs.jsonl").unlink()
    exec(cell, {})
    assert Path("pairs.jsonl").read_text(encoding="utf-8") == written


def test_a_blind_comparison_tells_nothing_in_a_saved_notebook(space: dgf.Workspace) -> None:
    """Neither names, nor for whom was chosen, nor the order of the sides."""
    seeds = [{"n": n} for n in range(10)]
    for name in ("one", "two"):
        space.run(pipe(f"{name} {{{{ n }}}}"), seeds, concurrency=1, wait=True)
    left, right = space.pairs(3, 4).pairs[0]
    space.choose(left, right, "left")
    compare = space.compare(3, 4, blind=True)
    compare.salt = 5
    html = compare.kept()["text/html"]
    assert "10 pairs (of equal seeds), 1 chosen<" in html
    assert "job 3" not in html
    assert "job 4" not in html
    turned = [html.index(f"two {n}") < html.index(f"one {n}") for n in range(10)]
    assert set(turned) == {True, False}
    row = html[html.index("one 0") - 100 : html.index("1: ")]
    assert ("right" if turned[0] else "left") in row
    assert "job 3 1, job 4 0" in space.compare(3, 4).kept()["text/html"]


def test_a_job_that_was_deleted(space: dgf.Workspace) -> None:
    """Is told of by its number, where its records are asked for."""
    compare = space.compare(1, 2)
    space.job(2).delete()
    for action in ("pair", "choose"):
        with pytest.raises(JobError, match=r"^job 2 was deleted, and its records with it$"):
            compare.answer(action, {"left": 1, "right": 6, "choice": "tie"})


def test_what_a_saved_notebook_keeps(space: dgf.Workspace) -> None:
    """The counts, what has no partner and the first pairs, all as text."""
    space.update_record(2, output="<b>2</b>")
    space.choose(2, 7, "left")
    kept = space.compare(1, 2).kept()
    assert kept["text/plain"] == (
        "Comparison of jobs 1 and 2: 4 pairs (of equal seeds); 1 record of job 1 alone: "
        "the other job has no such seed"
    )
    html = kept["text/html"]
    assert "4 pairs (of equal seeds), 1 chosen: job 1 1, job 2 0, tie 0, neither 0" in html
    assert "1 record of job 1 alone: the other job has no such seed" in html
    assert "&lt;b&gt;2&lt;/b&gt;" in html
    assert "<b>2</b>" not in html
    assert "failed: " in html
