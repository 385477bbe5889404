"""Whether a field holds the JSON it should."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from ...errors import ValidationError, suggest
from ...llm.structured import read_json
from ..base import BaseBlock
from ..config import BlockConfig

__all__ = ["JSONValidator"]


class JSONValidator(BaseBlock):
    """Read a field as JSON and check that its required fields are there.

    A text is read as JSON, also out of a code fence; any other value counts as read already. A
    required field may be null, but it must be there.

    Outputs: ``valid`` and ``parsed_json`` (null when not valid).
    """

    name = "JSON Validator"
    description = "Read a field as JSON and check its required fields"
    category = "validators"
    inputs = ["*"]
    outputs = ["valid", "parsed_json"]
    reads_only = True
    aliases = ["JSONValidatorBlock"]
    field_references = ["field_name"]

    class Config(BlockConfig):
        """What is checked."""

        field_name: str = Field(
            "assistant",
            min_length=1,
            description="Field that holds the JSON",
        )
        required_fields: list[str] = Field(
            default_factory=list, description="Keys the JSON object must have"
        )
        strict: bool = Field(
            False, description="true: anything invalid is an error; false: it sets valid to false"
        )

    async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
        """Check one record.

        Raises
        ------
        ValidationError
            When the state has no such field; with ``strict``, when the field is not valid.
        """
        name = self.config.field_name
        if name not in data:
            raise ValidationError(
                f"JSONValidator: there is no field {name!r}; {suggest(name, data)}",
                {"block_type": "JSONValidator", "field": name, "fields": list(data)},
            )
        value, problem = self._read(data[name])
        if problem is None:
            return {"valid": True, "parsed_json": value}
        if self.config.strict:
            raise ValidationError(
                f"JSONValidator: field {name!r}: {problem}",
                {"block_type": "JSONValidator", "field": name, "problem": problem},
            )
        return {"valid": False, "parsed_json": None}

    def _read(self, value: Any) -> tuple[Any, str | None]:
        """The JSON value, and what is wrong with it."""
        if value is None:
            return None, "it is null; the block that sets it was skipped"
        if isinstance(value, str):
            try:
                value = read_json(value)
            except (ValueError, RecursionError) as error:
                return None, str(error)
        required = self.config.required_fields
        if required and not isinstance(value, dict):
            return None, f"expected an object with {required}, got {type(value).__name__}"
        missing = [key for key in required if key not in value]
        if missing:
            return None, f"required fields are missing: {missing}; there are: {list(value)}"
        return value, None
