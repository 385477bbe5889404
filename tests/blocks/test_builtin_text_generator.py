"""TextGenerator: which messages are sent, how, and what comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from generators import Calls, offline_context, scripted_server, server_context

from datagenflow_nb.blocks import context as context_module
from datagenflow_nb.blocks.builtin.text_generator import TextGenerator
from datagenflow_nb.errors import ConfigError, ModelError, TemplateError, ValidationError

STORY = "The ferry left at noon. It carried forty goats and one piano."


async def run(block: TextGenerator, state: dict[str, Any]) -> tuple[dict[str, Any], Calls]:
    """Execute on the offline model; the outputs and the calls made."""
    calls = Calls()
    return await block.execute(state, offline_context(block, state, calls)), calls


@pytest.mark.asyncio
async def test_prompts_are_rendered_and_returned() -> None:
    """Both prompts are templates; what was sent is among the outputs."""
    block = TextGenerator(
        system_prompt="You write for {{ reader }}.",
        user_prompt="Summarise in one sentence:\n<text>\n{{ text }}\n</text>",
    )
    result, calls = await run(block, {"reader": "children", "text": STORY})
    assert list(result) == ["assistant", "system", "user"]
    assert result["system"] == "You write for children."
    assert result["user"] == f"Summarise in one sentence:\n<text>\n{STORY}\n</text>"
    assert result["assistant"] in ("The ferry left at noon.", STORY.partition(". ")[2])
    assert calls[0].request["messages"] == [
        {"role": "system", "content": result["system"]},
        {"role": "user", "content": result["user"]},
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("state", "system", "user"),
    [
        ({"user": "Say tea.", "text": "no"}, "", "Say tea."),
        ({"system": "Be short.", "user": "Say tea."}, "Be short.", "Say tea."),
        ({"text": STORY}, "", STORY),
        ({"user": None, "text": STORY, "system": None}, "", STORY),
        ({"user": "  ", "text": STORY, "system": " "}, "", STORY),
        (
            {"text": "{{ not_a_template }} stays as it is"},
            "",
            "{{ not_a_template }} stays as it is",
        ),
    ],
)
async def test_state_gives_the_messages(state: dict[str, Any], system: str, user: str) -> None:
    """Without prompts the state's system, user, else text are sent, never read as templates."""
    result, calls = await run(TextGenerator(), state)
    assert (result["system"], result["user"]) == (system, user)
    assert calls[0].request["messages"][-1] == {"role": "user", "content": user}
    assert len(calls[0].request["messages"]) == (2 if system else 1)


@pytest.mark.asyncio
async def test_prompts_win_over_the_state() -> None:
    """A configured prompt is used although the state has a message of that role."""
    block = TextGenerator(system_prompt="Mine.", user_prompt="About {{ user }}.")
    result, _ = await run(block, {"system": "theirs", "user": "goats"})
    assert (result["system"], result["user"]) == ("Mine.", "About goats.")


@pytest.mark.asyncio
async def test_system_message_can_be_left_out() -> None:
    """A system prompt that renders to nothing sends none, whatever the state has."""
    block = TextGenerator(system_prompt="{# none #}", user_prompt="Hello")
    result, calls = await run(block, {"system": "from an earlier block"})
    assert result["system"] == ""
    assert calls[0].request["messages"] == [{"role": "user", "content": "Hello"}]


@pytest.mark.asyncio
async def test_nothing_to_send() -> None:
    """The error says what to set and which fields there are."""
    with pytest.raises(ValidationError) as caught:
        await run(TextGenerator(), {"topic": "tea"})
    assert caught.value.message == (
        "TextGenerator: nothing to send: config 'user_prompt' is not set and the state has neither "
        "'user' nor 'text'; set user_prompt to a prompt such as 'Write about {{ topic }}.' "
        "(fields there are: 'topic')"
    )
    assert caught.value.detail == {
        "block_type": "TextGenerator",
        "key": "user_prompt",
        "fields": ["topic"],
    }


@pytest.mark.asyncio
async def test_prompt_that_renders_to_nothing() -> None:
    """An empty user message is an error, not a paid question about nothing."""
    with pytest.raises(
        ValidationError, match=r"config 'user_prompt' rendered to an empty text; set"
    ):
        await run(TextGenerator(user_prompt="{{ topic }}"), {"topic": " "})


@pytest.mark.asyncio
async def test_state_message_that_is_no_text() -> None:
    """A list in 'user' is not guessed into text."""
    with pytest.raises(ValidationError) as caught:
        await run(TextGenerator(), {"user": ["a"]})
    assert caught.value.message == (
        "TextGenerator: field 'user' is list, expected text to send; set user_prompt to say how "
        "it is written, such as '{{ user | tojson }}'"
    )


