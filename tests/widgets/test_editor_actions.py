"""What the editor's browser side may ask, answered without a browser."""

from __future__ import annotations

import gc
import threading
from pathlib import Path
from typing import Any

import pytest

import datagenflow_nb as dgf
from datagenflow_nb import ConfigError, SeedError
from datagenflow_nb.storage.drafts import Draft
from datagenflow_nb.storage.lease import new_token
from datagenflow_nb.widgets.editor import PipelineEditor
from datagenflow_nb.widgets.editor_open import edit_named, edit_pipeline

SAY = {"type": "Output", "config": {"template": "Say {{ topic }}"}}
ASK = {"type": "TextGenerator", "id": "ask", "config": {"user_prompt": "Ask {{ topic }}"}}


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dgf.Workspace:
    """A workspace of its own."""
    monkeypatch.chdir(tmp_path)
    return dgf.workspace(tmp_path / "d.db")


def editor_of(space: dgf.Workspace, *blocks: Any, **rules: Any) -> PipelineEditor:
    """An editor of a pipeline ``p``."""
    return PipelineEditor(space, {"name": "p", **rules, "blocks": list(blocks)})


def asked(editor: PipelineEditor, message: dict[str, Any]) -> dict[str, Any]:
    """The reply that the browser gets."""
    replies: list[dict[str, Any]] = []
    came = threading.Event()
    editor.send = lambda reply: (replies.append(reply), came.set())
    editor._receive(editor, message, [])
    assert came.wait(20)
    return replies[0]


def test_requests_are_answered_under_their_number(space: dgf.Workspace) -> None:
    """One answer or one error each, whatever was asked."""
    editor = editor_of(space, SAY)
    request = {"kind": "request", "view": "v1", "id": 7, "action": "yaml", "values": {}}
    assert asked(editor, request) == {
        "kind": "reply", "view": "v1", "id": 7,
        "result": "name: p\nblocks:\n  - type: Output\n    config:\n"
        "      template: Say {{ topic }}\n",
    }  # fmt: skip
    reply = asked(editor, {**request, "action": "yalm"})
    assert reply["error"]["error"] == "action 'yalm' is unknown; did you mean 'yaml'?"
    assert "result" not in reply


def test_check_tells_fields_and_problems(space: dgf.Workspace) -> None:
    """What flows, and what is wrong, at each block; a definition need not be a pipeline."""
    editor = editor_of(space, ASK, SAY)
    assert editor.check["problems"] == []
    assert editor.check["seed_fields"] == ["topic"]
    first, second = editor.check["blocks"]
    assert (first["id"], first["reads"], first["fields"]) == ("ask", ["topic"], ["topic"])
    assert second["fields"] == ["assistant", "system", "topic", "user"]
    assert editor.check["fields"] == ["assistant", "output", "system", "topic", "user"]

    editor.definition = {"name": "p", "blocks": []}
    assert editor.check["problems"] == ["there are no blocks yet; add one from the palette"]

    wrong = {"type": "Output", "config": {"templat": "x"}}
    editor.definition = {"name": "p", "accept_when": "a b", "blocks": [SAY, wrong]}
    assert editor.check["blocks"][0]["problems"] == []
    assert "did you mean 'template' or" in editor.check["blocks"][1]["problems"][0]
    assert editor.check["problems"][0].startswith("accept_when:")

    editor.definition = {"name": "p", "blocks": [SAY, {**SAY, "id": "no spaces"}]}
    assert [len(block["problems"]) for block in editor.check["blocks"]] == [0, 1]

    editor.definition = {"name": "p", "blocks": [{"type": "Outputt"}]}
    assert "did you mean 'Output'?" in editor.check["blocks"][0]["problems"][0]


