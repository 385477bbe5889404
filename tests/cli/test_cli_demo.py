"""``dgf demo``."""

from __future__ import annotations

import json
from typing import Any


def test_demo_twice(dgf: Any) -> None:
    """The demo shows a record with its trace and exports; again, it adds a job to the store."""
    run = dgf("demo")
    assert "Model: offline." in run.stderr
    assert "job 1: 6/6 (100 %)" in run.stderr
    assert "Record " in run.stdout
    for step in ("step 0: TextGenerator", "step 1: StructuredGenerator", "step 2: JSONValidator"):
        assert step in run.stdout
    assert "call 0 to offline: " in run.stdout
    assert "\n      answer: " in run.stdout
    assert "Exported 6 records to demo/qa.jsonl\n" in run.stdout
    assert max(map(len, run.stdout.partition("\nJob ")[0].splitlines())) <= 100
    lines = (dgf.folder / "demo" / "qa.jsonl").read_text(encoding="utf-8").splitlines()
    assert len({json.loads(line)["seed_index"] for line in lines}) == 6
    assert "Exported 6 records" in dgf("demo").stdout
    assert [job["id"] for job in dgf.json("jobs", "--db", "demo/datagenflow.db")] == [1, 2]
    assert not (dgf.folder / "datagenflow.db").exists()


def test_demo_files_run_by_hand(dgf: Any) -> None:
    """The files the demo leaves are what its last lines say to run."""
    last = dgf("demo").stdout.partition("\nNext:")[2]
    args = ("run", "demo/qa_generation.yaml", "demo/seeds.json", "--out", "out.jsonl")
    assert " ".join(args) in last
    assert "Exported 6 records to out.jsonl" in dgf(*args).stdout


def test_demo_keeps_edited_files(dgf: Any) -> None:
    """A pipeline somebody edited in the demo's folder is not written over."""
    dgf("demo", "try it")
    edited = dgf.folder / "try it" / "qa_generation.yaml"
    edited.write_text("name: Mine\nblocks: [{type: Output, config: {template: x}}]\n")
    run = dgf("demo", "try it")
    assert "try it/qa_generation.yaml was edited and is kept" in run.stderr
    assert "'try it/qa_generation.yaml' 'try it/seeds.json'" in run.stdout
    assert edited.read_text().startswith("name: Mine\n")


def test_demo_asks_no_configured_model(dgf: Any) -> None:
    """Whatever the settings name, even unusable ones, the embedded model answers."""
    run = dgf("demo", LLM_ENDPOINT="not a URL", LLM_MODEL="x", LLM_API_KEY="k", DEBUG="perhaps")
    assert "Models: offline\n" in run.stdout


def test_demo_in_a_place_that_is_taken(dgf: Any) -> None:
    """A file of that name is an error that names it."""
    dgf.write("demo", "a file")
    assert "demo" in dgf("demo", status=1).stderr
