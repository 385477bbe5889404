"""A pipeline as data: ids, strict reading, and the same bytes written back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagenflow_nb.errors import ConfigError
from datagenflow_nb.spec import PipelineSpec, snake_case


def ids(*entries: dict[str, Any]) -> list[str]:
    """The effective ids of these block entries."""
    return [b.id for b in PipelineSpec.from_dict({"name": "p", "blocks": list(entries)}).blocks]


def refused(data: Any) -> str:
    """The message for this data."""
    with pytest.raises(ConfigError) as caught:
        PipelineSpec.from_dict(data)
    return caught.value.message


def refused_text(text: str) -> str:
    """The message for this YAML or JSON text."""
    with pytest.raises(ConfigError) as caught:
        PipelineSpec.from_yaml(text, "p.yaml")
    return caught.value.message


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TextGenerator", "text_generator"),
        ("JSONValidatorBlock", "json_validator_block"),
        ("Output", "output"),
        ("count_words", "count_words"),
        ("GPT4Judge", "gpt4_judge"),
        ("A", "a"),
    ],
)
def test_snake_case(name: str, expected: str) -> None:
    """Class names become ids people would write."""
    assert snake_case(name) == expected


def test_ids_are_numbered() -> None:
    """The default id is the type, numbered when repeated; explicit ids are stepped around."""
    assert ids({"type": "A"}, {"type": "A"}, {"type": "B"}, {"type": "A"}) == [
        "a", "a_2", "b", "a_3",
    ]  # fmt: skip
    assert ids({"type": "A"}, {"type": "B", "id": "a_2"}, {"type": "A"}) == ["a", "a_2", "a_3"]
    assert ids({"type": "A"}, {"type": "B", "id": "a"}) == ["a_2", "a"]
    assert ids({"type": "A", "id": None}) == ["a"]


def test_duplicate_id() -> None:
    """An explicit id is given once."""
    data = {"name": "p", "blocks": [{"type": "A", "id": "x"}, {"type": "B", "id": "x"}]}
    assert refused(data) == "pipeline, block 2: id 'x' is used twice; ids are unique"


@pytest.mark.parametrize("wrong", ["1a", "a b", "", "é", "a" * 101, 3, ["a"], {"a": 1}])
def test_wrong_id(wrong: Any) -> None:
    """Ids are plain words."""
    message = refused({"name": "p", "blocks": [{"type": "A", "id": wrong}]})
    assert message.startswith(f"pipeline, block 1 (A): id {wrong!r} is not allowed; use letters")


BLOCKS = [{"type": "A"}]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "pipeline: a pipeline is a mapping with 'name' and 'blocks', got NoneType"),
        ([], "pipeline: a pipeline is a mapping with 'name' and 'blocks', got list"),
        ({"blocks": BLOCKS}, "pipeline: 'name' is None, expected a text"),
        ({"name": " ", "blocks": BLOCKS}, "pipeline: 'name' is ' ', expected a text"),
        (
            {"name": "p", "block": BLOCKS},
            "pipeline: key 'block' is unknown; did you mean 'blocks'?",
        ),
        ({"name": "p"}, "pipeline: 'blocks' is None, expected a list with at least one block"),
        ({"name": "p", "blocks": []}, "pipeline: 'blocks' is [], expected a list"),
        ({"name": "p", "blocks": ["A"]}, "pipeline, block 1: 'A' is no mapping; expected {type:"),
        ({"name": "p", "blocks": [{}]}, "pipeline, block 1: 'type' is None, expected a block type"),
        (
            {"name": "p", "blocks": [{"type": "A", "confg": {}}]},
            "pipeline, block 1: key 'confg' is unknown; did you mean 'config'?",
        ),
        (
            {"name": "p", "blocks": [{"type": "A", "config": ["x"]}]},
            "pipeline, block 1 (A): 'config' is ['x'], expected a mapping",
        ),
        (
            {"name": "p", "blocks": [{"type": "A", "config": {"a": {"b": [1.0, float("nan")]}}}]},
            "pipeline, block 1 (A): config.a.b[1]: nan is not a JSON number",
        ),
        (
            {"name": "p", "blocks": [{"type": "A", "config": {True: 1}}]},
            "pipeline, block 1 (A): config: key True is bool, JSON keys are strings",
        ),
        (
            {"name": "p", "blocks": [{"type": "A", "when": 3}]},
            "pipeline, block 1 (A): 'when' is 3, expected a text",
        ),
        (
            {"name": "p", "blocks": [{"type": "A", "disabled": "yes"}]},
            "pipeline, block 1 (A): 'disabled' is 'yes', expected true or false",
        ),
        ({"name": "p", "blocks": BLOCKS, "accept_when": 1}, "pipeline: 'accept_when' is 1, expec"),
    ],
)
def test_wrong_data(data: Any, message: str) -> None:
    """Each mistake names its place, the key and what was expected."""
    assert refused(data).startswith(message)


def test_config_in_itself() -> None:
    """A configuration that contains itself is refused, not followed for ever."""
    config: dict[str, Any] = {}
    config["self"] = config
    data = {"name": "p", "blocks": [{"type": "A", "config": config}]}
    assert refused(data) == "pipeline, block 1 (A): config: nested too deeply, or contains itself"


def test_when_may_be_a_boolean() -> None:
    """YAML's true is the rule "true"."""
    spec = PipelineSpec.from_dict({"name": "p", "blocks": [{"type": "A", "when": True}]})
    assert spec.blocks[0].when == "true"


