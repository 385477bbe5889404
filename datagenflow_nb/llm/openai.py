"""Any OpenAI-compatible server, through ``openai.AsyncOpenAI`` with its aiohttp transport.

Bodies are posted as bytes and answers read as JSON: the client's connection pool, TLS, proxies and
errors without the models it builds for every answer (about half of the CPU time of a call).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import time
from typing import Any

import httpx2
from openai import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    DefaultAioHttpClient,
    Omit,
)

from ..records import decode, encode
from .base import EndpointError

__all__ = ["OpenAIEndpoint"]

_KINDS = {
    400: "bad_request", 401: "auth", 403: "auth", 404: "not_found", 408: "timeout",
    409: "server", 413: "bad_request", 422: "bad_request", 425: "server", 429: "rate_limit",
}  # fmt: skip


class _Client(AsyncOpenAI):
    """Sends what the user set and nothing else.

    The base class adds headers out of OPENAI_ORG_ID, OPENAI_PROJECT_ID and OPENAI_CUSTOM_HEADERS,
    which belong to other programs, and telemetry about this machine.
    """

    @property
    def default_headers(self) -> dict[str, str | Omit]:
        headers: dict[str, str | Omit] = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "datagenflow-nb",
            "x-stainless-retry-count": Omit(),
            "x-stainless-read-timeout": Omit(),
        }
        if not self.api_key:
            headers["Authorization"] = Omit()
        return headers


class OpenAIEndpoint:
    """One server: one client, one connection pool, bound to the loop it is first used on.

    Parameters
    ----------
    base_url : str
        For example ``http://127.0.0.1:8000/v1``.
    api_key : str or None
        None: no Authorization header is sent.
    """

    def __init__(self, base_url: str, api_key: str | None = None) -> None:
        self.base_url = base_url
        self._key = api_key
        # Without an explicit limit aiohttp opens 100 connections at most and queues the rest.
        limits = httpx2.Limits(max_connections=10_000, max_keepalive_connections=10_000)
        self._client = _Client(
            base_url=base_url,
            api_key=api_key or "",
            max_retries=0,
            http_client=DefaultAioHttpClient(limits=limits, follow_redirects=False),
        )
        self._client.admin_api_key = None

    async def chat(self, body: dict[str, Any], *, timeout: float) -> dict[str, Any]:
        """POST ``/chat/completions``."""
        return await self._post("/chat/completions", body, timeout)

    async def embeddings(self, body: dict[str, Any], *, timeout: float) -> dict[str, Any]:
        """POST ``/embeddings``."""
        return await self._post("/embeddings", body, timeout)

    async def models(self, *, timeout: float) -> list[str]:
        """The ids ``GET /models`` lists."""
        try:
            response = await self._client.get(
                "/models", cast_to=httpx2.Response, options={"timeout": timeout}
            )
        except (APIConnectionError, APIStatusError) as error:
            raise self._failure(error) from error
        answer = self._read(response)
        return [str(item.get("id")) for item in answer.get("data") or []]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _post(self, path: str, body: dict[str, Any], timeout: float) -> dict[str, Any]:
        try:
            response = await self._client.post(
                path,
                content=encode(body).encode(),
                cast_to=httpx2.Response,
                options={"timeout": timeout},
            )
        except (APIConnectionError, APIStatusError) as error:
            raise self._failure(error) from error
        return self._read(response)

    def _read(self, response: httpx2.Response) -> dict[str, Any]:
        try:
            answer = decode(response.content)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            shown = self._redact(response.text[:200])
            raise EndpointError(
                "bad_answer",
                f"the server answered {response.status_code} with something that is no JSON object: {shown!r}",
                status=response.status_code,
            )
        return answer

    def _failure(self, error: APIConnectionError | APIStatusError) -> EndpointError:
        if isinstance(error, APITimeoutError):
            return EndpointError("timeout", "no answer in time")
        if isinstance(error, APIConnectionError):
            cause = error.__cause__ or error
            return EndpointError("connection", self._redact(str(cause) or type(cause).__name__))
        status = error.status_code
        kind = _KINDS.get(status, "server" if status >= 500 else "bad_request")
        if kind == "rate_limit" and error.code == "insufficient_quota":
            kind = "auth"  # no wait helps an account without credit
        return EndpointError(
            kind,
            self._redact(_server_message(error)),
            status=status,
            retry_after=_retry_after(error.response.headers),
        )

    def _redact(self, text: str) -> str:
        return text.replace(self._key, "[key]") if self._key else text


def _server_message(error: APIStatusError) -> str:
    body = error.body
    if isinstance(body, Mapping):
        inner = body.get("error", body)
        message = inner.get("message") if isinstance(inner, Mapping) else inner
        if isinstance(message, str) and message:
            return message[:500]
    return error.response.text[:500] or f"status {error.status_code}"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from ``retry-after-ms`` or ``Retry-After`` (RFC 9110 10.2.3)."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name)
        if not text:
            continue
        try:
            seconds = float(text) * scale
        except ValueError:
            try:
                seconds = parsedate_to_datetime(text).timestamp() - time()
            except ValueError:
                continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    return None
