"""What a block talks to: parameters, odd answers, the journal, vectors, cost."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from llm.scripted import Calls, Reply, chat, failure, model_at, models_at, scripted
from servers import OfflineServer

from datagenflow_nb.errors import ModelError
from datagenflow_nb.llm.base import ModelConfig, usage_of
from datagenflow_nb.llm.catalog import Models
from datagenflow_nb.records import Usage
from datagenflow_nb.settings import Settings


@pytest.mark.asyncio
async def test_chat() -> None:
    """A string is one user message; None is left out; the rest goes as it is."""
    journal = Calls()
    async with scripted(chat("Hello!")) as server, model_at(server.url, journal) as model:
        answer = await model.chat("Hi.", temperature=0.0, max_tokens=None, stop=["\n"])
    assert server.bodies == [
        {
            "model": "model-id",
            "messages": [{"role": "user", "content": "Hi."}],
            "temperature": 0.0,
            "stop": ["\n"],
        }
    ]
    assert (answer.text, answer.model, answer.finish_reason) == ("Hello!", "served-model", "stop")
    assert answer.usage == Usage(7, 3, 1, None)
    (call,) = journal
    assert (call.block_id, call.number, call.model) == ("writer", 0, "tested")
    assert (call.request, call.answer, call.finish_reason) == (server.bodies[0], "Hello!", "stop")
    assert (call.usage, call.error) == (answer.usage, None)


@pytest.mark.asyncio
async def test_messages_are_kept_as_asked() -> None:
    """A block that goes on writing its list does not rewrite the journal."""
    journal = Calls()
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi."}]
    async with scripted(chat()) as server, model_at(server.url, journal) as model:
        await model.chat(messages)
        messages[1]["content"] = "changed"
        messages.append({"role": "user", "content": "more"})
    assert journal[0].request["messages"] == server.bodies[0]["messages"]
    assert [one["content"] for one in server.bodies[0]["messages"]] == ["Be brief.", "Hi."]


NOTHING = "the answer has no choices; the server said nothing"
ODD_ANSWERS: list[tuple[str, Any, str | None]] = [
    (NOTHING, {"choices": []}, '{"choices":[]}'),
    (NOTHING, {}, "{}"),
    (NOTHING, {"choices": {"0": 1}}, '{"choices":{"0":1}}'),
    (NOTHING, {"choices": [None]}, '{"choices":[null]}'),
    (
        'the server said {"message":"no credit","code":402}',
        {"error": {"message": "no credit", "code": 402}},
        '{"error":{"message":"no credit","code":402}}',
    ),
    (
        "the model refused: I cannot help",
        {"choices": [{"message": {"refusal": "I cannot help"}}]},
        '{"message":{"refusal":"I cannot help"}}',
    ),
    ("held back by the server's content filter", chat("So", "content_filter").body, "So"),
    ("the answer was cut off at 3 tokens (finish_reason=length); raise max_tokens",
     chat("So th", "length").body, "So th"),
    ("the answer is empty (finish_reason=stop)", chat("").body, ""),
    ("the answer is empty (finish_reason=stop)", chat(" \n").body, " \n"),
    ("the answer is empty (finish_reason=stop)", chat([]).body, ""),
    (
        "the answer is empty (finish_reason=tool_calls)",
        {"choices": [{"message": {"tool_calls": [1]}, "finish_reason": "tool_calls"}]},
        '{"message":{"tool_calls":[1]},"finish_reason":"tool_calls"}',
    ),
    (
        "the answer is empty (finish_reason=None)",
        {"choices": [{"message": "text"}]},
        '{"message":"text"}',
    ),
    ("the answer is empty (finish_reason=None)", {"choices": [{}], "usage": []}, "{}"),
    (
        "the answer's content is dict ({\"text\":\"a\"}), expected a text or a list of parts of "
        "type 'text'; the trace holds it",
        {"choices": [{"message": {"content": {"text": "a"}}}]},
        '{"message":{"content":{"text":"a"}}}',
    ),
    (
        'the answer\'s content is a list with the part {"type":"image_url"}, expected',
        {"choices": [{"message": {"content": [{"type": "text", "text": "a"},
                                              {"type": "image_url"}]}}]},
        '{"message":{"content":[{"type":"text","text":"a"},{"type":"image_url"}]}}',
    ),
]  # fmt: skip


@pytest.mark.asyncio
@pytest.mark.parametrize(("problem", "body", "text"), ODD_ANSWERS)
async def test_unusable_answers(problem: str, body: Any, text: str | None) -> None:
    """Each is said for what it is, asked once, and kept in the journal."""
    journal = Calls()
    async with scripted(Reply(body)) as server, model_at(server.url, journal, max_tries=5) as model:
        with pytest.raises(ModelError) as caught:
            await model.chat("Hi.")
    assert problem in str(caught.value)
    assert str(caught.value).startswith(f"model 'tested' (model-id) at {server.url}: ")
    assert caught.value.detail == {"model": "tested", "endpoint": server.url, "status": 200}
    assert len(server.bodies) == 1
    (call,) = journal
    assert (call.answer, call.usage.calls) == (text, 1)
    assert call.error is not None
    assert call.error in str(caught.value)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([{"type": "text", "text": "Two "}, {"type": "text", "text": "parts."}], "Two parts."),
        ([{"type": "thinking", "thinking": []}, {"type": "text", "text": "Said."}], "Said."),
    ],
)
async def test_answer_in_parts(parts: Any, text: str) -> None:
    """The text parts are the answer; what the model thought aloud is none of it."""
    journal = Calls()
    async with scripted(chat(parts)) as server, model_at(server.url, journal) as model:
        assert (await model.chat("Hi.")).text == text
    assert journal[0].answer == text


@pytest.mark.asyncio
async def test_answer_that_is_no_json_stays_in_the_trace() -> None:
    """The page a proxy sent instead of an answer, up to 10,000 characters of it."""
    journal = Calls()
    page = "<html>" + "welcome " * 2_000
    async with scripted(Reply(page)) as server, model_at(server.url, journal) as model:
        with pytest.raises(ModelError, match="something that is no JSON object"):
            await model.chat("Hi.")
    assert journal[0].answer == page[:10_000]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, "check the request's parameters and the model's limits"),
        (401, "check the key and what it may use"),
        (404, "check the endpoint's path (it usually ends in /v1) and the model's id"),
        (429, "lower the concurrency, or wait for the quota"),
        (500, "the server failed; try again later"),
    ],
)
async def test_errors_say_what_to_check(status: int, advice: str) -> None:
    """Endpoint, model, status, the server's words, tries, advice; the same in the detail."""
    async with scripted(failure(status, "no such luck")) as server, model_at(server.url) as model:
        with pytest.raises(ModelError) as caught:
            await model.chat("Hi.")
    assert str(caught.value) == (
        f"model 'tested' (model-id) at {server.url}: {status} no such luck (after 1 try); {advice}"
    )
    detail = caught.value.detail
    assert (detail["model"], detail["endpoint"], detail["status"], detail["tries"]) == (
        "tested", server.url, status, 1,
    )  # fmt: skip


