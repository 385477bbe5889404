"""The client: what a server receives, and what its odd answers become."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import json
import logging
import traceback
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web
from llm.scripted import (
    KEY,
    Calls,
    Reply,
    chat,
    failure,
    model_at,
    models_at,
    own_certificate,
    raw_server,
    scripted,
)
from servers import OfflineServer

from datagenflow_nb.errors import ModelError
from datagenflow_nb.llm.base import EndpointError
from datagenflow_nb.llm.openai import OpenAIEndpoint

BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def _other_programs_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment full of what belongs to other programs."""
    for name, value in {
        "OPENAI_API_KEY": "sk-environment-key-000",
        "OPENAI_ADMIN_KEY": "sk-admin-key-000",
        "OPENAI_ORG_ID": "org-evil",
        "OPENAI_PROJECT_ID": "proj-evil",
        "OPENAI_CUSTOM_HEADERS": "X-Evil: yes\nAuthorization: Bearer sk-evil",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        "OPENAI_WEBHOOK_SECRET": "evil",
    }.items():
        monkeypatch.setenv(name, value)


async def fails(url: str, key: str | None = KEY, timeout: float = 30) -> EndpointError:
    """The error one chat request ends with."""
    endpoint = OpenAIEndpoint(url, key)
    try:
        with pytest.raises(EndpointError) as caught:
            await endpoint.chat(BODY, timeout=timeout)
    finally:
        await endpoint.close()
    return caught.value


@pytest.mark.asyncio
@pytest.mark.usefixtures("_other_programs_settings")
@pytest.mark.parametrize("key", [KEY, None])
async def test_headers_are_exactly_these(key: str | None) -> None:
    """Nothing of other programs' settings, no telemetry, no Authorization without a key."""
    async with scripted(chat()) as server:
        endpoint = OpenAIEndpoint(server.url, key)
        await endpoint.chat(BODY, timeout=30)
        await endpoint.embeddings({"model": "m", "input": ["a"]}, timeout=30)
        await endpoint.models(timeout=30)
        await endpoint.close()
    common = {
        "host": server.url.removeprefix("http://").removesuffix("/v1"),
        "accept": "application/json",
        "accept-encoding": server.headers[0]["accept-encoding"],
        "connection": "keep-alive",
        "user-agent": "datagenflow-nb",
    }
    if key is not None:
        common["authorization"] = f"Bearer {key}"
    sent = {**common, "content-type": "application/json"}
    lengths = [len(json.dumps(body, separators=(",", ":"))) for body in server.bodies[:2]]
    assert server.headers[0] == {**sent, "content-length": str(lengths[0])}
    assert server.headers[1] == {**sent, "content-length": str(lengths[1])}
    server.headers[2].pop("content-type", None)
    assert server.headers[2] == common
    assert server.paths == ["/v1/chat/completions", "/v1/embeddings", "/v1/models"]


@pytest.mark.asyncio
async def test_body_is_sent_as_it_is() -> None:
    """Unknown parameters, other scripts, half emojis: the server gets the JSON that was meant."""
    body = {**BODY, "top_k": 5, "messages": [{"role": "user", "content": "ö 😀 \ud83d"}]}
    async with scripted(chat()) as server:
        endpoint = OpenAIEndpoint(server.url)
        answer = await endpoint.chat(body, timeout=30)
        await endpoint.close()
    assert server.bodies == [body]
    assert answer == chat().body


@pytest.mark.asyncio
async def test_cookies_are_not_sent_back() -> None:
    """They would tie hundreds of calls to one machine behind a load balancer."""
    cookie = {"Set-Cookie": "lb=node-1; Path=/"}
    async with scripted(Reply(chat().body, headers=cookie)) as server:
        endpoint = OpenAIEndpoint(server.url)
        await endpoint.chat(BODY, timeout=30)
        await endpoint.chat(BODY, timeout=30)
        await endpoint.close()
    assert [headers.get("cookie") for headers in server.headers] == [None, None]


