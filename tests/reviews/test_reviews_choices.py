"""Which of two records is the better one, and the pairs that trainers read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from running import ask, finish
from storage.filling import call, execution, new_job, put_all, record, step

import datagenflow_nb as dgf
from datagenflow_nb.records import Call, Step, Usage


def asked(ws: dgf.Workspace, prompts: list[str], answers: list[str]) -> int:
    """A job whose records are answers to these prompts; its number."""
    job = new_job(ws.store, *({"topic": "tea", "n": index} for index in range(len(prompts))))
    for index, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
        messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": prompt}]
        made = Call("writer", 0, "m", {"messages": messages}, answer, usage=Usage(1, 1, 1, 0.0))
        value = Step(0, "writer", "TextGenerator", set={"text": answer})
        rows = [execution(job, index), call(job, "", made, index), step(job, value, index)]
        put_all(ws.store, job, [*rows, record(job, index)])
    return job.id


@pytest.fixture
def jobs(ws: dgf.Workspace) -> tuple[int, int]:
    """Jobs 2 and 3: records 7 to 9 and 10 to 12, to the same three prompts."""
    prompts = ["Say 0", "Say 1", "Say 2"]
    return asked(ws, prompts, ["a", "b", "c"]), asked(ws, prompts, ["A", "B", "C"])


def lines(path: str) -> list[dict[str, Any]]:
    """The file's rows."""
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def chosen(ws: dgf.Workspace, *jobs: int) -> list[tuple[Any, ...]]:
    """(left, right, choice, reviewer, note) of every choice."""
    frame = ws.choices(*jobs)
    columns = ["left", "right", "choice", "reviewer", "note"]
    return [tuple(row) for row in frame[columns].astype(object).fillna("-").to_numpy().tolist()]


def test_choosing(ws: dgf.Workspace, jobs: tuple[int, int]) -> None:
    """The last choice of a pair counts, from whichever side it was made."""
    assert ws.choose(7, 10, "left", reviewer="ada", note="shorter").to_dict() == {
        "id": 1, "what": "left of 7 and 10", "count": 1, "skipped": {},
    }  # fmt: skip
    assert ws.choose(7, 10, "left", reviewer="ada", note="shorter").id is None
    ws.choose(11, 8, "left", reviewer="bob")
    ws.choose(9, 12, "tie", reviewer="bob")
    assert chosen(ws, 2, 3) == [
        (7, 10, "left", "ada", "shorter"), (8, 11, "right", "bob", "-"), (9, 12, "tie", "bob", "-"),
    ]  # fmt: skip
    ws.choose(10, 7, "left", reviewer="bob")
    assert chosen(ws, 3, 2)[0] == (10, 7, "left", "bob", "-")
    assert chosen(ws, 2, 3)[0] == (7, 10, "right", "bob", "-")
    assert list(ws.review_log(3)["what"]) == [
        "left of 7 and 10", "left of 11 and 8", "tie of 9 and 12", "left of 10 and 7",
    ]  # fmt: skip
    assert list(ws.review_log()["count"]) == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("left", "right", "choice", "error", "message"),
    [
        (7, 10, "best", dgf.ValidationError, "choice 'best' is unknown; there are: 'left'"),
        (7, 7, "left", dgf.ValidationError, "record 7 is one and the same: choose between two"),
        (7, 11, "left", dgf.ValidationError, "records 7 and 11 are of different seeds"),
        (5, 5.0, "left", dgf.ValidationError, "one and the same"),
        (7, 99, "left", dgf.StoreError, "there is no record 99"),
        ("7", 10, "left", dgf.ValidationError, "record id '7' is no whole number"),
    ],
)
def test_choices_that_are_none(
    ws: dgf.Workspace, jobs: tuple[int, int], left: Any, right: Any, choice: str,
    error: type[Exception], message: str,
) -> None:  # fmt: skip
    """Told why; nothing is stored."""
    with pytest.raises(error, match=message):
        ws.choose(left, right, choice)
    assert chosen(ws, 2, 3) == []
    assert len(ws.review_log()) == 0


def test_a_failed_record_is_not_the_better_one(ws: dgf.Workspace) -> None:
    """But the other one is better, and neither may be any good."""
    job = new_job(ws.store, {"topic": "tea", "n": 4})
    put_all(ws.store, job, [execution(job), record(job)])
    with pytest.raises(dgf.ValidationError, match=r"record 5 is failed .*no result to prefer"):
        ws.choose(5, 7, "left")
    ws.choose(5, 7, "neither", reviewer="ada")
    ws.choose(5, 7, "right", reviewer="ada")
    assert chosen(ws, 1, 2) == [(5, 7, "right", "ada", "-")]
    with pytest.raises(dgf.ValidationError, match=r"\(1 a record without a result\)"):
        ws.export_pairs("pairs.jsonl", 1, 2)


