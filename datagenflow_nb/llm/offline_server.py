"""The offline model over HTTP, OpenAI-compatible, with faults on demand.

``/v1/chat/completions`` (also streamed), ``/v1/embeddings``, ``/v1/models``. For tests and
demonstrations: ``GET /__log`` tells what was asked (prompts' first 200 characters, never a key),
``POST /__reset`` clears that and changes the faults. Both are open to whoever reaches the port,
which is why the server listens on the loopback interface unless told otherwise.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from .base import OFFLINE, EndpointError
from .offline import complete, embed
from .offline_faults import Faults, Log
from .offline_wire import ApiError, drop_connection, send_json, send_stream

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["Faults", "Running", "serve", "start"]

_MAX_BODY = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens.

    Attributes
    ----------
    url : str
        The base URL for clients, ``http://127.0.0.1:8000/v1``.
    port : int
        The port it got.
    """

    url: str
    port: int
    runner: web.AppRunner

    async def stop(self) -> None:
        """Close the port and every connection; requests that hang are cancelled."""
        await self.runner.cleanup()


async def start(host: str = "127.0.0.1", port: int = 0, faults: Faults | None = None) -> Running:
    """Serve on the running loop.

    Parameters
    ----------
    host : str
        Address to listen on.
    port : int
        0: a free one.
    faults : Faults, optional
        None: no delays, no faults.

    Raises
    ------
    ConfigError
        When the port cannot be had.
    """
    from aiohttp import web

    service = _Service(faults or Faults())
    app = web.Application(client_max_size=_MAX_BODY)
    app.add_routes(
        [
            web.post("/v1/chat/completions", service.chat),
            web.post("/v1/embeddings", service.embeddings),
            web.get("/v1/models", service.models),
            web.get("/__log", service.show_log),
            web.post("/__reset", service.reset),
        ]
    )
    # A client that gives up ends its request, so that nothing is counted as in flight for ever.
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
    except OSError as exc:
        await runner.cleanup()
        raise ConfigError(
            f"cannot listen on {host}:{port}: {exc.strerror or exc}; choose another port, "
            "or 0 for a free one",
            {"host": host, "port": port},
        ) from exc
    got = int(runner.addresses[0][1])
    shown = f"[{host}]" if ":" in host else host
    return Running(f"http://{shown}:{got}/v1", got, runner)


def serve(host: str = "127.0.0.1", port: int = 0, faults: Faults | None = None) -> None:
    """Serve until SIGINT or SIGTERM; prints the URL on one line once it listens.

    Blocks; call it from the main thread. Parameters and errors as of ``start``.
    """
    with contextlib.suppress(KeyboardInterrupt):  # where signal handlers cannot be set
        asyncio.run(_serve(host, port, faults))


async def _serve(host: str, port: int, faults: Faults | None) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C raises instead
            loop.add_signal_handler(number, stopped.set)
    running = await start(host, port, faults)
    try:
        sys.stdout.write(f"offline model on {running.url}\n")
        sys.stdout.flush()
        await stopped.wait()
    finally:
        await running.stop()


