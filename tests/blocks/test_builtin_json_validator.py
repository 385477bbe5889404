"""JSONValidator: what counts as JSON, required fields, strict or not."""

from __future__ import annotations

from typing import Any

import pytest

from datagenflow_nb.blocks.builtin.json_validator import JSONValidator
from datagenflow_nb.errors import ConfigError, ValidationError

INVALID = {"valid": False, "parsed_json": None}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        ('{"a": 1}', {"a": 1}),
        (' [1, "x", null] ', [1, "x", None]),
        ("7.5", 7.5),
        ("null", None),
        ('Here you are:\n```json\n{"a": "é"}\n```\nGood luck!', {"a": "é"}),
        ({"a": 1}, {"a": 1}),
        ([1], [1]),
        (7, 7),
        (False, False),
    ],
)
async def test_valid(value: Any, parsed: Any) -> None:
    """JSON text, JSON in a code fence, and values that are parsed already."""
    result = await JSONValidator().execute({"assistant": value})
    assert result == {"valid": True, "parsed_json": parsed}


@pytest.mark.asyncio
@pytest.mark.parametrize("value", ["", "tea", '{"a": 1', "```json\n{\n```", None, "[" * 100_000])
async def test_invalid(value: Any) -> None:
    """What is no JSON makes the record invalid, and the pipeline goes on."""
    assert await JSONValidator().execute({"assistant": value}) == INVALID


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ({"q": 1, "a": None, "more": 2}, True),
        ({"q": 1}, False),
        ([{"q": 1, "a": 2}], False),
        ("5", False),
    ],
)
async def test_required_fields(value: Any, valid: bool) -> None:
    """All must be keys of an object; a null value is there."""
    block = JSONValidator(field_name="generated", required_fields=["q", "a"])
    result = await block.execute({"generated": value})
    assert result == ({"valid": True, "parsed_json": value} if valid else INVALID)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"q": 1, "x": 2}, "required fields are missing: ['a']; there are: ['q', 'x']"),
        ([1], "expected an object with ['q', 'a'], got list"),
        (None, "it is null; the block that sets it was skipped"),
    ],
)
async def test_strict(value: Any, problem: str) -> None:
    """With strict, anything invalid is an error that says what is wrong."""
    block = JSONValidator(required_fields=["q", "a"], strict=True)
    with pytest.raises(ValidationError) as caught:
        await block.execute({"assistant": value})
    assert caught.value.message == f"JSONValidator: field 'assistant': {problem}"


@pytest.mark.asyncio
async def test_strict_no_json() -> None:
    """The text that is no JSON is quoted."""
    with pytest.raises(ValidationError) as caught:
        await JSONValidator(strict=True).execute({"assistant": "tea, please"})
    assert caught.value.message.startswith(
        "JSONValidator: field 'assistant': the answer is not JSON"
    )
    assert caught.value.message.endswith("'tea, please'")


@pytest.mark.asyncio
async def test_strict_and_valid() -> None:
    """strict changes nothing for a valid field."""
    block = JSONValidator(required_fields=["q"], strict=True)
    result = await block.execute({"assistant": '{"q": 1}'})
    assert result == {"valid": True, "parsed_json": {"q": 1}}


@pytest.mark.asyncio
async def test_missing_field() -> None:
    """A field that is not there is an error in either mode, with the nearest names."""
    with pytest.raises(ValidationError) as caught:
        await JSONValidator(field_name="generatd").execute({"generated": {}, "topic": "tea"})
    assert caught.value.message == (
        "JSONValidator: there is no field 'generatd'; did you mean 'generated'?"
    )
    assert caught.value.detail["fields"] == ["generated", "topic"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"strict": "yes"},
            "JSONValidator: config 'strict' is 'yes': input should be a valid boolean",
        ),
        (
            {"field_name": ""},
            "JSONValidator: config 'field_name' is '': string should have at least 1 character",
        ),
        (
            {"required": ["a"]},
            "JSONValidator: config 'required' is unknown; did you mean 'required_fields'?",
        ),
    ],
)
def test_wrong_config(config: dict[str, Any], message: str) -> None:
    """Each wrong value is named."""
    with pytest.raises(ConfigError) as caught:
        JSONValidator(config)
    assert caught.value.message == message


def test_declaration() -> None:
    """Fields and the original's name are declared."""
    assert JSONValidator.outputs == ["valid", "parsed_json"]
    assert JSONValidator.aliases == ["JSONValidatorBlock"]
