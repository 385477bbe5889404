"""The typed description of a configuration."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import Field

from datagenflow_nb.blocks.base import BaseBlock
from datagenflow_nb.blocks.config import BlockConfig
from datagenflow_nb.errors import ConfigError


class Typed(BaseBlock):
    """A block with a typed configuration."""

    class Config(BlockConfig):
        """Its configuration."""

        model_name: str | None = None
        size: int = Field(10, ge=1, description="How many")
        kind: Literal["a", "b"] = "a"
        words: list[str] = Field(default_factory=list)
        prompt: str = Field("", alias="user_prompt")

    async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}


class Demanding(BaseBlock):
    """A block that cannot do without."""

    class Config(BlockConfig):
        """Its configuration."""

        size: int


def refused(**config: Any) -> str:
    """The message for one configuration."""
    with pytest.raises(ConfigError) as caught:
        Typed(config)
    return caught.value.message


def test_values() -> None:
    """Values are attributes, items and .get, with defaults filled in."""
    config = Typed(config={"size": 3}).config
    assert (config.size, config["size"], config.get("size")) == (3, 3, 3)
    assert (config.kind, config.get("nothing"), config.get("nothing", 7)) == ("a", None, 7)
    with pytest.raises(KeyError):
        config["nothing"]
    assert dict(config.items()) == {
        "model_name": None, "size": 3, "kind": "a", "words": [], "prompt": "",
    }  # fmt: skip


def test_keywords_and_alias() -> None:
    """Keyword arguments are the same thing; an aliased key is taken under both names."""
    assert Typed(size=3).config == Typed(config={"size": 3}).config
    assert Typed(prompt="x").config == Typed(user_prompt="x").config
    assert Typed(user_prompt="x").given_config == {"user_prompt": "x"}


def test_mutable_defaults_are_not_shared() -> None:
    """Each block has its own list."""
    Typed().config.words.append("tea")
    assert Typed().config.words == []


def test_unknown_key() -> None:
    """The nearest key, aliases included."""
    assert refused(sise=1) == "Typed: config 'sise' is unknown; did you mean 'size'?"
    assert "'user_prompt'" in refused(usr_prompt="x")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"size": "3"}, "config 'size' is '3': input should be a valid integer"),
        ({"size": True}, "config 'size' is True: input should be a valid integer"),
        ({"size": 0}, "config 'size' is 0: input should be greater than or equal to 1"),
        ({"kind": "c"}, "config 'kind' is 'c': input should be 'a' or 'b'"),
        ({"words": ["a", 1]}, "config 'words.1' is 1: input should be a valid string"),
        ({"words": "a"}, "config 'words' is 'a': input should be a valid list"),
    ],
)
def test_ill_typed(config: dict[str, Any], message: str) -> None:
    """Types are strict; the message names key, value and what was expected."""
    assert refused(**config) == f"Typed: {message}"


def test_missing() -> None:
    """A field without default has to be given."""
    with pytest.raises(ConfigError) as caught:
        Demanding()
    assert caught.value.message == (
        "Demanding: config 'size' is missing; this block cannot do without it"
    )
    assert caught.value.detail == {"block_type": "Demanding", "key": "size", "known": ["size"]}


def test_read_only() -> None:
    """A block cannot change its configuration by accident."""
    with pytest.raises(ValueError, match="frozen"):
        Typed().config.size = 4


def test_for_forms() -> None:
    """Forms get JSON Schema per key, with default and description."""
    schema = Typed.describe()["config"]
    assert schema["size"] == {
        "default": 10, "description": "How many", "minimum": 1, "type": "integer",
    }  # fmt: skip
    assert schema["kind"]["enum"] == ["a", "b"]
    assert Demanding.describe()["config"] == {"size": {"type": "integer", "required": True}}


def test_a_value_that_may_be_null_keeps_its_type_in_forms() -> None:
    """Forms show text, not "any", for a text that may be left out."""
    shown = Typed.describe()["config"]["model_name"]
    assert shown == {"default": None, "type": "string", "nullable": True}
