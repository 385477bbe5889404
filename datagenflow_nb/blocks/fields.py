"""Which fields a configured block needs, found without running it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import TemplateError
from ..templating import compile_template
from .base import BaseBlock

__all__ = ["Need", "find_needs", "find_templates"]


@dataclass(frozen=True, slots=True)
class Need:
    """Something a block cannot do without.

    Attributes
    ----------
    anyof : tuple of str
        One of these fields must be there.
    where : str
        ``inputs`` or ``config 'user_prompt'``.
    """

    anyof: tuple[str, ...]
    where: str


def find_templates(block: BaseBlock) -> Iterator[tuple[str, str]]:
    """(config key, text) of every text in the configuration that holds Jinja2."""
    for key, value in block.config.items():
        for text in _texts(value):
            yield key, text


def find_needs(block: BaseBlock) -> list[Need]:
    """Declared inputs, fields its templates certainly use, fields its configuration names.

    Raises
    ------
    TemplateError
        For a template that does not parse; the message names the config key.
    """
    needs = [
        Need(tuple(name.strip() for name in entry.split("|")), "inputs")
        for entry in block.inputs
        if entry != "*" and not entry.endswith("?")
    ]
    for key in block.field_references:
        name = block.config.get(key)
        if isinstance(name, str) and name:
            needs.append(Need((name,), f"config {key!r}"))
    for key, text in find_templates(block):
        try:
            template = compile_template(text)
        except TemplateError as error:
            raise TemplateError(f"config {key!r}: {error.message}", error.detail) from error
        needs.extend(Need((name,), f"config {key!r}") for name in sorted(template.required))
        needs.extend(
            Need((f"metadata.{name}",), f"config {key!r}")
            for name in sorted(template.metadata_fields)
        )
    return needs


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if "{{" in value or "{%" in value:
            yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
