"""One seed looked at: results, failures, traces; cut short; without asking a model."""

from __future__ import annotations

import re
from typing import Any

import pytest
from IPython.lib.pretty import pretty
from servers import offline_server

import datagenflow_nb as dgf
from datagenflow_nb import (
    BaseBlock,
    BlockExecutionError,
    BlockNotFoundError,
    ConfigError,
    Drop,
    JobError,
    Pipeline,
    SeedError,
    TemplateError,
    block,
    testing,
)

ASK = {"type": "TextGenerator", "id": "question",
       "config": {"user_prompt": "Ask about {{ topic }}.", "temperature": None}}  # fmt: skip
ANSWER = {"type": "LLMBlock", "id": "answer",
          "config": {"system_prompt": "Be brief.", "user_prompt": "{{ assistant }}"}}  # fmt: skip
SHOW = {"type": "Output", "config": {"template": "{{ assistant }}!"}}
SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "level": {"enum": ["easy", "hard"]},
        "n": {"type": "integer", "minimum": 2, "maximum": 2},
    },
    "required": ["title", "level", "n"],
    "additionalProperties": False,
}
FIELDS = {"type": "StructuredGenerator", "config": {"json_schema": SCHEMA, "prompt": "Go."}}


@block(outputs=["part"], fan_out=True)
def split(parts: list[Any]) -> Any:
    """One branch per part."""
    return [{"part": part} for part in parts]


@block(outputs=["inverse"])
def invert(part: float) -> Any:
    """Fails for 0, drops negative ones."""
    return Drop("negative") if part < 0 else {"inverse": 1 / part}


@block(outputs=["copy"])
def copy(topic: str) -> Any:
    """The topic again."""
    return {"copy": topic}


# -- results


def test_results_and_trace() -> None:
    """A preview gives what execute_all gives, with the trace of every branch; nothing is stored."""
    with testing.temporary_workspace() as ws:
        pipe = Pipeline("p", [split, invert]).with_services(ws.services)
        preview = pipe.preview({"metadata": {"parts": [2, -1, 4]}})
        assert [result.result["inverse"] for result in preview if result.status == "completed"] == [
            0.5, 0.25,
        ]  # fmt: skip
        assert [result.status for result in preview.results] == [
            "completed", "filtered", "completed",
        ]  # fmt: skip
        assert (len(preview), preview[1].reason, preview.error) == (3, "negative", None)
        assert [[step["branch"] for step in trace] for trace in preview.traces] == [
            ["0", "0"], ["1", "1"], ["2", "2"],
        ]  # fmt: skip
        assert preview.traces[0] == preview.results[0].trace
        assert (preview.seed, preview.is_dry) == ({"parts": [2, -1, 4]}, False)
        assert ws.jobs() == []


def test_failed_branches() -> None:
    """A failing block does not raise: its partial trace is there, the other branches go on."""
    preview = Pipeline(
        "p", [split, invert, SHOW | {"config": {"template": "{{ inverse }}"}}]
    ).preview({"parts": [0, 2, 0, -1]})
    assert isinstance(preview.error, BlockExecutionError)
    assert preview.error.message == (
        "block 'invert' (invert) raised ZeroDivisionError: division by zero"
    )
    assert preview.error.trace is preview.traces[0]
    assert preview[0].result["output"] == "0.5"
    assert [[step["block_id"] for step in trace] for trace in preview.traces] == [
        ["split", "invert"],
        ["split", "invert", "output"],
        ["split", "invert"],
        ["split", "invert"],
    ]
    failed = preview.traces[0][-1]
    assert (failed["input"], failed["output"]) == ({"parts": [0, 2, 0, -1], "part": 0}, {})
    assert failed["error"]["error"] == preview.error.message
    assert [trace[-1]["error"] is None for trace in preview.traces] == [False, True, False, True]
    assert repr(preview) == (
        "Preview('p': 1 completed, 1 filtered, 2 failed; block 'invert' (invert) raised "
        "ZeroDivisionError: division by zero)"
    )


def test_failed_rule() -> None:
    """A rule that fails is the error; every step is there."""
    preview = Pipeline("p", [copy], accept_when="copy.x.y").preview({"topic": "a"})
    assert isinstance(preview.error, TemplateError)
    assert preview.error.message.startswith("accept_when: ")
    assert [step["block_id"] for step in preview.traces[0]] == ["copy"]
    assert preview.results == []


def test_repr() -> None:
    """One line that is the same every time."""
    pipe = Pipeline("a 'b'", [ASK, SHOW])
    assert repr(pipe.preview({"topic": "tea"})) == """Preview("a 'b'": 1 completed)"""
    assert repr(pipe.preview({"topic": "tea"}, dry=True)) == (
        """Preview("a 'b'": dry, 1 completed)"""
    )


