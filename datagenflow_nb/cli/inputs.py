"""What ``dgf run`` and ``dgf estimate`` are given: a pipeline and seeds, checked before a store."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError, SeedError, suggest

if TYPE_CHECKING:
    from ..records import Seed
    from ..settings import Settings
    from ..workspaces import Workspace

__all__ = ["check_file", "check_seeds", "standard_input", "stored_name"]

_PIPELINE_SUFFIXES = (".yaml", ".yml", ".json")


def check_file(settings: Settings, source: str) -> bool:
    """Whether PIPELINE is a file; one that cannot be used fails here, before a store is made."""
    if Path(source).suffix.lower() in _PIPELINE_SUFFIXES:
        from ..pipeline import Pipeline

        Pipeline.from_yaml(Path(source))
        return True
    if not settings.database_path.exists():
        raise _unknown(settings, source, [])
    return False


def stored_name(workspace: Workspace, name: str) -> str:
    """The name of a saved pipeline."""
    known = [pipeline.name for pipeline in workspace.pipelines()]
    if name not in known:
        raise _unknown(workspace.settings, name, known)
    return name


def _unknown(settings: Settings, source: str, stored: list[str]) -> ConfigError:
    from ..templates import template_ids

    detail = {"pipeline": source, "pipelines": stored}
    if source in template_ids(settings.templates_path):
        return ConfigError(
            f"{source!r} is a template, not a pipeline of yours; write it to files first: "
            f"dgf templates {source} > {source}.yaml and "
            f"dgf templates {source} --seeds > seeds.json",
            detail,
        )
    if Path(source).exists():
        return ConfigError(
            f"{source!r} is no pipeline file: its name ends in {', '.join(_PIPELINE_SUFFIXES)}",
            detail,
        )
    files = [str(path) for path in Path().iterdir() if path.suffix in _PIPELINE_SUFFIXES[:2]]
    return ConfigError(
        f"{source!r} is neither a YAML file nor a stored pipeline; "
        f"{suggest(source, [*stored, *files])}",
        detail,
    )


def check_seeds(seeds: str) -> None:
    """A file that is not there or of a kind nobody reads fails before a store is made."""
    from ..seeds import read_seeds

    if seeds != "-" and not seeds.startswith("job:"):
        read_seeds(seeds)  # reads nothing yet


def standard_input() -> Iterator[Seed]:
    """The seeds on standard input."""
    from ..seeds import parse_text

    if sys.stdin is None:
        raise SeedError("standard input is closed; give the seeds as a file")
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SeedError(f"standard input is not UTF-8: {error}") from error
    return parse_text(text, where="standard input")
