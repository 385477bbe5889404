"""JSON that matches a schema: asking, weaker forms, reading, correcting."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from llm.server_words import OTHER_FAULTS, UNSUPPORTED

from datagenflow_nb.errors import ConfigError
from datagenflow_nb.llm.base import EndpointError
from datagenflow_nb.llm.structured import (
    check_schema,
    find_violation,
    is_unsupported,
    prepare,
    read_json,
    shape_request,
)

SCHEMA = {
    "type": "object",
    "properties": {"question": {"type": "string"}, "level": {"enum": ["easy", "hard"]}},
    "required": ["question", "level"],
    "additionalProperties": False,
}
GOOD = {"question": "Why?", "level": "easy"}


def error_of(status: int, message: str, kind: str | None = None) -> EndpointError:
    """A server's refusal."""
    kinds = {404: "not_found", 401: "auth"}
    return EndpointError(kind or kinds.get(status, "bad_request"), message, status=status)


@pytest.mark.parametrize(("status", "message"), UNSUPPORTED)
def test_unsupported_formats_are_recognised(status: int, message: str) -> None:
    """In the words of many servers."""
    assert is_unsupported(error_of(status, message))


@pytest.mark.parametrize(("status", "message"), OTHER_FAULTS)
def test_other_faults_are_not_taken_for_it(status: int, message: str) -> None:
    """Asking more weakly would hide the mistake."""
    assert not is_unsupported(error_of(status, message))


@pytest.mark.parametrize("kind", ["auth", "rate_limit", "server", "timeout", "connection"])
def test_only_a_refused_request_counts(kind: str) -> None:
    """Whatever the words."""
    assert not is_unsupported(error_of(401, UNSUPPORTED[0][1], kind))


def test_forms_of_a_request() -> None:
    """The schema goes with the format where there is one, else into a system message."""
    messages = [{"role": "user", "content": "Ask."}]
    assert shape_request(messages, SCHEMA, "json_schema") == {
        "messages": messages,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
        },
    }
    weaker = shape_request(messages, SCHEMA, "json_object")
    assert weaker["response_format"] == {"type": "json_object"}
    system, user = weaker["messages"]
    assert system["role"] == "system"
    assert "JSON" in system["content"]
    assert json.dumps(SCHEMA, separators=(",", ":")) in system["content"]
    assert user == messages[0]
    assert shape_request(messages, SCHEMA, "text") == {"messages": weaker["messages"]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        (' [1, 2]\n', [1, 2]),
        ("12", 12),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('```\n{"a": 1}\n```', {"a": 1}),
        ('```JSON\r\n{"a": 1}\r\n```\r\n', {"a": 1}),
        ('```json {"a": 1} ```', {"a": 1}),
        ('Here you are:\n\n```json\n{"a": 1}\n```\nAnything else?', {"a": 1}),
        ('```python\nprint(1)\n```\nand\n```json\n{"a": 1}\n```', {"a": 1}),
        ('```json\n{"code": "```py\\nx = 1\\n```"}\n```', {"code": "```py\nx = 1\n```"}),
    ],
)  # fmt: skip
def test_read_json(text: str, value: Any) -> None:
    """Bare, or in a code fence with words around it."""
    assert read_json(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Sorry.",
        '{"a": 1',
        "{'a': 1}",
        '{"a": NaN}',
        '{"a": 1e999}',
        "```json\n{oops\n```",
        "[" * 50_000,
    ],
)
def test_read_json_that_is_none(text: str) -> None:
    """The message quotes the beginning."""
    with pytest.raises(ValueError, match="the answer is not JSON") as caught:
        read_json(text)
    assert len(str(caught.value)) < 400


