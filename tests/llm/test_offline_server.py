"""The offline model over real HTTP, asked through the real openai client."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import io
import json
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import openai
import pytest
from servers import OfflineServer, offline_server

from datagenflow_nb.errors import ConfigError
from datagenflow_nb.llm.offline import complete, embed
from datagenflow_nb.llm.offline_server import Faults, start

QA = {
    "type": "object",
    "properties": {"question": {"type": "string"}, "answer": {"type": "string"}},
    "required": ["question", "answer"],
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "item", "schema": QA, "strict": True}}
KEY = "sk-test-0123456789"


@contextlib.asynccontextmanager
async def client_for(server: OfflineServer, **options: Any) -> AsyncIterator[openai.AsyncOpenAI]:
    """The client as the package uses it: aiohttp transport, no tries of its own."""
    http = openai.DefaultAioHttpClient()
    client = openai.AsyncOpenAI(
        base_url=server.url,
        api_key=KEY,
        max_retries=0,
        http_client=http,
        **{"timeout": 20, **options},
    )
    async with client:
        yield client


def body_of(prompt: str, **more: Any) -> dict[str, Any]:
    """Arguments of a chat call."""
    return {"model": "m", "messages": [{"role": "user", "content": prompt}], **more}


async def outcomes(server: OfflineServer, count: int, **more: Any) -> list[str]:
    """What each of ``count`` different prompts ended with, by the client's own account."""
    names = []
    async with client_for(server) as client:
        for number in range(count):
            body = body_of(f"Write about topic {number}.", **more)
            try:
                answer = await client.chat.completions.create(**body)
                names.append(answer.choices[0].finish_reason)
            except openai.APIStatusError as error:
                names.append(str(error.status_code))
            except openai.APIConnectionError:
                names.append("connection")
    return names


@pytest.mark.asyncio
async def test_chat_gives_the_answer_of_the_model_in_process(server: OfflineServer) -> None:
    """HTTP adds nothing and loses nothing, structured answers and Chinese included."""
    async with client_for(server) as client:
        for prompt in ("Write about tides.", "写一段关于光合作用的文章。", ""):
            for more in ({}, {"response_format": FORMAT}, {"seed": 7}):
                body = body_of(prompt, **more)
                answer = await client.chat.completions.create(**body)
                expected = complete(body)
                assert (
                    answer.choices[0].message.content
                    == (expected["choices"][0]["message"]["content"])
                )
                assert answer.usage is not None
                assert answer.usage.total_tokens == expected["usage"]["total_tokens"]


@pytest.mark.asyncio
async def test_half_an_emoji_passes(server: OfflineServer) -> None:
    """A lone surrogate, which JSON may carry in escaped form, comes back escaped."""
    body = body_of("Explain \ud83d to me.")
    async with (
        aiohttp.ClientSession() as session,
        session.post(server.url + "/chat/completions", json=body) as response,
    ):
        assert (await response.json()) == complete(body)
    assert server.log()["entries"][0]["prompt"] == "Explain \ud83d to me."


