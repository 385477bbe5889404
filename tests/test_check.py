"""What is wrong with a pipeline, found without running it."""

from __future__ import annotations

from typing import Any

import pytest
from IPython.lib.pretty import pretty

from datagenflow_nb import BaseBlock, Pipeline, block
from datagenflow_nb.check import Problem, needed_seed_fields


@block(outputs=["summary"])
def summarize(text: str) -> Any:
    """Needs text, gives summary."""
    return {"summary": text}


@block(outputs=["*"])
def anything() -> Any:
    """Gives what it likes."""
    return {}


class Either(BaseBlock):
    """Needs one of two, may use a third."""

    inputs = ["question|summary", "hint?"]
    outputs = ["answer"]

    async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"answer": ""}


def ask(template: str, **entry: Any) -> dict[str, Any]:
    """An Output block with that template."""
    return {"type": "Output", "config": {"template": template}, **entry}


def problems(*blocks: Any, fields: list[str] | None = None, **options: Any) -> list[str]:
    """The messages of validate."""
    return [str(p) for p in Pipeline("p", blocks, **options).validate(fields)]


def needed(*blocks: Any) -> dict[str, str]:
    """Fields every seed has to bring, alternatives joined by "|"."""
    pipe = Pipeline("p", blocks)
    found = needed_seed_fields(pipe.spec, pipe.services.registry, pipe.instances)
    return {"|".join(anyof): needed_by for anyof, needed_by in found.items()}


def test_nothing_wrong() -> None:
    """A pipeline whose every field is provided has no problems, with and without fields."""
    blocks = (summarize, Either, ask("{{ answer }} {{ metadata.text }}"))
    assert problems(*blocks, fields=["text"]) == []
    assert problems(*blocks) == []


def test_unknown_type() -> None:
    """The place and the nearest types."""
    assert problems({"type": "TextGenerater"}, ask("{{ assistant }}"), fields=[]) == [
        "block 1: block type 'TextGenerater' is not registered; did you mean 'TextGenerator' or "
        "'StructuredGenerator'?"
    ]


def test_bad_config() -> None:
    """The block's number and id, the key, the nearest key."""
    assert problems({"type": "Validator", "config": {"min_len": 1}}, fields=[]) == [
        "block 1 ('validator'): Validator: config 'min_len' is unknown; did you mean 'min_length'?"
    ]
    assert problems({"type": "Validator", "id": "v", "config": {"min_length": "3"}}) == [
        "block 1 ('v'): Validator: config 'min_length' is '3': input should be a valid integer"
    ]


def test_broken_template_and_rules() -> None:
    """Templates, when and accept_when are parsed."""
    found = problems(ask("{{ a"), ask("x", when="a ==", disabled=True), accept_when="(")
    assert [message.partition(": ")[0] for message in found] == [
        "block 1 ('output')", "block 2 ('output_2')", "accept_when",
    ]  # fmt: skip
    assert found[0].startswith("block 1 ('output'): config 'template': ")
    assert found[1].startswith("block 2 ('output_2'): 'when': ")


def test_foreign_error_in_a_constructor() -> None:
    """A block whose constructor or get_schema raises is a problem, not a crash."""

    class Fussy(BaseBlock):
        def __init__(self, n: int) -> None:
            if n < 1:
                raise ValueError("n is too small")

        async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
            return {}

    pipe = Pipeline("p", [{"type": "Fussy", "config": config} for config in ({"n": 0}, {"m": 1})])
    pipe.services.registry.add(Fussy, "test")
    assert [str(p) for p in pipe.validate()] == [
        "block 1 ('fussy'): Fussy: its constructor raised ValueError: n is too small",
        "block 2 ('fussy_2'): Fussy: test_foreign_error_in_a_constructor.<locals>.Fussy.__init__() "
        "got an unexpected keyword argument 'm'; its constructor takes: n",
    ]


def test_field_nobody_provides() -> None:
    """Who needs it, where, and the nearest field."""
    (problem,) = Pipeline("p", [summarize]).validate(fields=["txt"])
    assert problem.message == (
        "block 'summarize' (summarize), inputs: needs 'text', which neither the seed nor an "
        "earlier block provides; did you mean 'txt'?"
    )
    assert problem.block == "summarize"
    assert problem.detail == {"missing": ["text"], "fields": ["txt"]}


