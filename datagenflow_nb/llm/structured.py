"""An answer that must match a JSON Schema: asking for it, reading it, checking it."""

from __future__ import annotations

import functools
import re
from typing import Any

from ..errors import ConfigError
from ..records import decode, encode
from .base import EndpointError

__all__ = [
    "FORMATS",
    "check_schema",
    "find_violation",
    "is_unsupported",
    "read_json",
    "shape_request",
]

#: How a schema is asked for, strongest first; the next is used when a server does not know one.
FORMATS = ("json_schema", "json_object", "text")

_FENCE = re.compile(r"```[\w-]*[ \t]*\r?\n(.*?)```", re.DOTALL)
_FORMAT_WORDS = ("response_format", "json_schema", "json_object", "json mode", "structured output",
                 "guided")  # fmt: skip
_REFUSAL_WORDS = ("support", "unknown", "unrecognized", "unrecognised", "not allowed",
                  "not permitted", "unexpected", "invalid value", "must be one of", "extra")  # fmt: skip


def shape_request(
    messages: list[dict[str, Any]], schema: dict[str, Any], form: str
) -> dict[str, Any]:
    """The ``messages`` and ``response_format`` that ask for ``schema`` in this form."""
    if form == "json_schema":
        wanted = {"name": "answer", "schema": schema, "strict": True}
        return {
            "messages": messages,
            "response_format": {"type": "json_schema", "json_schema": wanted},
        }
    rule = {
        "role": "system",
        "content": "Answer with one JSON value and nothing else. It must match this JSON Schema:\n"
        + encode(schema),
    }
    request: dict[str, Any] = {"messages": [rule, *messages]}
    if form == "json_object":
        request["response_format"] = {"type": "json_object"}
    return request


def is_unsupported(error: EndpointError) -> bool:
    """True when the server says that it does not know this ``response_format``.

    A schema it finds wrong, or any other bad request, is not that: asking again more weakly would
    hide the mistake and cost another call.
    """
    if error.kind not in ("bad_request", "not_found") and error.status != 501:
        return False
    text = error.message.lower()
    if "invalid schema" in text:
        return False
    return any(word in text for word in _FORMAT_WORDS) and any(
        word in text for word in _REFUSAL_WORDS
    )


def read_json(text: str) -> Any:
    """The JSON value of an answer: the whole text, else the first code fence that holds one.

    Raises
    ------
    ValueError
        Saying where the text stops being JSON.
    """
    try:
        return decode(text)
    except ValueError as error:
        for match in _FENCE.finditer(text):
            try:
                return decode(match[1])
            except ValueError:
                continue
        shown = text if len(text) <= 80 else text[:77] + "..."
        raise ValueError(f"the answer is not JSON ({error}): {shown!r}") from error


@functools.lru_cache(maxsize=256)
def _validator(schema_text: str) -> Any:
    from jsonschema.validators import validator_for

    schema = decode(schema_text)
    return validator_for(schema)(schema)


def check_schema(schema: Any, where: str) -> dict[str, Any]:
    """``schema`` itself when it is a JSON Schema.

    Raises
    ------
    ConfigError
        Saying which part of it is wrong; ``where`` starts the message.
    """
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for

    if not isinstance(schema, dict):
        raise ConfigError(
            f"{where} is {type(schema).__name__}, expected a JSON Schema such as "
            '{"type": "object", "properties": {"question": {"type": "string"}}}'
        )
    try:
        validator_for(schema).check_schema(schema)
    except SchemaError as error:
        raise ConfigError(
            f"{where} is no valid JSON Schema: at {error.json_path}: {error.message[:200]}",
            {"path": error.json_path},
        ) from error
    return schema


def find_violation(value: Any, schema: dict[str, Any]) -> str | None:
    """What in ``value`` breaks ``schema``, in one sentence, or None.

    Source: https://json-schema.org/draft/2020-12 as implemented by ``jsonschema``.
    """
    from jsonschema.exceptions import best_match

    validator = _validator(encode(schema))
    if validator.is_valid(value):
        return None
    error = best_match(validator.iter_errors(value))
    message = error.message if len(error.message) <= 300 else error.message[:297] + "..."
    return f"at {error.json_path}: {message}"