def test_text() -> None:
    """In a terminal it shows every branch's steps, those of the failed one too."""
    preview = Pipeline("p", [split, invert]).preview({"parts": [2, 0]})
    text = re.sub(r"\d+\.\d ms", "T", pretty(preview))
    assert text == (
        "Preview('p': 1 completed, 1 failed; block 'invert' (invert) raised ZeroDivisionError: "
        "division by zero)\n"
        "Branch 0\n  seed\n    parts = [2, 0]\n"
        "  step 0: split, T\n    part = 2\n  step 1: invert, T\n    inverse = 0.5\n"
        "Branch 1\n  seed\n    parts = [2, 0]\n"
        "  step 0: split, T\n    part = 0\n  step 1: invert, T\n"
        "    error: block 'invert' (invert) raised ZeroDivisionError: division by zero"
    )


def test_text_of_many_branches() -> None:
    """What a notebook stores as text shows as many branches as its HTML does."""
    text = pretty(Pipeline("p", [split]).preview({"parts": list(range(1000))}))
    assert text.count("\nBranch ") == 20
    assert text.endswith("    part = 19\n... and 980 more branches")


def test_text_steers_nothing() -> None:
    """An error of a block has its control characters told, in the first line too."""

    @block(outputs=["x"])
    def bad() -> Any:
        raise ValueError("a\x00b\u202ec\x1b[2J")

    text = pretty(Pipeline("p", [bad]).preview({}))
    assert text.partition("\n")[0] == (
        "Preview('p': 1 failed; block 'bad' (bad) raised ValueError: a\\u0000b\\u202ec\\u001b[2J)"
    )
    assert not set(text) & set("\x00\u202e\x1b")


def test_same_random_seed() -> None:
    """With the same random_seed the same numbers are drawn."""

    @block(outputs=["x"])
    def draw(ctx: dgf.BlockContext) -> Any:
        return {"x": ctx.random.random()}

    pipe = Pipeline("p", [draw])
    first, second = (pipe.preview({}, random_seed=1)[0].result["x"] for _ in range(2))
    assert first == second == pipe.execute_sync({}, random_seed=1).result["x"]


# -- before anything runs


def test_missing_seed_field() -> None:
    """A field the pipeline needs is told before any call, with the block that needs it."""
    with pytest.raises(SeedError) as caught:
        Pipeline("p", [ASK]).preview({"topik": "tea"})
    assert caught.value.message == (
        "seed: no field 'topic', which block 'question' (TextGenerator), config 'user_prompt' "
        "needs; did you mean 'topik'? The seed has 'topik'"
    )
    with pytest.raises(SeedError, match="a seed is a dictionary of fields, got str: 'tea'"):
        Pipeline("p", [ASK]).preview("tea")  # type: ignore[arg-type]  # the mistake under test


def test_what_cannot_run_raises() -> None:
    """A pipeline that cannot be built, or names an unknown model, is no preview."""
    with pytest.raises(BlockNotFoundError, match="did you mean 'Output'"):
        Pipeline("p", [{"type": "Outputt"}]).preview({})
    named = Pipeline("p", [{"type": "TextGenerator", "config": {"model": "gpt-nope"}}])
    for dry in (False, True):
        with pytest.raises(ConfigError, match="model 'gpt-nope' is not configured"):
            named.preview({"text": "x"}, dry=dry)
        with pytest.raises(ConfigError, match="model 'gpt-no' is not configured"):
            Pipeline("p", [copy]).preview({"topic": "x"}, model="gpt-no", dry=dry)


def test_in_a_block() -> None:
    """In async code of a block it is an error, not a deadlock."""

    class Nested(BaseBlock):
        outputs = ["x"]

        async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
            return {"x": len(Pipeline("inner", [copy]).preview(data))}

    preview = Pipeline("p", [Nested]).preview({"topic": "a"})
    assert isinstance(preview.error, JobError)
    assert preview.error.message.startswith("preview waits for the loop thread")


# -- upto


@pytest.mark.parametrize("upto", ["answer", "LLMBlock", 2, "2"])
def test_upto(upto: str | int) -> None:
    """The pipeline ends after the block with that id, type as written or place."""
    pipe = Pipeline("p", [copy, ANSWER, FIELDS, SHOW], accept_when="output")
    preview = pipe.preview({"topic": "a", "assistant": "b"}, upto=upto)
    assert [step["block_id"] for step in preview.traces[0]] == ["copy", "answer"]
    assert (preview[0].accepted, preview.last_block) == (None, "answer")


@pytest.mark.parametrize("upto", ["Output", "OutputBlock", "output_block"])
def test_upto_names_the_class_or_its_alias(upto: str) -> None:
    """A block written under an alias is found under every name of its class."""
    pipe = Pipeline("p", [{"type": "OutputBlock", "config": {"template": "x"}}, copy])
    assert pipe.preview({"topic": "a"}, upto=upto).last_block == "output_block"


def test_upto_the_last_block() -> None:
    """Nothing is cut off, so the rule counts; fields of blocks cut off are not asked for."""
    pipe = Pipeline("p", [copy, SHOW], accept_when="output")
    assert pipe.preview({"topic": "a", "assistant": "b"}, upto="Output")[0].accepted is True
    assert pipe.preview({"topic": "a"}, upto=1)[0].result["copy"] == "a"


