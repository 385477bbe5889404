"""One JSON Schema out of several: ``$ref`` with what stands beside it, and ``allOf``."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from .offline_strings import UnsatisfiableError

__all__ = ["merge", "resolve"]

_MAX_HOPS = 100
_MAX_PRODUCT = 64
_LARGEST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_SMALLEST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


def resolve(node: Any, root: Any, refs: tuple[str, ...]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """``node`` without ``$ref`` and ``allOf`` at its top, and the references followed.

    Raises
    ------
    UnsatisfiableError
        For a reference that leads nowhere or round in circles, and parts that exclude each other.
    """
    hops = 0
    while "$ref" in node or "allOf" in node:
        hops += 1
        if hops > _MAX_HOPS:
            raise UnsatisfiableError("$ref", "it refers to itself without end")
        rest = {key: item for key, item in node.items() if key not in ("$ref", "allOf")}
        for part in node.get("allOf", ()):
            rest = merge(rest, part)
        if "$ref" in node:
            refs = (*refs, node["$ref"])
            rest = merge(rest, _follow(node["$ref"], root))
        node = rest
    return node, refs


def merge(first: Any, second: Any) -> dict[str, Any]:
    """The schema both sides must meet.

    Raises
    ------
    UnsatisfiableError
        When they exclude each other.
    """
    if first is False or second is False:
        raise UnsatisfiableError("false", "a part allows no value")
    if first is True or not first:
        return {} if second is True else dict(second)
    if second is True or not second:
        return dict(first)
    result = dict(first)
    if "properties" in first or "properties" in second:
        result["properties"] = _merge_properties(first, second)
    for keyword, value in second.items():
        if keyword == "properties":
            continue
        result[keyword] = (
            value if keyword not in first else _combine(keyword, first[keyword], value)
        )
    return result


def _follow(ref: Any, root: Any) -> Any:
    if not isinstance(ref, str) or not ref.startswith("#"):
        raise UnsatisfiableError("$ref", f"{ref!r} points outside the schema")
    node = root
    for part in ref[1:].split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~").replace("%25", "%")
        if isinstance(node, list) and key.isdigit() and int(key) < len(node):
            node = node[int(key)]
        elif isinstance(node, dict) and key in node:
            node = node[key]
        else:
            raise UnsatisfiableError("$ref", f"{ref!r} leads nowhere")
    return node


def _merge_properties(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Both sides' properties; one that only one side names must meet the other's extras."""
    left, right = first.get("properties", {}), second.get("properties", {})
    result = {}
    for name in dict.fromkeys((*left, *right)):
        parts = [
            part
            for part in (
                left.get(name, first.get("additionalProperties", True)),
                right.get(name, second.get("additionalProperties", True)),
            )
            if part is not True
        ]
        result[name] = False if False in parts else _all_of(parts)
    return result


def _all_of(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else {"allOf": parts} if parts else True


def _combine(keyword: str, first: Any, second: Any) -> Any:
    """One keyword that stands on both sides."""
    if first == second and type(first) is type(second):
        return first
    if keyword in _LARGEST:
        return max(first, second)
    if keyword in _SMALLEST:
        return min(first, second)
    if keyword == "required":
        return list(dict.fromkeys((*first, *second)))
    if keyword == "type":
        return _common_types(first, second)
    if keyword == "enum":
        common = [item for item in first if item in second]
        if not common:
            raise UnsatisfiableError("enum", "parts of allOf have no value in common")
        return common
    if keyword == "const":
        raise UnsatisfiableError("const", f"it cannot be {first!r} and {second!r}")
    if keyword in ("items", "additionalProperties"):
        return False if False in (first, second) else _all_of([first, second])
    if keyword == "prefixItems":
        longer, shorter = (first, second) if len(first) >= len(second) else (second, first)
        pairs = [_all_of([a, b]) for a, b in zip(longer, shorter, strict=False)]
        return pairs + list(longer[len(shorter) :])
    if keyword == "multipleOf":
        a, b = Fraction(str(first)), Fraction(str(second))
        common_step = Fraction(
            math.lcm(a.numerator, b.numerator), math.gcd(a.denominator, b.denominator)
        )
        return int(common_step) if common_step.denominator == 1 else float(common_step)
    if keyword in ("anyOf", "oneOf"):
        if len(first) * len(second) > _MAX_PRODUCT:
            raise UnsatisfiableError(keyword, "too many combinations of alternatives")
        return [{"allOf": [a, b]} for a in first for b in second]
    if keyword == "uniqueItems":
        return bool(first or second)
    if keyword == "pattern":
        raise UnsatisfiableError(
            "pattern", f"the offline model cannot join {first!r} and {second!r}"
        )
    return second


def _common_types(first: Any, second: Any) -> Any:
    left = first if isinstance(first, list) else [first]
    right = second if isinstance(second, list) else [second]
    common = [kind for kind in left if kind in right]
    if "integer" not in common and (
        ("integer" in left and "number" in right) or ("number" in left and "integer" in right)
    ):
        common.append("integer")
    if not common:
        raise UnsatisfiableError("type", f"it cannot be {first!r} and {second!r}")
    return common[0] if len(common) == 1 else common
