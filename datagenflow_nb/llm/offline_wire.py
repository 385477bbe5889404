"""How the offline server answers: JSON, errors in OpenAI's shape, event streams, resets."""

from __future__ import annotations

import json
import socket
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["ApiError", "drop_connection", "send_json", "send_stream"]

_PIECE = 48  # characters of an answer per streamed chunk
_TYPES = {429: "rate_limit_error", 500: "server_error"}
_CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded"}


class ApiError(Exception):
    """An answer in OpenAI's error shape, and the outcome it is logged as."""

    def __init__(self, status: int, message: str, outcome: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.outcome = outcome
        self.param = param

    def response(self, retry_after: float | None = None) -> web.Response:
        """The answer to send.

        Source: https://platform.openai.com/docs/guides/error-codes
        """
        error = {
            "message": self.message,
            "type": _TYPES.get(self.status, "invalid_request_error"),
            "param": self.param,
            "code": _CODES.get(self.status),
        }
        headers = None
        if self.status == 429 and retry_after is not None:
            headers = {"Retry-After": f"{retry_after:g}"}
        return send_json({"error": error}, self.status, headers)


def send_json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """A JSON answer."""
    from aiohttp import web

    return web.Response(
        body=json.dumps(value).encode(),
        status=status,
        headers=headers,
        content_type="application/json",
    )


def drop_connection(request: web.Request) -> web.Response:
    """Drop the connection with a TCP reset; the response returned is never sent."""
    from aiohttp import web

    transport = request.transport
    if transport is not None:
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


async def send_stream(
    request: web.Request, body: dict[str, Any], answer: dict[str, Any], outcome: str
) -> web.StreamResponse:
    """The answer as server-sent events; a reset comes after the first piece."""
    from aiohttp import web

    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
    )
    await response.prepare(request)
    head = {key: answer[key] for key in ("id", "created", "model")}
    head["object"] = "chat.completion.chunk"
    wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    if wants_usage:
        head["usage"] = None
    choice = answer["choices"][0]
    text = choice["message"]["content"]
    pieces = [text[i : i + _PIECE] for i in range(0, len(text), _PIECE)]
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": piece} for piece in pieces]
    events = [_event(head, [_delta(delta, None)]) for delta in deltas]
    events.append(_event(head, [_delta({}, choice["finish_reason"])]))
    if wants_usage:
        events.append(_event({**head, "usage": answer["usage"]}, []))
    if outcome in ("reset", "hang"):
        await response.write(b"".join(events[:2]))
        drop_connection(request)
        return response
    for event in events:
        await response.write(event)
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response


def _delta(delta: dict[str, Any], finish: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}


def _event(head: dict[str, Any], choices: list[dict[str, Any]]) -> bytes:
    return b"data: " + json.dumps({**head, "choices": choices}).encode() + b"\n\n"