def test_keys_of_the_original() -> None:
    """What its templates and exports carry beside the pipeline is left out."""
    data = {"id": 3, "name": "p", "example_seed": [], "created_at": "x", "blocks": BLOCKS,
            "validation_config": {}}  # fmt: skip
    assert PipelineSpec.from_dict(data).to_dict() == {"name": "p", "blocks": BLOCKS}


def test_data_is_copied() -> None:
    """Neither what was read nor what is written shares anything with the pipeline."""
    config = {"words": ["a"]}
    spec = PipelineSpec.from_dict({"name": "p", "blocks": [{"type": "A", "config": config}]})
    config["words"].append("b")
    spec.to_dict()["blocks"][0]["config"]["words"].append("c")
    assert spec.blocks[0].config == {"words": ["a"]}


YAML = """\
name: Tee für zwei
description: A demo
accept_when: valid and score > 0.7
blocks:
  - type: LLMBlock
    config:
      user_prompt: |
        Write about {{ topic }}.

        Be brief.
      max_tokens: 100
      words:
        - '007'
        - 'yes'
        - 'null'
        - 1e3
        - 1.5
    when: topic
  - type: ValidatorBlock
    id: check
    disabled: true
    description: later
"""


def test_yaml_as_written() -> None:
    """Keys keep their order, aliases their names, prompts their lines."""
    spec = PipelineSpec.from_yaml(YAML)
    assert spec.to_yaml() == YAML
    assert spec.blocks[0].config["words"] == ["007", "yes", "null", "1e3", 1.5]
    assert spec.blocks[0].config["user_prompt"] == "Write about {{ topic }}.\n\nBe brief.\n"
    assert PipelineSpec.from_dict(spec.to_dict()) == spec
    assert PipelineSpec.from_yaml(spec.to_json()) == spec


