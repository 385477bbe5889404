"""The pipeline as users hold it."""

from __future__ import annotations

import asyncio
import bdb
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

import pytest
from servers import offline_server

from datagenflow_nb import (
    BaseBlock,
    BlockExecutionError,
    BlockNotFoundError,
    ConfigError,
    JobError,
    Pipeline,
    SeedError,
    TemplateError,
    ValidationError,
    block,
    testing,
)

ECHO = {"type": "Output", "config": {"template": "{{ topic }}"}}


@block(outputs=["doubled"])
def double(n: int) -> Any:
    """Twice n."""
    return {"doubled": n * 2}


@block(outputs=["never"])
def fail(n: int) -> Any:
    """Divides by zero."""
    return {"never": n / 0}


class Shout(BaseBlock):
    """Has a configuration and a constructor of its own."""

    inputs = ["topic"]
    outputs = ["loud"]

    def __init__(self, mark: str = "!") -> None:
        self.mark = mark

    async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"loud": data["topic"].upper() + self.mark}


@pytest.mark.asyncio
async def test_execute() -> None:
    """The result unpacks as the guide says; entries of the trace have these keys."""
    result, trace, trace_id = await Pipeline("p", [double, ECHO]).execute({"n": 2, "topic": "AI"})
    assert result == {"n": 2, "topic": "AI", "doubled": 4, "output": "AI"}
    assert set(trace[0]) == {
        "step", "block_id", "block_type", "branch", "input", "output", "accumulated_state",
        "execution_time", "error", "calls", "skipped",
    }  # fmt: skip
    assert isinstance(trace[0].pop("execution_time"), float)
    assert trace[0] == {
        "step": 0,
        "block_id": "double",
        "block_type": "double",
        "branch": "",
        "input": {"n": 2, "topic": "AI"},
        "output": {"doubled": 4},
        "accumulated_state": {"n": 2, "topic": "AI", "doubled": 4},
        "error": None,
        "calls": [],
        "skipped": False,
    }
    assert len(trace_id) == 36


def test_result_as_object() -> None:
    """A result has names too, and reads as a triple."""
    result = Pipeline("p", [double]).execute_sync({"n": 2})
    assert (result.status, result.accepted, result.reason, result.branch) == (
        "completed", None, None, "",
    )  # fmt: skip
    assert len(result) == 3
    assert result[0] is result.result
    assert result[2] == result.trace_id
    assert "trace=" not in repr(result)


def test_error_with_the_trace_so_far() -> None:
    """The error carries what happened until then, and what it happened to."""
    with pytest.raises(BlockExecutionError) as caught:
        Pipeline("p", [double, fail, ECHO]).execute_sync({"n": 2})
    error = caught.value
    assert error.message == "block 'fail' (fail) raised ZeroDivisionError: division by zero"
    assert isinstance(error.__cause__, ZeroDivisionError)
    assert error.detail == {
        "block_type": "fail",
        "block_id": "fail",
        "step": 1,
        "error": "ZeroDivisionError: division by zero",
        "input": {"n": 2, "doubled": 4},
    }
    assert error.trace is not None
    assert [entry["block_type"] for entry in error.trace] == ["double", "fail"]
    assert error.trace[0]["output"] == {"doubled": 4}
    last = error.trace[1]
    assert (last["input"], last["output"]) == ({"n": 2, "doubled": 4}, {})
    assert last["error"]["error"] == error.message
    assert last["error"]["detail"]["error"] == "ZeroDivisionError: division by zero"
    assert error.status_code == 500


def test_unknown_type_and_config() -> None:
    """A pipeline that cannot be built does not start."""
    with pytest.raises(BlockNotFoundError) as caught:
        Pipeline("p", [double, {"type": "Outputt"}]).execute_sync({"n": 1})
    assert "did you mean 'Output'" in caught.value.message
    with pytest.raises(ConfigError, match=r"block 2 \('output'\): Output: config 'x' is unknown"):
        Pipeline("p", [double, {"type": "Output", "config": {"x": 1}}]).execute_sync({"n": 1})


