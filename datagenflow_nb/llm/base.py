"""What a model endpoint is, how it is configured and how it fails."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Protocol

from ..records import Usage

__all__ = ["KEPT_CHARACTERS", "OFFLINE", "Endpoint", "EndpointError", "ModelConfig", "usage_of"]

OFFLINE = "offline"

#: Characters of an answer that cannot be used which stay in the trace.
KEPT_CHARACTERS = 10_000


@dataclass(frozen=True, slots=True, repr=False)
class ModelConfig:
    """A configured model: what a block names in ``model:``.

    Attributes
    ----------
    name : str
        The name blocks use.
    model : str
        The id sent to the server.
    endpoint : str or None
        Base URL of an OpenAI-compatible API (``http://127.0.0.1:8000/v1``); None: the embedded
        offline model.
    key_env : str or None
        Environment variable that holds the key; the key itself is never stored.
    api_key : str or None
        The key in memory; ``repr`` never shows it.
    timeout : float
        Seconds for one try.
    max_tries : int
        Tries of one call, 1 or more.
    max_wait : float
        Seconds from the first try after which no new try starts.
    requests_per_minute, tokens_per_minute : int or None
        Most that is sent within any 60 seconds, answers' tokens included; None: no limit.
    input_price, output_price : float or None
        Money per million tokens; None: unknown, and so is the cost.
    """

    name: str
    model: str
    endpoint: str | None = None
    key_env: str | None = None
    api_key: str | None = None
    timeout: float = 120.0
    max_tries: int = 8
    max_wait: float = 120.0
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    input_price: float | None = None
    output_price: float | None = None

    def __repr__(self) -> str:
        place = self.endpoint or "the embedded model"
        key = f", key from {self.key_env}" if self.key_env else ""
        return f"ModelConfig({self.name!r}: {self.model} at {place}{key})"

    @property
    def is_offline(self) -> bool:
        return self.endpoint is None

    @property
    def client_key(self) -> tuple[str | None, str]:
        """Models that share it share a connection pool; it holds a digest, not the key."""
        digest = hashlib.sha256((self.api_key or "").encode()).hexdigest()[:16]
        return self.endpoint, digest

    def cost(self, usage: Usage) -> float | None:
        """Money for ``usage``, or None when a price is not configured."""
        if self.is_offline:
            return 0.0
        if self.input_price is None or self.output_price is None:
            return None
        tokens = usage.input_tokens * self.input_price + usage.output_tokens * self.output_price
        return tokens / 1_000_000


class EndpointError(Exception):
    """One try at an endpoint failed.

    Parameters
    ----------
    kind : str
        ``rate_limit``, ``server``, ``connection``, ``timeout``, ``certificate``, ``auth``,
        ``bad_request``, ``not_found`` or ``bad_answer``.
    message : str
        What the server or the network said, without the key.
    status : int, optional
        The HTTP status, when there was one.
    retry_after : float, optional
        Seconds the server asked to wait.
    answer : str, optional
        What came instead of an answer, for the trace; without the key.
    is_absent : bool
        No connection came about: nobody listens there, or there is no such host.
    """

    RETRYABLE = frozenset({"rate_limit", "server", "connection", "timeout"})

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        answer: str | None = None,
        is_absent: bool = False,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = status
        self.retry_after = retry_after
        self.answer = answer
        self.is_absent = is_absent

    @property
    def is_retryable(self) -> bool:
        return self.kind in self.RETRYABLE


class Endpoint(Protocol):
    """One try each; bodies and answers are the JSON objects of the OpenAI API.

    Raises ``EndpointError``. Bound to the event loop it is first used on.

    Source: https://platform.openai.com/docs/api-reference/chat and .../embeddings
    """

    async def chat(self, body: dict[str, Any], *, timeout: float) -> dict[str, Any]: ...

    async def embeddings(self, body: dict[str, Any], *, timeout: float) -> dict[str, Any]: ...

    async def models(self, *, timeout: float) -> list[str]: ...

    async def close(self) -> None: ...


def usage_of(answer: dict[str, Any]) -> Usage:
    """The ``usage`` object of an answer as our Usage; zeros when a server sends no such counts."""
    usage = answer.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    return Usage(
        input_tokens=_count(counts.get("prompt_tokens")),
        output_tokens=_count(counts.get("completion_tokens")),
        calls=1,
    )


def _count(value: Any) -> int:
    return value if type(value) is int and 0 <= value < 2**53 else 0