@pytest.mark.asyncio
async def test_a_stream_carries_the_same_text_and_the_usage(server: OfflineServer) -> None:
    """The pieces add up to the answer; usage comes last, and only when asked for."""
    body = body_of("Write about tides.")
    expected = complete(body)
    async with client_for(server) as client:
        stream = await client.chat.completions.create(
            **body, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
        plain = [chunk async for chunk in await client.chat.completions.create(**body, stream=True)]
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert len(pieces) > 3
    assert "".join(pieces) == expected["choices"][0]["message"]["content"]
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == expected["usage"]["completion_tokens"]
    assert all(chunk.choices and chunk.usage is None for chunk in plain)


@pytest.mark.asyncio
async def test_embeddings_and_models(server: OfflineServer) -> None:
    """The client decodes the vectors (base64 on the wire) and finds the model."""
    async with client_for(server) as client:
        answer = await client.embeddings.create(model="m", input=["one", "two"], dimensions=8)
        models = [model.id async for model in client.models.list()]
        with pytest.raises(openai.BadRequestError, match=r"input\[0\]"):
            await client.embeddings.create(model="m", input="")
    expected = [
        item["embedding"] for item in embed({"input": ["one", "two"], "dimensions": 8})["data"]
    ]
    assert [item.embedding for item in answer.data] == [
        pytest.approx(vector, abs=1e-6) for vector in expected
    ]
    assert models == ["offline"]


@pytest.mark.asyncio
async def test_wrong_requests_are_answered_in_the_shape_of_the_api(server: OfflineServer) -> None:
    """400 with a message, for a wrong value as for a body that is no JSON."""
    async with client_for(server) as client:
        with pytest.raises(openai.BadRequestError, match="'n' must be 1") as caught:
            await client.chat.completions.create(**body_of("x", n=2))
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["type"] == "invalid_request_error"
    async with aiohttp.ClientSession() as session:
        for raw in (b"{", b"[]", b"\xff"):
            async with session.post(server.url + "/chat/completions", data=raw) as response:
                assert response.status == 400
                assert set((await response.json())["error"]) == {"message", "type", "param", "code"}
    assert server.log()["by_outcome"] == {"bad_request": 4}


@pytest.mark.asyncio
async def test_a_prompt_of_a_megabyte_passes(server: OfflineServer) -> None:
    """The body limit is far above any prompt."""
    text = "The tide rises twice a day. " * 40_000
    raw = io.BytesIO(json.dumps(body_of(f"Summarize.\nText: {text}")).encode())
    async with (
        aiohttp.ClientSession() as session,
        session.post(server.url + "/chat/completions", data=raw) as response,
    ):
        answer = await response.json()
    content = answer["choices"][0]["message"]["content"]
    assert content.startswith("The tide rises twice a day.")
    assert len(server.log()["entries"][0]["prompt"]) == 200


@pytest.mark.asyncio
async def test_faults_come_at_their_rates_and_the_log_bears_witness(server: OfflineServer) -> None:
    """What the client met is what the log counted, one entry per request."""
    server.reset(rate_429=0.2, rate_500=0.2, rate_reset=0.2, rate_truncated=0.2, retry_after=1.5)
    met = await outcomes(server, 100)
    log = server.log()
    counted = {name: met.count(name) for name in ("429", "500", "connection", "length", "stop")}
    assert counted == {
        "429": log["by_outcome"]["429"],
        "500": log["by_outcome"]["500"],
        "connection": log["by_outcome"]["reset"],
        "length": log["by_outcome"]["truncated"],
        "stop": log["by_outcome"]["ok"],
    }
    assert all(8 <= number <= 34 for number in counted.values())
    assert (log["requests"], log["distinct_prompts"], len(log["entries"])) == (100, 100, 100)
    assert log["max_in_flight"] == 1


@pytest.mark.asyncio
async def test_faults_do_not_depend_on_the_order_of_calls(server: OfflineServer) -> None:
    """The same prompt meets the same fault first; a second try is drawn anew."""
    server.reset(rate_500=0.5)
    prompts = [f"Write about topic {number}." for number in range(30)]

    async def ask_all(order: list[str]) -> list[dict[str, str]]:
        rounds: list[dict[str, str]] = []
        async with client_for(server) as client:
            for _ in range(2):
                met = {}
                for prompt in order:
                    try:
                        await client.chat.completions.create(**body_of(prompt))
                        met[prompt] = "ok"
                    except openai.InternalServerError:
                        met[prompt] = "500"
                rounds.append(met)
        return rounds

    forward = await ask_all(prompts)
    server.reset()
    backward = await ask_all(prompts[::-1])
    assert forward == backward
    assert forward[0] != forward[1]
    server.reset(seed=1)
    assert (await ask_all(prompts))[0] != forward[0]


@pytest.mark.asyncio
async def test_429_says_when_to_come_back(server: OfflineServer) -> None:
    """Retry-After is sent as configured, and not at all by default."""
    async with client_for(server) as client:
        for wanted in (0.25, None):
            server.reset(rate_429=1, retry_after=wanted)
            with pytest.raises(openai.RateLimitError) as caught:
                await client.chat.completions.create(**body_of("x"))
            header = caught.value.response.headers.get("retry-after")
            assert header == (None if wanted is None else "0.25")


@pytest.mark.asyncio
async def test_invalid_json_spoils_only_json(server: OfflineServer) -> None:
    """A cut JSON answer still says 'stop'; prose is left alone."""
    server.reset(rate_invalid_json=1)
    async with client_for(server) as client:
        item = await client.chat.completions.create(
            **body_of("About tides.", response_format=FORMAT)
        )
        prose = await client.chat.completions.create(**body_of("Write about tides."))
    assert item.choices[0].finish_reason == "stop"
    assert item.choices[0].message.content is not None
    assert item.choices[0].message.content.startswith('{"question"')
    with pytest.raises(ValueError, match=r"Unterminated|Expecting|delimiter"):
        json.loads(item.choices[0].message.content)
    assert (
        prose.choices[0].message.content
        == (complete(body_of("Write about tides."))["choices"][0]["message"]["content"])
    )
    assert server.log()["by_outcome"] == {"invalid_json": 1, "ok": 1}


@pytest.mark.asyncio
async def test_a_stream_is_reset_after_its_first_piece(server: OfflineServer) -> None:
    """A reset stream breaks off in the middle instead of looking complete."""
    server.reset(rate_reset=1)
    pieces = []
    async with client_for(server) as client:
        stream = await client.chat.completions.create(**body_of("About tides."), stream=True)
        # The client lets the transport's own errors pass once a stream has begun.
        with pytest.raises(Exception, match=r"(?i)connection|reset|payload|closed|disconnect"):
            async for chunk in stream:
                pieces.append(chunk)
    assert all(chunk.choices[0].finish_reason is None for chunk in pieces)
    assert server.log()["by_outcome"] == {"reset": 1}


@pytest.mark.asyncio
async def test_a_hanging_request_ends_with_the_client(server: OfflineServer) -> None:
    """A client that gives up frees its place; the log calls it a hang."""
    server.reset(rate_hang=1, hang=600)
    async with client_for(server, timeout=0.2) as client:
        with pytest.raises(openai.APITimeoutError):
            await client.chat.completions.create(**body_of("x"))
    server.reset(rate_hang=1, hang=0.05)
    async with client_for(server) as client:
        with pytest.raises(openai.APIConnectionError):
            await client.chat.completions.create(**body_of("x"))
    assert server.log()["by_outcome"]["hang"] >= 1


@pytest.mark.asyncio
async def test_an_unsupported_format_is_refused_as_servers_do(server: OfflineServer) -> None:
    """The message names the format, the parameter too; other formats pass."""
    server.reset(unsupported_formats=["json_schema"])
    async with client_for(server) as client:
        with pytest.raises(openai.BadRequestError) as caught:
            await client.chat.completions.create(**body_of("x", response_format=FORMAT))
        await client.chat.completions.create(
            **body_of("x", response_format={"type": "json_object"})
        )
    assert "response_format.type 'json_schema' is not supported" in caught.value.message
    assert caught.value.param == "response_format"
    assert server.log()["by_outcome"] == {"unsupported_format": 1, "ok": 1}


@pytest.mark.asyncio
async def test_requests_beyond_the_limit_are_busy(server: OfflineServer) -> None:
    """max_concurrent is exact, and max_in_flight shows what came at once."""
    server.reset(max_concurrent=3, latency=0.3)
    async with client_for(server) as client:
        results = await asyncio.gather(
            *(client.chat.completions.create(**body_of(f"topic {i}")) for i in range(8)),
            return_exceptions=True,
        )
    assert sum(isinstance(result, openai.RateLimitError) for result in results) == 5
    assert server.log()["by_outcome"] == {"ok": 3, "busy": 5}
    assert 4 <= server.log()["max_in_flight"] <= 8


@pytest.mark.asyncio
async def test_capacity_makes_others_wait(server: OfflineServer) -> None:
    """Two at once are worked on; all are answered, six in three times the latency."""
    server.reset(capacity=2, latency=0.1)
    begun = time.perf_counter()
    async with client_for(server) as client:
        await asyncio.gather(
            *(client.chat.completions.create(**body_of(f"topic {i}")) for i in range(6))
        )
    assert time.perf_counter() - begun >= 0.3
    assert server.log()["by_outcome"] == {"ok": 6}
    assert server.reset(capacity=None)["capacity"] is None


def test_beyond_the_knee_less_gets_done() -> None:
    """Twice as many at once take four times as long each."""
    faults = Faults(latency=0.1, knee=8)
    taken = [faults.delay(b"x" * 16, 0, at_once) for at_once in (1, 8, 16, 32)]
    assert taken == pytest.approx([0.1, 0.1, 0.4, 1.6])
    with pytest.raises(ConfigError, match="knee is 1 or more, not 0"):
        Faults(knee=0)


@pytest.mark.asyncio
async def test_only_the_configured_key_is_accepted_and_none_is_logged(
    server: OfflineServer,
) -> None:
    """401 for another key; neither key stands in the log, even when a prompt holds it."""
    secret = "sk-secret-9876543210"
    async with client_for(server) as client:
        await client.chat.completions.create(**body_of(f"My key is {KEY}."))
        told = server.log()
        server.reset(api_key=secret)
        with pytest.raises(openai.AuthenticationError):
            await client.chat.completions.create(**body_of(f"Is it {secret}?"))
        with pytest.raises(openai.AuthenticationError):
            await client.models.list()
        await client.with_options(api_key=secret).chat.completions.create(**body_of("x"))
    log = server.log()
    assert log["by_outcome"] == {"unauthorized": 1, "ok": 1}
    assert [entry["authorization"] for entry in log["entries"]] == [True, True]
    for text in (json.dumps(told), json.dumps(log), json.dumps(server.reset())):
        assert secret not in text
        assert KEY not in text


def test_two_processes_draw_the_same_faults() -> None:
    """Nothing of the process enters a draw: a fresh server gives the same list."""
    runs = []
    for _ in range(2):
        with offline_server(rate_429=0.3, rate_truncated=0.3, seed=4) as server:
            runs.append(asyncio.run(outcomes(server, 20)))
    assert runs[0] == runs[1]
    assert set(runs[0]) == {"429", "length", "stop"}


def test_the_server_stops_cleanly_and_prints_one_line() -> None:
    """SIGTERM ends it with status 0 and nothing more on stdout, hanging requests or not."""
    with offline_server(rate_hang=1) as server:
        port = int(server.url.split(":")[2].split("/")[0])
        sock = socket.create_connection(("127.0.0.1", port))
        raw = b'{"messages":[{"role":"user","content":"x"}]}'
        sock.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
            % (len(raw), raw)
        )
    with sock:
        assert server.process.returncode == 0
        assert server.process.stdout is not None