class _Service:
    """The routes, over one set of faults and one log."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.log = Log()
        self.room = _room(faults)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, complete)

    async def embeddings(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, embed)

    async def models(self, request: web.Request) -> web.Response:
        try:
            self._check_key(request)
        except ApiError as error:
            return error.response()
        model = {"id": OFFLINE, "object": "model", "created": 0, "owned_by": "datagenflow-nb"}
        return send_json({"object": "list", "data": [model]})

    async def show_log(self, request: web.Request) -> web.Response:
        return send_json(self.log.report())

    async def reset(self, request: web.Request) -> web.Response:
        raw = await request.read()
        try:
            values = json.loads(raw) if raw else {}
            if not isinstance(values, dict):
                raise ConfigError("the body must be a JSON object of faults")
            self.faults = self.faults.change(values)
            self.room = _room(self.faults)
        except (ValueError, ConfigError) as exc:
            return ApiError(400, str(exc), "bad_request").response()
        self.log.clear()
        return send_json({"faults": self.faults.to_dict()})

    async def _answer(self, request: web.Request, model: Any) -> web.StreamResponse:
        """One request with its place in the log: exactly one entry, however it ends."""
        self.log.enter()
        witness = _Witness()
        try:
            return await self._try(request, model, witness)
        except ApiError as error:
            witness.outcome = error.outcome
            return error.response(self.faults.retry_after)
        except asyncio.CancelledError:
            if witness.outcome == "error":
                witness.outcome = "client_gone"
            raise
        finally:
            self.log.leave()
            self.log.add(
                witness.digest,
                witness.prompt,
                witness.outcome,
                authorization="Authorization" in request.headers,
                secrets=self._secrets(request),
            )

    async def _try(self, request: web.Request, model: Any, witness: _Witness) -> web.StreamResponse:
        from aiohttp import web

        faults, at_once = self.faults, self.log.in_flight
        try:
            raw = await request.read()
        except web.HTTPRequestEntityTooLarge as exc:
            raise ApiError(413, f"the body is over {_MAX_BODY} bytes", "bad_request") from exc
        body = witness.read(raw)
        self.log.prompts.add(witness.prompt_digest)
        self._check_key(request)
        if faults.max_concurrent is not None and self.log.in_flight > faults.max_concurrent:
            raise ApiError(
                429, f"more than {faults.max_concurrent} requests at once; slow down", "busy"
            )
        number = self.log.count(witness.digest)
        outcome = faults.draw(witness.digest, number)
        if outcome == "429":
            raise ApiError(429, "Rate limit reached; try again later", outcome)
        _check_format(body, faults)
        streams = model is complete and bool(body.get("stream"))
        if outcome == "hang":
            witness.outcome = outcome  # also when the client gives up first
        delay = faults.delay(witness.digest, number, at_once)
        if delay := faults.hang if outcome == "hang" else delay:
            async with self.room:
                await asyncio.sleep(delay)
        if outcome == "500":
            raise ApiError(500, "The server had an error while processing your request", outcome)
        if outcome in ("hang", "reset") and not streams:
            witness.outcome = outcome
            return drop_connection(request)
        try:
            answer = model(body)
        except EndpointError as error:
            raise ApiError(400, error.message, "bad_request") from error
        witness.outcome = _spoil(answer, outcome)
        if streams:
            return await send_stream(request, body, answer, outcome)
        return send_json(answer)

    def _check_key(self, request: web.Request) -> None:
        wanted = self.faults.api_key
        if wanted is not None and _key_of(request) != wanted:
            raise ApiError(401, "Incorrect API key provided", "unauthorized")

    def _secrets(self, request: web.Request) -> list[str]:
        return [key for key in (self.faults.api_key, _key_of(request)) if key]


def _room(faults: Faults) -> contextlib.AbstractAsyncContextManager[Any]:
    """What a request passes while it is worked on."""
    if faults.capacity is None:
        return contextlib.nullcontext()
    return asyncio.Semaphore(faults.capacity)


class _Witness:
    """What the log will say about one request."""

    def __init__(self) -> None:
        self.digest = b"\0" * 16
        self.prompt_digest = b""
        self.prompt = ""
        self.outcome = "error"  # ours, until something better is known

    def read(self, raw: bytes) -> dict[str, Any]:
        """The body as JSON; its digest and the last user message are kept."""
        self.digest = hashlib.blake2b(raw, digest_size=16).digest()
        try:
            body = json.loads(raw)
        except ValueError as exc:
            raise ApiError(400, f"the body is not JSON: {exc}", "bad_request") from exc
        if not isinstance(body, dict):
            raise ApiError(400, "the body must be a JSON object", "bad_request")
        asked = body.get("messages") or body.get("input")
        text = json.dumps(asked)
        self.prompt_digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
        self.prompt = _last_text(asked)
        return body


def _last_text(asked: Any) -> str:
    """The text a person would recognise a request by: the last user message, the first input."""
    if isinstance(asked, list) and asked and isinstance(asked[0], str):
        return asked[0]
    if isinstance(asked, list):
        users = [item for item in asked if isinstance(item, dict) and item.get("role") == "user"]
        content = users[-1].get("content") if users else ""
        if isinstance(content, list):
            texts = [part.get("text") for part in content if isinstance(part, dict)]
            return "\n".join(text for text in texts if isinstance(text, str))
        return content if isinstance(content, str) else ""
    return asked if isinstance(asked, str) else ""


def _key_of(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ").strip()


def _check_format(body: dict[str, Any], faults: Faults) -> None:
    form = body.get("response_format")
    kind = form.get("type") if isinstance(form, dict) else None
    if kind in faults.unsupported_formats:
        raise ApiError(
            400,
            f"response_format.type '{kind}' is not supported",
            "unsupported_format",
            "response_format",
        )


def _spoil(answer: dict[str, Any], outcome: str) -> str:
    """Cut the answer where the draw says so; the outcome that then holds."""
    if outcome not in ("invalid_json", "truncated") or "choices" not in answer:
        return outcome if outcome in ("reset", "hang") else "ok"
    choice = answer["choices"][0]
    text = choice["message"]["content"]
    if outcome == "invalid_json" and text[:1] not in ("{", "["):
        return "ok"
    choice["message"]["content"] = text[: max(1, len(text) * 2 // 3)]
    if outcome == "truncated":
        choice["finish_reason"] = "length"
    return outcome