@pytest.mark.asyncio
async def test_models_are_listed() -> None:
    """The ids, whatever else a server says; odd lists are empty ones."""
    for body, ids in (
        ({"data": [{"id": "a", "object": "model"}, {"id": "b"}]}, ["a", "b"]),
        ({"data": None}, []),
        ({"models": []}, []),
        ({"data": ["a"]}, []),
    ):
        async with scripted(Reply(body)) as server:
            endpoint = OpenAIEndpoint(server.url)
            assert await endpoint.models(timeout=30) == ids
            await endpoint.close()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "kind", "is_retryable"),
    [
        (400, "bad_request", False), (401, "auth", False), (403, "auth", False),
        (404, "not_found", False), (405, "bad_request", False), (408, "timeout", True),
        (409, "server", True), (413, "bad_request", False), (422, "bad_request", False),
        (425, "server", True), (429, "rate_limit", True), (500, "server", True),
        (501, "bad_request", False), (502, "server", True), (503, "server", True),
        (529, "server", True),
    ],
)  # fmt: skip
async def test_status_tells_the_kind(status: int, kind: str, is_retryable: bool) -> None:
    """And the kind whether another try can succeed."""
    async with scripted(failure(status, "what the server says")) as server:
        error = await fails(server.url)
    assert (error.kind, error.status, error.is_retryable) == (kind, status, is_retryable)
    assert error.message == "what the server says"
    assert len(server.bodies) == 1  # the client repeats nothing by itself


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "openai style"}}, "openai style"),
        ({"object": "error", "message": "vllm style", "code": 400}, "vllm style"),
        ({"error": "ollama style"}, '{"error": "ollama style"}'),
        ({"detail": "fastapi style"}, '{"detail": "fastapi style"}'),
        ("plain words", "plain words"),
        ("<html><h1>Bad Gateway</h1></html>", "<html><h1>Bad Gateway</h1></html>"),
        ("", "status 400"),
        ({"error": {"message": "x" * 2_000}}, "x" * 500),
        ([1, 2], "[1, 2]"),
    ],
)
async def test_error_message_is_the_servers(body: Any, message: str) -> None:
    """In whichever shape it comes, bounded in length."""
    async with scripted(Reply(body, 400)) as server:
        assert (await fails(server.url)).message == message


@pytest.mark.asyncio
async def test_exhausted_account_is_not_a_rate_limit() -> None:
    """No wait helps an account without credit."""
    reply = failure(429, "You exceeded your current quota", code="insufficient_quota")
    async with scripted(reply) as server:
        error = await fails(server.url)
    assert (error.kind, error.status, error.is_retryable) == ("auth", 429, False)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("headers", "low", "high"),
    [
        ({"Retry-After": "7"}, 7.0, 7.0),
        ({"Retry-After": "0.5"}, 0.5, 0.5),
        ({"retry-after-ms": "250", "Retry-After": "7"}, 0.25, 0.25),
        ({"retry-after-ms": "soon", "Retry-After": "7"}, 7.0, 7.0),
        ({"Retry-After": "-3"}, 0.0, 0.0),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0, 0.0),
        (
            {"Retry-After": format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1), True)},
            1_000.0, 3_600.0,
        ),
    ],
)  # fmt: skip
async def test_retry_after(headers: dict[str, str], low: float, high: float) -> None:
    """Seconds, milliseconds and dates."""
    async with scripted(Reply({}, 429, headers)) as server:
        error = await fails(server.url)
    assert error.retry_after is not None
    assert low <= error.retry_after <= high


@pytest.mark.asyncio
@pytest.mark.parametrize("value", ["soon", "nan", "inf", "", "32 Foo 99"])
async def test_retry_after_that_says_nothing(value: str) -> None:
    """The same as none at all."""
    async with scripted(Reply({}, 429, {"Retry-After": value})) as server:
        assert (await fails(server.url)).retry_after is None


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "body",
    [
        "<html>Welcome to nginx</html>",
        "",
        "[1]",
        '"text"',
        "null",
        "data: {}\n\n",
        "{",
        "[" * 9_999,
    ],
)
async def test_answer_that_is_no_json_object(body: str) -> None:
    """A web page, a stream, a cut answer: said with what came."""
    async with scripted(Reply(body)) as server:
        error = await fails(server.url)
    assert (error.kind, error.status, error.is_retryable) == ("bad_answer", 200, False)
    assert error.message == (
        f"the server answered 200 with something that is no JSON object: {body[:200]!r}"
    )


@pytest.mark.asyncio
async def test_compressed_answers() -> None:
    """Good ones are read; a broken one is complete, may be billed and is not asked for again."""
    good = Reply(
        gzip.compress(json.dumps(chat().body).encode()), headers={"Content-Encoding": "gzip"}
    )
    async with scripted(good) as server:
        endpoint = OpenAIEndpoint(server.url)
        assert await endpoint.chat(BODY, timeout=30) == chat().body
        await endpoint.close()
    async with scripted(Reply(b"not gzip at all", headers={"Content-Encoding": "gzip"})) as server:
        error = await fails(server.url)
    assert (error.kind, error.is_retryable) == ("bad_answer", False)
    assert error.message == (
        "the server's answer is complete but cannot be unpacked (Content-Encoding): "
        "Error -3 while decompressing data: incorrect header check"
    )


