"""JSON of a given shape from a language model."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field

from ...errors import ConfigError, ValidationError
from ...llm.structured import check_schema
from ...records import decode
from ..base import BaseBlock
from ..config import BlockConfig
from ..context import BlockContext
from ._messages import compose, message_fields

__all__ = ["StructuredGenerator"]

_TEMPLATE_MARK = re.compile(r"\{\{|\{%|\{#")


class StructuredGenerator(BaseBlock):
    """Ask a model for a JSON value that matches a JSON Schema.

    The answer is checked against the schema; a wrong one is sent back with the violation quoted,
    ``corrections`` times, and is an error after that.

    Messages are chosen as in TextGenerator. Outputs: ``generated`` (the value).
    """

    name = "Structured Generator"
    description = "Ask a language model for JSON that matches a schema"
    category = "generators"
    inputs = ["system?", "user?", "text?"]
    outputs = ["generated"]
    reads_only = True

    class Config(BlockConfig):
        """What is asked for, and how."""

        json_schema: dict[str, Any] | str = Field(
            description="JSON Schema of the answer, as a mapping or as JSON text (Jinja2)",
            json_schema_extra={"format": "json-or-jinja2"},
        )
        prompt: str = Field(
            "",
            alias="user_prompt",
            description="User message (Jinja2); empty: the state's 'user', else 'text'",
            json_schema_extra={"format": "jinja2"},
        )
        system_prompt: str = Field(
            "",
            description="System message (Jinja2); empty: the state's 'system', if there is one",
            json_schema_extra={"format": "jinja2"},
        )
        model: str | None = Field(
            None, description="Name of a configured model, or a model id; null: the default model"
        )
        temperature: float | None = Field(
            0.7, ge=0, le=2, description="Randomness of the answer, 0 to 2; null: the server's own"
        )
        max_tokens: int | None = Field(
            2048, ge=1, description="Longest answer, in tokens; null: the server's own limit"
        )
        strict: bool = Field(
            True,
            description="Have the server force the schema; OpenAI then wants every property "
            "required and additionalProperties false. false: the answer is only checked here",
        )
        corrections: int = Field(
            1, ge=0, le=5, description="How often a wrong answer is sent back; each is a call"
        )

    def prepare(self) -> None:
        if not self.config.prompt.strip():
            self._inputs_where = "without config 'prompt'"
        given = self.config.json_schema
        #: The schema when it is the same for every record; None when it is a template.
        self._fixed_schema: dict[str, Any] | None = None
        where = "StructuredGenerator: config 'json_schema'"
        if isinstance(given, dict):
            self._fixed_schema = check_schema(given, where)
        elif not _TEMPLATE_MARK.search(given):
            self._fixed_schema = check_schema(_read_schema(given, where, ConfigError), where)

    def input_fields(self) -> list[str]:
        return message_fields(self.config.prompt)

    async def execute(
        self, data: dict[str, Any], ctx: BlockContext | None = None
    ) -> dict[str, Any]:
        ctx = ctx or BlockContext.alone(self, data)
        config = self.config
        sent = compose(data, ctx, config.system_prompt, config.prompt, "prompt")
        answer = await ctx.llm(config.model).structured(
            sent.messages,
            self._schema_for(ctx),
            corrections=config.corrections,
            strict=config.strict,
            temperature=config.temperature,
            max_tokens=config.max_tokens,
        )
        return {"generated": answer.value}

    def _schema_for(self, ctx: BlockContext) -> dict[str, Any]:
        if self._fixed_schema is not None:
            return self._fixed_schema
        where = f"{ctx.block_type}: config 'json_schema' as rendered for this record"
        return check_schema(
            _read_schema(ctx.render(self.config.json_schema), where, ValidationError), where
        )


def _read_schema(text: str, where: str, kind: type[ConfigError] | type[ValidationError]) -> Any:
    try:
        return decode(text)
    except ValueError as error:
        shown = text if len(text) <= 80 else text[:77] + "..."
        raise kind(
            f"{where} is not JSON ({error}): {shown!r}; write a mapping, or JSON text in which "
            "values are filled in with {{ value | tojson }}",
            {"key": "json_schema"},
        ) from error
