"""From names to models: who answers, with which key, and who never does unasked."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from llm.scripted import chat, scripted

from datagenflow_nb import runtime
from datagenflow_nb.errors import ConfigError
from datagenflow_nb.llm.base import ModelConfig
from datagenflow_nb.llm.catalog import Models
from datagenflow_nb.llm.pairing import pair
from datagenflow_nb.settings import Settings

ENDPOINT = "http://127.0.0.1:9/v1"
FAST = ModelConfig("fast", "small-1", "http://fast/v1", key_env="FAST_KEY")
FREE = ModelConfig("free", "local-1", "http://free/v1")


@pytest.fixture(autouse=True)
def _own_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's pairs are kept in a folder of the test's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("FAST_KEY", raising=False)


def models(default: str | None = None, **settings: Any) -> Models:
    """A catalogue with two configured models."""
    return Models(
        Settings(root=Path(), **settings), lambda: {"fast": FAST, "free": FREE}, default=default
    )


def test_offline_answers_when_nothing_is_set() -> None:
    """And says so."""
    config = models().resolve(None)
    assert (config.name, config.model, config.is_offline) == ("offline", "offline", True)
    assert models().check([None, None]) == {None: config}
    assert models().check([]) == {}


@pytest.mark.parametrize(
    "settings", [{"llm_model": "gpt"}, {"llm_api_key": "sk-1"}], ids=["model", "key"]
)
def test_offline_is_silent_when_half_is_set(settings: dict[str, str]) -> None:
    """Somebody meant a real model; the half that is missing is named."""
    with pytest.raises(ConfigError, match=r"LLM_ENDPOINT is not; set it to the URL"):
        models(**settings).resolve(None)
    with pytest.raises(ConfigError, match="LLM_ENDPOINT is not"):
        models(**settings).check([None])


def test_offline_is_silent_when_a_block_names_a_model() -> None:
    """A run half real, half made up helps nobody."""
    with pytest.raises(
        ConfigError, match=r"a block names the model 'free', another names none"
    ) as caught:
        models().check([None, "free"])
    assert "LLM_ENDPOINT and LLM_MODEL" in str(caught.value)
    assert "model='free'" in str(caught.value)


def test_offline_may_be_asked_for() -> None:
    """By name, beside a real one, or for the whole run; also with a default configured."""
    assert models().resolve("offline").is_offline
    assert models(llm_endpoint=ENDPOINT, llm_model="gpt").resolve("offline").is_offline
    found = models().check(["offline", "free"])
    assert found["offline"].is_offline
    assert not found["free"].is_offline
    assert models(default="offline").check([None, "free"])[None].is_offline


def test_configured_name_wins_over_a_model_id() -> None:
    """At LLM_ENDPOINT may be a model of the same name."""
    found = models(llm_endpoint=ENDPOINT, llm_model="gpt")
    assert found.resolve("free") == FREE
    other = found.resolve("gpt-large")
    assert (other.name, other.model, other.endpoint) == ("gpt-large", "gpt-large", ENDPOINT)


def test_default_model_is_the_settings() -> None:
    """With the key that was set beside its endpoint."""
    config = models(llm_endpoint=ENDPOINT, llm_model="gpt", llm_api_key="sk-1").resolve(None)
    assert (config.name, config.endpoint, config.api_key) == ("gpt", ENDPOINT, "sk-1")
    assert "sk-1" not in repr(config)


def test_run_may_replace_the_default() -> None:
    """What names a model keeps it."""
    found = models(llm_endpoint=ENDPOINT, llm_model="gpt").with_default("free")
    assert found.resolve(None) == FREE
    assert found.resolve("free") == FREE
    assert found.resolve("other").model == "other"
    assert found.check([None, "offline"])[None] == FREE


def test_endpoint_without_a_model() -> None:
    """A name is needed when a block gives none."""
    found = models(llm_endpoint=ENDPOINT)
    with pytest.raises(ConfigError, match=r"LLM_ENDPOINT is .* but LLM_MODEL is not set"):
        found.resolve(None)
    assert found.resolve("gpt").endpoint == ENDPOINT


def test_unknown_model() -> None:
    """Before anything runs, with the nearest names."""
    with pytest.raises(
        ConfigError, match=r"'fats' is not configured .*; did you mean 'fast'"
    ) as caught:
        models().check(["fats"])
    assert caught.value.detail == {"model": "fats", "configured": ["fast", "free"]}
    with pytest.raises(ConfigError, match="there are: 'fast', 'free', 'offline'"):
        models().resolve("zzz")


def test_key_from_another_place_is_not_sent() -> None:
    """An endpoint out of somebody's file, a key out of this user's environment."""
    found = models(
        llm_endpoint="http://evil/v1", llm_model="gpt", llm_api_key="sk-1", key_is_paired=False
    )
    with pytest.raises(
        ConfigError, match="come from different places, so the key is not sent"
    ) as caught:
        found.resolve(None)
    assert "http://evil/v1" in str(caught.value)
    assert "sk-1" not in str(caught.value)


def test_key_of_an_unpaired_endpoint_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store of somebody else's names an endpoint and a variable; that is not enough."""
    monkeypatch.setenv("FAST_KEY", "sk-mine")
    with pytest.raises(
        ConfigError, match=r"FAST_KEY was never paired with http://fast/v1"
    ) as caught:
        models().check(["fast"])
    assert "add_model('fast', endpoint='http://fast/v1'" in str(caught.value)
    assert "sk-mine" not in str(caught.value)
    pair("http://elsewhere/v1", "FAST_KEY")
    with pytest.raises(ConfigError, match="was never paired"):
        models().resolve("fast")


