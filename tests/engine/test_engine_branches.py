"""All blocks on one branch: fan-out, drops, rules, random numbers, what is logged."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

import pytest

from datagenflow_nb import (
    BaseBlock,
    BlockContext,
    Drop,
    Pipeline,
    TemplateError,
    ValidationError,
    block,
)
from datagenflow_nb.engine import Branch, Execution, Outcome, run_branch
from datagenflow_nb.pipeline import Result


@block(outputs=["part"], fan_out=True)
def split(text: str, mark: str = " ") -> Any:
    """A branch per part of the text."""
    return [{"part": part} for part in text.split(mark) if part]


@block(outputs=["letter"], fan_out=True)
async def spell(part: str) -> Any:
    """A branch per letter of the part; "drop" is dropped."""
    return Drop("not wanted") if part == "drop" else [{"letter": letter} for letter in part]


@block(outputs=["last"])
def join(part: str, letter: str) -> Any:
    """A last block, on every branch; a z is dropped."""
    return Drop("no z") if letter == "z" else {"last": part + letter}


@block(outputs=["n"])
def draw(ctx: BlockContext) -> Any:
    """A random number."""
    return {"n": ctx.random.random()}


def run_all(*blocks: Any, seed: dict[str, Any], **options: Any) -> list[Result]:
    """Every branch's result."""
    return asyncio.run(Pipeline("p", blocks, **options).execute_all(seed))


# -- fan-out and drops


def test_nested_fan_out() -> None:
    """Branches go on separately, in order; paths are list positions; drops end one branch."""
    results = run_all(split, spell, join, seed={"text": "ab drop xz c"})
    assert [(r.branch, r.status, r.reason, r.result.get("last")) for r in results] == [
        ("0.0", "completed", None, "aba"),
        ("0.1", "completed", None, "abb"),
        ("1", "filtered", "not wanted", None),
        ("2.0", "completed", None, "xzx"),
        ("2.1", "filtered", "no z", None),
        ("3.0", "completed", None, "cc"),
    ]
    assert len({result.trace_id for result in results}) == 1


def test_trace_of_a_branch() -> None:
    """A branch's trace shows its own path from the seed on, and nothing of its siblings."""
    result = run_all(split, spell, join, seed={"text": "ab c"})[2]
    assert [(e["step"], e["block_id"], e["branch"], e["output"]) for e in result.trace] == [
        (0, "split", "1", {"part": "c"}),
        (1, "spell", "1.0", {"letter": "c"}),
        (2, "join", "1.0", {"last": "cc"}),
    ]
    assert result.trace[1]["input"] == {"text": "ab c", "part": "c"}


def test_empty_fan_out() -> None:
    """No items: the branch is filtered, and says by which block."""
    (result,) = run_all(split, spell, seed={"text": ""})
    assert (result.status, result.reason, result.branch) == (
        "filtered", "block 'split' returned no items", "",
    )  # fmt: skip
    assert result.result == {"text": "", "output": None}
    assert [entry["output"] for entry in result.trace] == [{}]


def test_fan_out_of_one() -> None:
    """One item is one branch: execute gives it."""
    result = Pipeline("p", [split]).execute_sync({"text": "one"})
    assert (result.branch, result.result["part"]) == ("0", "one")


def test_execute_wants_exactly_one() -> None:
    """Several branches and a drop are errors that name execute_all."""
    with pytest.raises(ValidationError, match=r"fanned out into 2 branches;.*execute_all\(\)"):
        Pipeline("p", [split]).execute_sync({"text": "a b"})
    with pytest.raises(ValidationError, match=r"\(not wanted\);.*execute_all\(\)"):
        Pipeline("p", [spell]).execute_sync({"part": "drop"})


def test_error_on_a_branch() -> None:
    """The first branch's error comes out, with the trace of that branch."""

    @block(outputs=["n"])
    def number(part: str) -> Any:
        return {"n": int(part)}

    with pytest.raises(Exception, match="block 'number'") as caught:
        run_all(split, number, seed={"text": "1 x y"})
    trace = caught.value.trace  # type: ignore[attr-defined]  # every error of ours has one
    assert [(e["branch"], e["error"] is None) for e in trace] == [("1", True), ("1", False)]
    assert trace[1]["input"] == {"text": "1 x y", "part": "x"}


