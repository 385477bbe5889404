"""Structured answers through a server: the forms it knows, and answers sent back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from llm.scripted import Calls, Reply, chat, failure, model_at, models_at, scripted
from llm.server_words import OTHER_FAULTS, UNSUPPORTED
from servers import OfflineServer

from datagenflow_nb.errors import ConfigError, ModelError

SCHEMA = {
    "type": "object",
    "properties": {"question": {"type": "string"}, "level": {"enum": ["easy", "hard"]}},
    "required": ["question", "level"],
    "additionalProperties": False,
}
GOOD = {"question": "Why?", "level": "easy"}


def form_of(body: dict[str, Any]) -> str:
    """How a request asked."""
    return str(body.get("response_format", {"type": "text"})["type"])


@pytest.mark.asyncio
async def test_strongest_form_first() -> None:
    """Asked strictly, answered, read, one call in the journal."""
    journal = Calls()
    async with (
        scripted(chat(json.dumps(GOOD))) as server,
        model_at(server.url, journal) as model,
    ):
        answer = await model.structured("Ask.", SCHEMA, temperature=0.5, max_tokens=None)
    assert answer.value == GOOD
    assert answer.completion.text == json.dumps(GOOD)
    assert server.bodies == [
        {
            "model": "model-id",
            "messages": [{"role": "user", "content": "Ask."}],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
            },
            "temperature": 0.5,
        }
    ]
    assert [call.request for call in journal] == server.bodies
    assert [call.answer for call in journal] == [json.dumps(GOOD)]


@pytest.mark.asyncio
@pytest.mark.parametrize(("status", "message"), UNSUPPORTED)
async def test_weaker_forms_are_remembered(status: int, message: str) -> None:
    """Down to plain text, once: the next call asks in the form that worked."""
    refusal = failure(status, message)
    journal = Calls()
    async with (
        scripted(refusal, refusal, chat(json.dumps(GOOD))) as server,
        models_at(server.url) as models,
    ):
        for _ in range(2):
            model = models.open("tested", journal=journal, variation="", block="b")
            assert (await model.structured("Ask.", SCHEMA)).value == GOOD
    assert [form_of(body) for body in server.bodies] == [
        "json_schema", "json_object", "text", "text",
    ]  # fmt: skip
    assert [call.error for call in journal] == [message, message, None, None]
    assert [call.number for call in journal] == [0, 1, 2, 3]


@pytest.mark.asyncio
async def test_memory_is_per_endpoint_and_model() -> None:
    """What one model of a server cannot do another may."""
    refusal = failure(*UNSUPPORTED[0])
    answer = chat(json.dumps(GOOD))
    async with scripted(refusal, answer) as server, models_at(server.url) as models:
        await models.open("tested", journal=None, variation="", block="b").structured("?", SCHEMA)
        config = models.resolve("tested")
        other = type(config)("other", "other-id", server.url, max_tries=1)
        models._configured = lambda: {"other": other}
        await models.open("other", journal=None, variation="", block="b").structured("?", SCHEMA)
    assert [(body["model"], form_of(body)) for body in server.bodies] == [
        ("model-id", "json_schema"), ("model-id", "json_object"), ("other-id", "json_schema"),
    ]  # fmt: skip


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "message"), [*OTHER_FAULTS, (401, UNSUPPORTED[0][1]), (403, UNSUPPORTED[0][1])]
)
async def test_other_faults_are_not_asked_around(status: int, message: str) -> None:
    """One request, and the server's words in the error."""
    journal = Calls()
    async with (
        scripted(failure(status, message)) as server,
        model_at(server.url, journal, max_tries=8) as model,
    ):
        with pytest.raises(ModelError) as caught:
            await model.structured("Ask.", SCHEMA)
    assert message in str(caught.value)
    assert len(server.bodies) == 1
    assert [call.error for call in journal] == [message]


@pytest.mark.asyncio
async def test_refusal_of_every_form_is_the_end() -> None:
    """There is no fourth form."""
    async with (
        scripted(failure(*UNSUPPORTED[0])) as server,
        model_at(server.url) as model,
    ):
        with pytest.raises(ModelError, match="is not supported with this model"):
            await model.structured("Ask.", SCHEMA)
    assert [form_of(body) for body in server.bodies] == ["json_schema", "json_object", "text"]