def test_json_by_its_own_rules() -> None:
    """Tabs, escaped slashes and the halves of an emoji mean in JSON what JSON says."""
    data = {"name": "a/b \U0001f375", "blocks": [{"type": "A", "config": {"n": 1e3}}]}
    text = json.dumps(data, indent="\t").replace("a/b", "a\\/b")
    assert "\\ud83c\\udf75" in text
    assert PipelineSpec.from_yaml("\ufeff" + text).to_dict() == data
    flow = "{name: p, blocks: [{type: A}]}"
    assert PipelineSpec.from_yaml(flow).to_dict() == {"name": "p", "blocks": BLOCKS}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: p\nblocks: [", "p.yaml line 2: not valid YAML: "),
        ("name: p\n\tblocks: []", "p.yaml line 2: not valid YAML: found character '\\t'"),
        ("name: p\ndescription: 2024-13-45", "p.yaml: not valid YAML: month must be in 1..12"),
        ("a: 1\n---\nb: 2", "p.yaml line 2: not valid YAML: but found another document"),
        ("x: !!python/object:os.system {}", "p.yaml line 1: not valid YAML: could not determine"),
        ("name: p\nname: q", "p.yaml line 2: key 'name' is there twice; each key of a mapping"),
        (
            "name: p\nblocks:\n  - type: A\n    config:\n      a: 1\n      a: 2",
            "p.yaml line 6: key 'a' is there twice",
        ),
        ('{"name": "p", "name": "q"}', "p.yaml: key 'name' is there twice"),
        ("", "p.yaml: a pipeline is a mapping with 'name' and 'blocks', got NoneType"),
        ("[" * 5000, "p.yaml: not valid YAML: nested too deeply"),
        ("&a [*a]", "p.yaml: a pipeline is a mapping with 'name' and 'blocks', got list"),
    ],
)
def test_wrong_text(text: str, message: str) -> None:
    """What cannot be read is told with its line; a key given twice is not lost silently."""
    assert refused_text(text).startswith(message)


def test_yaml_merge_keys() -> None:
    """Anchors and merges, with which people share settings between blocks, work."""
    text = """
name: p
blocks:
  - type: A
    config: &shared {a: 1, b: 2}
  - type: B
    config: {<<: *shared, b: 3}
"""
    spec = PipelineSpec.from_yaml(text)
    assert [block.config for block in spec.blocks] == [{"a": 1, "b": 2}, {"a": 1, "b": 3}]


TEXTS = st.one_of(
    st.text(),
    st.text(alphabet=" \n\t#:-|>'\"{}[]&*!%@`a1\r\x00\x85\u2028\u2029\ufeff\x7fé\U0001f375"),
    st.sampled_from([
        "007", "yes", "no", "null", "~", "1e3", "1_000", "1:30", "0x1F", "2024-01-01", "", " ",
        "=", "<<", "trailing \n", "a\nb  \nc", "\n\n", "  lead\n x", "---\n...", "\ud83c",
        "{{ x }}", "x" * 300, "word " * 60, ".inf", "true", "- a", "? b", "a: b",
    ]),
)  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | TEXTS
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
ENTRIES = st.fixed_dictionaries(
    {"type": st.sampled_from(["TextGenerator", "JSONValidatorBlock", "My_Block", "Ünï"])},
    optional={
        "config": st.dictionaries(TEXTS, VALUES, max_size=4),
        "when": TEXTS,
        "disabled": st.booleans(),
        "description": TEXTS,
    },
)
PIPELINES = st.fixed_dictionaries(
    {"name": TEXTS.filter(str.strip), "blocks": st.lists(ENTRIES, min_size=1, max_size=3)},
    optional={
        "description": TEXTS,
        "accept_when": TEXTS,
        "field_layout": st.dictionaries(TEXTS, VALUES, max_size=2),
    },
)


@settings(max_examples=300)
@given(PIPELINES)
def test_round_trips(data: dict[str, Any]) -> None:
    """Whatever a pipeline holds: read back it is equal, and written again the same bytes."""
    spec = PipelineSpec.from_dict(data)
    text = spec.to_yaml()
    assert PipelineSpec.from_yaml(text) == spec
    assert PipelineSpec.from_yaml(text).to_yaml() == text
    as_json = spec.to_json()
    assert PipelineSpec.from_yaml(as_json) == spec
    assert PipelineSpec.from_yaml(as_json).to_json() == as_json
    assert PipelineSpec.from_dict(spec.to_dict()) == spec
    assert spec.to_dict()["blocks"] == data["blocks"]
