"""What one rendering has used so far, and the checks that stop it in time.

A budget costs nothing until it is asked: a prompt that only puts fields into text never reads a
clock. Sizes are checked before a text or list is made; what was made is added up afterwards.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import ItemsView as Items
from collections.abc import Iterable, Iterator, KeysView, ValuesView
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, NamedTuple

from jinja2.runtime import Macro
from jinja2.utils import Namespace

from .limits import (
    MAX_ALLOCATED,
    MAX_DEPTH,
    MAX_INT_BITS,
    MAX_NODES,
    MAX_SECONDS,
    MAX_TEXT,
    MAX_TURNS,
)
from .problems import LimitError, RefusedError

__all__ = ["Budget", "Weight"]

_PLAIN = frozenset({int, float, bool, type(None)})
_STORED = (list, tuple, dict, set, frozenset)
_CONTAINERS = (*_STORED, deque, KeysView, ValuesView, Items)
_CALLABLES = (FunctionType, BuiltinFunctionType, MethodType, Macro, type)
_REMEMBERED = 64


class Weight(NamedTuple):
    """The size of a value with everything nested in it, shared parts counted each time."""

    size: int
    """About as many characters as its text has."""
    nodes: int = 1
    """Values."""
    depth: int = 0
    """Levels below it."""
    indents: int = 0
    """Sum of the nodes' depths: what printing it indented costs per space."""

    def check(self) -> Weight:
        """Itself, when it is within the limits."""
        if self.nodes > MAX_NODES:
            raise LimitError(f"a value with more than {MAX_NODES:,} parts")
        if self.size > MAX_ALLOCATED:
            raise LimitError(f"a value that takes more than {MAX_ALLOCATED:,} bytes")
        if self.depth > MAX_DEPTH:
            raise LimitError(f"a value nested more than {MAX_DEPTH} levels deep")
        return self