def test_seed_marks_what_nobody_provides(space: dgf.Workspace) -> None:
    """With a seed chosen its fields are known, and what is missing is a problem of its block."""
    editor = editor_of(space, SAY)
    editor.answer("seed", {"kind": "typed", "text": '{"topics": "tea"}'})
    (problem,) = editor.check["blocks"][0]["problems"]
    assert problem == (
        "block 'output' (Output), config 'template': needs 'topic', which neither the seed nor an "
        "earlier block provides; did you mean 'topics'?"
    )
    editor.answer("seed", {"kind": "typed", "text": "topic,n\ntea,1\nmoon,2", "index": 1})
    assert editor.trial["seed"] == {"topic": "moon", "n": "2"}
    assert editor.check["blocks"][0]["problems"] == []
    Path("seeds.jsonl").write_text('{"topic": "file"}\n', encoding="utf-8")
    editor.answer("seed", {"kind": "file", "text": "seeds.jsonl"})
    assert editor.trial["seed"] == {"topic": "file"}
    with pytest.raises(SeedError, match="has no seed 3; the first is 0"):
        editor.answer("seed", {"kind": "typed", "text": '{"topic": "x"}', "index": 3})
    with pytest.raises(SeedError, match="no variable 'seeds' in this notebook"):
        editor.answer("seed", {"kind": "variable", "text": "seeds"})


def test_try_shows_steps_and_marks_stale_ones(space: dgf.Workspace) -> None:
    """Steps by block; a change makes those from there on stale, without running anything."""
    editor = editor_of(space, ASK, SAY)
    with pytest.raises(SeedError, match="choose a seed first"):
        editor.answer("try", {})
    editor.answer("seed", {"kind": "typed", "text": '{"topic": "the moon"}'})
    editor.answer("try", {"upto": "ask"})
    assert list(editor.trial["steps"]) == ["ask"]
    step = editor.trial["steps"]["ask"]
    assert step["state"] == "done"
    assert step["calls"][0]["messages"] == [{"role": "user", "content": "Ask the moon"}]
    editor.answer("try", {})
    assert editor.trial["steps"]["output"]["set"] == {"output": "Say the moon"}
    assert (editor.trial["stale"], editor.trial["is_running"]) == ([], False)
    changed = {**SAY, "config": {"template": "Tell {{ topic }}"}}
    editor.definition = {"name": "p", "blocks": [ASK, changed]}
    assert editor.trial["stale"] == ["output"]
    editor.answer("try", {})
    assert editor.trial["steps"]["ask"]["is_kept"] is True
    assert editor.trial["steps"]["output"]["set"] == {"output": "Tell the moon"}


def test_saving_keeps_versions_and_notices_others(space: dgf.Workspace) -> None:
    """A version each time it changed; one that was saved elsewhere is not overwritten silently."""
    editor = editor_of(space, SAY)
    assert editor.saved == {"version": None, "is_changed": True}
    assert editor.answer("save", {}) == {"version": 1}
    assert editor.saved == {"version": 1, "is_changed": False}
    editor.definition = {"name": "p", "blocks": [SAY, ASK]}
    assert editor.saved == {"version": 1, "is_changed": True}
    assert editor.answer("save", {}) == {"version": 2}
    assert [item["version"] for item in editor.answer("versions", {})] == [2, 1]
    old = editor.answer("version", {"version": 1})
    assert old["definition"] == {"name": "p", "blocks": [SAY]}
    assert [line for line in old["diff"] if line.startswith("+ ")] == [
        "+  - type: TextGenerator", "+    id: ask", "+    config:",
        "+      user_prompt: Ask {{ topic }}",
    ]  # fmt: skip
    with pytest.raises(ConfigError, match="there is no version 9; there are: 1, 2"):
        editor.answer("version", {"version": 9})

    space.save_pipeline(dgf.Pipeline("p", [ASK]))  # as another kernel does
    editor.definition = {"name": "p", "blocks": [ASK, SAY]}
    with pytest.raises(ConfigError, match="has version 3, which was not saved here"):
        editor.answer("save", {})
    assert editor.answer("save", {"over_others": True}) == {"version": 4}


def edit(editor: PipelineEditor, *blocks: Any, name: str = "p") -> None:
    """A change as the browser makes it."""
    base = editor.document["revision"]
    editor.answer("edit", {"base": base, "definition": {"name": name, "blocks": list(blocks)}})


