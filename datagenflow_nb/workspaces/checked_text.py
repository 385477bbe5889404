"""A pipeline's text, checked as a whole, with every mistake at its line."""

from __future__ import annotations

import re
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
    data = _read(name, text)
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
        message = error.message.removeprefix(f"{name}: ").removeprefix(f"{name}, ")
        key = _key(message, error.detail)
        number = re.match(r"block (\d+)", message)
        path = _path(text, int(number[1]), key) if number else [key]
        raise _located(name, [(line_of(text, path), message)]) from error
    registry.refresh()
    problems = check_pipeline(spec, registry, {}, None)
    if problems:
        places = {block.id: number for number, block in enumerate(spec.blocks, 1)}
        paths = [
            _path(text, places.get(item.block or ""), _key(item.message, item.detail))
            for item in problems
        ]
        raise _located(
            name,
            [
                (line_of(text, path), item.message)
                for path, item in zip(paths, problems, strict=True)
            ],
        )
    return spec


def _read(name: str, text: str) -> Any:
    try:
        return read_text(text, name)
    except ConfigError as error:
        line = error.detail.get("line")
        message = error.message.removeprefix(f"{name} line {line}: ").removeprefix(f"{name}: ")
        raise _located(name, [(line, message)]) from error


def _path(text: str, number: int | None, key: str | None) -> list[Any]:
    """The way to what is wrong, as far as it is known."""
    if number is None:
        return ["accept_when"]
    start: list[Any] = [number - 1]
    if line_of(text, ["blocks"]) is not None:
        start = ["blocks", number - 1]
    if key is None:
        return start
    in_config = [*start, "config", key]
    return in_config if line_of(text, in_config, exact=True) else [*start, key]


def _key(message: str, detail: dict[str, Any]) -> str | None:
    """The key that is wrong: messages name it, if the detail does not."""
    found = re.search(r"(?:config |: |^)'(\w+)'(?: is|:| needs)", message)
    return detail.get("key") or (found[1] if found else None)


def _located(name: str, problems: Iterable[tuple[int | None, str]]) -> ConfigError:
    found = list(problems)
    lines = [f"line {line}: {message}" if line is not None else message for line, message in found]
    head = f"pipeline {name!r} was not saved"
    return ConfigError(
        f"{head}: {lines[0]}" if len(lines) == 1 else "\n".join([f"{head}:", *lines]),
        {"problems": [{"line": line, "error": message} for line, message in found]},
    )