def test_unknown_model() -> None:
    """A model nobody configured is told before anything runs."""
    ran = threading.Event()

    @block(outputs=["x"])
    def note() -> Any:
        ran.set()
        return {"x": 1}

    pipe = Pipeline("p", [note, {"type": "TextGenerator", "config": {"model": "gpt-nope"}}])
    with pytest.raises(ConfigError, match="gpt-nope"):
        pipe.execute_sync({"text": "x"})
    assert not ran.is_set()


# -- seeds


@pytest.mark.parametrize("seed", [{"topic": "AI"}, {"metadata": {"topic": "AI"}},
                                  {"repetitions": 2, "metadata": {"topic": "AI"}}])  # fmt: skip
def test_seed(seed: dict[str, Any]) -> None:
    """Fields, or a seed with them as metadata; both ways also reachable as metadata."""
    template = {"template": "{{ topic }} {{ metadata.topic }}"}
    pipe = Pipeline("p", [{"type": "Output", "config": template}])
    assert pipe.execute_sync(seed).result == {"topic": "AI", "output": "AI AI"}


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ("AI", "a seed is a dictionary of fields, got str: 'AI'"),
        ([{"topic": "AI"}], "a seed is a dictionary of fields, got list: [{'topic': 'AI'}]"),
        ({"metadata": "AI"}, "a dictionary with the key 'metadata' is a seed, and its metadata is"),
        (
            {"metadata": {}, "topic": 1},
            "seed: unknown key 'topic' beside 'metadata' and 'repetitions'; put it inside",
        ),
        ({"a": {"b": [float("nan")]}}, "seed field 'a.b[0]': nan is not a JSON number"),
        ({1: 2}, "seed: key 1 is int, JSON keys are strings"),
        ({"a": object()}, "seed field 'a': object is not a JSON value"),
    ],
)
def test_wrong_seed(seed: Any, message: str) -> None:
    """A wrong seed is told by field; nothing of it is silently left out."""
    with pytest.raises(SeedError) as caught:
        Pipeline("p", [ECHO]).execute_sync(seed)
    assert caught.value.message.startswith(message)


def test_seed_is_normalised() -> None:
    """Tuples are lists before the first block sees them."""
    assert Pipeline("p", [ECHO]).execute_sync({"topic": ("a", 1)}).result["topic"] == ["a", 1]


def test_output_of_a_seed_whose_output_block_was_skipped() -> None:
    """The seed's own field of that name stays what it is."""
    pipe = Pipeline("p", [{**ECHO, "when": "topic"}])
    assert pipe.execute_sync({"topic": "", "output": "seed's"}).result["output"] == "seed's"
    assert pipe.execute_sync({"topic": ""}).result["output"] is None
    assert pipe.execute_sync({"topic": "tea", "output": "seed's"}).result["output"] == "tea"


@pytest.mark.parametrize("blocks", [None, 5])
def test_what_is_no_list_of_blocks(blocks: Any) -> None:
    """ConfigError that says what was expected."""
    with pytest.raises(ConfigError, match=f"'blocks' is {blocks}, expected a list with at least"):
        Pipeline("p", blocks)


def test_fields_with_special_names() -> None:
    """Fields called metadata, output, id, status, self, or in any alphabet, are fields."""
    fields = {"metadata": {"a": 1}, "output": "seed's", "id": 7, "status": "s", "тема": "чай",
              "with space": 1, "": "empty", "items": [1]}  # fmt: skip
    template = "{{ metadata.a }} {{ id }} {{ status }} {{ тема }} {{ items }}"
    pipe = Pipeline("p", [{"type": "FieldMapper", "config": {"mappings": {"x": template}}}])
    result, trace, _ = pipe.execute_sync({"metadata": fields})
    assert result == {**fields, "x": "1 7 s чай [1]", "output": "1 7 s чай [1]"}
    assert trace[0]["accumulated_state"] == {**fields, "x": "1 7 s чай [1]"}


