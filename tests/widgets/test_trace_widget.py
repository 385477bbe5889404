"""Traces as widgets: what the browser gets, what the notebook keeps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_records import make_record, make_step

import datagenflow_nb as dgf
from datagenflow_nb.records import Call, Usage, build_trace
from datagenflow_nb.widgets.trace import TraceWidget
from datagenflow_nb.widgets.trace_document import (
    branch_of,
    document_of,
    preview_document,
    record_document,
    result_document,
)


def test_a_branch_is_sent_as_changes() -> None:
    """No state is sent twice: a long text stands once in what the browser gets."""
    text = "x" * 100_000
    ask = make_step(0, {"a": 1})
    call = Call("b0", 0, "big", {"messages": []}, "yes", usage=Usage(3, 2, 1, 0.5))
    ask.calls.append(call)
    steps = [ask, make_step(1, {"b": 2}, removed=["text"], branch="3", skipped=True)]
    branch = branch_of(build_trace({"text": text}, steps))
    assert branch["seed"] == {"text": text}
    assert json.dumps(branch).count(text) == 1
    first, second = branch["steps"]
    assert (first["set"], first["removed"], first["seconds"]) == ({"a": 1}, [], 0.5)
    assert first["calls"][0]["usage"] == {
        "input_tokens": 3, "output_tokens": 2, "calls": 1, "cost": 0.5,
    }  # fmt: skip
    assert first["calls"][0]["reused"] is False
    assert (second["set"], second["removed"]) == ({"b": 2}, ["text"])
    assert (second["branch"], second["skipped"], second["index"]) == ("3", True, 1)
    assert branch_of([]) == {
        "label": "Main branch", "status": None, "reason": None, "seed": {}, "steps": [],
    }  # fmt: skip


def test_a_failed_step_says_so_for_its_branch() -> None:
    """A trace alone knows no status, but that it has failed."""
    failed = make_step(0, {}, error={"error": "no luck", "detail": {}})
    branch = branch_of(build_trace({}, [failed]))
    assert (branch["status"], branch["reason"]) == ("failed", "no luck")


def test_many_branches_are_not_all_sent() -> None:
    """How many are left out is told; of one that is too large alone nothing is left out."""
    big = {**branch_of([]), "seed": {"text": "x" * 5_000_000}}
    document = document_of([big, big, big], title="T", count=3)
    assert (len(document["branches"]), document["more"]) == (1, 2)
    assert len(document_of([branch_of([])] * 300, title="T", count=300)["branches"]) == 200


def test_results_previews_and_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What became of it is told, and the seed of each."""
    monkeypatch.chdir(tmp_path)
    dgf.workspace(tmp_path / "d.db")
    pipe = dgf.Pipeline("p", [{"type": "Output", "config": {"template": "{{ n }}!"}}])
    document = result_document(pipe.execute_sync({"n": 1}))
    assert (document["title"], document["more"]) == ("Result", 0)
    (branch,) = document["branches"]
    assert (branch["status"], branch["seed"], branch["steps"][0]["set"]) == (
        "completed", {"n": 1}, {"output": "1!"},
    )  # fmt: skip
    document = preview_document(pipe.preview({"n": 2}, dry=True))
    assert document["title"] == "Preview of p"
    assert document["about"] == "no model was asked: its answers are placeholders"
    assert document["branches"][0]["seed"] == {"n": 2}


def test_a_record_says_which_it_is() -> None:
    """Number, seed and what became of it; a step knows its field."""
    record = make_record(7, {"n": 1}, {"said": "x"}, status="rejected")
    trace = build_trace(record.metadata, record.steps)
    document = record_document(_Held(record, trace))  # type: ignore[arg-type]
    assert document["title"] == "Record 7 (seed 6, repetition 0): rejected"
    assert document["about"] == "model offline"
    assert document["branches"][0]["status"] == "rejected"


class _Held:
    """A record whose calls need no store."""

    def __init__(self, record: object, trace: object) -> None:
        self._record, self.trace = record, trace

    def __getattr__(self, name: str) -> object:
        return getattr(self._record, name)


def test_a_widget_asks_when_it_is_drawn() -> None:
    """Its state, which may be saved with the notebook, holds no data."""
    widget = TraceWidget(lambda: document_of([branch_of([])], title="T"), "a trace")
    assert "branches" not in json.dumps(str(widget.get_state()))
    assert widget.answer("trace", {})["title"] == "T"
    assert repr(widget) == "TraceWidget(a trace)"
