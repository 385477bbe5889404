"""JSON Schemas filled by the offline model: always valid, or refused by keyword."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from datagenflow_nb.llm.base import EndpointError
from datagenflow_nb.llm.offline import complete

PROMPT = (
    "Make an item about tides.\nTEXT: Tides are caused by the Moon. The sea rises twice a day. "
    "In the year 1912 a spring tide flooded the harbour of Brest. Price: 19.5 euros."
)


def fill(schema: Any, prompt: str = PROMPT, **body: Any) -> Any:
    """The value the model gives for a schema."""
    form = {"type": "json_schema", "json_schema": {"name": "item", "schema": schema}}
    messages = [{"role": "user", "content": prompt}]
    answer = complete({"messages": messages, "response_format": form, **body})
    return json.loads(answer["choices"][0]["message"]["content"])


def check(schema: Any, **body: Any) -> Any:
    """The value, once it is known to be valid, formats included."""
    value = fill(schema, **body)
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(value)
    return value


names = st.sampled_from(
    ["question", "answer", "summary", "title", "label", "keywords", "difficulty", "name", "score",
     "confidence", "year", "is_valid", "x", "correctAnswer", "id", "url", "größe", ""]
)  # fmt: skip
texts = st.text(max_size=8)


@st.composite
def strings(draw: st.DrawFn) -> dict[str, Any]:
    """String schemas: a length, a pattern, a format or an enum."""
    kind = draw(st.sampled_from(["length", "pattern", "format", "enum", "const"]))
    if kind == "pattern":
        pattern = draw(
            st.sampled_from(
                [r"^[A-Z]{3}-\d{4}$", r"^(red|green)$", r"\d+", r"^[a-z_]+$", r"^\S+@\S+\.com$",
                 r"^v\d+\.\d+(\.\d+)?$", r"^.{5,9}$", r"^[^aeiou]{4}$", r"^(?:[0-9a-f]{2}:){3}x$"]
            )
        )  # fmt: skip
        return {"type": "string", "pattern": pattern}
    if kind == "format":
        formats = ["date", "date-time", "email", "uri", "uuid", "ipv4", "ipv6", "hostname"]
        return {"type": "string", "format": draw(st.sampled_from(formats))}
    if kind == "enum":
        return {"type": "string", "enum": draw(st.lists(texts, min_size=1, max_size=4))}
    if kind == "const":
        return {"const": draw(st.one_of(texts, st.integers(), st.none(), st.booleans()))}
    least = draw(st.integers(0, 60))
    schema: dict[str, Any] = {"type": "string", "minLength": least}
    if draw(st.booleans()):
        schema["maxLength"] = least + draw(st.integers(0, 60))
    return schema


@st.composite
def numbers(draw: st.DrawFn) -> dict[str, Any]:
    """Number schemas whose bounds leave room for at least one value."""
    kind = draw(st.sampled_from(["integer", "number"]))
    low = draw(st.one_of(st.integers(-1000, 1000), st.floats(-1000, 1000, allow_subnormal=False)))
    room = draw(st.sampled_from([2, 7, 50.5, 10**6]))
    schema: dict[str, Any] = {"type": kind}
    if draw(st.booleans()):
        schema[draw(st.sampled_from(["minimum", "exclusiveMinimum"]))] = low
    if draw(st.booleans()):
        schema[draw(st.sampled_from(["maximum", "exclusiveMaximum"]))] = low + room
    if draw(st.booleans()):
        schema["multipleOf"] = draw(
            st.sampled_from([1, 0.5, 0.25] if room < 7 else [2, 3, 0.1, 1.5])
        )
    return schema


scalars = st.one_of(strings(), numbers(), st.sampled_from([{"type": "boolean"}, {"type": "null"}]))


def arrays(children: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Array schemas: bounds, prefixes, and unique items where enough different ones exist."""
    bounded = st.builds(
        lambda items, least, room: {
            "type": "array",
            "items": items,
            "minItems": least,
            "maxItems": least + room,
        },
        children,
        st.integers(0, 4),
        st.integers(0, 3),
    )
    prefixed = st.builds(
        lambda prefix, rest: {"type": "array", "prefixItems": prefix, "items": rest},
        st.lists(children, min_size=1, max_size=3),
        st.one_of(st.just(False), children),
    )
    plenty: list[dict[str, Any]] = [{"type": "string"}, {"type": "integer"}, {"type": "number"}]
    unique = st.builds(
        lambda items, least: {
            "type": "array",
            "items": items,
            "minItems": least,
            "uniqueItems": True,
        },
        st.sampled_from([*plenty, {"type": "string", "maxLength": 1}, {"enum": list("abcdefgh")}]),
        st.integers(0, 8),
    )
    return st.one_of(bounded, prefixed, unique)