def test_large_values() -> None:
    """A megabyte of text and ten thousand nested items pass unchanged."""
    text = "чай\ud83c\x00" * 200_000
    nested = [{"n": n, "of": [n, [n]]} for n in range(10_000)]
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]

    @block(outputs=["copy"])
    def copy(text: str, nested: list[Any], deep: list[Any]) -> Any:
        return {"copy": [text, nested, deep]}

    result, trace, _ = Pipeline("p", [copy]).execute_sync(
        {"text": text, "nested": nested, "deep": deep}
    )
    assert result["copy"] == [text, nested, deep]
    assert trace[0]["output"]["copy"][1][9_999] == {"n": 9_999, "of": [9_999, [9_999]]}


def test_too_deep() -> None:
    """Ten thousand levels are an error of the seed."""
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    with pytest.raises(SeedError, match="nested too deeply"):
        Pipeline("p", [ECHO]).execute_sync({"topic": deep})


def test_hostile_template() -> None:
    """A template that reaches for Python's insides is an error of that block."""
    pipe = Pipeline("p", [{"type": "Output", "config": {"template": "{{ ''.__class__ }}"}}])
    with pytest.raises(TemplateError) as caught:
        pipe.execute_sync({})
    assert caught.value.message.startswith("block 'output', config 'template': ")


# -- threads


@pytest.mark.asyncio
async def test_from_a_running_loop() -> None:
    """In a cell: await execute, and execute_sync works there too, for it has a loop of its own."""
    pipe = Pipeline("p", [ECHO])
    results = await asyncio.gather(*(pipe.execute({"topic": str(n)}) for n in range(20)))
    assert [result.result["output"] for result in results] == [str(n) for n in range(20)]
    assert pipe.execute_sync({"topic": "x"}).result["output"] == "x"


def test_sync_call_on_the_loop_thread() -> None:
    """Inside an async block the synchronous form is an error, not a deadlock."""
    inner = Pipeline("inner", [ECHO])

    class Nested(BaseBlock):
        outputs = ["x"]

        def __init__(self, wait: bool = False) -> None:
            self.wait = wait

        async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
            if self.wait:
                return {"x": inner.execute_sync(data).result["output"]}
            return {"x": (await inner.execute(data)).result["output"]}

    assert Pipeline("p", [Nested()]).execute_sync({"topic": "a"}).result["x"] == "a"
    with pytest.raises(JobError, match="execute_sync waits for the loop thread"):
        Pipeline("p", [Nested(wait=True)]).execute_sync({"topic": "a"})


# -- debug


class Where(BaseBlock):
    """Notes where it runs."""

    outputs = ["where"]

    def execute(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"where": threading.current_thread().name}


class WhereAsync(BaseBlock):
    """The same as a coroutine."""

    outputs = ["where_async"]

    async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"where_async": threading.current_thread().name}


def test_debug() -> None:
    """One result as execute_sync gives it, made on the caller's thread."""
    pipe = Pipeline("p", [Where, WhereAsync, ECHO])
    name = threading.current_thread().name
    result, trace, _ = pipe.debug({"topic": "a"})
    assert result == {"topic": "a", "where": name, "where_async": name, "output": "a"}
    assert [step["block_type"] for step in trace] == ["Where", "WhereAsync", "Output"]
    assert pipe.execute_sync({"topic": "a"}).result["where"].startswith("datagenflow-block")


@pytest.mark.asyncio
async def test_debug_inside_a_running_loop() -> None:
    """As in a notebook cell: the running loop waits, and asyncio is what it was before."""
    before = (asyncio.Task, asyncio.Future, asyncio.run, asyncio.get_event_loop)
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    queued: list[str] = []
    loop.call_soon(queued.append, "ran")
    result = Pipeline("p", [Where, WhereAsync]).debug({}).result
    name = threading.current_thread().name
    assert (result["where"], result["where_async"]) == (name, name)
    assert queued == []
    assert (asyncio.get_running_loop(), asyncio.current_task()) == (loop, task)
    await asyncio.sleep(0)
    assert queued == ["ran"]
    assert before == (asyncio.Task, asyncio.Future, asyncio.run, asyncio.get_event_loop)
    assert not hasattr(asyncio, "_nest_patched")
    assert not hasattr(loop, "_nest_patched")


