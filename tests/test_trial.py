"""Trying a pipeline block by block: what is unchanged is not run, or paid for, again."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from servers import OfflineServer, offline_server

import datagenflow_nb as dgf
from datagenflow_nb import ConfigError, SeedError
from datagenflow_nb.spec import PipelineSpec
from datagenflow_nb.trial import Trial, TrialStep, TrialStop

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
    server.reset(latency=0.0, rate_hang=0.0, rate_invalid_json=0.0)
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


class Twice(dgf.BaseBlock):
    """Asks two questions, then fails."""

    outputs: ClassVar[list[str]] = ["both"]

    async def execute(self, data: dict[str, Any], ctx: Any) -> dict[str, Any]:
        """Raise when both answers are there."""
        first = await ctx.llm().chat(f"First {data['topic']}")
        second = await ctx.llm().chat(f"Second {data['topic']}")
        raise RuntimeError(f"a bug after {len([first, second])} answers")


class Mended(Twice):
    """The same without the bug."""

    async def execute(self, data: dict[str, Any], ctx: Any) -> dict[str, Any]:
        """Both answers."""
        first = await ctx.llm().chat(f"First {data['topic']}")
        second = await ctx.llm().chat(f"Second {data['topic']}")
        return {"both": [first.text, second.text]}


class Judged(dgf.BaseBlock):
    """Names its model itself."""

    outputs: ClassVar[list[str]] = ["verdict"]

    async def execute(self, data: dict[str, Any], ctx: Any) -> dict[str, Any]:
        """What the judge says."""
        answer = await ctx.llm("judge").chat("Judge it")
        return {"verdict": answer.text}


@dataclasses.dataclass
class Valued(dgf.BaseBlock):
    """A block object that is compared by value, so that it has no hash."""

    outputs: ClassVar[list[str]] = ["value"]
    n: int = 1

    def execute(self, data: dict[str, Any]) -> dict[str, Any]:
        """Its number."""
        return {"value": self.n}


class Counting(dgf.BaseBlock):
    """Changes itself whenever it runs."""

    outputs: ClassVar[list[str]] = ["count"]
    count = 0

    def execute(self, data: dict[str, Any]) -> dict[str, Any]:
        """How often it ran."""
        self.count += 1
        return {"count": self.count}


def in_thread(work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """``work`` begun in a thread, and where its result will be."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(work()), daemon=True)
    thread.start()
    return thread, results


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that happens elsewhere."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_stop_lets_answers_come_in_and_keeps_them(
    server: OfflineServer, workspace: dgf.Workspace
) -> None:
    """No further call is made; the one in flight is answered, and is not made again."""
    workspace.registry.add(Mended, "this test")
    server.reset(latency=0.5)
    trial, stop = Trial(), TrialStop()
    spec = PipelineSpec.from_dict({"name": "p", "blocks": [{"type": "Mended"}, SHOW]})

    def run(stop: TrialStop) -> list[TrialStep]:
        return trial.run(
            spec, workspace.registry, {}, workspace.models, {"topic": "tides", "assistant": "x"},
            upto=2, stop=stop,
        )  # fmt: skip

    thread, results = in_thread(lambda: run(stop))
    until(lambda: server.log()["max_in_flight"] == 1)
    stop.stop()
    thread.join(20)
    assert (results, stop.reason) == ([[]], "stopped")
    assert server.log()["requests"] == 1
    steps = run(TrialStop())
    assert [step.state for step in steps] == ["done", "done"]
    assert [call.reused for call in steps[0].calls] == [True, False]
    assert server.log()["requests"] == 2


def test_second_stop_does_not_wait(server: OfflineServer, workspace: dgf.Workspace) -> None:
    """A server that hangs holds nobody up."""
    server.reset(rate_hang=1.0)
    trial, stop = Trial(), TrialStop()
    spec = PipelineSpec.from_dict({"name": "p", "blocks": [ASK]})
    thread, results = in_thread(
        lambda: trial.run(
            spec, workspace.registry, {}, workspace.models, {"topic": "t"}, upto=1, stop=stop
        )
    )
    until(lambda: server.log()["max_in_flight"] == 1)
    stop.stop()
    stop.stop()
    thread.join(20)
    assert (results, stop.reason) == ([[]], "stopped")


