"""Validator: every check, which field is checked, what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from datagenflow_nb.blocks.builtin.validator import Validator
from datagenflow_nb.errors import ConfigError, ValidationError


async def is_valid(text: str, **config: Any) -> bool:
    """The verdict on one text."""
    result: dict[str, Any] = await Validator(**config).execute({"text": text})
    assert result["text"] == result["assistant"] == text
    verdict: bool = result["valid"]
    return verdict


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("text", "config", "expected"),
    [
        ("", {}, True),
        ("four", {"min_length": 4}, True),
        ("four", {"min_length": 5}, False),
        ("four", {"max_length": 4}, True),
        ("four", {"max_length": 3}, False),
        ("x" * 100_000, {}, True),
        ("x" * 100_001, {}, False),
        ("e\u0301t\u00e9", {"max_length": 3}, False),  # characters, not letters
        ("An AI wrote it", {"forbidden_words": ["ai"]}, False),
        ("The train said so", {"forbidden_words": ["ai", "rain"]}, True),
        ("Auf der STRASSE", {"forbidden_words": ["straße"]}, False),
        ("naïve words", {"forbidden_words": ["na"]}, True),
        ("As an AI, I cannot", {"forbidden_words": ["as an ai"]}, False),
        ("I write C++ daily", {"forbidden_words": ["c++"]}, False),
        ("see (draft) below", {"forbidden_words": ["(draft)"]}, False),
        ("no such thing", {"forbidden_words": ["C++", "draft"]}, True),
        ("Order 4711 shipped", {"pattern": r"\d{4}"}, True),
        ("Order shipped", {"pattern": r"\d{4}"}, False),
        ("Order 4711 shipped", {"pattern": r"^\d{4}$"}, False),
        ("call 555-1234", {"forbidden_pattern": r"\d{3}-\d{4}"}, False),
        ("call me", {"forbidden_pattern": r"\d{3}-\d{4}"}, True),
        ("Tea 12", {"pattern": "^Tea", "forbidden_pattern": r"\d"}, False),
        ("Tea", {"pattern": "^Tea", "forbidden_pattern": r"\d"}, True),
    ],
)
async def test_checks(text: str, config: dict[str, Any], expected: bool) -> None:
    """Length in characters; whole words unless the word holds other characters; patterns."""
    assert await is_valid(text, **config) is expected


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"text": "abc"}, {"valid": True, "text": "abc", "assistant": "abc"}),
        ({"assistant": "abc"}, {"valid": True, "text": "abc", "assistant": "abc"}),
        ({"text": None, "assistant": "abc"}, {"valid": True, "text": "abc", "assistant": "abc"}),
        ({"text": "abc", "assistant": None}, {"valid": True, "text": "abc", "assistant": "abc"}),
        ({"text": "abc", "assistant": "abc"}, {"valid": True, "text": "abc", "assistant": "abc"}),
        ({"text": "", "assistant": "abc"}, {"valid": False, "text": ""}),
        ({"text": "abc", "assistant": "longer"}, {"valid": True, "text": "abc"}),
        ({"text": "abc", "assistant": ["x"]}, {"valid": True, "text": "abc"}),
    ],
)
async def test_which_field(state: dict[str, Any], expected: dict[str, Any]) -> None:
    """`text` when it is there and not null, else `assistant`; another value is never replaced."""
    assert await Validator(min_length=1, max_length=3).execute(state) == expected


@pytest.mark.asyncio
async def test_field_name_chooses() -> None:
    """A seed's own text beside the model's answer: the answer is checked when asked for."""
    block = Validator(max_length=5, field_name="assistant")
    state = {"text": "the source, which is long", "assistant": "short"}
    assert await block.execute(state) == {"valid": True, "assistant": "short"}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("config", "state", "message"),
    [
        (
            {},
            {"topic": "tea", "text": None},
            "Validator: neither 'text' nor 'assistant' is set, so there is no text to check "
            "(fields there are: 'topic', 'text')",
        ),
        (
            {"field_name": "assistant"},
            {"text": "abc"},
            "Validator: field 'assistant' is missing or null, so there is no text to check "
            "(fields there are: 'text')",
        ),
        ({}, {"text": 5}, "Validator: field 'text' is int, expected text"),
    ],
)
async def test_no_text(config: dict[str, Any], state: dict[str, Any], message: str) -> None:
    """Without a text there is no verdict but an error."""
    with pytest.raises(ValidationError) as caught:
        await Validator(config).execute(state)
    assert caught.value.message == message


@pytest.mark.asyncio
async def test_slow_pattern_is_stopped() -> None:
    """A pattern that would run for ever is an error that names it."""
    block = Validator(pattern="^(a|aa)+$")
    with pytest.raises(ValidationError) as caught:
        await block.execute({"text": "a" * 60 + "!"})
    assert caught.value.message == (
        "Validator: config 'pattern', '^(a|aa)+$', took longer than 1 s on a text of 61 "
        "characters; repeated alternatives such as (a|aa)+ are slow, write it without"
    )


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"min_length": 5, "max_length": 4},
            "Validator: config 'min_length' is 5, more than 'max_length', 4; no text would be "
            "valid",
        ),
        (
            {"min_length": -1},
            "Validator: config 'min_length' is -1: input should be greater than or equal to 0",
        ),
        (
            {"forbidden_words": ["tea", " "]},
            "Validator: config 'forbidden_words' holds ' ', which is no word; remove it",
        ),
        (
            {"forbidden_words": "tea"},
            "Validator: config 'forbidden_words' is 'tea': input should be a valid list",
        ),
        (
            {"pattern": "(tea"},
            "Validator: config 'pattern' is '(tea', no regular expression: missing ) at position 4",
        ),
        (
            {"forbidden_pattern": "[a"},
            "Validator: config 'forbidden_pattern' is '[a', no regular expression: unterminated "
            "character set at position 2",
        ),
        (
            {"pattern": "(((a{1000}){1000}){1000})"},
            "Validator: config 'pattern' is '(((a{1000}){1000}){1000})', which is too large: its "
            "repetitions come to more than 100,000 characters in total, at position 11; {0,n} and "
            "{1,n} cost nothing, and a text's length is checked without a pattern",
        ),
        (
            {"field_name": "title"},
            "Validator: config 'field_name' is 'title': input should be 'text' or 'assistant'",
        ),
    ],
)
def test_wrong_config(config: dict[str, Any], message: str) -> None:
    """Each wrong value is found when the block is made."""
    with pytest.raises(ConfigError) as caught:
        Validator(config)
    assert caught.value.message == message


def test_declaration() -> None:
    """Fields and the original's name are declared."""
    assert (Validator.inputs, Validator.outputs) == (
        ["text|assistant"],
        ["text", "valid", "assistant"],
    )
    assert Validator.aliases == ["ValidatorBlock"]
