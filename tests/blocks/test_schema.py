"""The plain description of a configuration and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from datagenflow_nb.blocks.schema import check_config
from datagenflow_nb.errors import ConfigError

VALUES = {
    "string": "x", "number": 1.5, "integer": 3, "boolean": True, "array": [1], "object": {"a": 1},
    "null": None,
}  # fmt: skip
WORDS = {
    "string": "string", "str": "string", "text": "string",
    "number": "number", "float": "number", "integer": "integer", "int": "integer",
    "boolean": "boolean", "bool": "boolean", "array": "array", "list": "array",
    "object": "object", "dict": "object", "null": "null", "None": "null",
}  # fmt: skip


def refused(entry: Any, value: Any) -> str:
    """The message for one value of one key."""
    with pytest.raises(ConfigError) as caught:
        check_config("B", {"k": entry}, {"k": value})
    return caught.value.message


@pytest.mark.parametrize("word", WORDS)
def test_type_words(word: str) -> None:
    """The words of JSON Schema and of Python mean one type each and refuse every other."""
    for json_type, value in VALUES.items():
        matches = WORDS[word] == json_type or (WORDS[word], json_type) == ("number", "integer")
        if matches:
            assert check_config("B", {"k": {"type": word}}, {"k": value}) == {"k": value}
        else:
            kind = type(value).__name__
            assert refused({"type": word}, value) == (
                f"B: config 'k' is {value!r} ({kind}), expected {word}"
            )


def test_any_and_no_type() -> None:
    """Without a type, or with any, every value is taken."""
    for value in VALUES.values():
        assert check_config("B", {"k": {}}, {"k": value}) == {"k": value}
        assert check_config("B", {"k": {"type": "any"}}, {"k": value}) == {"k": value}


def test_list_of_types() -> None:
    """As in JSON Schema, a list of types takes any of them."""
    entry = {"type": ["string", "null"]}
    assert check_config("B", {"k": entry}, {"k": None}) == {"k": None}
    assert refused(entry, 3) == "B: config 'k' is 3 (int), expected string or null"


def test_null_only_where_it_is_the_default() -> None:
    """None is taken by a key whose default is None."""
    assert check_config("B", {"k": {"type": "int", "default": None}}, {"k": None}) == {"k": None}
    assert "is None" in refused({"type": "int", "default": 3}, None)


def test_limits() -> None:
    """Values outside enum, minimum and maximum are named with what was expected."""
    assert refused({"enum": ["a", "b"]}, "c").endswith("expected one of ['a', 'b']")
    assert refused({"type": "int", "minimum": 1}, 0).endswith("is 0 (int), expected 1 or more")
    assert refused({"type": "number", "maximum": 1}, 1.5).endswith("expected 1 or less")
    assert check_config("B", {"k": {"minimum": 1}}, {"k": "text"}) == {"k": "text"}


def test_required() -> None:
    """A required key without a value is missing; without either it is simply not there."""
    with pytest.raises(ConfigError) as caught:
        check_config("B", {"k": {"required": True}}, {})
    assert caught.value.message == ("B: config 'k' is missing; this block cannot do without it")
    assert caught.value.detail == {"block_type": "B", "key": "k", "known": ["k"]}
    assert check_config("B", {"k": {"type": "string"}}, {}) == {}


def test_unknown_key() -> None:
    """Every known key is named when none is near."""
    with pytest.raises(ConfigError) as caught:
        check_config("B", {"alpha": {}, "beta": {}}, {"zz": 1})
    assert caught.value.message == "B: config 'zz' is unknown; there are: 'alpha', 'beta'"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("string", "'string' is no dictionary"),
        ({"type": "strng"}, "type 'strng'; did you mean 'string' or 'str'?"),
        ({"type": str}, "type <class 'str'>; "),
        ({"type": []}, "type []; "),
    ],
)
def test_wrong_schema(entry: Any, problem: str) -> None:
    """A wrong description is reported as such, also when the key is not given."""
    for config in ({}, {"k": "x"}):
        with pytest.raises(ConfigError) as caught:
            check_config("B", {"k": entry}, config)
        assert caught.value.message.startswith(f"B: get_schema() describes 'k' wrongly: {problem}")


def test_long_values_are_cut() -> None:
    """A message quotes at most 80 characters of a value."""
    assert len(refused({"type": "int"}, "x" * 1_000_000)) < 140
