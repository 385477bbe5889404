"""Models that are asked nothing: the request as it would be sent, a placeholder for an answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from llm.scripted import Calls

from datagenflow_nb.errors import ConfigError, ModelError
from datagenflow_nb.llm.base import ModelConfig
from datagenflow_nb.llm.catalog import Models
from datagenflow_nb.llm.dry import DryModels
from datagenflow_nb.llm.model import Model
from datagenflow_nb.records import Usage
from datagenflow_nb.settings import Settings

#: Nobody listens there, and its key is neither paired nor set.
FAR = ModelConfig("far", "big-1", "http://127.0.0.1:9/v1", key_env="FAR_KEY")


def far(calls: Calls | None = None, **settings: Any) -> Model:
    """The model ``far`` as the block ``writer`` sees it."""
    models = DryModels(Models(Settings(root=Path(), **settings), lambda: {"far": FAR}))
    return models.open("far", journal=calls, variation="v", block="writer")


@pytest.mark.asyncio
async def test_chat() -> None:
    """The answer says whose it would be; the call says that it was not made."""
    calls = Calls()
    answer = await far(calls).chat("Hello", temperature=0.5, max_tokens=None)
    assert (answer.text, answer.finish_reason) == ("<answer of writer>", "dry")
    (call,) = calls
    assert call.request == {
        "model": "big-1",
        "messages": [{"role": "user", "content": "Hello"}],
        "temperature": 0.5,
    }
    assert (call.model, call.answer, call.finish_reason) == ("far", "<answer of writer>", "dry")
    assert (call.usage, call.latency, call.tries, call.error) == (Usage(), 0.0, [], None)


@pytest.mark.asyncio
async def test_structured() -> None:
    """A value that matches the schema, made of the same text; asked for once."""
    schema = {
        "type": "object",
        "properties": {"title": {"type": "string"}, "n": {"type": "integer", "const": 3}},
        "required": ["title", "n"],
    }
    calls = Calls()
    answer = await far(calls).structured("Go.", schema)
    assert answer.value == {"title": "<answer of writer>", "n": 3}
    assert [call.request["response_format"]["json_schema"]["schema"] for call in calls] == [schema]


@pytest.mark.asyncio
async def test_schema_that_cannot_be_met() -> None:
    """The error says that it was a dry run that found no value."""
    nothing = {"type": "integer", "minimum": 2, "maximum": 1}
    with pytest.raises(ModelError, match=r"a dry run cannot fill .*; nothing was sent"):
        await far().structured("Go.", nothing)


def test_names_are_checked_keys_are_not() -> None:
    """An unknown name is an error as in a run; a key that is not there is none."""
    models = Models(Settings(root=Path()), lambda: {"far": FAR})
    with pytest.raises(ConfigError, match="FAR_KEY was never paired"):
        models.check(["far"])
    dry = DryModels(models)
    assert dry.check(["far"])["far"].model == "big-1"
    with pytest.raises(ConfigError, match=r"model 'fra' is not configured .* did you mean 'far'"):
        dry.check(["fra"])
    with pytest.raises(ConfigError, match="FAR_KEY was never paired"):
        models.check(["far"])
    unpaired = Settings(
        root=Path(), llm_endpoint="http://127.0.0.1:9/v1", llm_model="gpt", llm_api_key="k",
        key_is_paired=False,
    )  # fmt: skip
    with pytest.raises(ConfigError, match="come from different places"):
        Models(unpaired).check([None])
    assert DryModels(Models(unpaired)).check([None])[None].model == "gpt"
