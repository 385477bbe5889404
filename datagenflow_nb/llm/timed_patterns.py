"""Regular expressions in a JSON Schema, searched with a limit.

``jsonschema`` searches with ``re``, which knows no limit: ``^(a+)+$`` and thirty letters of a
model's answer would stop every job of the process.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from .pattern_size import check_size

if TYPE_CHECKING:
    import regex

__all__ = [
    "DATA_KEYS",
    "PATTERN_TIMEOUT",
    "SlowPatternError",
    "check_pattern_sizes",
    "check_patterns",
    "with_timed_patterns",
    "without_dialects",
]

#: Keywords whose value is data, where "$ref" and "pattern" mean nothing.
DATA_KEYS = frozenset({"const", "enum", "default", "examples"})

#: Seconds one search may take.
PATTERN_TIMEOUT = 0.5


class SlowPatternError(Exception):
    """A pattern whose search was given up; the message names it."""


@functools.lru_cache(maxsize=256)
def _compile(pattern: str) -> regex.Pattern[str]:
    import regex

    return regex.compile(pattern)


def _is_found(pattern: str, text: str) -> bool:
    try:
        return _compile(pattern).search(text, timeout=PATTERN_TIMEOUT) is not None
    except TimeoutError as error:
        shown = text if len(text) <= 80 else text[:77] + "..."
        raise SlowPatternError(
            f"the pattern {pattern!r} took longer than {PATTERN_TIMEOUT:g} s on {shown!r}"
        ) from error


def check_pattern_sizes(schema: Any, where: str) -> None:
    """Make sure that no pattern of ``schema`` exhausts the memory; before anything compiles one.

    Raises
    ------
    ConfigError
        Naming the first that is too large; ``where`` starts the message.
    """
    for pattern in _patterns(schema):
        try:
            check_size(pattern)
        except ValueError as error:
            raise ConfigError(
                f"{where} has the pattern {pattern[:200]!r}, which is too large: {error}",
                {"pattern": pattern[:200]},
            ) from error


def check_patterns(schema: Any, where: str) -> None:
    """Compile every pattern of ``schema``.

    Raises
    ------
    ConfigError
        Naming the first that is no regular expression; ``where`` starts the message.
    """
    patterns = list(_patterns(schema))
    if not patterns:
        return
    import regex

    for pattern in patterns:
        try:
            _compile(pattern)
        except (regex.error, ValueError) as error:  # the latter for flags that exclude each other
            raise ConfigError(
                f"{where} has the pattern {pattern!r}, no regular expression: {error}",
                {"pattern": pattern},
            ) from error


def _patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for item in schema:
            yield from _patterns(item)
    elif isinstance(schema, dict):
        for key, item in schema.items():
            if key == "pattern" and isinstance(item, str):
                yield item
            elif key not in DATA_KEYS:
                if key == "patternProperties" and isinstance(item, dict):
                    yield from item
                yield from _patterns(item)


def without_dialects(schema: Any) -> Any:
    """A copy of ``schema`` without "$schema".

    Wherever ``jsonschema`` meets one, it goes on with its own class and its own patterns.
    """
    if isinstance(schema, list):
        return [without_dialects(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: item if key in DATA_KEYS else without_dialects(item)
        for key, item in schema.items()
        if not (key == "$schema" and isinstance(item, str))
    }


@functools.cache
def with_timed_patterns(validator_class: Any) -> Any:
    """``validator_class`` with keywords that raise ``SlowPatternError`` after the limit."""
    from .json_schema import ValidationError, extend

    plain_additional = validator_class.VALIDATORS["additionalProperties"]

    def pattern(validator: Any, wanted: str, value: Any, _: Any) -> Iterator[ValidationError]:
        if validator.is_type(value, "string") and not _is_found(wanted, value):
            yield ValidationError(f"{value!r} does not match {wanted!r}")

    def pattern_properties(
        validator: Any, patterns: dict[str, Any], value: Any, _: Any
    ) -> Iterator[ValidationError]:
        if validator.is_type(value, "object"):
            for wanted, schema in patterns.items():
                for key, item in value.items():
                    if _is_found(wanted, key):
                        yield from validator.descend(item, schema, path=key, schema_path=wanted)

    def additional_properties(
        validator: Any, additional: Any, value: Any, schema: dict[str, Any]
    ) -> Iterator[ValidationError]:
        patterns = schema.get("patternProperties")
        if patterns and validator.is_type(value, "object"):
            value = {
                key: item
                for key, item in value.items()
                if not any(_is_found(wanted, key) for wanted in patterns)
            }
            schema = {key: item for key, item in schema.items() if key != "patternProperties"}
        yield from plain_additional(validator, additional, value, schema) or ()

    return extend(  # type: ignore[no-untyped-call]  # jsonschema leaves it without types
        validator_class,
        {
            "pattern": pattern,
            "patternProperties": pattern_properties,
            "additionalProperties": additional_properties,
        },
    )