def test_key_of_a_paired_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of the environment, into memory only."""
    pair("http://fast/v1", "FAST_KEY")
    with pytest.raises(ConfigError, match="needs a key in the environment variable FAST_KEY"):
        models().resolve("fast")
    monkeypatch.setenv("FAST_KEY", " sk-mine\n")
    config = models().resolve("fast")
    assert config.api_key == "sk-mine"
    assert "sk-mine" not in repr(config)
    assert "sk-mine" not in str(config.client_key)


def test_model_without_a_key_needs_no_pair() -> None:
    """There is nothing to send."""
    assert models().resolve("free").api_key is None


def test_changed_models_are_seen() -> None:
    """After forget(), and by every new run."""
    stored = {"one": FREE}
    found = Models(Settings(root=Path()), lambda: stored)
    assert found.resolve("one") == FREE
    stored["one"] = ModelConfig("one", "new", "http://new/v1")
    assert found.with_default(None).resolve("one").model == "new"
    found.forget()
    assert found.resolve("one").model == "new"


def test_run_reads_the_stored_models_once() -> None:
    """Names first seen while it runs, and names that fail for every record, cost no read."""
    reads = []

    def stored() -> dict[str, ModelConfig]:
        reads.append(1)
        return {"one": FREE}

    run = Models(Settings(root=Path()), stored).with_default(None)
    errors = []
    for _ in range(3):
        assert run.resolve("one") == FREE
        with pytest.raises(ConfigError, match="'two' is not configured") as caught:
            run.resolve("two")
        errors.append(caught.value)
    assert len(reads) == 1
    assert len({str(error) for error in errors}) == 1
    assert errors[1].detail == errors[0].detail
    assert len({id(error) for error in errors}) == 3


def test_model_that_failed_may_be_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside a run nothing is remembered of a name that could not be used."""
    found = models()
    pair("http://fast/v1", "FAST_KEY")
    with pytest.raises(ConfigError, match="needs a key"):
        found.resolve("fast")
    monkeypatch.setenv("FAST_KEY", "sk-mine")
    assert found.resolve("fast").api_key == "sk-mine"


@pytest.mark.asyncio
async def test_one_client_per_endpoint_and_key() -> None:
    """Models of one server share its connections; another key does not."""
    stored = {
        "a": ModelConfig("a", "one", ENDPOINT, api_key="k1"),
        "b": ModelConfig("b", "two", ENDPOINT, api_key="k1"),
        "c": ModelConfig("c", "one", ENDPOINT, api_key="k2"),
    }
    found = Models(Settings(root=Path()), lambda: stored)
    a, b, c = (found.endpoint_for(found.resolve(name)) for name in "abc")
    assert a is b
    assert a is not c
    assert found.with_default("a").endpoint_for(stored["a"]) is a
    await found.close()
    assert found.endpoint_for(stored["a"]) is not a
    await found.close()


@pytest.mark.asyncio
async def test_block_alone_on_another_loop_uses_the_loop_thread() -> None:
    """Its call is handed over; the client is the loop thread's."""
    loops: list[asyncio.AbstractEventLoop] = []

    async def hand_over(work: Any) -> Any:
        async def watched() -> Any:
            loops.append(asyncio.get_running_loop())
            return await work

        return await runtime.hand_over(watched())

    async with scripted(chat("hello")) as server:
        config = ModelConfig("m", "m", server.url, max_tries=1)
        found = Models(Settings(root=Path()), lambda: {"m": config}, hand_over=hand_over)
        model = found.open("m", journal=None, variation="", block="b")
        assert (await model.chat("hi")).text == "hello"
        await runtime.hand_over(found.close())
    assert loops == [runtime.loop()]


@pytest.mark.asyncio
async def test_every_loop_has_its_own_client() -> None:
    """A client belongs to the loop it was opened on."""
    config = ModelConfig("m", "m", ENDPOINT)
    found = Models(Settings(root=Path()), lambda: {"m": config})

    async def open_there() -> Any:
        endpoint = found.endpoint_for(config)
        await found.close()
        return endpoint

    here = found.endpoint_for(config)
    assert await runtime.hand_over(open_there()) is not here
    assert found.endpoint_for(config) is here
    await found.close()


def test_a_servers_model_called_offline_is_not_the_embedded_one() -> None:
    """Records of a paid endpoint never say "offline" alone, whatever its model is called."""
    settings = Settings(root=Path(), llm_endpoint="http://127.0.0.1:1/v1", llm_model="offline")
    config = Models(settings).resolve(None)
    assert (config.name, config.is_offline) == ("offline at http://127.0.0.1:1/v1", False)
    assert Models(settings).resolve("offline").is_offline
