"""What every block is: declarations, configuration, Drop and Changes, its description."""

from __future__ import annotations

import copy
import inspect
from dataclasses import dataclass
from typing import Any

import pytest

from datagenflow_nb.blocks.base import BaseBlock, Changes, Drop
from datagenflow_nb.blocks.config import BlockConfig
from datagenflow_nb.errors import ConfigError, ValidationError


class Shout(BaseBlock):
    """Write a text in capitals.

    More about it.
    """

    inputs = ["text"]
    outputs = ["shout"]

    def get_schema(self) -> dict[str, Any]:
        return {
            "mark": {"type": "string", "default": "!", "description": "Put at the end"},
            "words": {"type": "array", "default": []},
        }

    async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"shout": data["text"].upper() + self.config.get("mark", "?")}


class Free(BaseBlock):
    """Describes no configuration."""

    async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}


def config_error(make: Any) -> str:
    """The message of the ConfigError ``make()`` raises."""
    with pytest.raises(ConfigError) as caught:
        make()
    return caught.value.message


@pytest.mark.asyncio
async def test_runs_alone() -> None:
    """A block is made and awaited by hand, with a config dictionary or keyword arguments."""
    assert await Shout(config={"mark": "!!"}).execute({"text": "tea"}) == {"shout": "TEA!!"}
    assert await Shout(mark="?!").execute({"text": "tea"}) == {"shout": "TEA?!"}
    assert await Shout({"mark": "."}, mark=";").execute({"text": "tea"}) == {"shout": "TEA;"}


def test_defaults_are_filled() -> None:
    """Config holds defaults, given_config only what was given."""
    block = Shout()
    assert block.config == {"mark": "!", "words": []}
    assert block.given_config == {}
    assert Shout(mark="?").given_config == {"mark": "?"}


def test_mutable_defaults_are_not_shared() -> None:
    """A block that changes its default list leaves the others' alone."""
    first = Shout()
    first.config["words"].append("tea")
    assert Shout().config["words"] == []


def test_unknown_config() -> None:
    """An unknown key is answered with the nearest one."""
    assert config_error(lambda: Shout(marc="?")) == (
        "Shout: config 'marc' is unknown; did you mean 'mark'?"
    )


def test_ill_typed_config() -> None:
    """A value of the wrong type is named with what was expected."""
    assert config_error(lambda: Shout(config={"mark": 3})) == (
        "Shout: config 'mark' is 3 (int), expected string"
    )


def test_config_is_no_dictionary() -> None:
    """A positional text is no configuration."""
    message = config_error(lambda: Shout("mark"))
    assert message.startswith("Shout: config is 'mark' (str), expected a dictionary")


def test_without_schema_any_config_is_taken() -> None:
    """Who describes nothing takes everything."""
    assert Free(anything=[1], other={"a": None}).config == {"anything": [1], "other": {"a": None}}


def test_repr_shows_what_was_given() -> None:
    """The repr is the call that makes the block."""
    assert repr(Shout(mark="?")) == "Shout(mark='?')"
    assert repr(Shout()) == "Shout()"


def test_signature_for_help() -> None:
    """What editors show are the constructor's parameters, one's own included."""

    class Own(BaseBlock):
        def __init__(self, count: int = 1) -> None:
            self.count = count

    assert list(inspect.signature(Shout).parameters) == ["config", "options"]
    assert list(inspect.signature(Own).parameters) == ["count"]


def test_wrong_get_schema_is_reported() -> None:
    """A get_schema that gives no dictionary or raises is named; describe() still answers."""

    class Listed(BaseBlock):
        def get_schema(self) -> Any:
            return ["mark"]

    class Raising(BaseBlock):
        def get_schema(self) -> Any:
            return self.nothing  # type: ignore[attr-defined]  # the mistake under test

    assert config_error(Listed) == (
        "Listed: get_schema() returned ['mark'] (list), expected a dictionary such as "
        '{"my_param": {"type": "string", "default": "x"}}'
    )
    message = "Raising: get_schema() raised AttributeError: 'Raising' object has no attribute"
    assert config_error(Raising).startswith(message)
    described = Raising.describe()
    assert described["config"] == {}
    assert described["error"].startswith(message)


@pytest.mark.parametrize("name", ["inputs", "outputs", "aliases", "field_references"])
def test_declarations_are_lists(name: str) -> None:
    """A text where a list of names belongs would be read letter by letter: an error instead."""
    message = config_error(lambda: type("Wrong", (BaseBlock,), {name: "text"}))
    assert message == f"Wrong: {name} is 'text', expected a list of names such as [\"text\"]"
    assert "[1]" in config_error(lambda: type("Wrong", (BaseBlock,), {name: [1]}))


def test_one_description_of_the_config() -> None:
    """Config and get_schema together are refused, and so is a Config that is none."""

    class Typed(BlockConfig):
        n: int = 1

    both = {"Config": Typed, "get_schema": lambda self: {}}
    assert "keep one description" in config_error(lambda: type("Both", (BaseBlock,), both))
    assert "expected class Config(BlockConfig)" in config_error(
        lambda: type("Plain", (BaseBlock,), {"Config": dict})
    )


def test_constructor_of_ones_own() -> None:
    """What it was called with is kept, whether or not it calls ours."""

    class Own(BaseBlock):
        def __init__(self, count: int = 1, *, unit: str = "m") -> None:
            self.count = count

    class Calling(BaseBlock):
        def __init__(self, count: int = 1, **options: Any) -> None:
            super().__init__()
            self.count = count

    class Passing(BaseBlock):
        def __init__(self, config: dict[str, Any] | None = None, **options: Any) -> None:
            super().__init__(config, **options)

    @dataclass
    class Data(BaseBlock):
        count: int = 1

    assert (Own(3, unit="s").given_config, Own().config) == ({"count": 3, "unit": "s"}, {})
    assert Calling(3, more=1).given_config == {"count": 3, "more": 1}
    assert Passing({"a": 1}, b=2).given_config == {"a": 1, "b": 2}
    assert Passing({}).given_config == {}
    assert Data(count=2).given_config == {"count": 2}
    with pytest.raises(TypeError, match="wrong"):
        Own(wrong=1)  # type: ignore[call-arg]  # the mistake under test


def test_copy() -> None:
    """A block can be copied."""
    assert copy.deepcopy(Shout(mark="?")).config == {"mark": "?", "words": []}


def test_describe() -> None:
    """Everything a form needs, as JSON; the description is the first line of the docstring."""
    assert Shout.describe() == {
        "type": "Shout",
        "name": "Shout",
        "description": "Write a text in capitals.",
        "category": "general",
        "inputs": ["text"],
        "outputs": ["shout"],
        "fan_out": False,
        "config": {
            "mark": {"type": "string", "default": "!", "description": "Put at the end"},
            "words": {"type": "array", "default": []},
        },
        "error": None,
    }


@pytest.mark.asyncio
async def test_without_execute() -> None:
    """A class that forgot execute says so."""

    class Empty(BaseBlock):
        pass

    with pytest.raises(NotImplementedError, match="Empty has no execute method"):
        await Empty().execute({})


@pytest.mark.parametrize("reason", ["", "  ", None, 3])
def test_drop_needs_a_reason(reason: Any) -> None:
    """A filtered record always says why."""
    with pytest.raises(ValidationError, match="Drop needs a reason"):
        Drop(reason)


def test_changes_defaults() -> None:
    """Changes() changes nothing, and two of them share nothing."""
    assert Changes() == Changes(set={}, remove=())
    assert Changes().set is not Changes().set
