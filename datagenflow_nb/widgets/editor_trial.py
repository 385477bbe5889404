"""The editor's trial: which seed it is made with, how far it is, what each block gave."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..blocks.base import BaseBlock
from ..engine import ready_blocks
from ..errors import ConfigError, DataGenFlowError, SeedError, suggest
from ..records import Call, encode, plain
from ..spec import PipelineSpec
from ..trial import Trial, TrialStep, TrialStop
from .editor_seeds import seeds_of

if TYPE_CHECKING:
    from ..workspaces import Workspace

__all__ = ["EditorTrial"]

#: Characters of one field or message that the browser is sent.
_SHOWN = 20_000


class EditorTrial:
    """The trials of one editor.

    Parameters
    ----------
    show : callable
        Shows ``state`` in the browser. Never called with the trial's lock held, for it may wait for
        a lock of its own.
    """

    def __init__(
        self,
        workspace: Workspace,
        instances: Mapping[str, BaseBlock],
        show: Callable[[], None],
    ) -> None:
        self._workspace = workspace
        self._instances = instances
        self._show = show
        self._trial = _trial_of(workspace)
        self._seed: dict[str, Any] | None = None
        self._source = ""
        self._steps: dict[str, dict[str, Any]] = {}
        #: What the steps shown were made with, and what the definition as it is now would be.
        self._keys: dict[str, str] = {}
        self._now: dict[str, str] = {}
        self._definition: Mapping[str, Any] = {}
        self._running: TrialStop | None = None
        self._is_stopping = False
        self._dry = False
        self._note: str | None = None
        self._error: str | None = None
        self._lock = threading.RLock()

    @property
    def seed_fields(self) -> list[str] | None:
        """The seed's fields; None before there is one."""
        return None if self._seed is None else sorted(self._seed)

    def state(self) -> dict[str, Any]:
        """How things stand.

        ``{"seed", "source", "is_running", "is_stopping", "steps", "stale", "note", "error"}``.
        """
        with self._lock:
            return {
                "seed": None if self._seed is None else _short_fields(self._seed),
                "source": self._source,
                "is_running": self._running is not None,
                "is_stopping": self._is_stopping,
                "steps": dict(self._steps),
                "stale": [id_ for id_, key in self._keys.items() if self._now.get(id_) != key],
                "note": self._note,
                "error": self._error,
            }

    def choose(self, values: Mapping[str, Any]) -> None:
        """Take the seed of ``{"kind", "text", "index"}``, the first one's index being 0.

        Raises
        ------
        SeedError
            When there is no such seed.
        ConfigError
            For another kind.
        """
        seeds, source = seeds_of(values)
        index = values.get("index") or 0
        chosen = next((seed for at, seed in enumerate(seeds) if at == index), None)
        if chosen is None:
            raise SeedError(f"{source} has no seed {index}; the first is 0")
        with self._lock:
            self._seed, self._source = plain(chosen.metadata), source
            self._error = None

    def look(self, definition: Mapping[str, Any]) -> None:
        """Mark the steps that are older than the definition; end a trial of what it no longer has.

        One that runs ends before its next block, or call, whose step it would not be.
        """
        with self._lock:
            self._definition = definition
            if self._seed is not None and (self._steps or self._running is not None):
                self._now = self._keys_of(definition)

    def stop(self) -> None:
        """End the trial that runs: without further calls, and asked again, without waiting."""
        with self._lock:
            if self._running is None:
                return
            self._running.stop()
            self._is_stopping = True
        self._show()

    def run(self, definition: Mapping[str, Any], upto: str | None, *, dry: bool) -> None:
        """Try the definition up to and with the block ``upto``; None: all of it.

        While one runs, a further one is not begun.

        Raises
        ------
        DataGenFlowError
            For what cannot be tried; what a block raises is its step's.
        """
        if self._seed is None:
            raise SeedError("choose a seed first: type one, or take one of a variable or a file")
        spec = PipelineSpec.from_dict(definition, "the pipeline")
        ids = [block.id for block in spec.blocks]
        if upto is not None and upto not in ids:
            raise ConfigError(f"there is no block {upto!r} to try; {suggest(upto, ids)}")
        count = len(ids) if upto is None else ids.index(upto) + 1
        stop = TrialStop(self._is_wanted)
        services = self._workspace.services
        with self._lock:
            if self._running is not None:
                return
            self._running, self._dry = stop, dry
            self._note = self._error = None
        try:
            services.registry.refresh()
            with self._lock:
                self.look(definition)
                keys = dict(self._now)
            self._show()
            self._trial.run(
                spec, services.registry, ready_blocks(spec, self._instances), services.models,
                self._seed, upto=count, dry=dry, stop=stop, on_begin=self._begins,
                on_step=lambda step: self._ended(step, keys[step.block_id], dry=dry),
            )  # fmt: skip
        except DataGenFlowError as error:
            self._error = error.message
            raise
        finally:
            with self._lock:
                self._running, self._is_stopping, self._note = None, False, stop.reason
                self._forget_others()
                self.look(self._definition)
            self._show()

    def _is_wanted(self, key: str) -> bool:
        return key in self._now.values()

    def _keys_of(self, definition: Mapping[str, Any]) -> dict[str, str]:
        try:
            spec = PipelineSpec.from_dict(definition, "the pipeline")
        except ConfigError:
            return {}
        services = self._workspace.services
        keys = self._trial.keys(
            spec, services.registry, ready_blocks(spec, self._instances), services.models,
            self._seed or {}, dry=self._dry,
        )  # fmt: skip
        return {block.id: key for block, key in zip(spec.blocks, keys, strict=True)}

    def _forget_others(self) -> None:
        """Only steps that have ended, of blocks there are."""
        now = self._keys_of(self._definition) or self._keys
        self._steps = {
            id_: step
            for id_, step in self._steps.items()
            if step["state"] != "running" and id_ in now
        }
        self._keys = {id_: key for id_, key in self._keys.items() if id_ in self._steps}

    def _begins(self, block_id: str) -> None:
        with self._lock:
            self._steps[block_id] = {**_NOTHING, "state": "running", "dry": self._dry}
            self._keys.pop(block_id, None)
        self._show()

    def _ended(self, step: TrialStep, key: str, *, dry: bool) -> None:
        with self._lock:
            self._steps[step.block_id] = {**_step_view(step), "dry": dry}
            self._keys[step.block_id] = key
        self._show()


