"""Trials in the editor while they run: stopped, overtaken by edits, many at once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

import datagenflow_nb as dgf
from datagenflow_nb import BlockNotFoundError, ConfigError
from datagenflow_nb.widgets.editor import PipelineEditor

SEED = {"kind": "typed", "text": '{"topic": "the moon"}'}
HOLD = {"type": "Hold", "id": "hold"}
SAY = {"type": "Output", "config": {"template": "Say {{ topic }}"}}
ASK = {"type": "TextGenerator", "id": "ask", "config": {"user_prompt": "Ask {{ topic }}"}}

_go_on = threading.Event()


class Hold(dgf.BaseBlock):
    """Runs until it is let go."""

    outputs: ClassVar[list[str]] = ["held"]

    async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
        """Wait."""
        while not _go_on.is_set():
            await asyncio.sleep(0.01)
        return {"held": True}


class Say(dgf.BaseBlock):
    """Says its number."""

    outputs: ClassVar[list[str]] = ["said"]

    def execute(self, data: dict[str, Any]) -> dict[str, Any]:
        """Its number."""
        return {"said": self.config.get("n")}


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dgf.Workspace]:
    """A workspace of its own, with a block that waits."""
    monkeypatch.chdir(tmp_path)
    _go_on.clear()
    made = dgf.workspace(tmp_path / "d.db")
    made.registry.add(Hold, "this test")
    yield made
    _go_on.set()


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that happens elsewhere."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def begun(space: dgf.Workspace, *blocks: Any, name: str = "p") -> PipelineEditor:
    """An editor whose trial is at its first block."""
    editor = PipelineEditor(space, {"name": name, "blocks": list(blocks)})
    editor.send = lambda reply: None
    editor.answer("seed", SEED)
    message = {"kind": "request", "view": "v", "id": 1, "action": "try", "values": {}}
    editor._receive(editor, message, [])
    until(lambda: editor.trial["steps"].get("hold", {}).get("state") == "running")
    return editor


def ended(editor: PipelineEditor) -> dict[str, Any]:
    """What is shown when the trial is over."""
    until(lambda: not editor.trial["is_running"])
    return editor.trial


def test_stop_ends_it_before_the_next_block(space: dgf.Workspace) -> None:
    """What a block gave until then is shown; the next try goes on from there."""
    editor = begun(space, HOLD, ASK)
    editor.answer("stop", {})
    assert editor.trial["is_stopping"] is True
    _go_on.set()
    trial = ended(editor)
    assert (list(trial["steps"]), trial["note"]) == (["hold"], "stopped")
    editor.answer("try", {})
    assert editor.trial["steps"]["hold"]["is_kept"] is True
    assert list(editor.trial["steps"]) == ["hold", "ask"]
    assert (editor.trial["note"], editor.trial["is_stopping"]) == (None, False)
    editor.answer("stop", {})  # nothing runs


def test_second_stop_gives_a_block_up(space: dgf.Workspace) -> None:
    """It ends at once, whatever the block waits for."""
    editor = begun(space, HOLD, SAY)
    editor.answer("stop", {})
    editor.answer("stop", {})
    trial = ended(editor)
    assert (trial["steps"], trial["note"], trial["error"]) == ({}, "stopped", None)


def test_edits_end_a_trial_of_what_is_gone(space: dgf.Workspace) -> None:
    """Blocks that were changed or deleted meanwhile are not asked for; others go on."""
    editor = begun(space, HOLD, ASK, SAY)
    editor.definition = {"name": "p", "blocks": [HOLD, SAY]}
    _go_on.set()
    trial = ended(editor)
    assert list(trial["steps"]) == ["hold"]
    assert trial["note"] == "the pipeline or the seed was changed meanwhile"
    assert trial["stale"] == []


def test_edits_behind_a_trial_do_not_end_it(space: dgf.Workspace) -> None:
    """And a step that is older than the definition by then says so."""
    editor = begun(space, HOLD, SAY)
    editor.definition = {"name": "p", "blocks": [HOLD, SAY, ASK]}
    _go_on.set()
    trial = ended(editor)
    assert (list(trial["steps"]), trial["note"]) == (["hold", "output"], None)
    editor.definition = {"name": "p", "blocks": [{**HOLD, "config": {"x": 1}}, SAY]}
    assert editor.trial["stale"] == ["hold", "output"]


def test_step_that_ends_after_an_edit_of_it_is_stale(space: dgf.Workspace) -> None:
    """The edit came while the block ran."""
    editor = begun(space, HOLD)
    editor.definition = {"name": "p", "blocks": [{**HOLD, "config": {"x": 1}}]}
    _go_on.set()
    assert ended(editor)["stale"] == ["hold"]


def test_trial_that_runs_is_not_begun_twice_and_blocks_nobody(space: dgf.Workspace) -> None:
    """A double click is no error; however many trials hang, requests are answered."""
    editors = [begun(space, HOLD, SAY, name=f"p{n}") for n in range(1)]
    assert editors[0].answer("try", {}) is None
    editors += [begun(space, {**HOLD, "config": {"n": n}}, SAY, name=f"p{n}") for n in range(1, 10)]
    replies: list[Any] = []
    editors[0].send = replies.append
    message = {"kind": "request", "view": "v", "id": 2, "action": "save", "values": {}}
    editors[0]._receive(editors[0], message, [])
    until(lambda: replies != [])
    assert replies[0]["result"] == {"version": 1}
    _go_on.set()
    for editor in editors:
        assert list(ended(editor)["steps"]) == ["hold", "output"]


def test_prompts_only_are_marked(space: dgf.Workspace) -> None:
    """Each step says so, and is stale beside real ones."""
    editor = PipelineEditor(space, {"name": "p", "blocks": [ASK, SAY]})
    editor.answer("seed", SEED)
    editor.answer("try", {"dry": True})
    assert [step["dry"] for step in editor.trial["steps"].values()] == [True, True]
    assert editor.trial["stale"] == []
    editor.answer("try", {"upto": "ask"})
    assert {id_: step["dry"] for id_, step in editor.trial["steps"].items()} == {
        "ask": False, "output": True,
    }  # fmt: skip
    assert editor.trial["stale"] == ["output"]


def test_trials_of_one_workspace_share_what_was_paid(space: dgf.Workspace) -> None:
    """The cell of an editor that is run again asks nothing again."""
    for is_kept in (False, True):
        editor = dgf.Pipeline("p", [ASK]).edit()
        editor.answer("seed", SEED)
        editor.answer("try", {})
        assert editor.trial["steps"]["ask"]["is_kept"] is is_kept
    with pytest.raises(ConfigError, match="no block 'aks' to try; did you mean 'ask'"):
        editor.answer("try", {"upto": "aks"})


def test_block_objects_follow_the_form(space: dgf.Workspace) -> None:
    """A changed setting or type is what runs; an object that fits is kept, under a new id too."""
    pipe = dgf.Pipeline("p", [Say({"n": 1})])
    editor = pipe.edit()
    held = pipe.instances["say"]
    editor.answer("seed", SEED)
    editor.answer("try", {})
    assert editor.trial["steps"]["say"]["set"] == {"said": 1}

    editor.definition = {"name": "p", "blocks": [{"type": "Say", "config": {"n": 2}}]}
    assert editor.trial["stale"] == ["say"]
    assert "'Say'" in editor.check["blocks"][0]["problems"][0]
    with pytest.raises(BlockNotFoundError, match="'Say'"):
        pipe.execute_sync({"topic": "t"})
    space.registry.add(Say, "this test")
    editor.answer("try", {})
    assert editor.trial["steps"]["say"]["set"] == {"said": 2}
    assert pipe.execute_sync({"topic": "t"}).result["said"] == 2
    assert editor.pipeline.execute_sync({"topic": "t"}).result["said"] == 2

    editor.definition = {"name": "p", "blocks": [{**SAY, "id": "say"}]}
    assert pipe.execute_sync({"topic": "t"}).result["output"] == "Say t"
    editor.definition = {"name": "p", "blocks": [{"type": "Say", "id": "me", "config": {"n": 1}}]}
    assert editor.pipeline.instances == {"me": held}
    pipe.update({"name": "p", "blocks": [{"type": "Say", "id": "me", "config": {"n": 3}}]})
    assert (pipe.instances, pipe.execute_sync({"topic": "t"}).result["said"]) == ({}, 3)
