"""Which fields a configured block needs, found without running it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import TemplateError
from ..templating import compile_template
from .base import BaseBlock

__all__ = ["Need", "find_needs", "find_reads"]

#: What an option's description says as ``format``: its texts are rendered, or it is when a text.
_TEMPLATE = "jinja2"
_TEMPLATE_OR_DATA = "json-or-jinja2"


@dataclass(frozen=True, slots=True)
class Need:
    """Something a block cannot do without.

    Attributes
    ----------
    anyof : tuple of str
        One of these fields must be there.
    where : str
        ``inputs`` or ``config 'user_prompt'``.
    is_guess : bool
        It stands in a text that only looks like a template: nobody says that the block renders it.
    """

    anyof: tuple[str, ...]
    where: str
    is_guess: bool = False


def find_needs(block: BaseBlock) -> list[Need]:
    """Declared inputs, fields its templates certainly use, fields its configuration names.

    Templates are the options described with ``"format": "jinja2"``; for a block that does not
    describe its configuration, every text that looks like one and parses, as a guess.

    Raises
    ------
    TemplateError
        For a template that does not parse; the message names the config key.
    ConfigError
        When the block cannot say how it is configured.
    """
    needs = [
        Need(tuple(name.strip() for name in entry.split("|")), block._inputs_where)
        for entry in block.input_fields()
        if entry != "*" and not entry.endswith("?")
    ]
    for key in block.field_references:
        name = block.config.get(key)
        if isinstance(name, str) and name:
            needs.append(Need((name,), f"config {key!r}"))
    for key, text, is_guess in _templates(block):
        needs.extend(_needs_of(text, f"config {key!r}", is_guess=is_guess))
    return needs


def find_reads(block: BaseBlock) -> set[str] | None:
    """Every field that the configured block may read, as far as it says so; None: any.

    Raises
    ------
    TemplateError, ConfigError
        As ``find_needs``.
    """
    names: set[str] = set()
    for entry in block.input_fields():
        names.update(name.strip() for name in entry.removesuffix("?").split("|"))
    referenced = [block.config.get(key) for key in block.field_references]
    if "*" in names and not block.field_references:
        return None
    names.discard("*")  # it says by name which of them
    names.update(name for name in referenced if isinstance(name, str))
    for _, text, is_guess in _templates(block):
        try:
            template = compile_template(text)
        except TemplateError:
            if not is_guess:
                raise
            continue
        names |= template.required | template.optional
    return names


def _templates(block: BaseBlock) -> Iterator[tuple[str, str, bool]]:
    """(config key, text, whether it only looks like a template) of what the block renders."""
    schema = block._read_schema()
    is_described = bool(schema) or block.takes_only_known_config
    for key, value in block.config.items():
        texts = _rendered(schema.get(key), value) if is_described else _texts(value)
        yield from ((key, text, not is_described) for text in texts)


def _needs_of(text: str, where: str, *, is_guess: bool) -> list[Need]:
    try:
        template = compile_template(text)
    except TemplateError as error:
        if is_guess:
            return []
        raise TemplateError(f"{where}: {error.message}", error.detail) from error
    names = sorted(template.required)
    names += [f"metadata.{name}" for name in sorted(template.metadata_fields)]
    return [Need((name,), where, is_guess) for name in names]


def _rendered(entry: Any, value: Any) -> Iterator[str]:
    """The texts of an option's value that its description says are rendered."""
    if not isinstance(entry, Mapping):
        return
    kind = entry.get("format")
    if kind == _TEMPLATE or (kind == _TEMPLATE_OR_DATA and isinstance(value, str)):
        yield from _texts(value)
    elif isinstance(value, dict):
        known = entry.get("properties")
        for key, item in value.items():
            inner = known.get(key) if isinstance(known, Mapping) else None
            yield from _rendered(inner or entry.get("additionalProperties"), item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _rendered(entry.get("items"), item)


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
