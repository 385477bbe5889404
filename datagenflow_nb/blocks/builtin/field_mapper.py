"""New fields computed from those there are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import Field

from ...errors import ConfigError, TemplateError
from ...records import decode
from ...templating import Expression, Template, compile_expression, compile_template
from ..base import BaseBlock
from ..config import BlockConfig
from ..context import BlockContext

__all__ = ["FieldMapper"]


class FieldMapper(BaseBlock):
    """Set fields to what their templates give.

    A mapping that is exactly one ``{{ expression }}`` gives the expression's value with its type:
    ``{{ parsed_json.score }}`` a number, ``{{ parsed_json.tags }}`` a list. Any other gives text.
    In both cases a text that is the JSON of an object or an array becomes that object or array;
    other texts stay texts (``"007"`` is no number). All templates see the state as it was before
    the block; one that fails is an error.

    Outputs: the fields of ``mappings``.
    """

    name = "Field Mapper"
    description = "Compute fields from other fields"
    category = "transforms"
    inputs = ["*"]
    outputs = ["*"]
    reads_only = True

    class Config(BlockConfig):
        """What is computed."""

        mappings: dict[str, str] = Field(
            min_length=1,
            description="New field -> its value (Jinja2)",
            json_schema_extra={"additionalProperties": {"type": "string", "format": "jinja2"}},
        )

    def prepare(self) -> None:
        for name in self.config.mappings:
            if not name.strip():
                raise ConfigError(
                    f"FieldMapper: config 'mappings' names a field {name!r}, expected a name",
                    {"block_type": "FieldMapper", "key": "mappings"},
                )

    def output_fields(self) -> list[str]:
        return list(self.config.mappings)

    async def execute(
        self, data: dict[str, Any], ctx: BlockContext | None = None
    ) -> dict[str, Any]:
        ctx = ctx or BlockContext.alone(self, data)
        fields = ctx._template_fields()
        values = {}
        for name, source in self.config.mappings.items():
            try:
                values[name] = _evaluate(source, fields)
            except TemplateError as error:
                block = ctx.block_id or ctx.block_type
                raise TemplateError(
                    f"block {block!r}, config 'mappings', field {name!r}: {error.message}",
                    {"block_type": ctx.block_type, "block_id": ctx.block_id, "key": "mappings",
                     "mapping": name, **error.detail},
                ) from error  # fmt: skip
        return values


def _evaluate(source: str, fields: Mapping[str, Any]) -> Any:
    compiled = _compile(source)
    if isinstance(compiled, Expression):
        value = compiled.evaluate(fields)
    else:
        value = compiled.render(fields)
    if isinstance(value, str) and value.strip()[:1] in ("{", "["):
        try:
            return decode(value.strip())
        except (ValueError, RecursionError):
            return value
    return value


@lru_cache(maxsize=1024)
def _compile(source: str) -> Expression | Template:
    """``source`` as an expression when it is exactly one, else as a template."""
    text = source.strip()
    if text.startswith("{{") and text.endswith("}}"):
        try:
            return compile_expression(text)
        except TemplateError:
            # Two expressions, or a broken one: the template says what is wrong with it.
            return compile_template(source)
    return compile_template(source)
