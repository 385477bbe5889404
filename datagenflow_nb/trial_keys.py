"""What the steps of a trial depend on, as keys: equal ones gave, and would give, the same."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import threading
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .blocks.base import BaseBlock
from .blocks.context import ModelSource
from .blocks.registry import Registry
from .errors import DataGenFlowError
from .records import NotPlain, encode, plain
from .spec import BlockSpec, PipelineSpec

__all__ = ["Keys", "model_identity", "seed_key"]


@dataclass(slots=True)
class _Known:
    """An object that was seen: its number, what it held when it counted as changed, and since."""

    alive: weakref.ref[Any]
    number: int
    shown: str = ""
    seen: str = ""


class Keys:
    """Makes the keys.

    Classes and block objects are told apart by which they are: one whose file or cell was changed
    is another class. What a block object holds counts too, but for what running it changes.
    """

    def __init__(self) -> None:
        #: By ``id``: a block may be an object that has no hash.
        self._known: dict[int, _Known] = {}
        self._numbers = itertools.count(1)
        self._running: set[int] = set()
        self._lock = threading.RLock()

    def of(
        self,
        spec: PipelineSpec,
        registry: Registry,
        instances: Mapping[str, BaseBlock],
        models: ModelSource,
        seed: Mapping[str, Any],
        *,
        dry: bool = False,
    ) -> list[str]:
        """One key a block: the seed, the blocks up to it, their code and models decide it."""
        digest = hashlib.blake2b(seed_key(seed).encode())
        digest.update(b"dry" if dry else b"")
        keys = []
        for entry in spec.blocks:
            given = [
                entry.id, entry.type, entry.config, entry.when, entry.disabled,
                self._code(entry, registry, instances.get(entry.id)),
                model_identity(models, entry.config.get("model")),
            ]  # fmt: skip
            digest.update(encode(given).encode(errors="surrogatepass"))
            keys.append(digest.copy().hexdigest())
        return keys

    @contextlib.contextmanager
    def running(self, block: BaseBlock) -> Iterator[None]:
        """While the block runs: what it makes of itself is no change of the pipeline."""
        with self._lock:
            self._running.add(id(block))
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(id(block))
                known = self._known.get(id(block))
                if known is not None and known.seen:
                    known.seen = self._held_by(block)

    def _code(self, entry: BlockSpec, registry: Registry, held: BaseBlock | None) -> Any:
        with self._lock:
            if held is not None:
                return [self._look_up(type(held)).number, self._state(held)]
            try:
                return self._look_up(registry.get(entry.type)).number
            except DataGenFlowError:
                return None

    def _state(self, block: BaseBlock) -> str:
        known = self._look_up(block)
        if id(block) not in self._running or not known.seen:
            now = self._held_by(block)
            if now != known.seen:
                known.shown = known.seen = now
        return known.shown

    def _held_by(self, block: BaseBlock) -> str:
        """What the object holds, as JSON; where that cannot be, it is like no other object."""
        fields = dict(vars(block))
        held: dict[str, Any] = {}
        for name, value in fields.items():
            with contextlib.suppress(NotPlain):
                held[name] = plain(value)
        if len(held) < len(fields):
            return encode([self._look_up(block).number, held])
        return encode(held)

    def _look_up(self, thing: Any) -> _Known:
        address = id(thing)
        known = self._known.get(address)
        if known is None or known.alive() is not thing:
            alive = weakref.ref(thing, lambda gone: self._forget(address, gone))
            known = self._known[address] = _Known(alive, next(self._numbers))
        return known

    def _forget(self, address: int, gone: weakref.ref[Any]) -> None:
        with self._lock:
            known = self._known.get(address)
            if known is not None and known.alive is gone:
                del self._known[address]


def seed_key(seed: Mapping[str, Any]) -> str:
    """What tells a seed from others."""
    text = encode(dict(seed))
    return hashlib.blake2b(text.encode(errors="surrogatepass")).hexdigest()


def model_identity(models: ModelSource, name: str | None) -> list[str | None] | None:
    """Who answers under that name: endpoint, id, name; None where there is no such model."""
    try:
        config = models.check([name])[name]
    except DataGenFlowError:
        return None
    return [config.endpoint, config.model, config.name]
