"""Walks a JSON Schema and gives every part of it a value from the prompt."""

from __future__ import annotations

import json
from typing import Any

from .base import EndpointError
from .offline_merge import merge, resolve
from .offline_numbers import write_integer, write_number
from .offline_prompt import Prompt
from .offline_strings import Place, UnsatisfiableError, kind_of, split_name, write_string
from .offline_text import stem
from .offline_words import CHECKED_KEYWORDS, TRUE_NAMES
from .offline_write import choose_label, number_asked, write_keyword

__all__ = ["Filler"]

_IMPLIED = {
    "object": ("properties", "required", "additionalProperties", "minProperties", "maxProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}
_MAX_REFS = 2  # times one reference is followed on a path before only what is required is filled
_MAX_DEPTH = 40
_FULL_VALUES = 3000  # values after which only what is required is filled
_MAX_VALUES = 30_000
_MAX_ITEMS = 10_000
_FREE_TEXT = frozenset(("type", "title", "description", "minLength", "maxLength"))
_TRIES = 64  # draws for an item that differs from the others


class Filler:
    """One filling of one schema; ``must_check`` says it met a keyword it does not build for."""

    def __init__(self, root: Any, prompt: Prompt, minimal: bool) -> None:
        self.root = root
        self.prompt = prompt
        self.minimal = minimal
        self.must_check = False
        self.count = 0

    def value(self, node: Any, place: Place) -> Any:
        """A value for ``node`` at ``place``."""
        self.count += 1
        if self.count > _MAX_VALUES:
            raise EndpointError(
                "bad_request",
                f"the JSON Schema asks for more than {_MAX_VALUES} values at once",
                status=400,
            )
        if place.depth > _MAX_DEPTH:
            raise UnsatisfiableError("$ref", f"it nests deeper than {_MAX_DEPTH} levels")
        if node is False:
            raise UnsatisfiableError("false", f"{place.path} allows no value")
        if node is True:
            node = {}
        if "$ref" in node or "allOf" in node:
            node, refs = resolve(node, self.root, place.refs)
            place = place._replace(refs=refs)
        if not CHECKED_KEYWORDS.isdisjoint(node):
            self.must_check = True
        for keyword in ("anyOf", "oneOf"):
            if keyword in node:
                return self._one_of(node, keyword, place)
        if "const" in node or "enum" in node:
            return self._given(node, place)
        return self._typed(node, place)

    def _lean(self, place: Place) -> bool:
        """Only what is required: asked so, or because the schema recurs or is huge."""
        refs = place.refs
        return (
            self.minimal
            or self.count > _FULL_VALUES
            or bool(refs and refs.count(refs[-1]) > _MAX_REFS)
        )

    def _typed(self, node: dict[str, Any], place: Place) -> Any:
        kinds = node.get("type")
        if isinstance(kinds, list):
            kinds = [kind for kind in kinds if kind != "null"] or ["null"]
            if place.depth > _MAX_DEPTH // 2 and "null" in node["type"]:
                kinds = ["null"]
            return self._first([{**node, "type": kind} for kind in kinds], place)
        kind = kinds or next(
            (kind for kind, words in _IMPLIED.items() if any(word in node for word in words)),
            "string",
        )
        if kind == "string":
            return write_string(self.prompt, node, place)
        if kind == "object":
            return self._object(node, place)
        if kind == "array":
            return self._array(node, place)
        if kind == "integer":
            return write_integer(self.prompt, node, place)
        if kind == "number":
            return write_number(self.prompt, node, place)
        if kind == "boolean":
            return self._boolean(place)
        if kind == "null":
            return None
        raise ValueError(f"unknown type {kind!r}")

    def _first(self, nodes: list[dict[str, Any]], place: Place) -> Any:
        """The first alternative that can be filled."""
        failure = UnsatisfiableError("anyOf", "there is no alternative")
        for node in nodes:
            try:
                return self.value(node, place)
            except UnsatisfiableError as exc:
                failure = exc
        raise failure

    def _one_of(self, node: dict[str, Any], keyword: str, place: Place) -> Any:
        rest = {key: item for key, item in node.items() if key != keyword}
        options = list(node[keyword])
        lean = self._lean(place)
        order = sorted(range(len(options)), key=lambda index: _rank(options[index], lean))
        full = [index for index in order if _rank(options[index], False) == 0] if not lean else []
        if full:
            turn = place.offset % len(full)
            order = full[turn:] + full[:turn] + order[len(full) :]
        failure = UnsatisfiableError(keyword, "there is no alternative")
        for index in order:
            try:
                value = self.value(merge(rest, options[index]), place)
            except UnsatisfiableError as exc:
                failure = exc
                continue
            if keyword == "anyOf" or self._matches_none(value, options, index):
                return value
            failure = UnsatisfiableError(keyword, "the value matches more than one alternative")
        raise failure

    def _matches_none(self, value: Any, options: list[Any], but: int) -> bool:
        return not any(
            self._is_valid(value, option) for index, option in enumerate(options) if index != but
        )

    def _is_valid(self, value: Any, node: Any) -> bool:
        from .json_schema import Draft202012Validator

        # Through the root, so that references inside the part resolve.
        return bool(Draft202012Validator(self.root).evolve(schema=node).is_valid(value))

    def _given(self, node: dict[str, Any], place: Place) -> Any:
        """``const`` and ``enum``: the values the rest of the schema lets pass."""
        keyword = "const" if "const" in node else "enum"
        values = [node["const"]] if keyword == "const" else list(node["enum"])
        if keyword == "const" or not node.keys() <= {"enum", "type", "title", "description"}:
            values = [item for item in values if self._is_valid(item, node)]
        elif "type" in node and not (node["type"] == "string" and _all_strings(values)):
            values = [item for item in values if self._is_valid(item, {"type": node["type"]})]
        if not values:
            raise UnsatisfiableError(keyword, f"none of the values at {place.path} meets the rest")
        if len(values) == 1:
            return values[0]
        if not _all_strings(values):
            named = [item for item in values if item is not None] or values
            return named[self.prompt.pick(place.path, place.offset, len(named))]
        if kind_of(place.name) == "difficulty":
            return values[self.prompt.pick(place.owner, place.offset, len(values))]
        return choose_label(self.prompt, values, place.owner, place.offset)

    def _boolean(self, place: Place) -> bool:
        words = split_name(place.name)
        said = any(stem(word) in self.prompt.stems for word in words)
        return (said or not TRUE_NAMES.isdisjoint(words)) ^ bool(place.offset & 1)

    def _object(self, node: dict[str, Any], place: Place) -> dict[str, Any]:
        properties = node.get("properties", {})
        required = node.get("required", ())
        extra = node.get("additionalProperties", True)
        most = node.get("maxProperties", _MAX_ITEMS)
        if len(set(required)) > most:
            raise UnsatisfiableError(
                "maxProperties", f"{len(set(required))} are required at {place.path}"
            )
        result: dict[str, Any] = {}
        room = most - len(set(required))
        lean = self._lean(place)
        for name, child in properties.items():
            if name in required:
                result[name] = self.value(child, place.property(name))
            elif room > 0 and child is not False and not lean:
                try:
                    result[name] = self.value(child, place.property(name))
                    room -= 1
                except UnsatisfiableError:
                    continue  # an optional property that nothing can fill is left out
        for name in required:
            if name not in result:
                if extra is False:
                    raise UnsatisfiableError(
                        "additionalProperties", f"{name!r} is required but not allowed"
                    )
                result[name] = self.value(extra, place.property(name))
        self._add_extra(result, node, place, lean, most)
        return result

    def _add_extra(
        self, result: dict[str, Any], node: dict[str, Any], place: Place, lean: bool, most: int
    ) -> None:
        """Properties beyond the named ones: for a map, and up to ``minProperties``."""
        properties = node.get("properties", {})
        extra = node.get("additionalProperties", True)
        least = node.get("minProperties", 0)
        for name, child in properties.items():
            if len(result) < least and name not in result and child is not False:
                result[name] = self.value(child, place.property(name))
        wanted = least
        if not properties and not result and not lean and "propertyNames" not in node:
            wanted = max(least, 2)
        if extra is False:
            wanted = least
        for number in range(min(wanted, most, _MAX_ITEMS) - len(result)):
            if extra is False:
                raise UnsatisfiableError(
                    "minProperties", f"{place.path} allows no further property"
                )
            name = self._extra_name(result, extra, number)
            result[name] = self.value(extra, place.property(name))
        if len(result) < least:
            raise UnsatisfiableError("minProperties", f"no {least} properties at {place.path}")

    def _extra_name(self, taken: dict[str, Any], extra: Any, number: int) -> str:
        plain = ("title", "text", "keyword")
        if extra is True and number < len(plain) and plain[number] not in taken:
            return plain[number]
        offset = 0
        while (name := write_keyword(self.prompt, "names", number + offset)) in taken:
            offset += 1
        return name

    def _array(self, node: dict[str, Any], place: Place) -> list[Any]:
        prefix = node.get("prefixItems", [])
        items = node.get("items", True)
        least = node.get("minItems", 0)
        most = min(node.get("maxItems", _MAX_ITEMS), _MAX_ITEMS)
        if least > most:
            raise UnsatisfiableError(
                "minItems", f"minItems {least} is above the most there may be, {most}"
            )
        if items is False:
            most = min(most, len(prefix))
            if least > most:
                raise UnsatisfiableError("minItems", f"{place.path} allows {most} items")
        count = least if self._lean(place) else self._length(node, place, len(prefix))
        count = min(max(count, least), most)
        result: list[Any] = []
        seen: set[str] | None = set() if node.get("uniqueItems") or self._is_list(items) else None
        offset = 0
        for index in range(count):
            child = prefix[index] if index < len(prefix) else items
            try:
                value, offset = self._item(child, place, offset, seen)
            except UnsatisfiableError as exc:
                if index < least and (exc.keyword != "uniqueItems" or node.get("uniqueItems")):
                    raise
                if exc.keyword != "uniqueItems" or index >= least:
                    break
                seen = None  # repeats are allowed and, for so many items, needed
                value, offset = self._item(child, place, offset, seen)
            result.append(value)
        return result

    def _item(
        self, child: Any, place: Place, offset: int, seen: set[str] | None
    ) -> tuple[Any, int]:
        """The next item, one not seen before where that is wanted, and the offset after it."""
        value = None
        for turn in range(offset, offset + _TRIES):
            value = self.value(child, place.item(turn))
            if seen is None:
                return value, turn + 1
            key = value if type(value) is str else json.dumps([_normal(value)], sort_keys=True)
            if key not in seen:
                seen.add(key)
                return value, turn + 1
        if type(value) is str and isinstance(child, dict) and child.keys() <= _FREE_TEXT:
            numbered = f"{value} ({len(seen or ()) + 1})"
            if seen is not None and len(numbered) <= child.get("maxLength", len(numbered)):
                seen.add(numbered)
                return numbered, offset + 1
        raise UnsatisfiableError("uniqueItems", f"no further different item at {place.path}")

    @staticmethod
    def _is_list(items: Any) -> bool:
        """A list of plain strings reads better without repeats, asked or not."""
        return isinstance(items, dict) and items.get("type") == "string"

    def _length(self, node: dict[str, Any], place: Place, prefix: int) -> int:
        """How many items: as many as the prompt says, else a few."""
        if prefix:
            return prefix
        words = [word for word in split_name(place.name) if word]
        nouns = {noun for word in words for noun in (word, word.rstrip("s"), word + "s")}
        if words and words[-1] in ("pairs", "items", "questions", "data", "examples", "results"):
            nouns |= {"pairs", "questions", "items", "examples", "question", "pair"}
        asked = number_asked(self.prompt, *nouns) if nouns else None
        if asked:
            return min(asked, 50)
        items = node.get("items")
        if isinstance(items, dict) and ("$ref" in items or items.get("type") == "object"):
            return min(2, max(len(self.prompt.sentences), 1))
        return 3


def _rank(option: Any, lean: bool) -> int:
    """Order of alternatives: values before null; the other way round when little is wanted."""
    if not isinstance(option, dict):
        return 2
    is_null = option.get("type") == "null" or option.get("const", 0) is None
    if not lean:
        return int(is_null)
    return 0 if is_null else 2 if {"$ref", "properties", "items", "allOf"} & option.keys() else 1


def _all_strings(values: list[Any]) -> bool:
    return all(type(item) is str for item in values)


def _normal(value: Any) -> Any:
    """JSON equality: 1 and 1.0 are one number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_normal(item) for item in value]
    if isinstance(value, dict):
        return {key: _normal(item) for key, item in value.items()}
    return value
