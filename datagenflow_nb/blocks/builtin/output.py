"""The text a record is shown and exported by."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ..base import BaseBlock
from ..config import BlockConfig
from ..context import BlockContext

__all__ = ["Output"]


class Output(BaseBlock):
    """Render a template into the field ``output``.

    >>> Output(template="{{ question }} -> {{ answer }}")
    Output(template='{{ question }} -> {{ answer }}')
    """

    name = "Output"
    description = "Render a template into the record's output"
    category = "general"
    inputs = ["*"]
    outputs = ["output"]
    reads_only = True
    aliases = ["OutputBlock"]

    class Config(BlockConfig):
        """What the output looks like."""

        template: str = Field(
            "{{ assistant }}",
            alias="format_template",
            description="The output (Jinja2)",
            json_schema_extra={"format": "jinja2"},
        )

    async def execute(
        self, data: dict[str, Any], ctx: BlockContext | None = None
    ) -> dict[str, Any]:
        ctx = ctx or BlockContext.alone(self, data)
        return {"output": ctx.render(self.config.template)}