@pytest.mark.asyncio
async def test_missing_key_is_named() -> None:
    """A 401 without a key has another cure than one with a wrong key."""
    async with scripted(failure(401, "You didn't provide an API key")) as server:
        async with model_at(server.url, key=None) as model:
            with pytest.raises(
                ModelError, match="no key was sent; add the model again with key_env"
            ):
                await model.chat("Hi.")
        settings = Settings(root=Path(), llm_endpoint=server.url, llm_model="gpt")
        models = Models(settings)
        with pytest.raises(ModelError, match="no key was sent; set LLM_API_KEY"):
            await models.open(None, journal=None, variation="", block="b").chat("Hi.")
        await models.close()


@pytest.mark.asyncio
async def test_max_completion_tokens_is_learned() -> None:
    """Asked the other way at once, and remembered for the endpoint and model."""
    message = (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
        "'max_completion_tokens' instead."
    )
    journal = Calls()
    async with (
        scripted(failure(400, message, code="unsupported_parameter"), chat()) as server,
        models_at(server.url) as models,
    ):
        for _ in range(2):
            model = models.open("tested", journal=journal, variation="", block="b")
            await model.chat("Hi.", max_tokens=5)
    keys = [sorted(set(body) - {"model", "messages"}) for body in server.bodies]
    assert keys == [["max_tokens"], ["max_completion_tokens"], ["max_completion_tokens"]]
    assert [call.error for call in journal] == [message, None, None]


@pytest.mark.asyncio
async def test_max_completion_tokens_without_a_limit_is_no_reason() -> None:
    """Nothing to rename: the error stays."""
    async with (
        scripted(failure(400, "use max_completion_tokens")) as server,
        model_at(server.url) as model,
    ):
        with pytest.raises(ModelError, match="use max_completion_tokens"):
            await model.chat("Hi.")
    assert len(server.bodies) == 1