@pytest.mark.parametrize(
    ("upto", "message"),
    [
        ("anwser", "upto 'anwser' names no block of pipeline 'p'; did you mean 'answer'?"),
        ("TextGenerater", "upto 'TextGenerater' names no block of pipeline 'p'; did you mean "
         "'TextGenerator'"),
        ("TextGenerator", "upto 'TextGenerator' names 2 blocks of pipeline 'p'; use the id: "
         "'question', 'answer'"),
        (0, "upto is 0; pipeline 'p' has 3 block(s)"),
        ("4", "upto is 4; pipeline 'p' has 3 block(s)"),
        (-1, "upto is -1; pipeline 'p' has 3 block(s)"),
    ],
)  # fmt: skip
def test_wrong_upto(upto: str | int, message: str) -> None:
    """What names no block, or several, is told with the names there are."""
    pipe = Pipeline("p", [ASK, ANSWER, SHOW])
    with pytest.raises(ConfigError) as caught:
        pipe.preview({"topic": "a"}, upto=upto)
    assert caught.value.message.startswith(message)


# -- dry


def test_dry() -> None:
    """Prompts are rendered, requests shown as they would be sent, answers are placeholders."""
    preview = Pipeline("p", [ASK, ANSWER, SHOW]).preview({"topic": "tea"}, dry=True, random_seed=1)
    assert preview.is_dry
    assert preview[0].result["output"] == "<answer of answer>!"
    question, answer, show = preview.traces[0]
    assert question["calls"] == [
        {
            "block_id": "question", "number": 0, "model": "offline",
            "request": {
                "model": "offline",
                "messages": [{"role": "user", "content": "Ask about tea."}],
                "max_tokens": 2048, "seed": question["calls"][0]["request"]["seed"],
            },
            "answer": "<answer of question>", "finish_reason": "dry", "reused": False,
            "usage": {"input_tokens": 0, "output_tokens": 0, "calls": 0, "cost": None},
            "latency": 0.0, "tries": [], "error": None,
        }
    ]  # fmt: skip
    assert answer["calls"][0]["request"]["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "<answer of question>"},
    ]
    assert show["calls"] == []


def test_dry_structured() -> None:
    """A schema is filled, so that later blocks go on; the request carries the schema."""
    use = {"type": "Output", "config": {"template": "{{ generated.title }} {{ generated.n }}"}}
    preview = Pipeline("p", [FIELDS, use]).preview({}, dry=True)
    assert preview.error is None
    assert preview[0].result["generated"].keys() == {"title", "level", "n"}
    assert preview[0].result["output"] == "<answer of structured_generator> 2"
    (call,) = preview.traces[0][0]["calls"]
    assert (call["finish_reason"], call["usage"]["calls"]) == ("dry", 0)
    assert call["request"]["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
    }


def test_dry_schema_that_cannot_be_filled() -> None:
    """A schema nothing can be made up for is told as such."""
    nothing = {"type": "integer", "minimum": 2, "maximum": 1}
    schema = {"type": "object", "properties": {"a": nothing}, "required": ["a"]}
    fields = {"type": "StructuredGenerator", "config": {"json_schema": schema, "prompt": "Go."}}
    error = Pipeline("p", [fields]).preview({}, dry=True).error
    assert error is not None
    assert "a dry run cannot fill this JSON Schema because of" in error.message
    assert "nothing was sent" in error.message


def test_dry_embeddings() -> None:
    """Vectors are made up too."""

    class Embed(BaseBlock):
        outputs = ["vectors"]

        async def execute(self, data: dict[str, Any], ctx: dgf.BlockContext) -> dict[str, Any]:
            return {"vectors": await ctx.llm().embed(["a", "b"])}

    preview = Pipeline("p", [Embed]).preview({}, dry=True)
    assert [len(vector) for vector in preview[0].result["vectors"]] == [256, 256]
    assert preview.traces[0][0]["calls"][0]["usage"]["calls"] == 0


def test_dry_asks_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent, and no key is needed; the same preview without dry asks the server."""
    with testing.temporary_workspace() as ws, offline_server() as server:
        ws.add_model("big", endpoint=server.url, model="offline", key_env="SOME_KEY")
        pipe = Pipeline("p", [ASK, FIELDS]).with_services(ws.services)
        dry = pipe.preview({"topic": "tea"}, dry=True, model="big")
        assert dry.error is None
        assert [call["model"] for step in dry.traces[0] for call in step["calls"]] == ["big", "big"]
        assert server.log()["requests"] == 0
        with pytest.raises(ConfigError, match="needs a key in the environment variable SOME_KEY"):
            pipe.preview({"topic": "tea"}, model="big")
        monkeypatch.setenv("SOME_KEY", "k")
        sent = pipe.preview({"topic": "tea"}, model="big")
        assert server.log()["requests"] == 2
        for planned, made in zip(dry.traces[0], sent.traces[0], strict=True):
            assert planned["calls"][0]["request"] == made["calls"][0]["request"]
            assert made["calls"][0]["usage"]["calls"] == 1
