"""What the status, the body and the headers of a failed request say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import time

from openai import APIStatusError

__all__ = ["KINDS", "retry_after", "server_message"]

#: Kinds of ``EndpointError`` by status; else ``server`` from 500 on, ``bad_request`` below.
KINDS = {
    400: "bad_request", 401: "auth", 402: "auth", 403: "auth", 404: "not_found", 408: "timeout",
    409: "server", 413: "bad_request", 422: "bad_request", 425: "server", 429: "rate_limit",
    501: "bad_request",
}  # fmt: skip


def server_message(error: APIStatusError) -> str:
    """What the server said, in OpenAI's shape or any other."""
    body = error.body
    if isinstance(body, Mapping):
        inner = body.get("error", body)
        message = inner.get("message") if isinstance(inner, Mapping) else inner
        if isinstance(message, str) and message:
            return message
    return error.response.text or f"status {error.status_code}"


def retry_after(headers: Mapping[str, str]) -> float | None:
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