@pytest.mark.asyncio
async def test_journal_is_ready_before_each_call() -> None:
    """No second question before the first answer is safe."""
    events: list[str] = []

    class Slow(Calls):
        async def ready(self, call: Any) -> None:
            events.append(f"ready {len(self)}")

    async with scripted(chat("Sorry.")) as server, model_at(server.url, Slow()) as model:
        with pytest.raises(ModelError):
            await model.structured("Ask.", {"type": "object"}, corrections=1)
    assert events == ["ready 0", "ready 1"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 2}, (5, 2)),
        ({"prompt_tokens": 5}, (5, 0)),
        ({"prompt_tokens": None, "completion_tokens": "7"}, (0, 0)),
        ({"prompt_tokens": 10**30, "completion_tokens": -4}, (0, 0)),
        (None, (0, 0)),
        ([1], (0, 0)),
    ],
)
async def test_usage_of_odd_servers(usage: Any, expected: tuple[int, int]) -> None:
    """Counts that are no counts are none."""
    found = usage_of({"usage": usage})
    assert (found.input_tokens, found.output_tokens, found.calls) == (*expected, 1)


@pytest.mark.parametrize(
    ("prices", "cost"),
    [((2.0, 4.0), 0.0004), ((None, 4.0), None), ((2.0, None), None), ((0.0, 0.0), 0.0)],
)
def test_cost_needs_both_prices(prices: tuple[float | None, float | None], cost: Any) -> None:
    """Per million tokens; unknown is not free."""
    config = ModelConfig("m", "m", "http://x/v1", input_price=prices[0], output_price=prices[1])
    assert config.cost(Usage(100, 50, 1)) == cost
    assert ModelConfig("offline", "offline").cost(Usage(100, 50, 1)) == 0.0


def test_repr_of_a_model() -> None:
    """A line with what identifies it; where the key comes from, never the key."""
    config = ModelConfig("m", "gpt", "http://x/v1", key_env="X_KEY", api_key="sk-1")
    assert repr(config) == "ModelConfig('m': gpt at http://x/v1, key from X_KEY)"
    assert repr(ModelConfig("offline", "offline")) == (
        "ModelConfig('offline': offline at the embedded model)"
    )


@pytest.mark.asyncio
async def test_cost_is_in_the_call() -> None:
    """Next to the tokens it was made of."""
    journal = Calls()
    async with (
        scripted(chat()) as server,
        model_at(server.url, journal, input_price=1.0, output_price=2.0) as model,
    ):
        answer = await model.chat("Hi.")
    assert answer.usage.cost == journal[0].usage.cost == pytest.approx(13e-6)


@pytest.mark.asyncio
async def test_vectors_come_in_the_order_of_the_texts() -> None:
    """Whatever order the server answers in."""
    body = {
        "data": [{"index": 1, "embedding": [0.5, 1]}, {"index": 0, "embedding": [0.25, 0]}],
        "usage": {"prompt_tokens": 4},
    }
    journal = Calls()
    async with scripted(Reply(body)) as server, model_at(server.url, journal) as model:
        assert await model.embed(["a", "b"]) == [[0.25, 0], [0.5, 1]]
    assert server.bodies == [{"model": "model-id", "input": ["a", "b"]}]
    assert server.paths == ["/v1/embeddings"]
    assert (journal[0].usage.input_tokens, journal[0].usage.calls) == (4, 1)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "body", [{"data": [{"embedding": [1.0]}]}, {"data": None}, {}, {"data": ["x", {"index": 1}]}]
)
async def test_missing_vectors(body: Any) -> None:
    """One per text, or an error."""
    async with scripted(Reply(body)) as server, model_at(server.url) as model:
        with pytest.raises(ModelError, match="vectors for 2 texts"):
            await model.embed(["a", "b"])


@pytest.mark.asyncio
async def test_embeddings_that_a_server_does_not_have() -> None:
    """Its words, as for any call."""
    async with scripted(failure(404, "no such route")) as server, model_at(server.url) as model:
        with pytest.raises(ModelError, match=r"404 no such route .*check the endpoint's path"):
            await model.embed(["a"])


@pytest.mark.asyncio
async def test_offline_model_varies_with_the_variation() -> None:
    """Repetitions differ, the same repetition does not; costs nothing."""
    models = Models(Settings(root=Path()))
    texts = []
    for variation in ("1/0/0", "1/0/0", "1/0/1", "1/0/2", "1/0/3"):
        model = models.open(None, journal=Calls(), variation=variation, block="b")
        answer = await model.chat("Write about green tea, black tea and white tea.")
        texts.append(answer.text)
        assert answer.usage.cost == 0.0
    assert texts[0] == texts[1]
    assert len(set(texts)) > 1
    await models.close()


@pytest.mark.asyncio
async def test_variation_is_not_sent_to_servers(server: OfflineServer) -> None:
    """Two seeds with the very same prompt are two calls, and equal requests."""
    async with models_at(server.url) as models:
        opened = [
            models.open("tested", journal=Calls(), variation=str(i), block="b") for i in range(10)
        ]
        await asyncio.gather(*(one.chat("The very same prompt.") for one in opened))
    entries = server.log()["entries"]
    assert len(entries) == 10
    assert len({entry["digest"] for entry in entries}) == 1
