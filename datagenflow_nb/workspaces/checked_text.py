"""A pipeline's text, checked as a whole, with every mistake at its line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..blocks.registry import Registry
from ..check import check_pipeline
from ..errors import ConfigError
from ..spec import PipelineSpec
from ..yaml_text import line_of, read_text

__all__ = ["read_checked"]


def read_checked(name: str, text: str, registry: Registry) -> PipelineSpec:
    """The pipeline ``text`` (YAML or JSON) describes: a mapping with ``blocks``, or the blocks.

    Raises
    ------
    ConfigError
        For whatever is wrong with it, each at its line; detail ``problems``: line and message each.
    """
    data = read_text(text, name)
    if isinstance(data, list):
        data = {"blocks": data}
    if isinstance(data, dict):
        given = data.get("name", name)
        if given != name:
            raise _located(
                name, [(line_of(text, ["name"]), f"the name in the text is {given!r}; leave it "
                        f"out, or make it {name!r}")],
            )  # fmt: skip
        data = {"name": name, **data}
    try:
        spec = PipelineSpec.from_dict(data, name)
    except ConfigError as error:
        number = error.detail.get("block_number")
        path = _path(text, number, error.detail) if number else [error.detail.get("key")]
        raise _located(name, [(line_of(text, path), error.message)]) from error
    registry.refresh()
    problems = check_pipeline(spec, registry, {}, None)
    if problems:
        places = {block.id: number for number, block in enumerate(spec.blocks, 1)}
        raise _located(
            name,
            [
                (
                    line_of(text, _path(text, places.get(item.block or ""), item.detail)),
                    item.message,
                )
                for item in problems
            ],
        )
    return spec


def _path(text: str, number: int | None, detail: dict[str, Any]) -> list[Any]:
    """The way to what is wrong, as far as it is known."""
    if number is None:
        return ["accept_when"]
    start: list[Any] = [number - 1]
    if line_of(text, ["blocks"]) is not None:
        start = ["blocks", number - 1]
    key = detail.get("key")
    if key is None:
        return start
    in_config = [*start, "config", key]
    return in_config if line_of(text, in_config, exact=True) else [*start, key]


def _located(name: str, problems: Iterable[tuple[int | None, str]]) -> ConfigError:
    found = list(problems)
    lines = [f"line {line}: {message}" if line is not None else message for line, message in found]
    head = f"pipeline {name!r} was not saved"
    return ConfigError(
        f"{head}: {lines[0]}" if len(lines) == 1 else "\n".join([f"{head}:", *lines]),
        {"problems": [{"line": line, "error": message} for line, message in found]},
    )
