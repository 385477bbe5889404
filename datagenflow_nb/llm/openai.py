"""Any OpenAI-compatible server, through ``openai.AsyncOpenAI`` with its aiohttp transport.

Bodies are posted as bytes and answers read as JSON: the client's connection pool, TLS, proxies and
errors without the models it builds for every answer (about half of the CPU time of a call).
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import aiohttp
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
from ..redaction import Redactor
from .base import KEPT_CHARACTERS, EndpointError
from .openai_errors import KINDS, retry_after, server_message

__all__ = ["OpenAIEndpoint"]

#: Headers the base class adds to every request, taken out again.
_UNWANTED: dict[str, str | Omit] = {
    "x-stainless-retry-count": Omit(), "x-stainless-read-timeout": Omit(),
}  # fmt: skip
#: Where the bytes of an answer may hold a key although they do not show it: JSON's escapes, and
#: encodings of two bytes or more.
_ESCAPES = (b"\\u00", b"\\/", b"\0")
#: Stands for "no key": the client insists on one, servers on this machine often have none.
_NO_KEY = "no-key"


class _Client(AsyncOpenAI):
    """Sends what the user set and nothing else.

    The base class adds headers out of OPENAI_ORG_ID, OPENAI_PROJECT_ID and OPENAI_CUSTOM_HEADERS,
    which belong to other programs, and telemetry about this machine.
    """

    @property
    def default_headers(self) -> dict[str, str | Omit]:
        return {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "datagenflow-nb",
        }


class OpenAIEndpoint:
    """One server: one client, one connection pool, bound to the loop it is first used on.

    Parameters
    ----------
    base_url : str
        For example ``http://127.0.0.1:8000/v1``.
    api_key : str or None
        None: no Authorization header is sent.

    Raises
    ------
    EndpointError
        For a URL or a key that no request can carry.
    """

    def __init__(self, base_url: str, api_key: str | None = None) -> None:
        self.base_url = base_url
        self._key = (api_key or "").encode()
        # An ordinary word such as "EMPTY" stays in answers; an error is no place for it either.
        self._answer_keys = Redactor([api_key])
        self._error_keys = Redactor([api_key], every=True)
        self._headers = dict(_UNWANTED)
        if not api_key:
            self._headers["Authorization"] = Omit()
        elif not (api_key.isascii() and api_key.isprintable()):
            raise EndpointError(
                "auth", "the key holds a line end or another character that no header can carry"
            )
        # Without an explicit limit aiohttp opens 100 connections at most and queues the rest.
        limits = httpx2.Limits(max_connections=10_000, max_keepalive_connections=10_000)
        try:
            self._client = _Client(
                base_url=base_url,
                api_key=api_key or _NO_KEY,
                max_retries=0,
                http_client=DefaultAioHttpClient(
                    limits=limits,
                    follow_redirects=False,
                    # A load balancer's cookie would tie all calls to one machine.
                    cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                ),
            )
        except httpx2.InvalidURL as error:
            raise EndpointError("not_found", f"{base_url!r} is no URL: {error}") from error
        self._client.admin_api_key = None

    async def chat(self, body: dict[str, Any], *, timeout: float) -> dict[str, Any]:
        """POST ``/chat/completions``."""
        return await self._post("/chat/completions", body, timeout)

    async def embeddings(self, body: dict[str, Any], *, timeout: float) -> dict[str, Any]:
        """POST ``/embeddings``."""
        return await self._post("/embeddings", body, timeout)

    async def models(self, *, timeout: float) -> list[str]:
        """The ids ``GET /models`` lists."""
        request = self._client.get(
            "/models",
            cast_to=httpx2.Response,
            options={"timeout": timeout, "headers": self._headers},
        )
        listed = (await self._answer(request)).get("data")
        items = listed if isinstance(listed, list) else []
        return [str(item.get("id")) for item in items if isinstance(item, dict)]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _post(self, path: str, body: dict[str, Any], timeout: float) -> dict[str, Any]:
        request = self._client.post(
            path,
            content=encode(body).encode(),
            cast_to=httpx2.Response,
            options={"timeout": timeout, "headers": self._headers},
        )
        return await self._answer(request)

    async def _answer(self, request: Awaitable[httpx2.Response]) -> dict[str, Any]:
        try:
            response = await request
        except APIStatusError as error:
            failure = self._status_failure(error)
        except (APIConnectionError, aiohttp.ClientError, UnicodeError) as error:
            failure = self._connection_failure(error)
        else:
            return self._read(response)
        # Not "from" the client's error: it quotes the server, and the server may quote the key.
        raise failure

    def _read(self, response: httpx2.Response) -> dict[str, Any]:
        content = response.content
        try:
            answer = decode(content)
        except (ValueError, RecursionError):
            answer = None
        if isinstance(answer, dict):
            return self._without_key(answer, content)
        text = self._error_keys.text(response.text)
        raise EndpointError(
            "bad_answer",
            f"the server answered {response.status_code} with something that is no JSON "
            f"object: {text[:200]!r}",
            status=response.status_code,
            answer=text[:KEPT_CHARACTERS],
        )

    def _without_key(self, answer: dict[str, Any], content: bytes) -> dict[str, Any]:
        """``answer`` without the key; it is searched only when its bytes may hold one."""
        if not self._key:
            return answer
        if (
            self._key in content
            or any(escape in content for escape in _ESCAPES)
            or (b"\\" in content and (b'"' in self._key or b"\\" in self._key))
        ):
            cleaned: dict[str, Any] = self._answer_keys.value(answer)
            return cleaned
        return answer

    def _connection_failure(self, error: Exception) -> EndpointError:
        # The transport calls a lost connection a timeout; only the first cause tells.
        cause: BaseException = error
        while cause.__cause__ is not None and not isinstance(cause, aiohttp.ClientError):
            if isinstance(cause, httpx2.DecodingError):
                return self._undecodable(cause)
            cause = cause.__cause__
        if isinstance(cause, TimeoutError | APITimeoutError):
            return EndpointError("timeout", "no answer in time")
        kind = "connection"
        if isinstance(
            cause, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError
        ):
            kind = "certificate"
        return EndpointError(
            kind,
            self._redact(str(cause) or type(cause).__name__)[:500],
            is_absent=isinstance(cause, aiohttp.ClientConnectorError),
        )

    def _undecodable(self, error: Exception) -> EndpointError:
        """The answer was complete, so it may be on the bill: asking again would be, too."""
        return EndpointError(
            "bad_answer",
            "the server's answer is complete but cannot be unpacked (Content-Encoding): "
            f"{self._redact(str(error))[:300]}",
        )

    def _status_failure(self, error: APIStatusError) -> EndpointError:
        status = error.status_code
        kind = KINDS.get(status, "server" if status >= 500 else "bad_request")
        message = self._redact(server_message(error))[:500]
        if status < 400:
            kind = "not_found"
            target = error.response.headers.get("location", "another address")
            message = self._redact(f"the server points to {target}, which is not followed")[:500]
        if kind == "rate_limit" and error.code == "insufficient_quota":
            kind = "auth"  # no wait helps an account without credit
        return EndpointError(
            kind,
            message,
            status=status,
            retry_after=retry_after(error.response.headers),
        )

    def _redact(self, text: str) -> str:
        return self._error_keys.text(text)
