"""What a block talks to: a configured model, its endpoint, and the journal of its calls."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TypeVar

from ..errors import BlockExecutionError, ModelError, Stopped
from ..records import Call, Usage
from .advice import advice
from .answers import read_choice, read_vectors
from .base import Endpoint, EndpointError, ModelConfig, usage_of
from .journal import Journal
from .retry import ask_with_tries
from .structured import (
    FORMATS,
    find_violation,
    is_unsupported,
    prepare,
    read_json,
    shape_request,
)
from .throttle import gate_of
from .turns import Turns

__all__ = ["Completion", "Dialect", "Journal", "Model", "StructuredAnswer"]

T = TypeVar("T")
Messages = str | Sequence[dict[str, Any]]

#: What ends a call before its first try.
_NOT_SENT = (asyncio.CancelledError, Stopped, BlockExecutionError)


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's answer: its text and what it took."""

    text: str
    model: str
    finish_reason: str | None
    usage: Usage


@dataclass(frozen=True, slots=True)
class StructuredAnswer:
    """A JSON value that matches the schema, and the answer it was read from."""

    value: Any
    completion: Completion


@dataclass(slots=True)
class Dialect:
    """What one endpoint turned out not to understand, so that it is asked only once."""

    form: int = 0
    token_key: str = "max_tokens"


