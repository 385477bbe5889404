"""The plain way to describe a block's configuration: the dictionary ``get_schema`` returns.

``{"max_length": {"type": "integer", "default": 100, "description": "...", "enum": [...]}}``; types
in the words of JSON Schema or of Python.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from ..errors import ConfigError, suggest

__all__ = ["TYPE_WORDS", "check_config"]

#: Accepted type words and the JSON Schema type each means.
TYPE_WORDS = {
    "string": "string", "str": "string", "text": "string",
    "number": "number", "float": "number",
    "integer": "integer", "int": "integer",
    "boolean": "boolean", "bool": "boolean",
    "array": "array", "list": "array",
    "object": "object", "dict": "object",
    "null": "null", "None": "null",
    "any": "any",
}  # fmt: skip

_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
    "null": (type(None),),
    "any": (object,),
}


def check_config(
    block_type: str, schema: Mapping[str, Any], config: Mapping[str, Any]
) -> dict[str, Any]:
    """``config`` with defaults filled in.

    Raises
    ------
    ConfigError
        For an unknown key, a value of the wrong type or outside ``enum``, ``minimum`` or
        ``maximum``, a missing ``required`` key, or a schema that is itself wrong.
    """
    for key in config:
        if key not in schema:
            raise ConfigError(
                f"{block_type}: config {key!r} is unknown; {suggest(str(key), schema)}",
                {"block_type": block_type, "key": key, "known": sorted(schema)},
            )
    checked: dict[str, Any] = {}
    for key, entry in schema.items():
        if not isinstance(entry, Mapping):
            raise _wrong_schema(block_type, key, f"{entry!r} is no dictionary")
        words = _type_words(block_type, key, entry.get("type", "any"))
        if key in config:
            checked[key] = config[key]
            _check_value(block_type, key, entry, words, config[key])
        elif "default" in entry:
            # A mutable default ([] or {}) belongs to one block, not to the class.
            checked[key] = copy.deepcopy(entry["default"])
        elif entry.get("required"):
            raise ConfigError(
                f"{block_type}: config {key!r} is missing; this block cannot do without it",
                {"block_type": block_type, "key": key, "known": sorted(schema)},
            )
    return checked


def _type_words(block_type: str, key: str, given: Any) -> list[str]:
    """One type word, or, as in JSON Schema, a list of them."""
    words = list(given) if isinstance(given, list | tuple) and given else [given]
    for word in words:
        if not isinstance(word, str) or word not in TYPE_WORDS:
            raise _wrong_schema(block_type, key, f"type {word!r}; {suggest(str(word), TYPE_WORDS)}")
    return words


def _check_value(
    block_type: str, key: str, entry: Mapping[str, Any], words: list[str], value: Any
) -> None:
    if value is None and entry.get("default", ...) is None:
        return
    matches = any(_is_a(value, TYPE_WORDS[word]) for word in words)
    expected = f"expected {' or '.join(words)}"
    is_number = isinstance(value, int | float)
    if matches and "enum" in entry and value not in entry["enum"]:
        matches, expected = False, f"expected one of {list(entry['enum'])}"
    if matches and is_number and "minimum" in entry and value < entry["minimum"]:
        matches, expected = False, f"expected {entry['minimum']} or more"
    if matches and is_number and "maximum" in entry and value > entry["maximum"]:
        matches, expected = False, f"expected {entry['maximum']} or less"
    if not matches:
        shown = repr(value) if len(repr(value)) <= 80 else repr(value)[:77] + "..."
        raise ConfigError(
            f"{block_type}: config {key!r} is {shown} ({type(value).__name__}), {expected}",
            {"block_type": block_type, "key": key, "expected": expected},
        )


def _is_a(value: Any, json_type: str) -> bool:
    if isinstance(value, bool) and json_type in ("number", "integer"):
        return False
    return isinstance(value, _PYTHON_TYPES[json_type])


def _wrong_schema(block_type: str, key: str, problem: str) -> ConfigError:
    return ConfigError(
        f"{block_type}: get_schema() describes {key!r} wrongly: {problem}; an entry looks like "
        '{"type": "string", "default": "x", "description": "..."}',
        {"block_type": block_type, "key": key},
    )
