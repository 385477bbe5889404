"""StructuredGenerator: the schema, as mapping or template, the prompt, corrections."""

from __future__ import annotations

import json
from typing import Any

import pytest
from generators import Calls, offline_context, scripted_server, server_context

from datagenflow_nb.blocks.builtin.structured_generator import StructuredGenerator
from datagenflow_nb.errors import ConfigError, ModelError, ValidationError

SCHEMA = {
    "type": "object",
    "properties": {
        "mood": {"type": "string", "enum": ["happy", "sad"]},
        "score": {"type": "integer"},
    },
    "required": ["mood", "score"],
    "additionalProperties": False,
}
TEXT = "The dog was happy to see the sea. It ran until dark."


async def run(block: StructuredGenerator, state: dict[str, Any]) -> tuple[dict[str, Any], Calls]:
    """Execute on the offline model; the outputs and the calls made."""
    calls = Calls()
    return await block.execute(state, offline_context(block, state, calls)), calls


@pytest.mark.asyncio
async def test_answer_matches_the_schema() -> None:
    """The value comes back parsed; schema and parameters are in the request."""
    block = StructuredGenerator(json_schema=SCHEMA, prompt="Judge the mood of: {{ text }}")
    result, calls = await run(block, {"text": TEXT})
    assert list(result) == ["generated"]
    assert result["generated"]["mood"] == "happy"
    assert type(result["generated"]["score"]) is int
    request = calls[0].request
    assert request["messages"] == [{"role": "user", "content": f"Judge the mood of: {TEXT}"}]
    assert request["response_format"]["json_schema"]["schema"] == SCHEMA
    assert (request["temperature"], request["max_tokens"]) == (0.7, 2048)


@pytest.mark.asyncio
@pytest.mark.parametrize("key", ["prompt", "user_prompt"])
async def test_prompt_has_two_names(key: str) -> None:
    """The original's first releases say prompt, later ones user_prompt."""
    block = StructuredGenerator({"json_schema": SCHEMA, key: "Judge {{ text }}"})
    _, calls = await run(block, {"text": TEXT})
    assert calls[0].request["messages"][0]["content"] == f"Judge {TEXT}"


@pytest.mark.asyncio
async def test_state_gives_the_messages() -> None:
    """Without prompts the state's system and user are sent; system_prompt is a template."""
    _, calls = await run(StructuredGenerator(json_schema=SCHEMA), {"system": "S", "user": TEXT})
    assert calls[0].request["messages"] == [
        {"role": "system", "content": "S"},
        {"role": "user", "content": TEXT},
    ]
    block = StructuredGenerator(json_schema=SCHEMA, system_prompt="For {{ who }}")
    _, calls = await run(block, {"text": TEXT, "who": "Ada"})
    assert calls[0].request["messages"][0] == {"role": "system", "content": "For Ada"}


@pytest.mark.asyncio
async def test_nothing_to_send() -> None:
    """The error names the config key of this block."""
    with pytest.raises(ValidationError) as caught:
        await run(StructuredGenerator(json_schema=SCHEMA), {})
    assert caught.value.message == (
        "StructuredGenerator: nothing to send: config 'prompt' is not set and the state has "
        "neither 'user' nor 'text'; set prompt to a prompt such as 'Write about {{ topic }}.' "
        "(fields there are: none)"
    )


@pytest.mark.asyncio
async def test_schema_as_json_text() -> None:
    """JSON text without templates is read once, when the block is made."""
    block = StructuredGenerator(json_schema=json.dumps(SCHEMA), prompt=TEXT)
    result, _ = await run(block, {})
    assert result["generated"]["mood"] == "happy"


@pytest.mark.asyncio
async def test_schema_as_template() -> None:
    """JSON text with Jinja2 is filled in from each record."""
    schema = '{"type": "string", "enum": {{ labels | tojson }}}'
    block = StructuredGenerator(json_schema=schema, prompt="Choose a label for: {{ text }}")
    for labels in (["red", "green"], ["tall", "short"]):
        result, calls = await run(block, {"labels": labels, "text": TEXT})
        assert result["generated"] in labels
        sent = calls[0].request["response_format"]["json_schema"]["schema"]
        assert sent == {"type": "string", "enum": labels}


