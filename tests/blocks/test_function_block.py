"""Functions as blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from datagenflow_nb import BaseBlock, BlockContext, ConfigError, Pipeline, ValidationError, block

if TYPE_CHECKING:
    from decimal import Decimal


@block(outputs=["words"], category="metrics")
def count_words(text: str, minimum: int = 1) -> dict[str, Any]:
    """Count the words."""
    return {"words": max(minimum, len(text.split()))}


@block(outputs=["draw", "trace"])
async def draw_number(low: int, ctx: BlockContext, high: int = 100) -> dict[str, Any]:
    """Draw a number."""
    return {"draw": ctx.random.randint(low, high), "trace": ctx.trace_id}


def test_is_a_block_class() -> None:
    """The function's name, docstring, parameters and defaults become the block's."""
    assert issubclass(count_words, BaseBlock)
    assert count_words.describe() == {
        "type": "count_words",
        "name": "count words",
        "description": "Count the words.",
        "category": "metrics",
        "inputs": ["text"],
        "outputs": ["words"],
        "fan_out": False,
        "config": {"minimum": {"type": "integer", "default": 1}},
        "error": None,
    }
    assert count_words.function("a b c") == {"words": 3}


def test_runs_alone() -> None:
    """A sync function block is called without await, as a plain method."""
    assert count_words(minimum=5).execute({"text": "a b"}) == {"words": 5}


def test_in_a_pipeline() -> None:
    """Inputs come from the state, defaults from the config, ctx from the engine."""
    pipe = Pipeline("p", [count_words(minimum=2), draw_number(high=1)])
    result = pipe.execute_sync({"text": "a", "low": 1})
    assert (result.result["words"], result.result["draw"]) == (2, 1)
    assert result.result["trace"] == result.trace_id


def test_missing_input() -> None:
    """A parameter nobody fills is a missing input."""
    with pytest.raises(ValidationError, match="needs the field 'text'; did you mean 'texd'"):
        Pipeline("p", [count_words]).execute_sync({"texd": "a"})


def test_config_is_checked() -> None:
    """Only parameters with defaults are config, and they keep their types."""
    with pytest.raises(ConfigError, match="did you mean 'minimum'"):
        count_words(minimun=2)
    with pytest.raises(ConfigError, match=r"'minimum' is '2' \(str\), expected integer"):
        count_words(minimum="2")

    @block(outputs=["b"])
    def bare(a: str) -> dict[str, Any]:
        return {"b": a}

    with pytest.raises(ConfigError, match="config 'x' is unknown; there are none"):
        bare(x=1)


def test_types_of_defaults() -> None:
    """Hints decide, unevaluated ones too; without a hint the default's type; else any."""

    @block(outputs=["*"])
    def many(a: list[str] = [], b: Decimal | None = None, c=1.5, d=None, e: dict = {}) -> Any:  # type: ignore[no-untyped-def,type-arg,assignment]  # noqa: B006
        return {}

    types = {key: entry["type"] for key, entry in many().get_schema().items()}
    assert types == {"a": "array", "b": "any", "c": "number", "d": "any", "e": "object"}


@pytest.mark.asyncio
async def test_fan_out() -> None:
    """A function may return a list when it says so."""

    @block(outputs=["part"], fan_out=True)
    def split(text: str) -> list[dict[str, Any]]:
        return [{"part": part} for part in text.split()]

    results = await Pipeline("p", [split]).execute_all({"text": "a b"})
    assert [result.result["part"] for result in results] == ["a", "b"]


def test_outputs_are_needed() -> None:
    """Without outputs, or with a text for them, the decorator says how to write it."""
    for wrong in (lambda: block(count_words.function), lambda: block(outputs=[]),
                  lambda: block(outputs="words"), lambda: block()):  # fmt: skip
        with pytest.raises(ConfigError, match=r"write @block\(outputs=\['field'\]\)"):
            wrong()


@pytest.mark.parametrize("parameters", ["*args", "**fields", "a, /"])
def test_unfillable_parameters(parameters: str) -> None:
    """Parameters that no field name fills are refused where the function stands."""
    scope: dict[str, Any] = {}
    exec(f"def f({parameters}): pass", scope)
    with pytest.raises(ConfigError, match="write one parameter per field"):
        block(outputs=["x"])(scope["f"])