@given(st.text())
def test_read_json_never_fails_otherwise(text: str) -> None:
    """Any text is JSON or a ValueError."""
    try:
        read_json(text)
    except ValueError as error:
        assert "the answer is not JSON" in str(error)


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ("object", r"config 'json_schema' is str, expected a JSON Schema such as"),
        ({"type": "strin"}, r"config 'json_schema' is no valid JSON Schema: at \$\.type: 'strin'"),
        ({"properties": {"a": {"minLength": "3"}}}, r"at \$\.properties\.a\.minLength"),
        ({"type": "string", "pattern": "["}, r"at \$\.pattern: '\[' is not a 'regex'"),
        (
            {"properties": {"a": {"$ref": "#/$defs/b"}}},
            r"refers to '#/\$defs/b', which is not part",
        ),
        ({"$ref": "http://127.0.0.1:9/schema.json"}, "refers to 'http://127"),
        ({"patternProperties": {"(": {}}}, r"config 'json_schema' is no valid JSON Schema: at \$"),
        ({"$dynamicRef": "#nope"}, r"refers to '#nope', which is not part"),
        ({"allOf": [{"$ref": "#"}]}, "has a reference '#' that leads back to itself for the same"),
        (
            {
                "$defs": {
                    "a": {"not": {"$ref": "#/$defs/b"}},
                    "b": {"anyOf": [{"$ref": "#/$defs/a"}]},
                },
                "properties": {"x": {"$ref": "#/$defs/b"}},
            },
            r"has a reference '#/\$defs/a' that leads back to itself",
        ),
        (
            {"$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveRef": "#"},
            "has a reference '#' that leads back to itself",
        ),
        (
            {"properties": {"a": {"pattern": "a{1000000000}"}}},
            r"has the pattern 'a\{1000000000\}', which is too large: its repetitions come to more",
        ),
        ({"patternProperties": {"(((a{1000}){1000}){1000})": {}}}, "which is too large"),
        ({"pattern": "a{99999999999999999999}"}, "which is too large"),
    ],
)
def test_check_schema(schema: Any, message: str) -> None:
    """What is wrong and where, before anything is asked; nothing is fetched."""
    with pytest.raises(ConfigError, match=message):
        check_schema(schema, "config 'json_schema'")


@pytest.mark.parametrize(
    "schema",
    [
        {},
        SCHEMA,
        {"$defs": {"t": {"type": "string"}}, "items": {"$ref": "#/$defs/t"}},
        {"definitions": {"t": {}}, "$ref": "#/definitions/t",
         "$schema": "http://json-schema.org/draft-07/schema#"},
        {"properties": {"$ref": {"type": "string"}, "const": {"const": {"$ref": "x"}}}},
        {"$defs": {"n": {"properties": {"next": {"$ref": "#/$defs/n"}}}}, "$ref": "#/$defs/n"},
        {"$id": "https://example.com/s", "$ref": "#/$defs/a", "$defs": {"a": {"type": "object"}}},
        {"$defs": {"n": {"$dynamicAnchor": "n", "type": "object"}}, "$dynamicRef": "#n"},
        {"$ref": "b", "$id": "https://example.com/s",
         "$defs": {"b": {"$id": "b", "$ref": "#/$defs/c", "$defs": {"c": {"type": "object"}}}}},
        {"properties": {"allOf": {"$ref": "#"}, "$id": {"$ref": "#"}}, "items": {"$ref": "#"}},
        {"allOf": [{"$ref": "#/$defs/n"}, {"$ref": "#/$defs/n"}], "$defs": {"n": {}}},
    ],
)  # fmt: skip
def test_check_schema_takes_what_is_one(schema: dict[str, Any]) -> None:
    """References within it, recursion, older drafts, fields with odd names."""
    assert check_schema(schema, "it") is schema
    assert find_violation({}, schema) is None or schema is SCHEMA


@pytest.mark.parametrize(
    "schema",
    [
        {"$id": "https://example.com/s", "$ref": "b", "$defs": {"b": {"$id": "b", "$ref": "zzz"}}},
        {"$id": "https://example.com/s", "$ref": "b", "$defs": {"b": {"$id": "b", "$ref": "#"}}},
    ],
)
def test_schema_that_fails_on_every_value(schema: dict[str, Any]) -> None:
    """What only checking shows is found before anything is asked."""
    with pytest.raises(ConfigError, match="the schema cannot be used to check a value: "):
        prepare(schema)