@pytest.mark.asyncio
async def test_schema_template_that_gives_no_json() -> None:
    """What it rendered to is quoted, with the way to write it right."""
    block = StructuredGenerator(json_schema='{"enum": [{{ label }}]}', prompt="x")
    with pytest.raises(ValidationError) as caught:
        await run(block, {"label": "red"})
    assert caught.value.message.startswith(
        "StructuredGenerator: config 'json_schema' as rendered for this record is not JSON ("
    )
    assert caught.value.message.endswith(
        "'{\"enum\": [red]}'; write a mapping, or JSON text in which values are filled in with "
        "{{ value | tojson }}"
    )


@pytest.mark.asyncio
async def test_schema_template_that_gives_no_schema() -> None:
    """A rendered text that is JSON but no schema is the configuration's fault."""
    block = StructuredGenerator(json_schema="{{ schema | tojson }}", prompt="x")
    with pytest.raises(ConfigError, match=r"as rendered for this record is list, expected a JSON"):
        await run(block, {"schema": [1]})


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {},
            "StructuredGenerator: config 'json_schema' is missing; this block cannot do without it",
        ),
        (
            {"json_schema": {"type": "objekt"}},
            "StructuredGenerator: config 'json_schema' is no valid JSON Schema: at $.type: "
            "'objekt' is not valid under any of the given schemas",
        ),
        (
            {"json_schema": "[]"},
            "StructuredGenerator: config 'json_schema' is list, expected a JSON Schema such as "
            '{"type": "object", "properties": {"question": {"type": "string"}}}',
        ),
        (
            {"json_schema": {}, "corrections": 6},
            "StructuredGenerator: config 'corrections' is 6: input should be less than or equal "
            "to 5",
        ),
        (
            {"json_schema": {}, "promt": ""},
            "StructuredGenerator: config 'promt' is unknown; did you mean 'prompt' or "
            "'user_prompt'?",
        ),
    ],
)
def test_wrong_config(config: dict[str, Any], message: str) -> None:
    """Each wrong value is found when the block is made."""
    with pytest.raises(ConfigError) as caught:
        StructuredGenerator(config)
    assert caught.value.message == message


def test_schema_text_that_is_no_json() -> None:
    """Broken JSON text is found when the block is made."""
    with pytest.raises(
        ConfigError, match=r"^StructuredGenerator: config 'json_schema' is not JSON"
    ):
        StructuredGenerator(json_schema='{"type": ')


@pytest.mark.asyncio
async def test_correction() -> None:
    """A wrong answer is sent back with the violation quoted; the corrected one counts."""
    block = StructuredGenerator(json_schema=SCHEMA, prompt="Judge.", temperature=None)
    calls = Calls()
    answers = ['{"mood": "angry", "score": 1}', '```json\n{"mood": "sad", "score": 2}\n```']
    with scripted_server(*answers) as (url, bodies):
        async with server_context(block, {}, url, calls) as ctx:
            result = await block.execute({}, ctx)
    assert result == {"generated": {"mood": "sad", "score": 2}}
    assert [call.answer for call in calls] == answers
    assert "temperature" not in bodies[0]
    assert [message["role"] for message in bodies[1]["messages"]] == ["user", "assistant", "user"]
    assert "$.mood: 'angry' is not one of ['happy', 'sad']" in bodies[1]["messages"][2]["content"]


@pytest.mark.asyncio
async def test_no_correction() -> None:
    """With corrections=0 the first wrong answer is the error."""
    block = StructuredGenerator(json_schema=SCHEMA, prompt="Judge.", corrections=0)
    with scripted_server("I would say sad.") as (url, bodies):
        async with server_context(block, {}, url, Calls()) as ctx:
            with pytest.raises(ModelError, match=r"did not give the JSON asked for, 1 answer"):
                await block.execute({}, ctx)
    assert len(bodies) == 1