def test_edits_are_based_on_a_revision(space: dgf.Workspace) -> None:
    """What was changed meanwhile is not overwritten; numbers come back as they were."""
    editor = editor_of(space, {"type": "A", "config": {"t": 1.0, "seed": 12345678901234567891}})
    base = editor.document["revision"]
    sent = {"type": "A", "when": "x", "config": {"t": 1, "seed": 12345678901234567000}}
    assert editor.answer("edit", {"base": base, "definition": {"name": "p", "blocks": [sent]}}) == {
        "revision": base + 1
    }
    assert editor.definition["blocks"][0]["config"] == {"t": 1.0, "seed": 12345678901234567891}
    assert type(editor.definition["blocks"][0]["config"]["t"]) is float
    editor.definition = {"name": "q", "blocks": [SAY]}
    with pytest.raises(ConfigError, match="changed elsewhere meanwhile") as caught:
        editor.answer("edit", {"base": base + 1, "definition": {"name": "p", "blocks": [ASK]}})
    assert caught.value.detail == {
        "kind": "changed_elsewhere", "revision": base + 2,
        "definition": {"name": "q", "blocks": [SAY]},
    }  # fmt: skip
    for wrong in ({}, {"name": "p"}, {"name": "p", "blocks": ["x"]}, {"blocks": []}):
        with pytest.raises(ConfigError, match="an editor's definition is"):
            editor.definition = wrong
    assert editor.definition == {"name": "q", "blocks": [SAY]}


def test_drafts_outlive_the_editor(space: dgf.Workspace) -> None:
    """What is edited and not saved is there when the pipeline is edited again, on its base."""
    space.save_pipeline(dgf.Pipeline("p", [SAY]))
    editor = edit_named(space, "p")
    assert edit_named(space, "p") is editor
    edit(editor, SAY, ASK)
    editor._keep()
    editor.close()
    space.save_pipeline(dgf.Pipeline("p", [ASK]))  # by a colleague, meanwhile
    again = edit_named(space, "p")
    assert again is not editor
    assert again.definition == {"name": "p", "blocks": [SAY, ASK]}
    assert again.restored["is_offer"] is False
    with pytest.raises(ConfigError, match="version 2, which was not saved here"):
        again.answer("save", {})
    again.answer("discard", {})
    assert again.definition == {"name": "p", "blocks": [ASK]}
    assert (again.restored, again.saved) == ({}, {"version": 2, "is_changed": False})
    again.close()
    assert edit_named(space, "p").restored == {}
    assert edit_named(space, "new").definition == {"name": "new", "blocks": []}


def test_no_draft_is_written_by_another(space: dgf.Workspace) -> None:
    """Not by a new name that is another pipeline's, and not by another process's editor."""
    for name in "ab":
        space.save_pipeline(dgf.Pipeline(name, [SAY]))
    one, other = edit_named(space, "a"), edit_named(space, "b")
    edit(other, ASK, name="b")
    other._keep()
    for name in ("b", "c"):
        edit(one, SAY, SAY, name=name)
        one._keep()
    assert edit_named(space, "a") is not one  # which is called c since
    one.close()
    other.close()
    assert edit_named(space, "b").definition == {"name": "b", "blocks": [ASK]}

    alive = f"{new_token().rpartition('|')[0]}|another"
    text = '{"name":"d","blocks":[{"type":"Output"}]}'
    space.drafts.keep(Draft("x", "d", alive, text, None))
    assert edit_named(space, "d").definition["blocks"] == []


def test_drafts_of_pipelines_in_python_are_offered(space: dgf.Workspace) -> None:
    """The code's own comes first; what was edited before can be taken, and is not overwritten."""
    pipe = dgf.Pipeline("p", [SAY])
    edit(pipe.edit(), SAY, ASK)
    pipe.edit()._keep()
    del pipe
    gc.collect()
    pipe = dgf.Pipeline("p", [SAY])
    editor = pipe.edit()
    assert editor.definition == {"name": "p", "blocks": [SAY]}
    assert editor.restored["is_offer"] is True
    edit(editor, SAY, SAY)
    editor._keep()
    editor.answer("take_draft", {})
    assert editor.definition == {"name": "p", "blocks": [SAY, ASK]}
    assert [block.type for block in pipe.spec.blocks] == ["Output", "TextGenerator"]
    editor.answer("discard", {})
    assert editor.definition == {"name": "p", "blocks": [SAY]}