def test_debug_without_nest_asyncio2() -> None:
    """Only inside a running loop is it needed; missing there, the error says how to get it."""
    script = (
        "import asyncio, sys\n"
        "sys.modules['nest_asyncio2'] = None\n"
        "import datagenflow_nb as dgf\n"
        "pipe = dgf.Pipeline('p', [{'type': 'Output', 'config': {'template': 'x'}}])\n"
        "print(pipe.debug({}).result['output'])\n"
        "async def cell():\n"
        "    try:\n"
        "        pipe.debug({})\n"
        "    except dgf.ConfigError as error:\n"
        "        print(error)\n"
        "asyncio.run(cell())\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (run.stdout, run.stderr) == (
        "x\ndebug in a notebook needs nest-asyncio2, which is not installed in this kernel's "
        "environment; run in a cell: %pip install nest-asyncio2\n",
        "",
    )


def last_frame(error: BaseException) -> traceback.FrameSummary:
    """Where a post-mortem debugger stands."""
    return traceback.extract_tb(error.__traceback__)[-1]


def test_debug_shows_the_source_of_an_error() -> None:
    """The traceback goes from the caller to the line in the block, sync or async."""

    class FailAsync(BaseBlock):
        outputs = ["x"]

        async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
            await asyncio.sleep(0)
            raise ValueError("no")

    with pytest.raises(BlockExecutionError, match="ZeroDivisionError") as caught:
        Pipeline("p", [fail]).debug({"n": 1})
    assert last_frame(caught.value).line == 'return {"never": n / 0}'
    assert [entry["block_type"] for entry in caught.value.trace or []] == ["fail"]
    with pytest.raises(BlockExecutionError, match="ValueError: no") as caught:
        Pipeline("p", [FailAsync]).debug({})
    assert last_frame(caught.value).line == 'raise ValueError("no")'
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, bdb.BdbQuit])
def test_debug_interrupted(kind: type[BaseException]) -> None:
    """An interrupt, or leaving the debugger, is raised as it is."""

    @block(outputs=["x"])
    def stop() -> Any:
        raise kind

    with pytest.raises(kind):
        Pipeline("p", [stop]).debug({})


def test_debug_a_block_with_a_loop_of_its_own() -> None:
    """A sync block may use asyncio.run, as it may in a worker thread."""

    @block(outputs=["x"])
    def loops() -> Any:
        return {"x": asyncio.run(asyncio.sleep(0, "done"))}

    pipe = Pipeline("p", [loops, WhereAsync])
    assert pipe.debug({}).result["x"] == "done"

    async def cell() -> Any:
        return pipe.debug({}).result["x"]

    assert asyncio.run(cell()) == "done"


def test_debug_asks_models_by_a_client_of_its_own() -> None:
    """A call goes out on the caller's thread; its connection is closed with the end."""
    with offline_server() as server, testing.temporary_workspace() as ws:
        ws.add_model("far", endpoint=server.url, model="offline")
        ask = {"type": "TextGenerator", "config": {"model": "far", "user_prompt": "{{ topic }}"}}
        pipe = Pipeline("p", [ask]).with_services(ws.services)
        (call,) = pipe.debug({"topic": "a"}).trace[0]["calls"]
        assert (call["model"], call["error"]) == ("far", None)
        assert server.log()["requests"] == 1
        assert not ws.models._endpoints


def test_debug_gives_exactly_one_result() -> None:
    """Fan-out and Drop are errors, as with execute."""

    @block(outputs=["x"], fan_out=True)
    def two() -> Any:
        return [{"x": 1}, {"x": 2}]

    with pytest.raises(ValidationError, match="fanned out into 2 branches"):
        Pipeline("p", [two]).debug({})


