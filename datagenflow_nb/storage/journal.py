"""Executions, calls, steps and records as rows.

Encoded at once, so that no later change of a value can reach what is stored, and without the keys
that the caller knows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from ..records import Call, Step, Usage, decode, encode
from ..redaction import Redactor

__all__ = [
    "STEP_COLUMNS",
    "call_from_row",
    "call_row",
    "execution_row",
    "record_row",
    "request_hash",
    "step_from_row",
    "step_row",
]

_NO_KEYS = Redactor()


def request_hash(request_text: str) -> str:
    """What tells two requests apart: 128 bits of BLAKE2b of the request's JSON."""
    return hashlib.blake2b(request_text.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def execution_row(
    key: int,
    job_id: int,
    seed_index: int,
    repetition: int,
    attempt: int,
    status: str,
    error: dict[str, Any] | None,
    trace_id: str,
    started_at: str,
    finished_at: str | None,
    *,
    keys: Redactor = _NO_KEYS,
) -> tuple[Any, ...]:
    """A row of ``executions``: inserted, or updating status, error and end."""
    return (
        key, job_id, seed_index, repetition, attempt, status,
        None if error is None else keys.json(encode(error)), trace_id, started_at, finished_at,
    )  # fmt: skip


def call_row(
    execution_key: int, branch: str, call: Call, created_at: str, *, keys: Redactor = _NO_KEYS
) -> tuple[Any, ...]:
    """A row of ``calls``; the hash is that of the request as it was sent."""
    request = encode(call.request)
    usage = call.usage
    return (
        execution_key, branch, call.block_id, call.number, call.model, keys.json(request),
        request_hash(request), call.answer and keys.text(call.answer), call.finish_reason,
        usage.input_tokens, usage.output_tokens, usage.cost, call.latency,
        keys.json(encode(call.tries)), call.error and keys.text(call.error), created_at,
        int(call.reused),
    )  # fmt: skip


def call_from_row(row: Any) -> Call:
    """The Call a row of ``calls`` holds."""
    tries = decode(row["tries"])
    # A call counts when a try succeeded, even when the answer holds no text (a refusal, vectors).
    answered = bool(tries) and tries[-1]["error"] is None
    return Call(
        block_id=row["block_id"],
        number=row["number"],
        model=row["model"],
        request=decode(row["request"]),
        answer=row["answer"],
        finish_reason=row["finish_reason"],
        usage=Usage(row["input_tokens"], row["output_tokens"], int(answered), row["cost"]),
        latency=row["latency"],
        tries=tries,
        error=row["error"],
        reused=bool(row["reused"]),
    )


def step_row(execution_key: int, step: Step, *, keys: Redactor = _NO_KEYS) -> tuple[Any, ...]:
    """A row of ``steps``: only what the block changed."""
    return (
        execution_key, step.branch, step.index, step.block_id, step.block_type,
        keys.json(encode(step.set)) if step.set else None,
        encode(step.removed) if step.removed else None, int(step.skipped), step.execution_time,
        None if step.error is None else keys.json(encode(step.error)),
    )  # fmt: skip


#: The columns ``step_from_row`` takes, in its order.
STEP_COLUMNS = (
    "branch, step, block_id, block_type, changes, removed, skipped, execution_time, error"
)


def step_from_row(row: Iterable[Any]) -> Step:
    """The Step that a row of ``STEP_COLUMNS`` holds, without its calls."""
    branch, index, block_id, block_type, changes, removed, skipped, seconds, error = row
    return Step(
        index,
        block_id,
        block_type,
        branch,
        {} if changes is None else decode(changes),
        [] if removed is None else decode(removed),
        seconds,
        None if error is None else decode(error),
        skipped=bool(skipped),
    )


def record_row(
    job_id: int,
    execution_key: int,
    seed_index: int,
    repetition: int,
    branch: str,
    status: str,
    reason: str | None,
    output_field: str | None,
    model: str | None,
    verdict: str | None,
    created_at: str,
    *,
    keys: Redactor = _NO_KEYS,
) -> tuple[Any, ...]:
    """A row of ``records``; its id is given by SQLite."""
    reviewer = None if verdict is None else "rule"
    return (
        job_id, execution_key, seed_index, repetition, branch, status, reason and keys.text(reason),
        output_field, model, verdict, reviewer, created_at, created_at,
    )  # fmt: skip
