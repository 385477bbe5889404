"""The typed way to describe a block's configuration: a nested ``class Config(BlockConfig)``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic import ValidationError as PydanticError

from ..errors import ConfigError, suggest

__all__ = ["BlockConfig"]


class BlockConfig(BaseModel):
    """Base of a block's configuration; fields are typed, unknown keys are errors.

    Values are read as attributes (``self.config.temperature``) or like a dictionary
    (``self.config["temperature"]``, ``self.config.get("temperature")``). Types are strict: ``"3"``
    is no integer. A field with an ``alias`` is accepted under both names.
    """

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        populate_by_name=True,
        protected_namespaces=(),  # `model_name` is a config key like any other
    )

    def __getitem__(self, key: str) -> Any:
        if key not in type(self).model_fields:
            raise KeyError(key)
        return getattr(self, key)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of ``key``, or ``default`` when there is no such field."""
        return getattr(self, key) if key in type(self).model_fields else default

    def items(self) -> Iterator[tuple[str, Any]]:
        """Names and values of all fields."""
        return iter([(name, getattr(self, name)) for name in type(self).model_fields])

    @classmethod
    def parse(cls, block_type: str, config: Mapping[str, Any]) -> BlockConfig:
        """The checked configuration.

        Raises
        ------
        ConfigError
            Naming the key, its value, what was expected, and the keys there are.
        """
        try:
            return cls.model_validate(dict(config))
        except PydanticError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(str(part) for part in first["loc"])
            raise ConfigError(
                f"{block_type}: {cls._explain(first, key, config)}",
                {"block_type": block_type, "key": key, "known": cls.keys()},
            ) from error

    @classmethod
    def keys(cls) -> list[str]:
        """Every accepted key, aliases included."""
        fields = cls.model_fields.items()
        return [key for name, info in fields for key in (name, info.alias) if key]

    @classmethod
    def schema_for_forms(cls) -> dict[str, Any]:
        """``{key: JSON Schema of its value}``, with defaults and descriptions.

        A value that may be null has its other type and ``"nullable": true``, which forms can show.
        """
        schema = cls.model_json_schema(by_alias=False)
        definitions = schema.get("$defs")
        properties: dict[str, Any] = schema.get("properties", {})
        required = set(schema.get("required", ()))
        for name, entry in properties.items():
            entry.pop("title", None)
            if name in required:
                entry["required"] = True
            if definitions and "$ref" in repr(entry):
                entry["$defs"] = definitions
            _fold_null(entry)
        return properties

    @classmethod
    def _explain(cls, problem: Mapping[str, Any], key: str, config: Mapping[str, Any]) -> str:
        if problem["type"] == "extra_forbidden":
            return f"config {key!r} is unknown; {suggest(key, cls.keys())}"
        if problem["type"] == "missing":
            return f"config {key!r} is missing; this block cannot do without it"
        value = repr(problem["input"])
        shown = value if len(value) <= 80 else value[:77] + "..."
        message = str(problem["msg"])
        return f"config {key!r} is {shown}: {message[0].lower() + message[1:]}"


def _fold_null(entry: dict[str, Any]) -> None:
    """``anyOf: [T, null]`` as T with ``nullable``; other unions stay."""
    choices = entry.get("anyOf", [])
    others = [choice for choice in choices if choice != {"type": "null"}]
    if len(choices) == 2 and len(others) == 1:
        del entry["anyOf"]
        entry.update(others[0])
        entry["nullable"] = True