class Budget:
    """The running account of one rendering.

    Attributes
    ----------
    turns : int
        Loop turns so far.
    allocated : int
        Bytes of the texts and lists made so far.
    depth : int
        Macro calls and recursive loops that are open now.
    """

    turns = 0
    allocated = 0
    depth = 0
    _deadline = 0.0
    _cpu_start: float | None = None

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, Weight]] = {}

    def tick(self) -> None:
        """Raise when the time is up."""
        if time.monotonic() > self._deadline:
            self._check_cpu()

    def _check_cpu(self) -> None:
        # The cheap wall clock rings, the processor clock decides: a machine that sleeps or swaps
        # must not fail a template.
        now = time.thread_time()
        if self._cpu_start is None:
            self._cpu_start = now
        left = MAX_SECONDS - (now - self._cpu_start)
        if left <= 0:
            raise LimitError(f"the template takes more than {MAX_SECONDS:g} s to render")
        self._deadline = time.monotonic() + max(left, 0.01)

    def loop(self, items: Iterable[Any]) -> Iterator[Any]:
        """``items``, each of them counted."""
        for item in items:
            self.turns += 1
            if self.turns > MAX_TURNS:
                raise LimitError(f"the template's loops take more than {MAX_TURNS:,} turns")
            if time.monotonic() > self._deadline:
                self._check_cpu()
            yield item

    def expect(self, size: int) -> None:
        """Raise when a text of ``size`` characters must not be made."""
        if size > MAX_TEXT:
            raise LimitError(f"a text of {size:,} characters; at most {MAX_TEXT:,} are allowed")
        self.claim(size)

    def expect_scan(self, steps: int, limit: int, what: str) -> None:
        """Raise when work of ``steps`` steps is more than ``limit``."""
        if steps > limit:
            raise LimitError(f"a text too long, or words too long, for {what}")

    def claim(self, size: int) -> None:
        """Raise when ``size`` more bytes must not be taken."""
        if self.allocated + size > MAX_ALLOCATED:
            raise LimitError(
                f"the template's intermediate values take more than {MAX_ALLOCATED:,} bytes"
            )

    def charge(self, result: Any) -> Any:
        """Add up what an operation made; returns it."""
        self.tick()
        if isinstance(result, str):
            if len(result) > MAX_TEXT:
                self.expect(len(result))
        elif isinstance(result, int):
            if result.bit_length() > MAX_INT_BITS:
                raise LimitError(f"a number of more than {MAX_INT_BITS:,} bits")
            return result
        elif isinstance(result, _STORED):
            self.weigh(result)
        else:
            return result
        self.allocated += sys.getsizeof(result)
        self.claim(0)
        return result

    def concat(self, texts: list[str]) -> str:
        """The texts of a macro, a set block or a filter block as one."""
        self.expect(sum(map(len, texts)))
        result: str = self.charge("".join(texts))
        return result

    def join(self, values: Iterable[Any]) -> str:
        """The ``~`` operator."""
        return self.concat([self.text(value) for value in values])

    def text(self, value: Any) -> str:
        """What ``{{ value }}`` prints."""
        kind = type(value)
        if kind is str:
            return value  # type: ignore[no-any-return]  # the line above says it
        if kind in _PLAIN:
            return str(value)
        return self._text(value)

    def _text(self, value: Any) -> str:
        if isinstance(value, _CONTAINERS):
            self.expect(self.weigh(value).size)
            result: str = self.charge(str(value))
            return result
        if isinstance(value, Iterator):
            raise RefusedError("a filter's result cannot be printed as it is: add |list or |join")
        if isinstance(value, _CALLABLES):
            name = getattr(value, "__name__", None) or getattr(value, "name", "it")
            raise RefusedError(
                f"{name!r} is a function here and cannot be printed: call it, {name}(), "
                f"or write ['{name}'] for the key of that name"
            )
        if isinstance(value, Namespace):
            raise RefusedError("a namespace cannot be printed: print its attributes")
        return str(value)

    def built(self, container: Any) -> Any:
        """A list, tuple or dict the template wrote, checked; returns it."""
        weight = self.weigh(container)
        if weight.nodes > _REMEMBERED:
            self.tick()
        return container

    def measure(self, value: Any) -> int:
        """About how many characters the text of a value has."""
        if isinstance(value, str):
            return len(value)
        return self.weigh(value).size

    def weigh(self, value: Any) -> Weight:
        """The size of any value, nested ones included.

        Sizes of containers are remembered: without that, ``[x, x]`` repeated fifty times would
        take years to add up.
        """
        if not isinstance(value, _CONTAINERS):
            return Weight(_leaf_size(value))
        known = self._known.get(id(value))
        if known is not None and known[0] is value:
            return known[1]
        return self.remember(value, self._weigh(value, 0).check())

    def remember(self, value: Any, weight: Weight) -> Weight:
        """Note a container's weight (and keep it alive: its id is the key)."""
        if len(self._known) >= _REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[id(value)] = value, weight
        return weight

    def _weigh(self, value: Any, level: int) -> Weight:
        if level > MAX_DEPTH:
            raise LimitError(f"a value nested more than {MAX_DEPTH} levels deep")
        size, nodes, depth, indents = 2, 1, 0, 0
        for group in (value, value.values()) if isinstance(value, dict) else (value,):
            for item in group:
                kind = type(item)
                if kind is str:
                    size += len(item) + 4
                elif kind in _PLAIN:
                    size += (item.bit_length() // 3 if kind is int else 24) + 3
                elif not isinstance(item, _CONTAINERS):
                    size += _leaf_size(item) + 2
                else:
                    known = self._known.get(id(item))
                    inner = known[1] if known else self._weigh(item, level + 1)
                    size += inner.size + 2
                    nodes += inner.nodes
                    indents += inner.indents + inner.nodes
                    depth = max(depth, inner.depth + 1)
                    if nodes > MAX_NODES:
                        break
                    continue
                nodes += 1
                indents += 1
        return Weight(size, nodes, depth, indents).check()


def _leaf_size(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if type(value) is int:
        return value.bit_length() // 3 + 1
    if isinstance(value, bytes | bytearray):
        return 4 * len(value)
    if isinstance(value, Namespace):
        raise RefusedError("a namespace cannot be put into a list or dict, or used as a text")
    return 24