def test_value_that_is_nested_too_deeply() -> None:
    """A violation like any other: the model may be asked for another answer."""
    schema = {"type": "array", "items": {"$ref": "#"}}
    value: list[Any] = []
    for _ in range(2_000):
        value = [value]
    assert find_violation(value, schema) == "the value is nested too deeply to be checked"


@pytest.mark.parametrize(
    ("value", "violation"),
    [
        (GOOD, None),
        ({"question": "Why?"}, "at $: 'level' is a required property"),
        ({**GOOD, "level": "odd"}, "at $.level: 'odd' is not one of ['easy', 'hard']"),
        ({**GOOD, "question": 5}, "at $.question: 5 is not of type 'string'"),
        ([GOOD], f"at $: {[GOOD]} is not of type 'object'"),
    ],
)
def test_find_violation(value: Any, violation: str | None) -> None:
    """One sentence with the place."""
    assert find_violation(value, SCHEMA) == violation


def test_long_violation_keeps_what_was_expected() -> None:
    """The value is cut, not the reason."""
    violation = find_violation({**GOOD, "question": list(range(1_000))}, SCHEMA)
    assert violation is not None
    assert violation.startswith("at $.question: [0, 1, 2")
    assert violation.endswith("is not of type 'string'")
    assert len(violation) < 350


def test_validation_never_fetches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reference to the network is refused without a connection."""
    asked = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: asked.append(address))
    schema = {"$ref": "http://127.0.0.1:9/schema.json"}
    with pytest.raises(ConfigError):
        find_violation({}, schema)
    assert asked == []


SLOW = "^(a|aa)+(a|aa)+$"
MANY = "a" * 60 + "!"


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"pattern": SLOW}, MANY),
        ({"anyOf": [{"pattern": SLOW}, {"type": "string"}]}, MANY),
        ({"patternProperties": {SLOW: {}}}, {MANY: 1}),
        ({"additionalProperties": False, "patternProperties": {SLOW: {}}}, {MANY: 1}),
        (
            {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "properties": {"next": {"$ref": "#"}, "text": {"pattern": SLOW}},
            },
            {"next": {"text": MANY}},
        ),
        (
            {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "items": {"pattern": SLOW},
            },
            [MANY],
        ),
    ],
)
def test_slow_pattern_is_given_up(schema: dict[str, Any], value: Any) -> None:
    """Wherever it stands; the violation names it."""
    violation = find_violation(value, schema)
    assert violation is not None
    assert f"the pattern {SLOW!r} took longer than 0.5 s on '{MANY}'" in violation


@pytest.mark.parametrize(
    ("schema", "value", "violation"),
    [
        ({"pattern": "^a+$"}, "aaa", None),
        ({"pattern": "^a+$"}, 5, None),
        ({"pattern": "^a+$"}, "ab", "at $: 'ab' does not match '^a+$'"),
        ({"patternProperties": {"^n": {"type": "integer"}}}, {"n1": 1, "x": "y"}, None),
        (
            {"patternProperties": {"^n": {"type": "integer"}}},
            {"n1": "one"},
            "at $.n1: 'one' is not of type 'integer'",
        ),
        ({"patternProperties": {"^n": {}}, "additionalProperties": False}, {"n1": 1}, None),
        (
            {"patternProperties": {"^n": {}}, "additionalProperties": False},
            {"n1": 1, "x": 2},
            "at $: Additional properties are not allowed ('x' was unexpected)",
        ),
        (
            {"patternProperties": {"^n": {}}, "additionalProperties": {"type": "string"}},
            {"n1": 1, "x": 2},
            "at $.x: 2 is not of type 'string'",
        ),
    ],
)
def test_patterns(schema: dict[str, Any], value: Any, violation: str | None) -> None:
    """Mean what JSON Schema says."""
    assert find_violation(value, schema) == violation
