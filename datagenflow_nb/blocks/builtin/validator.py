"""Whether a text has the length and the words it should."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from ...errors import ConfigError, ValidationError
from ...llm.pattern_size import check_size
from ..base import BaseBlock
from ..config import BlockConfig

if TYPE_CHECKING:
    import regex

__all__ = ["Validator"]

#: Seconds one search of a user's regular expression may take.
PATTERN_TIMEOUT = 1.0


class Validator(BaseBlock):
    """Check a text's length, words and patterns.

    The text is ``text`` when the state has one, else ``assistant``; ``field_name`` chooses. Where
    ``text`` or ``assistant`` is missing or null it is set to the checked text; a different text in
    it stays as it is.

    A forbidden word of letters, digits and ``_`` only is looked for as a whole word, any other
    (``as an AI``, ``C++``) anywhere; upper and lower case are the same.

    Outputs: ``valid``, ``text``, ``assistant``.
    """

    name = "Validator"
    description = "Check a text's length, words and patterns"
    category = "validators"
    inputs = ["text|assistant"]
    outputs = ["text", "valid", "assistant"]
    reads_only = True
    aliases = ["ValidatorBlock"]
    field_references = ["field_name"]

    class Config(BlockConfig):
        """What is checked."""

        min_length: int = Field(0, ge=0, description="Shortest valid text, in characters")
        max_length: int = Field(100_000, ge=0, description="Longest valid text, in characters")
        forbidden_words: list[str] = Field(
            default_factory=list, description="Words and phrases a valid text does not have"
        )
        pattern: str = Field(
            "", description="Regular expression found in every valid text (^...$: all of it)"
        )
        forbidden_pattern: str = Field("", description="Regular expression found in no valid text")
        field_name: Literal["text", "assistant"] | None = Field(
            None, description="Field to check; null: 'text' when there is one, else 'assistant'"
        )

    def prepare(self) -> None:
        if self.config.min_length > self.config.max_length:
            raise ConfigError(
                f"Validator: config 'min_length' is {self.config.min_length}, more than "
                f"'max_length', {self.config.max_length}; no text would be valid",
                {"block_type": "Validator", "key": "min_length"},
            )
        self._forbidden = _fold_words(self.config.forbidden_words)
        self._pattern = _compile_pattern("pattern", self.config.pattern)
        self._forbidden_pattern = _compile_pattern(
            "forbidden_pattern", self.config.forbidden_pattern
        )

    async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
        """Check one text.

        Raises
        ------
        ValidationError
            When there is no text to check, or a pattern takes longer than ``PATTERN_TIMEOUT``.
        """
        name = self._choose_field(data)
        text = data[name]
        if not isinstance(text, str):
            raise ValidationError(
                f"Validator: field {name!r} is {type(text).__name__}, expected text",
                {"block_type": "Validator", "field": name},
            )
        valid = self._has_valid_words(text)
        if valid and (self._pattern or self._forbidden_pattern):
            # In a thread and without the interpreter's lock: a slow pattern delays nobody else.
            valid = await asyncio.to_thread(self._has_valid_patterns, text)
        unset = [key for key in ("text", "assistant") if data.get(key) in (None, text)]
        return {"valid": valid, **dict.fromkeys(unset, text)}

    def _choose_field(self, data: Mapping[str, Any]) -> str:
        wanted = self.config.field_name
        for name in (wanted,) if wanted else ("text", "assistant"):
            if data.get(name) is not None:
                return name
        expected = f"field {wanted!r}" if wanted else "neither 'text' nor 'assistant'"
        state = "is missing or null" if wanted else "is set"
        known = ", ".join(repr(name) for name in data) or "none"
        raise ValidationError(
            f"Validator: {expected} {state}, so there is no text to check (fields there are: "
            f"{known})",
            {"block_type": "Validator", "fields": list(data)},
        )

    def _has_valid_words(self, text: str) -> bool:
        if not self.config.min_length <= len(text) <= self.config.max_length:
            return False
        if not self._forbidden:
            return True
        folded = text.casefold()
        return not any(
            word in folded and (whole is None or whole.search(folded) is not None)
            for word, whole in self._forbidden
        )

    def _has_valid_patterns(self, text: str) -> bool:
        if self._pattern is not None and not _is_found("pattern", self._pattern, text):
            return False
        unwanted = self._forbidden_pattern
        return unwanted is None or not _is_found("forbidden_pattern", unwanted, text)


def _fold_words(words: list[str]) -> list[tuple[str, re.Pattern[str] | None]]:
    """Each word without upper case, and how it is found as a whole word (None: anywhere)."""
    folded = []
    for word in words:
        if not word.strip():
            raise ConfigError(
                f"Validator: config 'forbidden_words' holds {word!r}, which is no word; remove it",
                {"block_type": "Validator", "key": "forbidden_words"},
            )
        key = word.casefold()
        is_plain = re.fullmatch(r"\w+", key) is not None
        folded.append((key, re.compile(rf"(?<!\w){key}(?!\w)") if is_plain else None))
    return folded


def _compile_pattern(key: str, pattern: str) -> regex.Pattern[str] | None:
    if not pattern:
        return None
    import regex

    try:
        check_size(pattern)
    except ValueError as error:
        raise ConfigError(
            f"Validator: config {key!r} is {pattern[:200]!r}, which is too large: {error}",
            {"block_type": "Validator", "key": key},
        ) from error
    try:
        return regex.compile(pattern)
    except regex.error as error:
        raise ConfigError(
            f"Validator: config {key!r} is {pattern!r}, no regular expression: {error}",
            {"block_type": "Validator", "key": key},
        ) from error


def _is_found(key: str, pattern: regex.Pattern[str], text: str) -> bool:
    try:
        return pattern.search(text, timeout=PATTERN_TIMEOUT, concurrent=True) is not None
    except TimeoutError as error:
        raise ValidationError(
            f"Validator: config {key!r}, {pattern.pattern!r}, took longer than "
            f"{PATTERN_TIMEOUT:g} s on a text of {len(text)} characters; repeated "
            "alternatives such as (a|aa)+ are slow, write it without",
            {"block_type": "Validator", "key": key, "pattern": pattern.pattern},
        ) from error
