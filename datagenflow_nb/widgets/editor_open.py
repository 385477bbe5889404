"""Which editor a pipeline has: one a kernel, however often and wherever it is shown."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..pipeline import Pipeline
from ..records import decode
from ..workspaces import Workspace, workspace
from .editor import PipelineEditor

__all__ = ["edit_named", "edit_pipeline"]

_named: weakref.WeakValueDictionary[tuple[Path, str], PipelineEditor] = (
    weakref.WeakValueDictionary()
)
#: By the object's number: pipelines are compared by value.
_of_objects: dict[int, tuple[weakref.ref[Pipeline], PipelineEditor]] = {}


def edit_named(space: Workspace, name: str) -> PipelineEditor:
    """The editor of the stored pipeline ``name``, or of a new one that is empty yet.

    What was edited and not saved before, by an earlier kernel too, is there again. One that was
    opened under this name and is called otherwise since stays with its cell.
    """
    key = (space.store.path, name)
    found = _named.get(key)
    if found is not None and found.comm is not None and found.definition.get("name") == name:
        found.reload_saved()
        return found
    stored = {saved.name: saved for saved in space.pipelines()}.get(name)
    definition: dict[str, Any] = {"name": name, "blocks": []}
    if stored is not None:
        definition = decode(stored.definition)
    editor = PipelineEditor(space, definition)
    editor.begin_with_draft()
    _named[key] = editor
    return editor


def edit_pipeline(pipeline: Pipeline) -> PipelineEditor:
    """The editor of a pipeline in Python; either follows what is changed in the other.

    What an earlier editor of such a pipeline left unsaved is offered; the code's own comes first.
    """
    held = _of_objects.get(id(pipeline))
    if held is not None and held[0]() is pipeline and held[1].comm is not None:
        return held[1]
    origin = f"in Python: {pipeline.name}"
    editor = PipelineEditor(workspace(), pipeline.to_dict(), pipeline.instances, origin)
    editor.offer_draft()
    number = id(pipeline)

    def gone(_: Any) -> None:
        _of_objects.pop(number, None)
        editor.draft.release()

    _of_objects[number] = (weakref.ref(pipeline, gone), editor)
    _tie(pipeline, editor)
    return editor


def _tie(pipeline: Pipeline, editor: PipelineEditor) -> None:
    """Let each have what the other has, as soon as it is a pipeline."""
    known = weakref.ref(pipeline)

    def into_python(_: Any) -> None:
        there = known()
        if there is None:
            return
        try:
            edited = editor.pipeline
        except ConfigError:  # half typed; the editor says what is wrong
            return
        if edited.spec != there.spec:
            there.update(edited)

    def into_editor(changed: Pipeline) -> None:
        if changed.to_dict() != editor.definition:
            editor.pipeline = changed

    editor.observe(into_python, "definition")
    pipeline.watch(into_editor)
