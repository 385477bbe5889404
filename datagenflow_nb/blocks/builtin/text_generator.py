"""Text from a language model."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ..base import BaseBlock
from ..config import BlockConfig
from ..context import BlockContext
from ._messages import compose, message_fields

__all__ = ["TextGenerator"]


class TextGenerator(BaseBlock):
    """Ask a model for text.

    Without ``user_prompt`` the state's ``user``, else ``text`` is the user message; without
    ``system_prompt`` the state's ``system`` (which may be an earlier generator's) is the system
    message. A ``system_prompt`` that renders to nothing, such as ``{# none #}``, sends none.

    Outputs: ``assistant`` (the answer), ``system`` and ``user`` (the texts that were sent, ``""``
    when there was no system message).
    """

    name = "Text Generator"
    description = "Ask a language model for text"
    category = "generators"
    inputs = ["system?", "user?", "text?"]
    outputs = ["assistant", "system", "user"]
    reads_only = True
    aliases = ["LLMBlock"]

    class Config(BlockConfig):
        """How the model is asked."""

        model: str | None = Field(
            None, description="Name of a configured model, or a model id; null: the default model"
        )
        temperature: float | None = Field(
            0.7, ge=0, le=2, description="Randomness of the answer, 0 to 2; null: the server's own"
        )
        max_tokens: int | None = Field(
            2048, ge=1, description="Longest answer, in tokens; null: the server's own limit"
        )
        system_prompt: str = Field(
            "",
            description="System message (Jinja2); empty: the state's 'system', if there is one",
            json_schema_extra={"format": "jinja2"},
        )
        user_prompt: str = Field(
            "",
            description="User message (Jinja2); empty: the state's 'user', else 'text'",
            json_schema_extra={"format": "jinja2"},
        )

    def prepare(self) -> None:
        if not self.config.user_prompt.strip():
            self._inputs_where = "without config 'user_prompt'"

    def input_fields(self) -> list[str]:
        return message_fields(self.config.user_prompt)

    async def execute(
        self, data: dict[str, Any], ctx: BlockContext | None = None
    ) -> dict[str, Any]:
        ctx = ctx or BlockContext.alone(self, data)
        config = self.config
        sent = compose(data, ctx, config.system_prompt, config.user_prompt, "user_prompt")
        answer = await ctx.llm(config.model).chat(
            sent.messages, temperature=config.temperature, max_tokens=config.max_tokens
        )
        return {"assistant": answer.text, "system": sent.system, "user": sent.user}
