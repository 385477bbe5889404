"""Models that are asked nothing: every call is made up to the point where it would be sent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..records import Call, Usage
from .base import EndpointError, ModelConfig
from .catalog import Models
from .model import Dialect, Journal, Model
from .offline import embed
from .offline_prompt import read_messages
from .offline_schema import fill_schema

__all__ = ["DRY", "DryModels"]

#: The ``finish_reason`` of a call that was never sent.
DRY = "dry"


class DryModels:
    """The models of ``models``, with placeholders for answers: no client is opened.

    The answer of a chat is ``<answer of BLOCK>``; a JSON Schema is filled as the offline model
    fills it, with that text where the schema allows. A call has ``finish_reason`` "dry" and no
    usage, latency or tries. A model whose key is missing can be asked too.
    """

    def __init__(self, models: Models) -> None:
        self._models = models.without_keys()

    def check(self, names: Iterable[str | None]) -> dict[str | None, ModelConfig]:
        """As ``Models.check``, keys aside."""
        return self._models.check(names)

    def open(
        self, name: str | None, *, journal: Journal | None, variation: str, block: str
    ) -> Model:
        """The model of that name for one block, asked in the strongest form it may know."""
        return Model(
            config=self._models.resolve(name),
            endpoint=_DryEndpoint(f"<answer of {block}>"),
            dialect=Dialect(),
            block=block,
            journal=None if journal is None else _DryJournal(journal),
            variation=variation,
            is_throttled=False,
        )


class _DryEndpoint:
    """Answers with one text, or with JSON made of it."""

    def __init__(self, text: str) -> None:
        self._text = text

    async def chat(self, body: dict[str, Any], *, timeout: float) -> dict[str, Any]:
        form = body.get("response_format") or {}
        text = self._text
        if isinstance(form, dict) and form.get("type") == "json_schema":
            text = self._fill(form["json_schema"]["schema"])
        message = {"role": "assistant", "content": text}
        return {"choices": [{"index": 0, "message": message, "finish_reason": DRY}]}

    async def embeddings(self, body: dict[str, Any], *, timeout: float) -> dict[str, Any]:
        return embed(body)

    async def models(self, *, timeout: float) -> list[str]:
        return []

    async def close(self) -> None:
        """Nothing is open."""

    def _fill(self, schema: Any) -> str:
        prompt = read_messages({"messages": [{"role": "user", "content": self._text}]})
        try:
            return json.dumps(fill_schema(schema, prompt), ensure_ascii=False)
        except EndpointError as error:
            reason = error.message.replace("the offline model", "a dry run", 1)
            raise EndpointError(error.kind, f"{reason}; nothing was sent") from error


class _DryJournal:
    """Notes calls as what they are: not made."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.next_number = journal.next_number
        self.ready = journal.ready
        self.pause = journal.pause
        self.turn = journal.turn
        self.has_answers = False
        self.recall = journal.recall

    def add(self, call: Call) -> None:
        call.usage, call.latency, call.tries = Usage(), 0.0, []
        self._journal.add(call)
