"""What the tests of the model layer share: a server that answers as told, models that ask it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from datagenflow_nb.llm.base import ModelConfig
from datagenflow_nb.llm.catalog import Models
from datagenflow_nb.llm.model import Model
from datagenflow_nb.records import Call
from datagenflow_nb.settings import Settings

KEY = "sk-proj-Very/Secret+Key_1234567890"


class Calls(list[Call]):
    """A journal that is a list."""

    has_answers = False

    def recall(self, model: str, request: dict[str, Any]) -> Call | None:
        """Nothing was asked before."""
        return None

    def next_number(self) -> int:
        return len(self)

    async def pause(self, seconds: float, model: str, reason: str) -> bool:
        """No job, nothing stops."""
        await asyncio.sleep(seconds)
        return True

    async def ready(self, call: Any) -> None:
        return None

    async def turn(
        self, call: Call, place: asyncio.Future[Any], told: Callable[[], str | None]
    ) -> bool:
        await place
        return True

    def add(self, call: Call) -> None:
        assert call.number == len(self)
        self.append(call)


@dataclass
class Reply:
    """One answer of the server; the last one is given again and again."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Scripted:
    """A server on loopback and what it was asked."""

    url: str
    bodies: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


def chat(content: Any = "hello", finish_reason: str = "stop", **message: Any) -> Reply:
    """A chat completion."""
    return Reply(
        {
            "id": "1", "object": "chat.completion", "created": 0, "model": "served-model",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": finish_reason,
                    "message": {"role": "assistant", "content": content, **message},
                }
            ],
            "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
        }
    )  # fmt: skip


def failure(status: int, message: str, **error: Any) -> Reply:
    """An error in OpenAI's shape."""
    return Reply({"error": {"message": message, "type": "error", **error}}, status)


@contextlib.asynccontextmanager
async def scripted(
    *replies: Reply, handler: Callable[[web.Request], Any] | None = None
) -> AsyncIterator[Scripted]:
    """Serve the replies in turn, or whatever ``handler`` does."""
    left = list(replies)

    async def answer(request: web.Request) -> web.StreamResponse:
        server.paths.append(request.path)
        server.headers.append({name.lower(): value for name, value in request.headers.items()})
        raw = await request.read()
        server.bodies.append(json.loads(raw) if raw else None)
        if handler is not None:
            response: web.StreamResponse = await handler(request)
            return response
        reply = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(reply.body, str | bytes):
            content = reply.body.encode() if isinstance(reply.body, str) else reply.body
        else:
            content = json.dumps(reply.body).encode()
        headers = {"Content-Type": "application/json", **reply.headers}
        return web.Response(body=content, status=reply.status, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    server = Scripted(f"http://127.0.0.1:{runner.addresses[0][1]}/v1")
    try:
        yield server
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def raw_server(answer: bytes, *, reset: bool = False) -> AsyncIterator[str]:
    """A server below HTTP: it reads a request, sends these bytes and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        if reset:
            writer.transport.abort()
        else:
            await writer.drain()
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()
        await server.wait_closed()


def own_certificate() -> ssl.SSLContext:
    """What an HTTPS server on loopback shows: a certificate that it signed itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(__file__).with_name("self_signed.pem"))
    return context


@contextlib.asynccontextmanager
async def model_at(
    url: str, journal: Calls | None = None, *, key: str | None = KEY, **options: Any
) -> AsyncIterator[Model]:
    """A model ``tested`` at ``url``, through the catalogue; few tries unless told otherwise."""
    async with models_at(url, key=key, **options) as models:
        yield models.open("tested", journal=journal, variation="", block="writer")


@contextlib.asynccontextmanager
async def models_at(url: str, *, key: str | None = KEY, **options: Any) -> AsyncIterator[Models]:
    """A catalogue with the model ``tested``, closed afterwards."""
    config = ModelConfig(
        name="tested", model="model-id", endpoint=url, api_key=key, **{"max_tries": 1, **options}
    )
    models = Models(Settings(root=Path()), lambda: {"tested": config})
    try:
        yield models
    finally:
        await models.close()