def test_saved_elsewhere_is_shown_when_opened_again(space: dgf.Workspace) -> None:
    """%dgf edit after %%dgf pipeline: the newer version, unless something here is not saved."""
    space.save_pipeline(dgf.Pipeline("p", [SAY]))
    editor = edit_named(space, "p")
    space.save_pipeline(dgf.Pipeline("p", [ASK]))
    assert edit_named(space, "p").definition == {"name": "p", "blocks": [ASK]}
    edit(editor, ASK, SAY)
    space.save_pipeline(dgf.Pipeline("p", [SAY, SAY]))
    assert edit_named(space, "p").definition == {"name": "p", "blocks": [ASK, SAY]}
    assert editor.saved == {"version": 3, "is_changed": True}


def test_pipeline_and_editor_stay_in_step(space: dgf.Workspace) -> None:
    """Either follows the other; what is half typed stays in the editor."""
    pipe = dgf.Pipeline("p", [SAY])
    editor = pipe.edit()
    assert pipe.edit() is editor
    editor.definition = {"name": "p", "blocks": [SAY, ASK]}
    assert [block.type for block in pipe.spec.blocks] == ["Output", "TextGenerator"]
    editor.definition = {"name": "p", "blocks": []}
    assert len(pipe.spec.blocks) == 2
    pipe.update({"name": "p", "accept_when": "topic", "blocks": [ASK]})
    assert editor.definition == {"name": "p", "accept_when": "topic", "blocks": [ASK]}
    other = dgf.Pipeline("p", [SAY])
    assert edit_pipeline(other) is not editor
    del pipe
    gc.collect()
    edit(editor, SAY)  # nobody to tell


def test_blocks_go_through_the_clipboard_as_yaml(space: dgf.Workspace) -> None:
    """One block, a list, a whole pipeline; text that holds none is told."""
    editor = editor_of(space, SAY)
    text = editor.answer("block_yaml", {"block": ASK})
    assert text == (
        "- type: TextGenerator\n  id: ask\n  config:\n    user_prompt: Ask {{ topic }}\n"
    )
    assert editor.answer("blocks", {"text": text}) == [ASK]
    assert editor.answer("blocks", {"text": "type: Output"}) == [{"type": "Output"}]
    assert editor.answer("blocks", {"text": editor.answer("yaml", {})}) == [SAY]
    with pytest.raises(ConfigError, match="the clipboard"):
        editor.answer("blocks", {"text": "just words"})


def test_run_starts_a_job(space: dgf.Workspace) -> None:
    """What the run form asks for; its job is one like any other."""
    editor = editor_of(space, SAY)
    started = editor.answer(
        "run",
        {"kind": "typed", "text": '{"topic": "a"}\n{"topic": "b"}', "options": {"concurrency": 2}},
    )
    space.job(started["job"]).wait()
    state = editor.answer("job", {"job": started["job"]})
    assert state == {
        "job": 1, "status": "completed", "total": 2, "done": 2, "records": 2, "failed": 0,
        "error": None,
    }  # fmt: skip
    with pytest.raises(SeedError, match="no field 'topic'"):
        editor.answer("run", {"kind": "typed", "text": '{"x": "a"}'})


def test_every_template_opens_without_warning(space: dgf.Workspace) -> None:
    """And is written again byte for byte."""
    editor = editor_of(space, SAY)
    templates = editor.answer("catalog", {})["templates"]
    assert len(templates) >= 3
    for template in templates:
        definition = editor.answer("template", {"id": template["id"]})
        editor.definition = definition
        assert editor.check["problems"] == []
        assert [block["problems"] for block in editor.check["blocks"]] == (
            [[]] * len(definition["blocks"])
        )
        text = editor.answer("yaml", {})
        assert text == dgf.Pipeline.from_template(template["id"]).to_yaml()
        assert dgf.Pipeline.from_yaml(text).to_yaml() == text
