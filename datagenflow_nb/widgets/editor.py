"""The visual pipeline editor: a definition that the browser and Python both change."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import traitlets

from ..blocks.base import BaseBlock
from ..engine import ready_blocks
from ..errors import ConfigError, StoreError
from ..pipeline import Pipeline
from ..records import plain
from ..spec import PipelineSpec
from ..yaml_text import write_yaml
from .bridge import Action, BridgedWidget
from .editor_check import catalog_of, check_definition
from .editor_drafts import EditorDraft
from .editor_library import EditorLibrary
from .editor_numbers import as_before
from .editor_run import EditorRun
from .editor_seeds import sources_of_seeds
from .editor_trial import EditorTrial
from .fallback import show, static_html, view_bundle

if TYPE_CHECKING:
    from IPython.display import DisplayHandle

    from ..workspaces import Workspace

__all__ = ["PipelineEditor"]

_log = logging.getLogger("datagenflow_nb")

#: Seconds after an edit until it is kept.
_QUIET = 1.0


class PipelineEditor(BridgedWidget):
    """An editor of one pipeline.

    Parameters
    ----------
    workspace : Workspace
        Whose blocks, models and store it works with.
    definition : mapping
        What is edited, as ``PipelineSpec.to_dict``; ``blocks`` may be empty.
    instances : mapping, optional
        Ready blocks by id, of a pipeline made of objects.
    origin : str, optional
        What was opened: drafts are looked for under it. Default: the definition's name.

    Attributes
    ----------
    definition : dict
        What is edited now; may be set.
    document : dict
        The same with a number that every change raises: ``{"revision", "definition"}``.
    check : dict
        What is wrong with it and which fields flow, as ``editor_check.check_definition``.
    saved : dict
        What the store has of it, as ``editor_library.EditorLibrary.state``.
    trial : dict
        How it did on one seed, as ``editor_trial.EditorTrial`` publishes it.
    restored : dict
        ``{"at", "is_offer"}`` of unsaved changes from before: the editor began with them, or offers
        them; empty: there are none.
    """

    lasting = frozenset({"try"})
    definition = traitlets.Dict()
    document = traitlets.Dict().tag(sync=True)
    check = traitlets.Dict().tag(sync=True)
    saved = traitlets.Dict().tag(sync=True)
    trial = traitlets.Dict().tag(sync=True)
    restored = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        workspace: Workspace,
        definition: Mapping[str, Any],
        instances: Mapping[str, BaseBlock] | None = None,
        origin: str | None = None,
    ) -> None:
        self._workspace = workspace
        self._instances = dict(instances or {})
        #: What *Discard* goes back to where nothing was saved.
        self._original = plain(dict(definition))
        name = str(definition.get("name"))
        self.draft = EditorDraft(workspace, origin or name)
        self._library = EditorLibrary(workspace, (name, None))
        stored = self._library.stored(definition)
        self._library.base = (name, None if stored is None else stored.version)
        self._runs = EditorRun(workspace)
        self._trial = EditorTrial(workspace, self._instances, self._show_trial)
        self._views: list[DisplayHandle | None] = []
        self._later: threading.Timer | None = None
        super().__init__(
            "editor",
            definition=self._original,
            document={"revision": 0, "definition": self._original},
        )
        self._look()
        self.observe(self._changed, "definition")

    def __repr__(self) -> str:
        return f"PipelineEditor({self.definition.get('name')!r})"

    @traitlets.validate("definition")
    def _checked(self, proposal: Any) -> dict[str, Any]:
        value = proposal["value"]
        blocks = value.get("blocks") if isinstance(value, dict) else None
        is_list = isinstance(blocks, list) and all(isinstance(block, dict) for block in blocks)
        if not is_list or not isinstance(value.get("name"), str):
            raise ConfigError(
                "an editor's definition is {'name': ..., 'blocks': [{'type': ...}, ...]}, as "
                f"pipe.to_dict() gives it; got {value!r:.80}"
            )
        return dict(plain(value))

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline as it is edited now.

        Raises
        ------
        ConfigError
            While it is none yet.
        """
        spec = PipelineSpec.from_dict(self.definition, "the edited pipeline")
        pipeline = Pipeline.from_spec(spec, self._workspace.services)
        pipeline.instances = ready_blocks(spec, self._instances)
        return pipeline

    @pipeline.setter
    def pipeline(self, pipeline: Pipeline) -> None:
        with self.lock:
            self._instances.update(pipeline.instances)
            self.definition = pipeline.to_dict()

    def begin_with_draft(self) -> None:
        """Go on with unsaved changes that an earlier editor of the same origin left, if any."""
        self._take(self.draft.left(self.definition))

    def offer_draft(self) -> None:
        """Offer them in the browser; the definition stays."""
        left = self.draft.left(self.definition)
        if left is not None:
            with self.lock:
                self.restored = {"at": left.updated_at, "is_offer": True}

    def reload_saved(self) -> None:
        """Show what another one has saved since, unless there is something unsaved here."""
        stored = self._library.stored(self.definition)
        if stored is None or stored.version == self._library.base[1]:
            return
        base = self._library.base[1]
        old = None if base is None else self._library.version(self.definition, base)
        if old is not None and old["definition"] == self.definition:
            self._library.base = (stored.name, stored.version)
            version = self._library.version(self.definition, stored.version)
            self.definition = version["definition"]
        self._look()

    def close(self) -> None:
        """Close the widget; its draft can be taken up by the next one."""
        self.draft.release()
        super().close()

    def _ipython_display_(self) -> None:
        show(view_bundle(self))
        self._views.append(show(self._static(), display_id=True))

    def actions(self) -> Mapping[str, Action]:
        return {
            "catalog": lambda _: catalog_of(self._workspace),
            "edit": self._edit,
            "save": self._save,
            "discard": self._discard,
            "take_draft": lambda _: self._take(self.draft.left(self.definition)),
            "versions": lambda _: self._library.versions(self.definition),
            "version": lambda values: self._library.version(self.definition, values.get("version")),
            "template": lambda values: self._library.template(str(values.get("id"))),
            "yaml": lambda _: self.pipeline.to_yaml(),
            "block_yaml": lambda values: write_yaml([values.get("block")]),
            "blocks": lambda values: self._library.blocks_of(str(values.get("text"))),
            "sources": lambda _: sources_of_seeds(),
            "seed": self._choose_seed,
            "try": self._try,
            "stop": lambda _: self._trial.stop(),
            "run": lambda values: self._runs.start(self.pipeline, values),
            "job": lambda values: self._runs.state(values.get("job")),
            "stop_job": lambda values: self._runs.stop(values.get("job")),
        }

    def _edit(self, values: dict[str, Any]) -> dict[str, Any]:
        """Take a change that the browser made to a revision, if it is still the latest."""
        with self.lock:
            if values.get("base") != self.document["revision"]:
                raise ConfigError(
                    "the pipeline was changed elsewhere meanwhile",
                    {"kind": "changed_elsewhere", **self.document},
                )
            self.definition = as_before(values.get("definition"), self.definition)
            return {"revision": self.document["revision"]}

    def _changed(self, _: Any) -> None:
        with self.lock:
            revision = self.document["revision"] + 1
            self.document = {"revision": revision, "definition": self.definition}
            if self._later is None:
                self._later = threading.Timer(_QUIET, self._keep)
                self._later.daemon = True
                self._later.start()
        self._look()

    def _keep(self) -> None:
        """What an edit leaves behind: a draft in the store, and the HTML of the saved notebook."""
        with self.lock:
            self._later = None
            definition = self.definition
        try:
            if self._is_changed():
                self.draft.keep(definition, self._library.base[1])
            else:
                self.draft.drop()
        except StoreError as error:  # nobody waits for this thread
            _log.warning("changes in the editor are not kept: %s", error.message)
        for view in self._views:
            if view is not None:
                view.update(self._static(), raw=True)

    def _is_changed(self) -> bool:
        if self._library.stored(self.definition) is None:
            return bool(self.definition != self._original)
        return bool(self._library.state(self.definition)["is_changed"])

    def _static(self) -> dict[str, str]:
        try:
            html = self.pipeline._repr_html_()
        except ConfigError as error:
            html = error._repr_html_()
        return {"text/html": static_html(html), "text/plain": repr(self)}

    def _look(self) -> None:
        """Check the definition anew."""
        registry = self._workspace.registry
        registry.refresh()
        with self.lock:
            self.check = check_definition(
                self.definition, registry, self._instances, self._trial.seed_fields
            )
            self.saved = self._library.state(self.definition)
            self._trial.look(self.definition)
            self._show_trial()

    def _show_trial(self) -> None:
        with self.lock:
            self.trial = self._trial.state()

    def _save(self, values: dict[str, Any]) -> dict[str, Any]:
        version = self._library.save(self.pipeline, over_others=bool(values.get("over_others")))
        self.draft.drop()
        with self.lock:
            self.restored = {}
        self._look()
        return {"version": version}

    def _discard(self, _: dict[str, Any]) -> None:
        """Go back to what is saved, or to what was opened."""
        stored = self._library.stored(self._original)
        with self.lock:
            self.restored = {}
            if stored is None:
                self.definition = self._original
            else:
                self._library.base = (stored.name, stored.version)
                version = self._library.version(self._original, stored.version)
                self.definition = version["definition"]
        self.draft.drop()

    def _take(self, left: Any) -> None:
        if left is None:
            return
        definition = self.draft.take_over(left)
        with self.lock:
            self._library.base = (self._library.base[0], left.base_version)
            self.restored = {"at": left.updated_at, "is_offer": False}
            self.definition = definition

    def _choose_seed(self, values: dict[str, Any]) -> None:
        self._trial.choose(values)
        self._look()

    def _try(self, values: dict[str, Any]) -> None:
        upto = values.get("upto")
        self._trial.run(
            self.definition, None if upto is None else str(upto), dry=bool(values.get("dry"))
        )
