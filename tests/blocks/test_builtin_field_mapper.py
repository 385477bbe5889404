"""FieldMapper: values keep their types, texts that hold JSON are read, errors are errors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagenflow_nb.blocks.builtin.field_mapper import FieldMapper
from datagenflow_nb.blocks.context import BlockContext
from datagenflow_nb.errors import ConfigError, TemplateError

STATE = {
    "topic": "tea",
    "answer": '{"pairs": [{"q": "Why?"}], "n": 2}',
    "zip": "00420",
    "score": 0.5,
    "parsed": {"pairs": [{"q": "Why?"}, {"q": "How?"}], "none": None, "ok": True},
}


async def map_one(template: str, state: dict[str, Any]) -> Any:
    """The value one template gives."""
    return (await FieldMapper(mappings={"new": template}).execute(state))["new"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ parsed.pairs[0].q }}", "Why?"),
        ("{{ parsed.pairs }}", [{"q": "Why?"}, {"q": "How?"}]),
        ("{{ parsed.none }}", None),
        (" {{- parsed.ok -}} ", True),
        ("{{ score * 3 }}", 1.5),
        ("{{ parsed.pairs | length }}", 2),
        ("{{ zip }}", "00420"),
        ("{{ '7' }}", "7"),
        ("{{ answer }}", {"pairs": [{"q": "Why?"}], "n": 2}),
        ("{{ parsed.pairs | map(attribute='q') | list }}", ["Why?", "How?"]),
        ("{{ parsed.pairs | tojson }}", [{"q": "Why?"}, {"q": "How?"}]),
        ("About {{ topic }}.", "About tea."),
        ("{{ topic }}{{ topic }}", "teatea"),
        ("{{ topic }} {{ zip }}", "tea 00420"),
        ("{{ '}} {{' }}", "}} {{"),
        ("{{ score }} ", 0.5),
        ("{{ score }}!", "0.5!"),
        ('{"topic": {{ topic | tojson }}, "score": {{ score }}}', {"topic": "tea", "score": 0.5}),
        ("[{{ score }}, 1]", [0.5, 1]),
        ("[{{ topic }}]", "[tea]"),
        ("{% if score > 1 %}high{% else %}low{% endif %}", "low"),
        ("42", "42"),
        ("null", "null"),
        ("", ""),
    ],
)
async def test_values(template: str, expected: Any) -> None:
    """One expression keeps its type; anything else is text; JSON objects and arrays are read."""
    value = await map_one(template, STATE)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.asyncio
async def test_all_templates_see_the_state_before() -> None:
    """Mappings do not see each other, so their order does not matter and fields can be swapped."""
    block = FieldMapper(mappings={"a": "{{ b }}", "b": "{{ a }}"})
    assert await block.execute({"a": 1, "b": 2}) == {"a": 2, "b": 1}


@pytest.mark.asyncio
async def test_metadata() -> None:
    """Expressions and templates see the seed's metadata."""
    block = FieldMapper(mappings={"x": "{{ metadata.n }}", "y": "n={{ metadata.n }}"})
    ctx = BlockContext({"n": 2}, {"n": 1}, block_type="FieldMapper")
    assert await block.execute({"n": 2}, ctx) == {"x": 1, "y": "n=1"}


@pytest.mark.asyncio
@pytest.mark.parametrize("template", ["{{ topik }}", "About {{ topik }}.", "{{ parsed.nothing }}"])
async def test_unknown_field(template: str) -> None:
    """A field that is not there is an error naming the mapping, never an empty text."""
    with pytest.raises(TemplateError) as caught:
        await map_one(template, STATE)
    assert caught.value.message.startswith("block 'FieldMapper', config 'mappings', field 'new': ")
    assert ("topik" if "topik" in template else "nothing") in caught.value.message
    assert caught.value.detail["field"] in ("topik", "nothing", "parsed.nothing")
    assert caught.value.detail["mapping"] == "new"


@pytest.mark.asyncio
@pytest.mark.parametrize("template", ["{{ topic + }}", "{{ topic", "{% if %}"])
async def test_broken_template(template: str) -> None:
    """A template that does not parse is an error naming the mapping."""
    with pytest.raises(
        TemplateError, match=r"^block 'FieldMapper', config 'mappings', field 'new'"
    ):
        await map_one(template, STATE)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "FieldMapper: config 'mappings' is missing; this block cannot do without it"),
        (
            {"mappings": {}},
            "FieldMapper: config 'mappings' is {}: dictionary should have at least 1 item after "
            "validation, not 0",
        ),
        (
            {"mappings": {"a": 5}},
            "FieldMapper: config 'mappings.a' is 5: input should be a valid string",
        ),
        (
            {"mappings": {" ": "x"}},
            "FieldMapper: config 'mappings' names a field ' ', expected a name",
        ),
    ],
)
def test_wrong_config(config: dict[str, Any], message: str) -> None:
    """Each wrong value is named."""
    with pytest.raises(ConfigError) as caught:
        FieldMapper(config)
    assert caught.value.message == message


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False,
    allow_infinity=False) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=3
    ),
    max_leaves=10,
)  # fmt: skip


@given(value=JSON_VALUES)
@pytest.mark.asyncio
async def test_any_value_survives(value: Any) -> None:
    """`{{ x }}` copies every JSON value with its type, but for texts that are JSON themselves."""
    copied = await map_one("{{ x }}", {"x": value})
    if isinstance(value, str) and value.strip()[:1] in ("{", "["):
        assert copied in (value, _read(value))
    else:
        assert copied == value
        assert type(copied) is type(value)


@given(value=st.lists(JSON_VALUES, max_size=4))
@pytest.mark.asyncio
async def test_json_round_trip(value: Any) -> None:
    """What tojson writes into an array comes back as that array."""
    assert await map_one("[{{ x | tojson }}]", {"x": value}) == [value]


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
