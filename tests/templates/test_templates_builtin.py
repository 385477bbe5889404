"""The package's templates: each is a valid pipeline that runs over its own seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from datagenflow_nb.blocks.discovery import build_registry
from datagenflow_nb.llm.catalog import Models
from datagenflow_nb.pipeline import Pipeline
from datagenflow_nb.services import Services
from datagenflow_nb.settings import Settings
from datagenflow_nb.spec import PipelineSpec
from datagenflow_nb.templates import list_templates, read_template, template_ids

IDS = ["json_generation", "qa_generation", "text_classification"]


def pipeline(template_id: str) -> Pipeline:
    """A template as a pipeline whose default model is the offline one."""
    spec = PipelineSpec.from_yaml(read_template(template_id).text)
    return Pipeline.from_spec(spec, Services(build_registry(), Models(Settings(root=Path()))))


async def run(template_id: str, metadata: dict[str, Any]) -> dict[str, Any]:
    """The final state of one seed."""
    result: dict[str, Any] = (await pipeline(template_id).execute(metadata)).result
    return result


def test_ids() -> None:
    """The three templates are there, also in the list, each with a name and a description."""
    assert template_ids() == IDS
    listed = list_templates()
    assert [info.id for info in listed] == IDS
    assert [info.name for info in listed] == [
        "JSON Generation", "QA Generation", "Text Classification",
    ]  # fmt: skip
    for info in listed:
        assert info.description.endswith(".")
        assert info.error is None
        assert Path(info.source).read_text(encoding="utf-8") == info.text


@pytest.mark.parametrize("template_id", IDS)
def test_seeds(template_id: str) -> None:
    """Five to ten seeds of real text, each with the field the template needs, no two the same."""
    seeds = read_template(template_id).seeds
    texts = [seed["metadata"]["content"] for seed in seeds]
    assert 5 <= len(texts) == len(set(texts)) <= 10
    assert min(len(text) for text in texts) > 100


@pytest.mark.asyncio
@pytest.mark.parametrize("template_id", IDS)
async def test_runs_offline(template_id: str) -> None:
    """Every seed gives a valid record, decided by the template's rule."""
    for seed in read_template(template_id).seeds:
        outcome = await pipeline(template_id).execute(seed["metadata"])
        assert outcome.result["valid"] is True
        assert outcome.result["parsed_json"] == outcome.result["generated"]
        assert outcome.accepted in (True, False)
        assert [step["error"] for step in outcome.trace] == [None] * len(outcome.trace)


@pytest.mark.parametrize("template_id", IDS)
def test_is_complete(template_id: str) -> None:
    """Nothing is wrong with it, and `content` is the one field a seed has to bring."""
    assert pipeline(template_id).validate(fields=["content"]) == []
    problems = pipeline(template_id).validate(fields=["text"])
    assert [problem.detail["missing"] for problem in problems] == [["content"]]


@pytest.mark.asyncio
async def test_json_generation() -> None:
    """Title, description and three keywords."""
    content = read_template("json_generation").seeds[3]["metadata"]["content"]
    generated = (await run("json_generation", {"content": content}))["generated"]
    assert list(generated) == ["title", "description", "keywords"]
    assert len(generated["keywords"]) == 3
    assert generated["description"] in content


@pytest.mark.asyncio
async def test_qa_generation() -> None:
    """A summary, then three questions about it."""
    content = read_template("qa_generation").seeds[0]["metadata"]["content"]
    state = await run("qa_generation", {"content": content})
    assert state["assistant"] in content
    assert len(state["generated"]["qa_pairs"]) == 3
    assert all(pair["answer"] in state["assistant"] for pair in state["generated"]["qa_pairs"])


@pytest.mark.asyncio
async def test_text_classification() -> None:
    """The messages get the labels a librarian would give them."""
    seeds = read_template("text_classification").seeds
    labels = [
        (await run("text_classification", seed["metadata"]))["generated"]["label"] for seed in seeds
    ]
    assert labels == [
        "opening_hours", "loans", "building", "events", "staff", "opening_hours", "loans",
        "building",
    ]  # fmt: skip