#: What was paid for in one editor is not paid for again in another.
_trials: weakref.WeakKeyDictionary[Workspace, Trial] = weakref.WeakKeyDictionary()
_trials_lock = threading.Lock()


def _trial_of(workspace: Workspace) -> Trial:
    with _trials_lock:
        return _trials.setdefault(workspace, Trial())


_NOTHING: dict[str, Any] = {
    "set": {}, "removed": [], "seconds": 0.0, "calls": [], "error": None, "branches": None,
    "is_kept": False,
}  # fmt: skip


def _step_view(step: TrialStep) -> dict[str, Any]:
    return {
        "state": step.state,
        "set": _short_fields(step.set),
        "removed": step.removed,
        "seconds": step.seconds,
        "calls": [_call_view(call) for call in step.calls],
        "error": step.error,
        "branches": step.branches,
        "is_kept": step.is_kept,
    }


def _call_view(call: Call) -> dict[str, Any]:
    messages = call.request.get("messages") or []
    return {
        "model": call.model,
        "messages": [
            {"role": str(message.get("role")), "content": _short(_text(message.get("content")))}
            for message in messages
        ],
        "answer": None if call.answer is None else _short(call.answer),
        "error": call.error,
        "input_tokens": call.usage.input_tokens,
        "output_tokens": call.usage.output_tokens,
        "cost": call.usage.cost,
        "reused": call.reused,
    }


def _text(content: Any) -> str:
    return content if isinstance(content, str) else encode(content)


def _short_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as they are, long ones as the beginning of their text."""
    return {
        name: value if len(_text(value)) <= _SHOWN else _short(_text(value))
        for name, value in fields.items()
    }


def _short(text: str) -> str:
    if len(text) <= _SHOWN:
        return text
    return f"{text[:_SHOWN]}… ({len(text):,} characters in all)"