@pytest.mark.asyncio
async def test_wrong_answer_is_sent_back_once() -> None:
    """With the violation quoted; both answers are in the journal."""
    wrong = json.dumps({"question": "Why?", "level": "odd"})
    journal = Calls()
    async with (
        scripted(chat(wrong), chat(json.dumps(GOOD))) as server,
        model_at(server.url, journal) as model,
    ):
        assert (await model.structured("Ask.", SCHEMA)).value == GOOD
    assert [call.answer for call in journal] == [wrong, json.dumps(GOOD)]
    assert server.bodies[1]["messages"] == [
        {"role": "user", "content": "Ask."},
        {"role": "assistant", "content": wrong},
        {
            "role": "user",
            "content": "That answer is not acceptable: at $.level: 'odd' is not one of ['easy', "
            "'hard']\nAnswer again with the corrected JSON only.",
        },
    ]
    assert server.bodies[1]["response_format"] == server.bodies[0]["response_format"]


@pytest.mark.asyncio
@pytest.mark.parametrize(("corrections", "calls"), [(0, 1), (1, 2), (3, 4), (-1, 1)])
async def test_number_of_corrections(corrections: int, calls: int) -> None:
    """Each is a call; then the last violation is the error."""
    journal = Calls()
    async with scripted(chat("Sorry.")) as server, model_at(server.url, journal) as model:
        with pytest.raises(ModelError, match=rf"{calls} answer\(s\): the answer is not JSON"):
            await model.structured("Ask.", SCHEMA, corrections=corrections)
    assert len(server.bodies) == calls
    assert [call.answer for call in journal] == ["Sorry."] * calls


@pytest.mark.asyncio
async def test_fenced_answer_needs_no_correction() -> None:
    """Models like to wrap."""
    async with (
        scripted(chat(f"Sure!\n```json\n{json.dumps(GOOD)}\n```")) as server,
        model_at(server.url) as model,
    ):
        assert (await model.structured("Ask.", SCHEMA)).value == GOOD
    assert len(server.bodies) == 1


@pytest.mark.asyncio
async def test_wrong_schema_costs_no_call() -> None:
    """Found before anything is asked."""
    async with scripted(chat("{}")) as server, model_at(server.url) as model:
        with pytest.raises(ConfigError, match="no valid JSON Schema"):
            await model.structured("Ask.", {"type": "strin"})
    assert server.bodies == []


@pytest.mark.asyncio
async def test_cut_answer_is_not_corrected() -> None:
    """More of the same tokens would be cut again; raise max_tokens."""
    cut = chat('{"question": "Wh', finish_reason="length")
    journal = Calls()
    async with scripted(cut) as server, model_at(server.url, journal) as model:
        with pytest.raises(ModelError, match=r"cut off at 3 tokens .*raise max_tokens"):
            await model.structured("Ask.", SCHEMA)
    assert len(server.bodies) == 1
    assert (journal[0].answer, journal[0].finish_reason) == ('{"question": "Wh', "length")


@pytest.mark.asyncio
async def test_against_the_offline_model(server: OfflineServer) -> None:
    """Its answers match; a server without formats is asked more weakly."""
    for missing, requests in (([], 1), (["json_schema"], 2), (["json_schema", "json_object"], 3)):
        server.reset(unsupported_formats=missing)
        async with model_at(server.url) as model:
            await model.structured("Ask a question about green tea.", SCHEMA, corrections=5)
        assert server.log()["requests"] >= requests
        assert server.log()["by_outcome"].get("unsupported_format", 0) == requests - 1


@pytest.mark.asyncio
async def test_html_instead_of_an_answer() -> None:
    """A proxy's page is no reason to ask more weakly."""
    page = Reply("<html>response_format not supported</html>")
    async with scripted(page) as server, model_at(server.url) as model:
        with pytest.raises(ModelError, match="check that the endpoint is an OpenAI-compatible"):
            await model.structured("Ask.", SCHEMA)
    assert len(server.bodies) == 1