def objects(children: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Object schemas, closed, open and as maps."""

    def build(properties: dict[str, Any], count: int, extra: Any) -> dict[str, Any]:
        required = list(properties)[:count]
        schema = {"type": "object", "properties": properties, "required": required}
        return schema if extra is None else {**schema, "additionalProperties": extra}

    closed = st.builds(
        build,
        st.dictionaries(names, children, max_size=4),
        st.integers(0, 4),
        st.one_of(st.none(), st.just(False), children),
    )
    maps = st.builds(
        lambda extra, least: {
            "type": "object",
            "additionalProperties": extra,
            "minProperties": least,
            "maxProperties": least + 1,
        },
        children,
        st.integers(0, 4),
    )
    return st.one_of(closed, maps)


def combined(children: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Alternatives, conjunctions that agree, type lists."""
    return st.one_of(
        st.builds(lambda a: {"anyOf": a}, st.lists(children, min_size=1, max_size=3)),
        st.builds(lambda a: {"oneOf": [a, {"type": "array", "minItems": 99}]}, objects(children)),
        st.builds(
            lambda a, b: {
                "allOf": [
                    {"type": "object", "properties": {"left": a}, "required": ["left"]},
                    {"properties": {"right": b}, "required": ["right"]},
                ]
            },
            children,
            children,
        ),
        st.sampled_from([{"type": ["string", "null"]}, {"type": ["integer", "string"]}, {}, True]),
    )


schemas = st.recursive(
    scalars,
    lambda children: st.one_of(arrays(children), objects(children), combined(children)),
    max_leaves=8,
)


@settings(max_examples=400)
@given(schema=schemas, prompt=st.one_of(st.just(PROMPT), st.text(max_size=40)))
def test_every_schema_of_the_subset_is_met(schema: Any, prompt: str) -> None:
    """Whatever is asked within the subset, the answer is valid."""
    value = fill(schema, prompt)
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(value)


def test_values_are_taken_from_the_prompt() -> None:
    """Years, labelled numbers and names come from the text."""
    schema = {
        "type": "object",
        "properties": {
            "year": {"type": "integer"},
            "price": {"type": "number"},
            "keywords": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
            "mentions_tide": {"type": "boolean"},
        },
    }
    assert check(schema) == {
        "year": 1912,
        "price": 19.5,
        "keywords": ["harbour", "Tides"],
        "mentions_tide": True,
    }


def test_recursion_ends() -> None:
    """A tree, a linked list and a self-reference beside a way out are filled and small."""
    tree = {
        "$defs": {
            "node": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                },
                "required": ["name", "children"],
            }
        },
        "$ref": "#/$defs/node",
    }
    assert len(json.dumps(check(tree))) < 5000
    chain = {
        "type": "object",
        "properties": {
            "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
            "n": {"type": "integer"},
        },
        "required": ["next", "n"],
    }
    assert len(json.dumps(check(chain))) < 500


def test_oneof_matches_exactly_one() -> None:
    """Where alternatives overlap, a value of just one of them is found."""
    schema = {
        "oneOf": [
            {"type": "object", "properties": {"kind": {"const": "cat"}, "n": {"type": "integer"}}},
            {"type": "object", "properties": {"kind": {"const": "dog"}}, "required": ["kind"]},
        ]
    }
    check(schema)


