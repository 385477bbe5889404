"""Seeds as the editor's forms name them: typed, in a variable of the notebook, or in a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import ConfigError, SeedError, suggest
from ..records import Seed
from ..seeds import is_frame, parse_text, read_seeds

__all__ = ["seeds_of", "sources_of_seeds"]

_KINDS = ("typed", "variable", "file")
_SUFFIXES = (".json", ".jsonl", ".ndjson", ".yaml", ".yml", ".csv", ".tsv", ".parquet")
_MOST_FILES = 200


def seeds_of(values: Mapping[str, Any]) -> tuple[Iterator[Seed], str]:
    """The seeds of ``{"kind", "text"}``, and what to call them.

    ``text`` is JSON, JSON Lines, YAML or CSV, the name of a variable, or a path.

    Raises
    ------
    SeedError
        When there are none there.
    ConfigError
        For another kind.
    """
    kind, text = values.get("kind"), str(values.get("text") or "").strip()
    if kind not in _KINDS:
        raise ConfigError(f"seeds of kind {kind!r} are unknown; {suggest(str(kind), _KINDS)}")
    if not text:
        raise SeedError("there is no seed: type one, or name a variable or a file")
    if kind == "typed":
        return parse_text(text, where="the seed"), "typed"
    if kind == "file":
        return read_seeds(text), text
    variables = _variables()
    if text not in variables:
        own = [name for name in variables if not name.startswith("_")]
        raise SeedError(f"there is no variable {text!r} in this notebook; {suggest(text, own)}")
    return read_seeds(variables[text], where=text), text


def sources_of_seeds() -> dict[str, list[str]]:
    """``{"variables", "files"}``: what may hold seeds here, by name."""
    variables = [
        name
        for name, value in _variables().items()
        if not name.startswith("_") and name not in ("In", "Out") and _may_hold_seeds(value)
    ]
    files = [path.name for path in Path().iterdir() if path.suffix.lower() in _SUFFIXES]
    return {"variables": sorted(variables), "files": sorted(files)[:_MOST_FILES]}


def _may_hold_seeds(value: Any) -> bool:
    if is_frame(value):
        return True
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(item, Mapping | Seed) for item in value[:20])
    return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)


def _variables() -> dict[str, Any]:
    from IPython import get_ipython

    shell = get_ipython()
    return {} if shell is None else dict(shell.user_ns)