# -- when, disabled, accept_when


SET = {"type": "FieldMapper", "config": {"mappings": {"a": "set", "b": "set"}}}


@pytest.mark.parametrize(
    ("rule", "value", "ran"),
    [
        ("flag", True, True),
        ("{{ flag }}", True, True),
        ("flag", "False", True),
        ("flag", "", False),
        ("flag", 0, False),
        ("flag", [], False),
        ("flag", None, False),
        ("{{ flag }}", "0", True),
        ("not flag", False, True),
        ("flag > 0.7", 0.8, True),
        ("flag == 'x' and metadata.flag", "x", True),
        ("flag is defined and nothing is not defined", 1, True),
        ("true", None, True),
    ],
)
def test_when(rule: str, value: Any, ran: bool) -> None:
    """A rule is true or false as Python takes its value, not as its text reads."""
    pipe = Pipeline("p", [{**SET, "when": rule}])
    result, trace, _ = pipe.execute_sync({"flag": value})
    assert trace[0]["skipped"] is not ran
    assert result["a"] == ("set" if ran else None)


def test_when_with_a_missing_field() -> None:
    """A rule over a field that is not there is an error, not false."""
    with pytest.raises(TemplateError) as caught:
        Pipeline("p", [{**SET, "when": "flagg"}]).execute_sync({"flag": 1})
    assert caught.value.message.startswith("block 'field_mapper', when: ")
    assert "'flagg'" in caught.value.message
    assert caught.value.trace is not None
    assert caught.value.trace[0]["error"]["error"] == caught.value.message


@pytest.mark.parametrize("how", [{"when": "false"}, {"disabled": True}])
def test_skipped(how: dict[str, Any]) -> None:
    """A skipped block's outputs are null, but a field that is there keeps its value."""
    last = {"type": "Output", "config": {"template": "{{ a }} {{ b }}"}}
    result, trace, _ = Pipeline("p", [{**SET, **how}, last]).execute_sync({"a": "seed"})
    assert result == {"a": "seed", "b": None, "output": "seed None"}
    assert (trace[0]["skipped"], trace[0]["output"]) == (True, {"b": None})
    assert (trace[1]["skipped"], trace[1]["output"]) == (False, {"output": "seed None"})
    assert trace[0]["execution_time"] == 0.0


@pytest.mark.parametrize(
    ("rule", "accepted"),
    [("score > 0.7", True), ("{{ score > 0.9 }}", False), ("word", True), (None, None)],
)
def test_accept_when(rule: str | None, accepted: bool | None) -> None:
    """The rule over the final state decides."""
    fields = {"score": "{{ 0.8 }}", "word": "False"}
    mapper = {"type": "FieldMapper", "config": {"mappings": fields}}
    result = Pipeline("p", [mapper], accept_when=rule).execute_sync({})
    assert result.accepted is accepted


def test_accept_when_with_a_missing_field() -> None:
    """A rule that cannot be decided is an error."""
    with pytest.raises(TemplateError, match=r"^accept_when: .*'scor'") as caught:
        Pipeline("p", [SET], accept_when="scor").execute_sync({"score": 1})
    assert caught.value.trace is not None
    assert len(caught.value.trace) == 1


# -- output


def output_of(*blocks: Any, **seed: Any) -> Any:
    """What ``result["output"]`` is."""
    return Pipeline("p", blocks).execute_sync(seed).result["output"]


OUT = {"type": "Output", "config": {"template": "out"}}


def test_output() -> None:
    """The field a block set, else the first declared output of the last block that ran."""
    assert output_of(OUT, SET) == "out"
    assert output_of(SET, a="x") == "set"
    assert output_of(SET, {**OUT, "disabled": True}) == "set"
    assert output_of({**SET, "disabled": True}, output="seed's") == "seed's"
    assert output_of(SET, output="seed's") == "set"

    @block(outputs=["*"])
    def free(n: int) -> Any:
        return {"first": n, "second": 0} if n else {}

    assert output_of(free, n=7) == 7
    assert output_of(free, n=0) is None