def test_ends_where_a_step_is_no_longer_wanted(
    server: OfflineServer, workspace: dgf.Workspace
) -> None:
    """Blocks that were changed meanwhile are not run as they were."""
    begun: list[str] = []
    stop = TrialStop(lambda key: begun == [])
    spec = PipelineSpec.from_dict({"name": "p", "blocks": [SHOW, ASK, ANSWER]})
    steps = Trial().run(
        spec, workspace.registry, {}, workspace.models, {"topic": "t", "assistant": "x"},
        upto=3, stop=stop, on_begin=begun.append,
    )  # fmt: skip
    assert [step.block_id for step in steps] == ["output"]
    assert stop.reason == "the pipeline or the seed was changed meanwhile"
    assert server.log()["requests"] == 0


def test_answers_of_a_block_that_failed_are_not_paid_again(
    server: OfflineServer, workspace: dgf.Workspace
) -> None:
    """Neither when it is tried again nor when its code is mended."""
    workspace.registry.add(Twice, "this test")
    workspace.registry.add(Mended, "this test")
    trial = Trial()
    for _ in range(3):
        (step,) = tried(trial, workspace, {"type": "Twice", "id": "two"}, upto=1)
        assert step.error is not None and "a bug after 2 answers" in step.error
        assert server.log()["requests"] == 2
    (step,) = tried(trial, workspace, {"type": "Mended", "id": "two"}, upto=1)
    assert (step.state, [call.number for call in step.calls]) == ("done", [0, 1])
    assert server.log()["requests"] == 2
    tried(trial, workspace, {"type": "Mended", "id": "two"}, upto=1, seed={"topic": "tea"})
    assert server.log()["requests"] == 4


def test_answer_that_failed_its_block_is_asked_for_again(
    server: OfflineServer, workspace: dgf.Workspace
) -> None:
    """Only that one: what was asked before it is not."""
    server.reset(rate_invalid_json=1.0)
    block = {
        "type": "StructuredGenerator",
        "config": {
            "user_prompt": "{{ topic }}",
            "json_schema": {
                "type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"],
            },
        },
    }  # fmt: skip
    trial = Trial()
    (step,) = tried(trial, workspace, block, upto=1)
    assert step.state == "failed"
    first = server.log()["requests"]
    (step,) = tried(trial, workspace, block, upto=1)
    assert step.state == "failed"
    assert server.log()["requests"] == first + 1


def test_model_of_the_same_name_elsewhere_is_another(
    server: OfflineServer, workspace: dgf.Workspace
) -> None:
    """Its endpoint and id count."""
    block = {"type": "TextGenerator", "config": {"user_prompt": "{{ topic }}", "model": "mine"}}
    trial = Trial()
    for model, kept in (("a", False), ("a", True), ("b", False)):
        workspace.add_model("mine", endpoint=server.url, model=model)
        (step,) = tried(trial, workspace, block, upto=1)
        assert (step.is_kept, step.calls[0].request["model"]) == (kept, model)
        workspace.delete_model("mine")
    assert server.log()["requests"] == 2


def test_model_that_only_the_code_names_counts_too(
    server: OfflineServer, workspace: dgf.Workspace
) -> None:
    """Whoever answered has to be the same for a step to be shown again."""
    workspace.registry.add(Judged, "this test")
    trial = Trial()
    for model, kept in (("a", False), ("a", True), ("b", False)):
        workspace.add_model("judge", endpoint=server.url, model=model)
        (step,) = tried(trial, workspace, {"type": "Judged"}, upto=1)
        assert (step.is_kept, step.calls[0].request["model"]) == (kept, model)
        workspace.delete_model("judge")
    assert server.log()["requests"] == 2


def test_block_objects_count_by_what_they_hold(workspace: dgf.Workspace) -> None:
    """One without a hash; a changed one runs again, an equal new one does not."""
    trial = Trial()

    def run(block: dgf.BaseBlock) -> tuple[Any, bool]:
        spec = dgf.Pipeline("p", [block]).spec
        instances = {spec.blocks[0].id: block}
        (step,) = trial.run(
            spec, workspace.registry, instances, workspace.models, {"topic": "t"}, upto=1
        )
        return step.set, step.is_kept

    block = Valued(n=1)
    assert run(block) == ({"value": 1}, False)
    assert run(block) == ({"value": 1}, True)
    assert run(Valued(n=1)) == ({"value": 1}, True)
    block.n = 2
    assert run(block) == ({"value": 2}, False)
    counting = Counting()
    assert run(counting) == ({"count": 1}, False)
    assert run(counting) == ({"count": 1}, True)
    counting.count = 7
    assert run(counting) == ({"count": 8}, False)