def test_nested_allof_and_references_with_siblings_are_joined() -> None:
    """Bounds from all parts hold at once."""
    schema = {
        "$defs": {"short": {"type": "string", "maxLength": 12}},
        "type": "object",
        "properties": {
            "a": {"$ref": "#/$defs/short", "minLength": 10},
            "b": {"allOf": [{"type": "number", "minimum": 3}, {"type": "integer", "maximum": 3}]},
            "c": {"allOf": [{"multipleOf": 4}, {"multipleOf": 6, "minimum": 1, "maximum": 12}]},
        },
        "required": ["a", "b", "c"],
    }
    value = check(schema)
    assert 10 <= len(value["a"]) <= 12
    assert (value["b"], value["c"]) == (3, 12)


def test_keywords_it_does_not_build_for_are_checked() -> None:
    """What happens to hold passes; what does not is refused by the keyword's name."""
    check({"type": "integer", "minimum": 1, "maximum": 5, "not": {"const": 77}})
    check(
        {
            "type": "object",
            "properties": {"a": {"type": "string"}},
            "dependentRequired": {"b": ["a"]},
        }
    )
    with pytest.raises(EndpointError, match="'contains'"):
        fill({"type": "array", "items": {"type": "string"}, "contains": {"const": "never said"}})


@pytest.mark.parametrize(
    ("schema", "keyword"),
    [
        ({"type": "string", "minLength": 5, "maxLength": 2}, "minLength"),
        ({"type": "string", "minLength": 10**9}, "minLength"),
        ({"type": "integer", "minimum": 2, "maximum": 1}, "minimum"),
        ({"type": "number", "exclusiveMinimum": 1, "maximum": 1}, "exclusiveMinimum"),
        ({"type": "integer", "multipleOf": 10, "minimum": 1, "maximum": 9}, "minimum"),
        ({"type": "number", "multipleOf": 10, "minimum": 1, "maximum": 9}, "multipleOf"),
        ({"type": "array", "minItems": 3, "maxItems": 2}, "minItems"),
        (
            {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"type": "boolean"}},
            "uniqueItems",
        ),
        ({"type": "string", "pattern": "(?=a)b"}, "pattern"),
        ({"type": "string", "pattern": "["}, "pattern"),
        ({"enum": []}, "enum"),
        ({"enum": ["a"], "type": "integer"}, "enum"),
        ({"$ref": "#/$defs/none"}, "$ref"),
        ({"$ref": "https://example.org/s.json"}, "$ref"),
        ({"$ref": "#"}, "$ref"),
        ({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}, "$ref"),
        (
            {"required": ["a"], "additionalProperties": False, "type": "object"},
            "additionalProperties",
        ),
        ({"type": "object", "required": ["a", "b"], "maxProperties": 1}, "maxProperties"),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "type"),
        (False, "false"),
    ],
)
def test_a_schema_nothing_meets_is_refused_by_keyword(schema: Any, keyword: str) -> None:
    """The message names the keyword that stands in the way."""
    with pytest.raises(EndpointError) as caught:
        fill(schema)
    assert caught.value.kind == "bad_request"
    assert f"because of '{keyword}'" in caught.value.message


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "strin"},
        {"type": "string", "minLength": "5"},
        {"type": "object", "properties": ["a"]},
        {"type": "array", "items": 3},
        {"anyOf": {}},
        {"type": "integer", "multipleOf": 0},
    ],
)
def test_what_is_no_schema_is_refused(schema: Any) -> None:
    """A broken schema is a bad request, not a crash."""
    with pytest.raises(EndpointError, match="JSON Schema"):
        fill(schema)


def test_a_schema_that_asks_for_too_much_is_refused() -> None:
    """Values that double with every level stop at a bound."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(8):
        schema = {"type": "array", "minItems": 10, "items": schema}
    with pytest.raises(EndpointError, match="more than 30000 values"):
        fill(schema)