@pytest.mark.asyncio
async def test_start_in_the_same_loop_and_a_port_that_is_taken() -> None:
    """start gives a server on a free port; a taken port is an error that says what to do."""
    running = await start(faults=Faults(rate_500=1))
    try:
        assert running.url == f"http://127.0.0.1:{running.port}/v1"
        with pytest.raises(ConfigError, match="choose another port"):
            await start(port=running.port)
        async with aiohttp.ClientSession() as session:
            url = f"{running.url}/chat/completions"
            async with session.post(url, json=body_of("x")) as response:
                assert response.status == 500
    finally:
        await running.stop()
    with pytest.raises(OSError, match=r"(?i)refused|connect"):
        socket.create_connection(("127.0.0.1", running.port), timeout=1)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"rate_429": 1.5}, "rate_429 is a share from 0 to 1"),
        ({"rate_429": 0.6, "rate_500": 0.6}, "add up to 1.2"),
        ({"latency": -1}, "latency is 0 or more"),
        ({"rate_42": 0.1}, "did you mean 'rate_429'"),
        ({"rate_429": "often"}, "wrong type"),
    ],
)
def test_faults_out_of_range_are_refused(values: dict[str, Any], said: str) -> None:
    """Every wrong fault is named."""
    with pytest.raises(ConfigError, match=said):
        Faults().change(values)


def test_faults_never_show_the_key_and_latency_follows_its_distribution() -> None:
    """repr and to_dict leave the key out; the median of the delays is the latency."""
    faults = Faults(api_key=KEY, latency=0.1, latency_sigma=0.5)
    assert KEY not in repr(faults)
    assert KEY not in json.dumps(faults.to_dict())
    delays = sorted(faults.delay(b"%d" % number, 0, 1) for number in range(400))
    assert 0.08 < delays[200] < 0.125
    assert delays[0] < 0.05
    assert delays[-1] > 0.2
    assert dataclasses.replace(faults, latency_sigma=0).delay(b"1", 0, 1) == 0.1