def test_alternatives_and_optional_fields() -> None:
    """Any of the alternatives will do; optional ones never miss."""
    assert problems(Either, fields=["question"]) == []
    (message,) = problems(Either, fields=["x"])
    assert "needs 'question' or 'summary', which" in message
    maybe = ask("{% if a %}{{ b }}{% endif %}{{ c | default('') }}")
    assert len(problems(maybe, fields=[])) == 1


def test_later_blocks_provide_nothing() -> None:
    """Order counts: a field is there only after the block that sets it."""
    (message,) = problems(ask("{{ summary }}"), summarize, fields=["text"])
    assert message.startswith("block 'output' (Output), config 'template': needs 'summary', which")


def test_metadata() -> None:
    """metadata.x is the seed's x, whatever blocks add."""
    use = ask("{{ metadata.topic }}")
    assert problems(use, fields=["topic"]) == []
    assert problems(use) == []
    (message,) = problems(anything, use, fields=["topik"])
    assert message == (
        "block 'output' (Output), config 'template': needs 'metadata.topic', which neither the "
        "seed nor an earlier block provides; did you mean 'topik'?"
    )
    assert problems(use, fields=["metadata"]) == []


def test_open_ended_outputs() -> None:
    """After a block that may set anything no field is certainly missing."""
    assert len(problems(ask("{{ x }}"), anything, fields=[])) == 1
    assert problems(anything, ask("{{ x }}"), fields=[]) == []
    mapper = {"type": "FieldMapper", "config": {"mappings": {"a": "1"}}}
    (message,) = problems(mapper, ask("{{ x }}"), fields=[])
    assert message.endswith("there are: 'a'")


def test_when_guards_the_block() -> None:
    """With a rule only the rule's own fields are needed; outputs are there (perhaps null)."""
    guarded = ask("{{ x }}", when="flag and metadata.kind")
    assert problems(guarded, ask("{{ output }}"), fields=["flag", "kind"]) == []
    messages = problems(guarded, fields=["flg"])
    assert [message.partition(": ")[2][:18] for message in messages] == ["needs 'flag', whic"]
    (message,) = problems(ask("x", when="metadata.kind"), fields=["flag"])
    assert "'when': needs 'metadata.kind'" in message


def test_disabled_blocks() -> None:
    """A disabled block needs nothing, provides nulls, and still has to be right to run."""
    assert problems(ask("{{ x }}", disabled=True), ask("{{ output }}"), fields=[]) == []
    pipe = Pipeline("p", [{"type": "Nope", "disabled": True}])
    assert len(pipe.validate()) == 1


def test_accept_when() -> None:
    """The rule's fields are checked at the end of the pipeline."""
    assert problems(summarize, accept_when="summary", fields=["text"]) == []
    assert problems(summarize, accept_when="sumary and x") == []
    assert problems(summarize, accept_when="sumary == metadata.txt", fields=["text"]) == [
        "accept_when: needs 'metadata.txt', which neither the seed nor an earlier block provides; "
        "did you mean 'text'?",
        "accept_when: needs 'sumary', which neither the seed nor an earlier block provides; did "
        "you mean 'summary'?",
    ]


def test_after_a_broken_block_fields_are_not_guessed() -> None:
    """What a broken block would have added is not reported as missing."""
    assert len(problems({"type": "Nope"}, ask("{{ x }}"), accept_when="y", fields=[])) == 1


def test_every_problem_is_found() -> None:
    """Not only the first."""
    assert len(problems({"type": "Nope"}, {"type": "Output", "config": {"x": 1}}, ask("{{ "))) == 3