def test_debug_on_the_loop_thread() -> None:
    """Inside an async block it is an error."""

    class Nested(BaseBlock):
        outputs = ["x"]

        async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
            return {"x": Pipeline("inner", [ECHO]).debug(data).result["output"]}

    with pytest.raises(JobError, match="debug was called on the loop thread"):
        Pipeline("p", [Nested]).execute_sync({"topic": "a"})


# -- reading and writing


def test_made_of_everything() -> None:
    """Dictionaries, classes and objects, and the YAML that makes the same again."""
    pipe = Pipeline(
        name="mixed", blocks=[Shout(mark="?"), double, ECHO], accept_when="loud", description="d"
    )
    assert pipe.to_yaml() == (
        "name: mixed\ndescription: d\naccept_when: loud\nblocks:\n  - type: Shout\n"
        "    config:\n      mark: '?'\n  - type: double\n  - type: Output\n    config:\n"
        "      template: '{{ topic }}'\n"
    )
    assert repr(pipe) == "Pipeline('mixed': Shout -> double -> Output)"
    assert pipe.execute_sync({"topic": "a", "n": 1}).result["loud"] == "A?"
    again = Pipeline.from_yaml(pipe.to_yaml())
    assert again == pipe
    again.services.registry.add(Shout, "test")
    again.services.registry.add(double, "test")
    assert again.execute_sync({"topic": "a", "n": 1}).result["loud"] == "A?"


def test_aliases() -> None:
    """YAML keeps the alias, the trace names the class."""
    pipe = Pipeline("p", [{"type": "OutputBlock", "config": {"format_template": "x"}}])
    assert "type: OutputBlock\n    config:\n      format_template: x\n" in pipe.to_yaml()
    assert pipe.execute_sync({}).trace[0]["block_type"] == "Output"
    assert pipe.execute_sync({}).trace[0]["block_id"] == "output_block"


def test_from_file(tmp_path: Path) -> None:
    """A path is read, with or without a byte order mark; a missing file is named."""
    path = tmp_path / "p.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: p\r\nblocks:\r\n- type: Output\r\n")
    assert (
        Pipeline.from_yaml(path)
        == Pipeline.from_yaml(str(path))
        == Pipeline("p", [{"type": "Output"}])
    )
    with pytest.raises(ConfigError, match=r"pipeline file 'nope\.yaml' does not exist"):
        Pipeline.from_yaml("nope.yaml")
    for wrong in (tmp_path, "a\0b", "x" * 5000):
        with pytest.raises(ConfigError, match="cannot be read"):
            Pipeline.from_yaml(wrong)
    path.write_bytes(b"name: \xff")
    with pytest.raises(ConfigError, match="cannot be read"):
        Pipeline.from_yaml(path)
    path.write_text("name: p\nblocks: 3\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"^p\.yaml: 'blocks' is 3"):
        Pipeline.from_yaml(path)


def test_from_template() -> None:
    """Built-in templates by their id, and the project's own."""
    assert Pipeline.from_template("qa_generation").validate(fields=["content"]) == []
    with pytest.raises(ConfigError, match="did you mean 'qa_generation'"):
        Pipeline.from_template("qa_generatio")
    Path("templates").mkdir()
    Path("templates/mine.yaml").write_text("name: Mine\nblocks: [{type: Output}]\n")
    assert Pipeline.from_template("mine").name == "Mine"


def test_config_that_is_no_json() -> None:
    """A pipeline is data: an object in a configuration has no place in it."""
    with pytest.raises(ConfigError, match=r"block 1 \(Shout\): config\.mark: object is not a JSON"):
        Pipeline("p", [Shout(mark=object())])  # type: ignore[arg-type]  # the mistake under test


def test_pipelines_are_values() -> None:
    """Equal when they say the same; not hashable."""
    assert Pipeline("p", [ECHO]) == Pipeline("p", [ECHO]) != Pipeline("q", [ECHO])
    with pytest.raises(TypeError):
        hash(Pipeline("p", [ECHO]))