@pytest.mark.asyncio
async def test_certificate_nobody_vouches_for() -> None:
    """No later try helps: told at once, with what to check."""
    asked: list[int] = []
    server = await asyncio.start_server(
        lambda *_: asked.append(1), "127.0.0.1", 0, ssl=own_certificate()
    )
    journal = Calls()
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    async with model_at(url, journal, max_tries=5) as model:
        with pytest.raises(ModelError) as caught:
            await model.chat("hi")
    server.close()
    await server.wait_closed()
    assert "CERTIFICATE_VERIFY_FAILED" in caught.value.message
    assert caught.value.message.endswith(
        "(after 1 try); check the server's certificate: its host name, its dates and who signed it "
        "(the environment variable SSL_CERT_FILE names a file of authorities of your own)"
    )
    assert (caught.value.detail["kind"], len(journal[0].tries), asked) == ("certificate", 1, [])


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(status: int) -> None:
    """The key was meant for this address; the message names the other."""
    target = "https://elsewhere.example/v1/chat/completions"
    async with scripted(Reply("", status, {"Location": target})) as server:
        error = await fails(server.url)
    assert (error.kind, error.status) == ("not_found", status)
    assert error.message == f"the server points to {target}, which is not followed"
    assert len(server.paths) == 1


@pytest.mark.asyncio
async def test_nobody_listens() -> None:
    """A connection error that may be gone at the next try."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    error = await fails(f"http://127.0.0.1:{port}/v1")
    assert (error.kind, error.status, error.is_retryable) == ("connection", None, True)
    assert f"127.0.0.1:{port}" in error.message


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "reset"),
    [
        (b"", False),
        (b"", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", False),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100\r\n\r\n"
            + gzip.compress(b"{}")[:12],
            False,
        ),
        (b"SSH-2.0-OpenSSH_9.6\r\n", False),
        (b"HTTP/1.1 banana\r\n\r\n", False),
    ],
    ids=[
        "hangs up",
        "resets",
        "half an answer",
        "half an archive",
        "another protocol",
        "bad status",
    ],
)
async def test_broken_connections(answer: bytes, reset: bool) -> None:
    """Each is a connection error of ours, not a timeout and not a foreign exception."""
    async with raw_server(answer, reset=reset) as url:
        error = await fails(url)
    assert (error.kind, error.status) == ("connection", None)
    assert error.message


@pytest.mark.asyncio
async def test_server_that_never_answers() -> None:
    """A timeout, once the time is up."""
    gone = asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        try:
            await asyncio.Event().wait()
        finally:
            gone.set()
        raise AssertionError

    async with scripted(handler=hang) as server:
        error = await fails(server.url, timeout=0.1)
        await asyncio.wait_for(gone.wait(), 10)  # the request was given up there, too
    assert (error.kind, error.message) == ("timeout", "no answer in time")


@pytest.mark.asyncio
@pytest.mark.parametrize("key", ["sk-with-a-line-end\n", "sk-ключ", "sk\x00"])
async def test_key_that_no_header_can_carry(key: str) -> None:
    """Told as a fault of the key, which is not shown."""
    with pytest.raises(EndpointError, match="no header can carry") as caught:
        OpenAIEndpoint("http://127.0.0.1:9/v1", key)
    assert caught.value.kind == "auth"
    assert "sk" not in caught.value.message


def test_url_that_cannot_be_used() -> None:
    """An error of ours for what a stored model may hold."""
    with pytest.raises(EndpointError, match="is no URL") as caught:
        OpenAIEndpoint("http://[::1/v1")
    assert caught.value.kind == "not_found"


@pytest.mark.asyncio
@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/v1", "http://a..b/v1"])
async def test_host_that_cannot_be_reached(url: str) -> None:
    """What the transport finds out only when it connects is an error of ours as well."""
    assert (await fails(url)).kind == "connection"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "reply",
    [
        failure(401, f"Incorrect API key provided: {KEY}. Find yours at ..."),
        failure(500, "x" * 480 + KEY),
        Reply(f"<html>Authorization: Bearer {KEY}</html>", 502),
        Reply(f"<html>{'x' * 180}{KEY}</html>", 200),
        Reply("", 302, {"Location": f"https://elsewhere.example/?key={KEY}"}),
        chat(f"Your headers were: Authorization: Bearer {KEY}"),
        chat(None, refusal=f"not with {KEY}"),
        Reply({"error": {"message": f"no credit on {KEY}"}}, 200),
    ],
    ids=["401", "cut in the message", "html", "cut in a page", "location", "answer", "refusal",
         "error with 200"],
)  # fmt: skip
async def test_key_appears_nowhere(reply: Reply, caplog: pytest.LogCaptureFixture) -> None:
    """Not in messages, details, causes, calls, reprs or log lines, though the server repeats it."""
    journal = Calls()
    shown: list[str] = []
    for name in (None, "openai", "httpx2", "aiohttp", "asyncio"):
        caplog.set_level(logging.DEBUG, name)  # until the test ends
    async with scripted(reply) as server, model_at(server.url, journal) as model:
        shown.append(repr(model))
        try:
            shown.append(repr(await model.chat("hi")))
        except ModelError as error:
            shown.append(json.dumps(error.to_dict()) + repr(error))
            shown.extend(traceback.format_exception(error))
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    shown.append(caplog.text)
    shown.append(json.dumps([call.to_dict() for call in journal]))
    everything = "\n".join(shown)
    for length in (len(KEY), 16):
        assert KEY[:length] not in everything


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("escaped", "key"),
    [
        (KEY.replace("/", "\\/"), KEY),
        ("".join(f"\\u{ord(char):04x}" for char in KEY), KEY),
        ("".join(f"\\u{ord(char):04X}" for char in KEY), KEY),
        (KEY.replace("/", "\\\\/"), KEY),
        (KEY.replace("s", "\\\\u0073", 1), KEY),
        ('sk-\\"quoted\\"-\\\\1', 'sk-"quoted"-\\1'),
        ("sk-1234x", "sk-1234x"),
    ],
    ids=["slash", "lower hex", "upper hex", "slash twice", "hex twice", "quotes", "short"],
)
async def test_escaped_key_is_found(escaped: str, key: str) -> None:
    """JSON has many ways to write a text, and an answer is often JSON in JSON."""
    body = json.dumps(chat("Your key: KEY.").body).replace("KEY", escaped)
    journal = Calls()
    async with scripted(Reply(body)) as server, model_at(server.url, journal, key=key) as model:
        assert (await model.chat("hi")).text == "Your key: [key]."
    assert journal[0].answer == "Your key: [key]."


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [200, 500])
async def test_escaped_key_in_what_is_no_answer(status: int) -> None:
    """A page or an error that is quoted raw may hold it escaped."""
    raw = Reply('["' + KEY.replace("/", "\\/") + '"]', status)
    async with scripted(raw) as server:
        error = await fails(server.url)
    assert "[key]" in error.message
    assert "Secret" not in f"{error.message} {error.answer}"


@pytest.mark.asyncio
async def test_key_in_a_wider_encoding() -> None:
    """JSON in UTF-16 is read, and its bytes hold no key as it is written."""
    body = json.dumps(chat(f"It is {KEY}").body).encode("utf-16")
    async with scripted(Reply(body)) as server, model_at(server.url) as model:
        assert (await model.chat("hi")).text == "It is [key]"


@pytest.mark.asyncio
async def test_placeholder_key_changes_no_answer() -> None:
    """Local servers are given keys like EMPTY, which is a word."""
    async with (
        scripted(chat("An EMPTY page.")) as server,
        model_at(server.url, key="EMPTY") as model,
    ):
        assert (await model.chat("hi")).text == "An EMPTY page."


@pytest.mark.asyncio
async def test_three_hundred_calls_at_once(server: OfflineServer) -> None:
    """One client per endpoint, and no hidden limit on its connections."""
    server.reset(latency=1.0)
    async with models_at(server.url, timeout=100.0) as models:
        opened = [
            models.open("tested", journal=Calls(), variation="", block="b") for _ in range(300)
        ]
        await asyncio.gather(*(one.chat(f"Say number {i}.") for i, one in enumerate(opened)))
        config = models.resolve("tested")
        assert models.endpoint_for(config) is models.endpoint_for(config)
    log = server.log()
    assert log["requests"] == 300
    assert log["by_outcome"] == {"ok": 300}
    assert log["max_in_flight"] >= 150  # the client's own limit would be 100