@dataclass(slots=True)
class Model:
    """A model as one block of one branch sees it; made by ``ctx.llm(name)``.

    ``variation`` makes the offline model's answers differ between repetitions; it is never sent to
    a server. ``is_awaited``: somebody waits for the answer, see ``ask_with_tries``.
    ``is_throttled``: calls pass the gate of the model.
    """

    config: ModelConfig
    endpoint: Endpoint
    dialect: Dialect
    block: str = ""
    journal: Journal | None = None
    variation: str = ""
    hand_over: Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]] | None = None
    is_awaited: bool = False
    is_throttled: bool = True
    _count: int = field(default=0, init=False)

    @property
    def name(self) -> str:
        """The configured name."""
        return self.config.name

    async def chat(self, messages: Messages, **parameters: Any) -> Completion:
        """One chat completion.

        Parameters
        ----------
        messages : str or list of {"role", "content"}
            A string is one user message.
        **parameters
            ``temperature``, ``max_tokens`` and whatever else the API takes; None is left out.

        Raises
        ------
        ModelError
            When no try succeeded, or the answer is empty, refused or cut off.
        """
        return await self._on_loop(self._chat(_as_messages(messages), parameters))

    async def structured(
        self,
        messages: Messages,
        schema: dict[str, Any],
        *,
        corrections: int = 1,
        strict: bool = True,
        **parameters: Any,
    ) -> StructuredAnswer:
        """One JSON value that matches ``schema``.

        Parameters
        ----------
        corrections : int
            How often a wrong answer is sent back with the violation quoted; each is a call.
        strict : bool
            Have the server force the schema; some then take a subset of JSON Schema only.

        Raises
        ------
        ConfigError
            When ``schema`` is no JSON Schema; nothing is asked.
        ModelError
            As ``chat``; and when the last answer still breaks the schema.
        """
        return await self._on_loop(
            self._structured(_as_messages(messages), schema, corrections, strict, parameters)
        )

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text.

        Raises
        ------
        ModelError
            When no try succeeded or the answer does not hold one vector per text.
        """
        return await self._on_loop(self._embed(list(texts)))

    async def _on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        if self.hand_over is None:
            return await work
        answer: T = await self.hand_over(work)
        return answer

    async def _chat(self, messages: list[dict[str, Any]], parameters: dict[str, Any]) -> Completion:
        body = self._body({"messages": messages}, parameters)
        try:
            return await self._complete(body)
        except _UnsupportedError as error:
            raise self._give_up(error.cause, error.call) from error.cause

    async def _structured(
        self,
        messages: list[dict[str, Any]],
        schema: dict[str, Any],
        corrections: int,
        strict: bool,
        parameters: dict[str, Any],
    ) -> StructuredAnswer:
        prepare(schema)
        corrections = max(0, corrections)
        for left in range(corrections, -1, -1):
            completion = await self._ask_for_json(messages, schema, strict, parameters)
            try:
                value = read_json(completion.text)
                violation = find_violation(value, schema)
            except ValueError as error:
                violation = str(error)
            if violation is None:
                return StructuredAnswer(value, completion)
            if left == 0:
                break
            messages = [
                *messages,
                {"role": "assistant", "content": completion.text},
                {
                    "role": "user",
                    "content": f"That answer is not acceptable: {violation}\n"
                    "Answer again with the corrected JSON only.",
                },
            ]
        raise ModelError(
            f"model {self.name!r} did not give the JSON asked for, {corrections + 1} "
            f"answer(s): {violation}",
            {"model": self.name, "endpoint": self.config.endpoint, "violation": violation},
        )

    async def _ask_for_json(
        self,
        messages: list[dict[str, Any]],
        schema: dict[str, Any],
        strict: bool,
        parameters: dict[str, Any],
    ) -> Completion:
        """Ask in the strongest form the server understands."""
        if self.journal is not None and self.journal.has_answers:
            for form, name in enumerate(FORMATS):
                shaped = shape_request(messages, schema, name, strict=strict)
                recalled = self._recall(self._body(shaped, parameters))
                if recalled is not None:
                    self.dialect.form = max(self.dialect.form, form)
                    return self._completion(recalled)
        while True:
            form = self.dialect.form
            shaped = shape_request(messages, schema, FORMATS[form], strict=strict)
            body = self._body(shaped, parameters)
            try:
                return await self._complete(body)
            except _UnsupportedError as error:
                if not is_unsupported(error.cause) or form + 1 == len(FORMATS):
                    raise self._give_up(error.cause, error.call) from error.cause
                self.dialect.form = max(self.dialect.form, form + 1)

    async def _complete(self, body: dict[str, Any]) -> Completion:
        """One call; adapts once to servers that want ``max_completion_tokens``."""
        recalled = self._recall(body)
        if recalled is not None:
            return self._completion(recalled)
        try:
            call, answer = await self._call(body, self.endpoint.chat)
        except _UnsupportedError as error:
            asked_for = "max_completion_tokens" in error.cause.message
            if not asked_for or "max_tokens" not in body:
                raise
            self.dialect.token_key = "max_completion_tokens"
            body = _other_token_key(body)
            call, answer = await self._call(body, self.endpoint.chat)
        call.error = read_choice(answer, call)
        self._note(call)
        return self._completion(call, answer.get("model"))

    def _completion(self, call: Call, model: Any = None) -> Completion:
        """What an answered call holds.

        Raises
        ------
        ModelError
            When that is no usable answer.
        """
        if call.error is not None:
            detail = {"model": self.name, "endpoint": self.config.endpoint, "status": 200}
            raise ModelError(f"{self._where()}: {call.error}", detail)
        return Completion(
            call.answer or "", str(model or self.name), call.finish_reason, call.usage
        )

    def _recall(self, body: dict[str, Any]) -> Call | None:
        """The answer that a resumed job has to this request already, in either dialect."""
        if self.journal is None or not self.journal.has_answers:
            return None
        call = self.journal.recall(self.name, body)
        if call is None and "max_tokens" in body:
            call = self.journal.recall(self.name, _other_token_key(body))
            if call is not None:
                self.dialect.token_key = "max_completion_tokens"
        return call

    async def _embed(self, texts: list[str]) -> list[list[float]]:
        body = {"model": self.config.model, "input": texts}
        try:
            call, answer = await self._call(body, self.endpoint.embeddings)
        except _UnsupportedError as error:
            raise self._give_up(error.cause, error.call) from error.cause
        self._note(call)
        vectors = read_vectors(answer)
        if len(vectors) != len(texts):
            raise ModelError(
                f"{self._where()}: {len(vectors)} vectors for {len(texts)} texts",
                {"model": self.name, "endpoint": self.config.endpoint},
            )
        return vectors

    async def _call(
        self,
        body: dict[str, Any],
        ask: Callable[..., Awaitable[dict[str, Any]]],
    ) -> tuple[Call, dict[str, Any]]:
        """Send ``body``; a call that failed for good is noted and raised."""
        if self.journal is not None:
            number = self.journal.next_number()
        else:
            number, self._count = self._count, self._count + 1
        call = Call(block_id=self.block, number=number, model=self.name, request=body)
        if self.journal is not None:
            await self.journal.ready(call)
        gate = gate_of(self.config) if self.is_throttled else None
        started = perf_counter()
        try:
            answer = await ask_with_tries(
                lambda: ask(body, timeout=self.config.timeout),
                self.config,
                call.tries,
                Turns(gate, self.config, self.journal, call),
                is_awaited=self.is_awaited,
            )
        except EndpointError as error:
            call.latency = perf_counter() - started
            call.error, call.answer = error.message, error.answer
            self._note(call)
            if error.kind in ("bad_request", "not_found"):
                raise _UnsupportedError(error, call) from error
            raise self._give_up(error, call) from error
        except (asyncio.CancelledError, Stopped, Exception) as error:
            if not call.tries and isinstance(error, _NOT_SENT):
                raise
            # It was sent, so it may be on the bill whatever became of it.
            call.latency = perf_counter() - started
            call.error = _unanswered(error)
            self._note(call)
            raise
        call.latency = perf_counter() - started
        call.usage = usage_of(answer)
        call.usage.cost = self.config.cost(call.usage)
        return call, answer

    def _body(self, shaped: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
        body = {"model": self.config.model, **shaped}
        body.update({key: value for key, value in parameters.items() if value is not None})
        if "max_tokens" in body and self.dialect.token_key != "max_tokens":
            body[self.dialect.token_key] = body.pop("max_tokens")
        if self.config.is_offline and self.variation:
            digest = hashlib.blake2b(self.variation.encode(), digest_size=4).digest()
            body.setdefault("seed", int.from_bytes(digest, "big"))
        return body

    def _note(self, call: Call) -> None:
        if self.journal is not None:
            self.journal.add(call)

    def _where(self) -> str:
        place = self.config.endpoint or "the embedded offline model"
        named = "" if self.config.model == self.name else f" ({self.config.model})"
        return f"model {self.name!r}{named} at {place}"

    def _give_up(self, error: EndpointError, call: Call) -> ModelError:
        status = f"{error.status} " if error.status else ""
        count = len(call.tries)
        return ModelError(
            f"{self._where()}: {status}{error.message} "
            f"(after {count} {'try' if count == 1 else 'tries'}); {advice(error, self.config)}",
            {
                "model": self.name,
                "endpoint": self.config.endpoint,
                "status": error.status,
                "kind": error.kind,
                "is_absent": error.is_absent,
                "tries": count,
            },
        )


class _UnsupportedError(Exception):
    """A request the server did not take; the caller may know another way to ask."""

    def __init__(self, cause: EndpointError, call: Call) -> None:
        super().__init__(cause.message)
        self.cause = cause
        self.call = call


def _other_token_key(body: dict[str, Any]) -> dict[str, Any]:
    other = {**body, "max_completion_tokens": body["max_tokens"]}
    del other["max_tokens"]
    return other


def _unanswered(error: BaseException) -> str:
    """Why a call that was made has no answer, other than by the endpoint's fault."""
    if isinstance(error, asyncio.CancelledError):
        return "cancelled before an answer came; the server may have counted it"
    return str(error) if isinstance(error, Stopped) else f"{type(error).__name__}: {error}"


def _as_messages(messages: Messages) -> list[dict[str, Any]]:
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    # Copies: the journal keeps what was asked, whatever the block does to its messages next.
    return [dict(message) for message in messages]
