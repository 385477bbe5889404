"""What tests of one's own blocks and pipelines get."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from running import ASK, ECHO, finish

import datagenflow_nb as dgf
from datagenflow_nb import testing

BLOCK = '''
from datagenflow_nb import BaseBlock

class Shout(BaseBlock):
    """Says it louder."""

    inputs = ["text"]
    outputs = ["loud"]

    async def execute(self, data):
        return {"loud": data["text"].upper()}
'''


class Dice(dgf.BaseBlock):
    """Throws a die and asks a model about it."""

    inputs = ["name"]
    outputs = ["eyes", "said"]

    async def execute(self, data: dict[str, Any], ctx: dgf.BlockContext) -> dict[str, Any]:
        said = await ctx.llm().chat(ctx.render("Say {{ name }}."))
        return {"eyes": ctx.random.randint(1, 6), "said": said.text}


def test_temporary_workspace_leaves_nothing(tmp_path: Path) -> None:
    """It runs jobs, becomes nobody's current workspace, and its folder is removed."""
    with testing.temporary_workspace() as ws:
        folder = ws.settings.root
        assert finish(ws.run(ECHO, [{"n": 1}, {"n": 2}])).records()["output"].tolist() == [
            "1!", "2!",
        ]  # fmt: skip
        assert dgf.workspace() is not ws
    assert not folder.exists()
    with pytest.raises(dgf.StoreError, match="was closed"):
        ws.jobs()
    assert [path.name for path in tmp_path.glob("*.db")] == ["datagenflow.db"]


def test_temporary_workspace_reads_no_model_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The offline model answers whatever LLM_* says."""
    monkeypatch.setenv("LLM_ENDPOINT", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("LLM_MODEL", "gone")
    with testing.temporary_workspace() as ws:
        job = ws.run(ASK, {"n": 1}, wait=True)
        assert job.records()["model"].tolist() == ["offline"]


def test_temporary_workspace_with_blocks(tmp_path: Path) -> None:
    """A folder of one's own blocks is found."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "shout.py").write_text(BLOCK, encoding="utf-8")
    with testing.temporary_workspace(blocks=folder) as ws:
        job = ws.run({"name": "s", "blocks": [{"type": "Shout"}]}, {"text": "hey"}, wait=True)
        assert job.records()["loud"].tolist() == ["HEY"]


def test_temporary_workspace_after_an_error() -> None:
    """The folder goes, and the error comes out, also while a job runs."""
    with pytest.raises(ZeroDivisionError), testing.temporary_workspace() as ws:
        folder = ws.settings.root
        ws.run(ECHO, {"n": 1, "repetitions": 1_000_000})
        raise ZeroDivisionError
    assert not folder.exists()


@pytest.mark.asyncio
async def test_context() -> None:
    """A block that needs the world runs alone, with random numbers that are always the same."""
    block = Dice()
    state = {"name": "Ada"}
    first = await block.execute(state, testing.context(block, state))
    assert first == await block.execute(state, testing.context(block, state))
    assert first["said"]
    draws = {
        (await block.execute(state, testing.context(block, state, random_key=str(key))))["eyes"]
        for key in range(40)
    }
    assert draws == {1, 2, 3, 4, 5, 6}


@pytest.mark.asyncio
async def test_context_names_the_block_in_errors() -> None:
    """A template that fails says in which block."""
    block = Dice()
    with pytest.raises(dgf.TemplateError, match=r"^block 'Dice': .*'name'"):
        await block.execute({}, testing.context(block, {}))


def test_doctest() -> None:
    """The example in the module's docstring holds."""
    import doctest

    assert doctest.testmod(testing) == (0, 2)
