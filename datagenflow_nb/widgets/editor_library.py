"""What the editor takes from the store and puts there: versions, templates, blocks as text."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from ..pipeline import Pipeline
from ..records import decode, plain
from ..spec import PipelineSpec
from ..yaml_text import read_text, write_yaml

if TYPE_CHECKING:
    from ..storage.library import StoredPipeline
    from ..workspaces import Workspace

__all__ = ["EditorLibrary"]


class EditorLibrary:
    """The stored side of one editor.

    Attributes
    ----------
    base : (str, int or None)
        Name and stored version that the edits began from.
    """

    def __init__(self, workspace: Workspace, base: tuple[str, int | None]) -> None:
        self._workspace = workspace
        self.base = base

    def state(self, definition: Mapping[str, Any]) -> dict[str, Any]:
        """``{"version", "is_changed"}``: the stored version, or None; whether this differs."""
        stored = self.stored(definition)
        if stored is None:
            return {"version": None, "is_changed": True}
        is_changed = decode(stored.definition) != plain(dict(definition))
        return {"version": stored.version, "is_changed": is_changed}

    def stored(self, definition: Mapping[str, Any]) -> StoredPipeline | None:
        """The saved pipeline of the definition's name."""
        name = definition.get("name")
        found = (saved for saved in self._workspace.pipelines() if saved.name == name)
        return next(found, None)

    def save(self, pipeline: Pipeline, *, over_others: bool = False) -> int:
        """Save a version; its number.

        Raises
        ------
        ConfigError
            When another version was saved elsewhere since, unless ``over_others``.
        """
        stored = self.stored(pipeline.to_dict())
        base = self.base[1] if self.base[0] == pipeline.name else None
        is_other = stored is not None and stored.version != base
        is_other = is_other and not over_others
        if stored and is_other and decode(stored.definition) != pipeline.to_dict():
            raise ConfigError(
                f"pipeline {pipeline.name!r} has version {stored.version}, which was not saved "
                "here; compare it under Versions, or save over it",
                {"version": stored.version, "kind": "saved_elsewhere"},
            )
        saved = self._workspace.save_pipeline(pipeline)
        self.base = (pipeline.name, saved.version)
        return saved.version

    def versions(self, definition: Mapping[str, Any]) -> list[dict[str, Any]]:
        """``{"version", "created_at"}`` of every saved version, the latest first."""
        if self.stored(definition) is None:
            return []
        name = str(definition["name"])
        return [
            {"version": version, "created_at": created_at}
            for version, created_at, _ in reversed(self._workspace.pipeline_versions(name))
        ]

    def version(self, definition: Mapping[str, Any], number: Any) -> dict[str, Any]:
        """One version and how the definition differs from it: ``{"definition", "diff"}``.

        ``diff`` are the lines of a unified diff from that version to the definition.

        Raises
        ------
        ConfigError
            When there is no such version.
        """
        found = self._workspace.pipeline_versions(str(definition["name"]))
        for version, _, text in found:
            if version == number:
                old: dict[str, Any] = decode(text)
                return {"definition": old, "diff": _diff(old, definition, f"version {number}")}
        there = ", ".join(str(version) for version, _, _ in found)
        raise ConfigError(f"there is no version {number!r}; there are: {there}")

    def template(self, template_id: str) -> dict[str, Any]:
        """The definition of a template.

        Raises
        ------
        ConfigError
            When there is none of that name.
        """
        return self._workspace.template_pipeline(template_id).to_dict()

    def blocks_of(self, text: str) -> list[dict[str, Any]]:
        """The entries of blocks in YAML or JSON: of one, of a list, or of a whole pipeline.

        Raises
        ------
        ConfigError
            When it holds none.
        """
        data = read_text(text, "the clipboard")
        entries = data.get("blocks", [data]) if isinstance(data, Mapping) else data
        spec = PipelineSpec.from_dict({"name": "clipboard", "blocks": entries}, "the clipboard")
        return [block.to_dict() for block in spec.blocks]


def _diff(old: Mapping[str, Any], new: Mapping[str, Any], name: str) -> list[str]:
    one, other = (write_yaml(dict(data)).splitlines() for data in (old, new))
    return list(difflib.unified_diff(one, other, name, "now", lineterm=""))