def test_choices_are_undone(ws: dgf.Workspace, jobs: tuple[int, int]) -> None:
    """In order with everything else; what another has chosen since stays."""
    ada, bob = ws.review_session(reviewer="ada"), ws.review_session(reviewer="bob")
    ada.choose(7, 10, "left")
    ada.set_status(7, "accepted")
    ada.choose(7, 10, "right", note="no")
    assert ada.undo() is not None
    assert chosen(ws, 2, 3) == [(7, 10, "left", "ada", "-")]
    ada.undo()
    ada.undo()
    assert (chosen(ws, 2, 3), ws.record(7).status) == ([], "pending")
    for _ in range(3):
        ada.redo()
    assert chosen(ws, 2, 3) == [(7, 10, "right", "ada", "no")]
    bob.choose(7, 10, "right")
    undone = ada.undo()
    assert undone is not None
    assert (undone.count, undone.skipped) == (0, {"changed since by bob": 1})
    bob.undo()
    bob.redo()
    assert chosen(ws, 2, 3) == [(7, 10, "right", "bob", "-")]
    ws.delete_records([10])
    gone = bob.undo()
    assert gone is not None
    assert gone.count == 0
    assert chosen(ws, 2, 3) == []


def test_pairs_as_conversations(ws: dgf.Workspace, jobs: tuple[int, int]) -> None:
    """The messages the model was asked with, when they are the same on both sides."""
    ws.choose(7, 10, "left", reviewer="ada", note="shorter")
    ws.choose(8, 11, "right", reviewer="ada")
    ws.choose(9, 12, "neither", reviewer="ada")
    ws.update_record(11, output="B, edited")
    result = ws.export_pairs("pairs.jsonl", 2, 3)
    assert (result.pairs, result.format, result.prompt, result.left_out) == (
        2, "jsonl", "messages", {"neither": 1},
    )  # fmt: skip
    first, second = lines("pairs.jsonl")
    at = first.pop("chosen_at")
    assert at.endswith("Z")
    assert first == {
        "prompt": [{"role": "system", "content": "Be brief."},
                   {"role": "user", "content": "Say 0"}],
        "chosen": [{"role": "assistant", "content": "a"}],
        "rejected": [{"role": "assistant", "content": "A"}],
        "chosen_id": 7, "rejected_id": 10, "chosen_job_id": 2, "rejected_job_id": 3,
        "seed_index": 0, "repetition": 0, "branch": "", "reviewer": "ada", "note": "shorter",
    }  # fmt: skip
    assert second["chosen"] == [{"role": "assistant", "content": "B, edited"}]
    assert (second["chosen_id"], second["rejected_id"]) == (11, 8)


def test_pairs_as_texts(ws: dgf.Workspace, jobs: tuple[int, int]) -> None:
    """All of a file, as soon as one pair was asked differently; or by a template."""
    asked(ws, ["Say 0", "Shout 1"], ["x", "y"])
    ws.choose(7, 13, "left", reviewer="ada")
    ws.choose(8, 14, "left", reviewer="ada")
    assert ws.export_pairs("pairs.jsonl", 2, 4).prompt == "seed"
    assert [(row["prompt"], row["chosen"], row["rejected"]) for row in lines("pairs.jsonl")] == [
        ('{"topic":"tea","n":0}', "a", "x"), ('{"topic":"tea","n":1}', "b", "y"),
    ]  # fmt: skip
    result = ws.export_pairs("pairs.jsonl", 2, 4, prompt="{{ topic }} {{ metadata.n }}")
    assert result.prompt == "template"
    assert [row["prompt"] for row in lines("pairs.jsonl")] == ["tea 0", "tea 1"]
    with pytest.raises(dgf.TemplateError, match="topci"):
        ws.export_pairs("pairs.jsonl", 2, 4, prompt="{{ topci }}")
    assert len(lines("pairs.jsonl")) == 2  # the file of before


