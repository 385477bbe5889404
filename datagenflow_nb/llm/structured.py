"""An answer that must match a JSON Schema: asking for it, reading it, checking it."""

from __future__ import annotations

import functools
import re
from typing import Any

from ..errors import ConfigError
from ..records import decode, encode, plain
from .base import EndpointError
from .references import check_references
from .timed_patterns import (
    SlowPatternError,
    check_pattern_sizes,
    check_patterns,
    with_timed_patterns,
    without_dialects,
)

__all__ = [
    "FORMATS",
    "check_schema",
    "find_violation",
    "is_unsupported",
    "prepare",
    "read_json",
    "shape_request",
]

#: How a schema is asked for, strongest first; the next is used when a server does not know one.
FORMATS = ("json_schema", "json_object", "text")

_FENCE = re.compile(r"```[\w-]*\s*(.*?)```", re.DOTALL)
#: From the first fence to the last, for JSON whose strings hold fences themselves.
_OUTER_FENCE = re.compile(r"```[\w-]*\s*(.*)```", re.DOTALL)
_FORMAT_WORDS = ("response_format", "response format", "json_schema", "json_object", "json mode",
                 "structured output", "guided")  # fmt: skip
_REFUSAL_WORDS = ("support", "unknown", "unrecognized", "unrecognised", "not allowed",
                  "not permitted", "unexpected", "invalid value", "must be one of", "must be 'json",
                  "must be 'text", "input should be", "unavailable", "not available",
                  "not implemented", "enabled only", "extra inputs", "extra fields")  # fmt: skip


def shape_request(
    messages: list[dict[str, Any]], schema: dict[str, Any], form: str, *, strict: bool = True
) -> dict[str, Any]:
    """The ``messages`` and ``response_format`` that ask for ``schema`` in this form.

    ``strict`` has the server force the schema; some servers then take a subset of JSON Schema only.
    """
    if form == "json_schema":
        wanted = {"name": "answer", "schema": schema, "strict": strict}
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
    if error.kind not in ("bad_request", "not_found"):
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
        return _read(text)
    except ValueError as error:
        for match in (*_FENCE.finditer(text), *_OUTER_FENCE.finditer(text)):
            try:
                return _read(match[1])
            except ValueError:
                continue
        shown = text if len(text) <= 80 else text[:77] + "..."
        raise ValueError(f"the answer is not JSON ({error}): {shown!r}") from error


def _read(text: str) -> Any:
    try:
        return plain(decode(text))  # NaN and Infinity are no JSON
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


@functools.lru_cache(maxsize=256)
def _validator(schema_text: str) -> Any:
    from referencing.exceptions import Unresolvable

    from .json_schema import validator_for

    schema = check_schema(decode(schema_text), "the schema")
    checker = with_timed_patterns(validator_for(schema))
    validator = checker(without_dialects(schema), registry=_registry())
    samples: tuple[Any, ...] = (None, {}, [], "", 0)
    try:
        for value in samples:  # better now than after the first paid answer
            validator.is_valid(value)
    except (RecursionError, Unresolvable) as error:
        raise ConfigError(
            f"the schema cannot be used to check a value: {type(error).__name__}: {error}"
        ) from error
    return validator


def _registry() -> Any:
    """Without it jsonschema fetches what a "$ref" names from the network."""
    from referencing.jsonschema import EMPTY_REGISTRY

    return EMPTY_REGISTRY


def check_schema(schema: Any, where: str) -> dict[str, Any]:
    """``schema`` itself when it is a JSON Schema.

    Raises
    ------
    ConfigError
        Saying which part of it is wrong, refers to something it does not hold or to itself, or has
        too large a pattern; ``where`` starts the message.
    """
    from .json_schema import SchemaError, validator_for

    if not isinstance(schema, dict):
        raise ConfigError(
            f"{where} is {type(schema).__name__}, expected a JSON Schema such as "
            '{"type": "object", "properties": {"question": {"type": "string"}}}'
        )
    try:
        check_pattern_sizes(schema, where)
        validator_for(schema).check_schema(schema)
        check_references(schema, where)
        check_patterns(schema, where)
    except SchemaError as error:
        raise ConfigError(
            f"{where} is no valid JSON Schema: at {error.json_path}: {error.message[:200]}",
            {"path": error.json_path},
        ) from error
    except RecursionError as error:
        raise ConfigError(f"{where} is nested too deeply; make it flatter") from error
    return schema


def prepare(schema: dict[str, Any]) -> None:
    """Compile ``schema`` for ``find_violation``, once for all answers.

    Raises
    ------
    ConfigError
        As ``check_schema``.
    """
    _validator(encode(schema))


def find_violation(value: Any, schema: dict[str, Any]) -> str | None:
    """What in ``value`` breaks ``schema``, in one sentence, or None.

    Source: https://json-schema.org/draft/2020-12 as implemented by ``jsonschema``.
    """
    from .json_schema import best_match

    validator = _validator(encode(schema))
    try:
        if validator.is_valid(value):
            return None
        error = best_match(validator.iter_errors(value))
    except SlowPatternError as slow:
        return str(slow)
    except RecursionError:
        return "the value is nested too deeply to be checked"
    message = error.message
    if len(message) > 300:  # it starts with the value, what was expected stands at the end
        message = f"{message[:140]} ... {message[-150:]}"
    return f"at {error.json_path}: {message}"
