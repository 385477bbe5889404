"""Trying a pipeline block by block: what is unchanged is not run, or paid for, again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from servers import OfflineServer, offline_server

import datagenflow_nb as dgf
from datagenflow_nb import ConfigError, SeedError
from datagenflow_nb.spec import PipelineSpec
from datagenflow_nb.trial import Trial, TrialStep

ASK = {"type": "TextGenerator", "id": "question", "config": {"user_prompt": "Ask: {{ topic }}"}}
ANSWER = {"type": "TextGenerator", "id": "answer", "config": {"user_prompt": "{{ assistant }}"}}
SHOW = {"type": "Output", "config": {"template": "{{ assistant }}!"}}


@dgf.block(outputs=["part"], fan_out=True)
def halves(topic: str) -> Any:
    """Two branches."""
    return [{"part": topic[:2]}, {"part": topic[2:]}]


@dgf.block(outputs=["never"])
def broken(topic: str) -> Any:
    """Fails."""
    raise RuntimeError(f"no {topic}")


@pytest.fixture(scope="module")
def server() -> Iterator[OfflineServer]:
    """One for all tests here."""
    with offline_server() as running:
        yield running


@pytest.fixture
def workspace(
    server: OfflineServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> dgf.Workspace:
    """A workspace whose default model is the server's."""
    monkeypatch.setenv("LLM_ENDPOINT", server.url)
    monkeypatch.setenv("LLM_MODEL", "m")
    server.reset()
    return dgf.workspace(tmp_path / "d.db")


def tried(
    trial: Trial, space: dgf.Workspace, *blocks: Any, upto: int, seed: Any = None, dry: bool = False
) -> list[TrialStep]:
    """What a try of these blocks shows."""
    spec = PipelineSpec.from_dict({"name": "p", "blocks": list(blocks)})
    return trial.run(
        spec, space.registry, {}, space.models, seed or {"topic": "tides"}, upto=upto, dry=dry
    )


def test_runs_only_what_changed(server: OfflineServer, workspace: dgf.Workspace) -> None:
    """Steps that are kept make no call; a change runs from there on; going back costs nothing."""
    trial = Trial()
    first = tried(trial, workspace, ASK, ANSWER, SHOW, upto=1)
    assert [(step.block_id, step.state, step.is_kept) for step in first] == [
        ("question", "done", False)
    ]
    assert server.log()["requests"] == 1
    steps = tried(trial, workspace, ASK, ANSWER, SHOW, upto=3)
    assert [step.is_kept for step in steps] == [True, False, False]
    assert steps[2].set["output"].endswith("!")
    assert steps[1].calls[0].request["messages"][0]["content"] == steps[0].set["assistant"]
    assert server.log()["requests"] == 2
    changed = {**ANSWER, "config": {"user_prompt": "Shorter: {{ assistant }}"}}
    steps = tried(trial, workspace, ASK, changed, SHOW, upto=3)
    assert [step.is_kept for step in steps] == [True, False, False]
    assert server.log()["requests"] == 3
    steps = tried(trial, workspace, ASK, ANSWER, SHOW, upto=3)
    assert [step.is_kept for step in steps] == [True, True, True]
    assert server.log()["requests"] == 3
    tried(trial, workspace, ASK, upto=1, seed={"topic": "tea"})
    assert server.log()["requests"] == 4


def test_dry_asks_no_model(server: OfflineServer, workspace: dgf.Workspace) -> None:
    """Prompts are rendered; answers are placeholders, and are not taken for real ones later."""
    trial = Trial()
    (step, _) = tried(trial, workspace, ASK, ANSWER, upto=2, dry=True)
    assert step.calls[0].request["messages"] == [{"role": "user", "content": "Ask: tides"}]
    assert step.set["assistant"] == "<answer of question>"
    assert server.log()["requests"] == 0
    assert not tried(trial, workspace, ASK, upto=1)[0].is_kept
    assert server.log()["requests"] == 1


def test_failures_end_it_and_run_again(workspace: dgf.Workspace) -> None:
    """A block that raised shows its error; asked again, it runs again."""
    workspace.registry.add(broken, "this test")
    show = {"type": "Output", "config": {"template": "{{ topic }}"}}
    blocks = ({"type": broken.__name__}, show)
    trial = Trial()
    for _ in range(2):
        (step,) = tried(trial, workspace, *blocks, upto=2)
        assert (step.state, step.is_kept) == ("failed", False)
        assert step.error is not None and "RuntimeError: no tides" in step.error


def test_first_branch_goes_on(workspace: dgf.Workspace) -> None:
    """After a fan-out the first branch is shown, with the number of all."""
    workspace.registry.add(halves, "this test")
    show = {"type": "Output", "config": {"template": "{{ part }}"}}
    trial = Trial()
    for is_kept in (False, True):
        steps = tried(trial, workspace, {"type": halves.__name__}, show, upto=2)
        assert [(step.set, step.branches) for step in steps] == [
            ({"part": "ti"}, 2), ({"output": "ti"}, None),
        ]  # fmt: skip
        assert [step.is_kept for step in steps] == [is_kept, is_kept]


def test_refuses_before_any_call(server: OfflineServer, workspace: dgf.Workspace) -> None:
    """A seed without what a block needs, a block with a wrong configuration."""
    with pytest.raises(SeedError, match="no field 'topic'"):
        tried(Trial(), workspace, ASK, upto=1, seed={"topics": "x"})
    wrong = {"type": "TextGenerator", "config": {"temprature": 1}}
    with pytest.raises(ConfigError, match="temprature"):
        tried(Trial(), workspace, ASK, wrong, upto=2)
    assert server.log()["requests"] == 0