def test_pairs_in_parquet(ws: dgf.Workspace, jobs: tuple[int, int]) -> None:
    """Messages are lists of structs, also of texts that UTF-8 cannot hold."""
    ws.choose(7, 10, "left", reviewer="ada")
    ws.update_record(7, output="half \ud83d")
    ws.export_pairs("pairs.parquet", 2, 3)
    (row,) = pq.read_table("pairs.parquet").to_pylist()
    assert row["chosen"] == [{"role": "assistant", "content": "half \\ud83d"}]
    assert row["prompt"][1] == {"role": "user", "content": "Say 0"}
    assert (row["chosen_id"], row["note"]) == (7, None)
    ws.export_pairs("texts.parquet", 2, 3, prompt="{{ n }}")
    (row,) = pq.read_table("texts.parquet").to_pylist()
    assert (row["prompt"], row["chosen"], row["rejected"]) == ("0", "half \\ud83d", "A")


def test_no_pairs_no_file(ws: dgf.Workspace, jobs: tuple[int, int]) -> None:
    """An empty file would look like success."""
    with pytest.raises(dgf.ValidationError, match="there is no pair to export: 0 choices; no file"):
        ws.export_pairs("pairs.jsonl", 2, 3)
    ws.choose(7, 10, "tie", reviewer="ada")
    with pytest.raises(dgf.ValidationError, match=r"no pair to export: 1 choice \(1 tie\); no"):
        ws.export_pairs("pairs.jsonl", 2, 3)
    with pytest.raises(dgf.ConfigError, match=r"hold lists: export them to .jsonl or .parquet"):
        ws.export_pairs("pairs.csv", 2, 3)
    assert list(Path().glob("*pairs*")) == []


def test_what_a_job_asked(ws: dgf.Workspace) -> None:
    """Two jobs of one pipeline with the offline model: the prompt is what it was sent."""
    pipeline = ask("Write about {{ topic }}.")
    for _ in range(2):
        finish(dgf.run(pipeline, [{"topic": "tea"}], concurrency=1))
    ((left, right),) = ws.pairs(2, 3).pairs
    ws.choose(left, right, "right", reviewer="ada")
    assert ws.export_pairs("pairs.jsonl", 2, 3).prompt == "messages"
    (row,) = lines("pairs.jsonl")
    assert row["prompt"] == [{"role": "user", "content": "Write about tea."}]
    assert row["chosen"] == [{"role": "assistant", "content": ws.record(right).output}]


def echo(template: str) -> dict[str, Any]:
    """A pipeline that asks no model."""
    return {
        "name": "p",
        "blocks": [{"type": "Output", "id": "o", "config": {"template": template}}],
    }


def test_choices_of_records_that_were_replaced(ws: dgf.Workspace) -> None:
    """Are no pairs: the record would be rejected in one and chosen in the next."""
    seeds = [{"topic": "tea"}, {"topic": "rum"}]
    one = finish(dgf.run(echo("{{ topic }}"), seeds, concurrency=1))
    two = finish(dgf.run(echo("{{ topic }}!"), seeds, concurrency=1))
    (old, right), (_, second) = ws.pairs(2, 3).pairs
    ws.choose(old, right, "left", reviewer="ada")
    one.run_again(old, "o", wait=True)
    new = ws.pairs(2, 3).pairs[0][0]
    assert new != old
    replaced = "with a record that is not current"
    with pytest.raises(dgf.ValidationError, match=rf"1 choice \(1 {replaced}\)"):
        ws.export_pairs("pairs.jsonl", 2, 3)
    ws.choose(new, right, "right", reviewer="ada")
    result = ws.export_pairs("pairs.jsonl", 2, 3)
    assert (result.pairs, result.left_out) == (1, {replaced: 1})
    assert [(row["chosen_id"], row["rejected_id"]) for row in lines("pairs.jsonl")] == [
        (right, new)
    ]
    frame = ws.choices(2, 3)
    assert dict(zip(frame["left"], frame["left_out"].fillna("-"), strict=True)) == {
        old: replaced,
        new: "-",
    }
    stored = ws.compare(2, 3).answer("pairs", {})["pairs"]
    assert [choice for *_, choice in stored] == ["right", None]
    # The attempts of one job are side by side, though one of them is not current.
    ws.choose(old, new, "left", reviewer="ada")
    assert ws.pairs(2).pairs == [(old, new)]
    assert ws.export_pairs("pairs.jsonl", 2).left_out == {}
    one.run_again(new, "o", wait=True)
    assert list(ws.choices(2)["left_out"]) == [replaced]
    assert two.id == 3
    assert second != right


def test_choices_between_repetitions(ws: dgf.Workspace) -> None:
    """Current records of one job may be chosen between without another attempt."""
    finish(dgf.run(echo("{{ topic }}"), [{"topic": "tea", "repetitions": 2}], concurrency=1))
    ws.choose(7, 8, "left", reviewer="ada")
    assert ws.export_pairs("pairs.jsonl", 2).pairs == 1
