"""References within a JSON Schema: they lead somewhere, and never round in circles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..errors import ConfigError
from .timed_patterns import DATA_KEYS

__all__ = ["check_references"]

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
#: Keywords whose schemas apply to the same value as the schema they stand in.
_IN_PLACE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas",
             "dependencies")  # fmt: skip

Lookup = Callable[[str], Any]


def check_references(schema: dict[str, Any], where: str) -> None:
    """Make sure that ``schema`` holds what it refers to, and that checking a value comes to an end.

    Raises
    ------
    ConfigError
        Naming the reference; ``where`` starts the message.
    """
    parts = list(_parts(schema))
    references = {(key, part[key]) for part in parts for key in _REFERENCES if _is_one(part, key)}
    if not references:
        return
    lookup = _resolver(schema, where)
    for _, reference in sorted(references):
        lookup(reference)
    done: set[int] = set()
    for part in parts:
        circle = _circle(part, lookup, done, [])
        if circle is not None:
            raise ConfigError(
                f"{where} has a reference {circle!r} that leads back to itself for the same value, "
                "so that no value can ever be checked; refer to a schema from properties or items "
                "of it instead",
                {"reference": circle},
            )


def _resolver(schema: dict[str, Any], where: str) -> Lookup:
    from referencing import Registry, Resource
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    resource = Resource.from_contents(schema, default_specification=DRAFT202012)
    resolver = Registry().resolver_with_root(resource)

    def lookup(reference: str) -> Any:
        try:
            return resolver.lookup(reference).contents
        except Unresolvable as error:
            raise ConfigError(
                f"{where} refers to {reference!r}, which is not part of it; put the definition "
                'under "$defs" and refer to it as "#/$defs/NAME"',
                {"reference": reference},
            ) from error

    return lookup


def _is_one(part: dict[str, Any], key: str) -> bool:
    return isinstance(part.get(key), str)


def _is_own(part: Any) -> bool:
    """True for a schema in the schema with an address of its own, where its references start."""
    return isinstance(part, dict) and isinstance(part.get("$id"), str)


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema in ``schema``, and what only looks like one."""
    if isinstance(schema, list):
        for item in schema:
            if not _is_own(item):
                yield from _parts(item)
    elif isinstance(schema, dict):
        yield schema
        for key, item in schema.items():
            if key not in DATA_KEYS and not _is_own(item):
                yield from _parts(item)


def _circle(part: Any, lookup: Lookup, done: set[int], path: list[int]) -> str | None:
    """A reference on a circle of schemas that all apply to the same value, or None."""
    if not isinstance(part, dict) or id(part) in done or (path and _is_own(part)):
        return None
    path.append(id(part))
    for reference, target in _same_value(part, lookup):
        found = reference if id(target) in path else _circle(target, lookup, done, path)
        if found is not None:
            return found
    path.pop()
    done.add(id(part))
    return None


def _same_value(part: dict[str, Any], lookup: Lookup) -> Iterator[tuple[str, Any]]:
    """Schemas that a value of ``part`` is checked against as well, and by which reference."""
    for key in _REFERENCES:
        if _is_one(part, key):
            yield part[key], lookup(part[key])
    for key in _IN_PLACE:
        inner = part.get(key)
        if isinstance(inner, list):
            yield from (("", item) for item in inner)
        elif isinstance(inner, dict):
            yield "", inner
            if key.startswith("depend"):
                yield from (("", item) for item in inner.values())