def test_output_taken_away() -> None:
    """An output that was removed again is not the result's."""
    from datagenflow_nb import Changes

    @block(outputs=["left"])
    def tidy() -> Any:
        return Changes(set={"left": 1}, remove=["output"])

    assert output_of(OUT, tidy) == 1


# -- random numbers


def drawn(pipe: Pipeline, path: str = "", **execution: Any) -> float:
    """What ``draw`` drew in one execution."""
    start = Branch.start(Execution({}, "t", **{"random_seed": 7, **execution}))
    start.path = path
    outcome = asyncio.run(run_branch(pipe.program(), start, pipe.services.models))
    assert isinstance(outcome, Outcome)
    number: float = start.state["n"]
    return number


def test_random_is_reproducible() -> None:
    """Seed, index, repetition, branch and block id decide; job, attempt and order do not."""
    pipe = Pipeline("p", [draw])
    first = drawn(pipe)
    twice = Pipeline("p", [draw, draw])  # the second is draw_2, and its number stays
    others = [
        drawn(pipe, random_seed=8), drawn(pipe, seed_index=1), drawn(pipe, repetition=1),
        drawn(pipe, path="0"), drawn(twice),
    ]  # fmt: skip
    assert len({first, *others}) == 6
    assert drawn(pipe) == drawn(pipe, job_id=3, attempt=2, key=9) == first
    assert drawn(Pipeline("other", [SET, draw])) == first


def test_random_of_execute() -> None:
    """The same random_seed gives the same numbers, on each branch others."""
    pipe = Pipeline("p", [split, draw])

    def numbers(random_seed: int | None) -> list[float]:
        results = asyncio.run(pipe.execute_all({"text": "a b c"}, random_seed=random_seed))
        return [result.result["n"] for result in results]

    assert numbers(3) == numbers(3)
    assert len({*numbers(3), *numbers(4)}) == 6
    assert numbers(None) != numbers(None)


# -- log lines


def test_log_lines(caplog: pytest.LogCaptureFixture) -> None:
    """Every line begins with the short trace id; DEBUG has input, output and time per block."""
    with caplog.at_level(logging.DEBUG, "datagenflow_nb"):
        result = Pipeline("tea", [SET, OUT]).execute_sync({"topic": "x"})
    lines = [r.getMessage() for r in caplog.records if r.name == "datagenflow_nb"]
    tag = f"[{result.trace_id[:8]}] "
    assert all(line.startswith(tag) for line in lines)
    texts = [re.sub(r"\d+\.\d{3}s", "0.000s", line.removeprefix(tag)) for line in lines]
    assert texts == [
        "Pipeline 'tea' started (2 blocks)",
        "Block 1: FieldMapper executing, input {'topic': 'x'}",
        "FieldMapper completed (0.000s), output {'a': 'set', 'b': 'set'}",
        "Block 2: Output executing, input {'topic': 'x', 'a': 'set', 'b': 'set'}",
        "Output completed (0.000s), output {'output': 'out'}",
        "Pipeline completed",
    ]
    assert [r.levelname for r in caplog.records][:2] == ["INFO", "DEBUG"]


@pytest.mark.parametrize(
    ("kind", "seed", "last"),
    [
        (spell, {"part": "drop"}, "Pipeline filtered: not wanted"),
        (spell, {"part": ""}, "Pipeline filtered: block 'spell' returned no items"),
        (spell, {}, "Pipeline failed in block 'spell': block 'spell' (spell) needs the field"),
    ],
)
def test_log_of_other_endings(
    caplog: pytest.LogCaptureFixture, kind: type[BaseBlock], seed: dict[str, Any], last: str
) -> None:
    """A filtered and a failed execution are told too, without DEBUG."""
    with caplog.at_level(logging.INFO, "datagenflow_nb"), pytest.raises(ValidationError):
        Pipeline("tea", [kind]).execute_sync(seed)
    assert caplog.records[-1].getMessage().partition("] ")[2].startswith(last)