def test_needed_seed_fields() -> None:
    """Certain fields only, each with the first that needs it."""
    assert needed(
        ask("{{ topic }} {{ metadata.level }} {% if odd %}{{ rare }}{% endif %}"),
        summarize,
        ask("{{ topic }} {{ summary }}", id="last"),
        ask("{{ guarded }}", when="flag"),
        ask("{{ off }}", disabled=True),
        Either,
    ) == {  # Either takes the summary
        "odd": "block 'output' (Output), config 'template'",
        "topic": "block 'output' (Output), config 'template'",
        "level": "block 'output' (Output), config 'template'",
        "text": "block 'summarize' (summarize), inputs",
        "flag": "block 'output_2' (Output), 'when'",
    }
    assert needed(anything, ask("{{ x }} {{ metadata.y }}")) == {
        "y": "block 'output' (Output), config 'template'"
    }


class Formatter(BaseBlock):
    """Does not describe its configuration, which is in a form of its own."""

    outputs = ["line"]

    async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"line": self.config["fmt"].format(**data)}


def test_text_that_only_looks_like_a_template() -> None:
    """Validate says what it may need; no seed is refused for it, and it need not parse."""
    lines = Pipeline("p", [Formatter(fmt="{{literal}} {x}")])
    assert problems(Formatter(fmt="{{literal}} {x}"), fields=["x"]) == [
        "block 'formatter' (Formatter), config 'fmt': needs 'literal', which neither the seed nor "
        "an earlier block provides; there are: 'x'. The text looks like a template; if the block "
        "does not render it, describe the block's configuration with get_schema"
    ]
    assert problems(Formatter(fmt="{{literal}} {x}")) == []
    assert problems(Formatter(fmt="{{ {x}"), fields=["x"]) == []
    assert needed(Formatter(fmt="{{literal}} {x}")) == {}
    assert lines.preview({"x": 1}).results[0].result["line"] == "{literal} 1"


def test_needed_alternatives() -> None:
    """One of them must come, unless a block before gives one."""
    assert needed(Either) == {"question|summary": "block 'either' (Either), inputs"}
    assert needed(summarize, Either) == {"text": "block 'summarize' (summarize), inputs"}
    assert Pipeline("p", [Either, ask("{{ topic }}")]).needed_fields() == [
        "question|summary", "topic",
    ]  # fmt: skip
    shown = Pipeline("p", [Either])._repr_html_()
    assert "question or summary" in shown


@pytest.mark.parametrize(
    ("type_", "config", "key"),
    [
        ("TextGenerator", {}, "user_prompt"),
        ("TextGenerator", {"user_prompt": "  ", "system_prompt": "x"}, "user_prompt"),
        ("StructuredGenerator", {"json_schema": {"type": "object"}}, "prompt"),
    ],
)
def test_generators_without_a_prompt(type_: str, config: dict[str, Any], key: str) -> None:
    """They cannot do without a message; with a prompt they need what it names."""
    entry = {"type": type_, "id": "write", "config": config}
    place = f"block 'write' ({type_}), without config '{key}'"
    assert needed(entry) == {"user|text": place}
    assert problems(entry, fields=["topic"]) == [
        f"{place}: needs 'user' or 'text', which neither the seed nor an earlier block provides; "
        "there are: 'topic'"
    ]
    assert problems(entry, fields=["text"]) == problems(entry, fields=["user"]) == []
    asked = {**entry, "config": {**config, key: "About {{ topic }}"}}
    assert list(needed(asked)) == ["topic"]


def test_needed_seed_fields_of_a_broken_pipeline() -> None:
    """A pipeline that cannot be built is an error with its place."""
    with pytest.raises(Exception, match=r"block 1 \('output'\): Output: config 'x' is unknown"):
        needed({"type": "Output", "config": {"x": 1}})


def test_problems_as_a_table() -> None:
    """What validate gives shows as a table with whole messages, and says when nothing is wrong."""
    pipe = Pipeline("p", [{"type": "Output", "config": {"template": "x", "y": 1}}])
    problems = pipe.validate()
    message = (
        "block 1 ('output'): Output: config 'y' is unknown; there are: 'format_template', "
        "'template'"
    )
    assert problems == [Problem(message, "output")]
    assert pretty(problems) == f"Block   Problem\noutput  {message}"
    assert "<th" in problems._repr_html_()
    assert pretty(Pipeline("p", [ask("x")]).validate()) == "No problems found."