@pytest.mark.asyncio
async def test_unknown_field_in_a_prompt() -> None:
    """The error names block, config key and the unknown field."""
    with pytest.raises(TemplateError) as caught:
        await run(TextGenerator(user_prompt="{{ topik }}"), {"topic": "tea"})
    assert caught.value.message.startswith("block 'TextGenerator', config 'user_prompt': ")
    assert "topik" in caught.value.message
    assert "topic" in caught.value.message


@pytest.mark.asyncio
async def test_parameters_are_sent() -> None:
    """temperature and max_tokens have the original's defaults; null leaves them out."""
    state = {"text": STORY}
    _, calls = await run(TextGenerator(), state)
    assert (calls[0].request["temperature"], calls[0].request["max_tokens"]) == (0.7, 2048)
    _, calls = await run(TextGenerator(temperature=0, max_tokens=50), state)
    assert (calls[0].request["temperature"], calls[0].request["max_tokens"]) == (0, 50)
    _, calls = await run(TextGenerator(temperature=None, max_tokens=None), state)
    assert not {"temperature", "max_tokens"} & set(calls[0].request)


@pytest.mark.asyncio
async def test_model_by_name() -> None:
    """`model` names the model; one nobody configured is an error before any call."""
    result, calls = await run(TextGenerator(model="offline"), {"text": STORY})
    assert calls[0].model == "offline"
    assert result["assistant"]
    with pytest.raises(ConfigError, match=r"^model 'gpt-9' is not configured and LLM_ENDPOINT"):
        await run(TextGenerator(model="gpt-9"), {"text": STORY})


@pytest.mark.asyncio
async def test_answer_that_is_cut_off() -> None:
    """An answer that ran into max_tokens is an error that says so, not half a text."""
    with pytest.raises(ModelError, match=r"cut off at 2 tokens .*raise max_tokens"):
        await run(TextGenerator(max_tokens=2), {"text": STORY})


@pytest.mark.asyncio
async def test_over_http() -> None:
    """The same through the real client: the answer and the body that was sent."""
    block = TextGenerator(user_prompt="Name {{ n }} teas.", temperature=0.2, max_tokens=9)
    state = {"n": 2}
    with scripted_server("Assam, Sencha") as (url, bodies):
        async with server_context(block, state, url, Calls()) as ctx:
            result = await block.execute(state, ctx)
    assert result == {"assistant": "Assam, Sencha", "system": "", "user": "Name 2 teas."}
    assert bodies == [
        {
            "model": "scripted",
            "messages": [{"role": "user", "content": "Name 2 teas."}],
            "temperature": 0.2,
            "max_tokens": 9,
        }
    ]


@pytest.mark.asyncio
async def test_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block runs without a context, on the models of the working directory: here, offline."""
    for name in ("LLM_ENDPOINT", "LLM_MODEL", "LLM_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(context_module, "_default_models", [])
    result = await TextGenerator().execute({"text": STORY})
    assert result["user"] == STORY
    assert result["assistant"] == STORY


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"temperatur": 1},
            "TextGenerator: config 'temperatur' is unknown; did you mean 'temperature'?",
        ),
        (
            {"temperature": 2.5},
            "TextGenerator: config 'temperature' is 2.5: input should be less than or equal to 2",
        ),
        (
            {"max_tokens": 0},
            "TextGenerator: config 'max_tokens' is 0: input should be greater than or equal to 1",
        ),
        (
            {"user_prompt": 5},
            "TextGenerator: config 'user_prompt' is 5: input should be a valid string",
        ),
        (
            {"model": 5},
            "TextGenerator: config 'model' is 5: input should be a valid string",
        ),
    ],
)
def test_wrong_config(config: dict[str, Any], message: str) -> None:
    """Each wrong value is named with what was expected."""
    with pytest.raises(ConfigError) as caught:
        TextGenerator(config)
    assert caught.value.message == message


def test_description() -> None:
    """What lists and forms are told: prompts are marked as templates."""
    described = TextGenerator.describe()
    assert described["inputs"] == ["system?", "user?", "text?"]
    assert described["outputs"] == ["assistant", "system", "user"]
    assert list(described["config"]) == [
        "model", "temperature", "max_tokens", "system_prompt", "user_prompt",
    ]  # fmt: skip
    assert described["config"]["user_prompt"] == {
        "default": "",
        "description": "User message (Jinja2); empty: the state's 'user', else 'text'",
        "format": "jinja2",
        "type": "string",
    }
    assert TextGenerator.aliases == ["LLMBlock"]
