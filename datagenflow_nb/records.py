"""Pure values: what a run is made of, without handles, files or event loops.

A *step* is one block's part of an execution, a *call* one request to a model with its answer, a
*trace* the list of steps on the path of one branch. Everything in them is JSON: ``plain`` makes it
so (and is the copy that keeps a block from rewriting history), ``encode``/``decode`` carry it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import functools
import json
import math
import os
import random
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from pydantic_core import PydanticSerializationError, from_json, to_json

__all__ = [
    "Call",
    "NotPlain",
    "Seed",
    "Step",
    "Trace",
    "Usage",
    "build_trace",
    "decode",
    "encode",
    "new_trace_id",
    "plain",
    "replay",
    "utc_now",
]

_SCALARS = frozenset({str, bool, type(None)})
#: Python reads integers of up to 4,300 digits back from text (docs.python.org, "Integer string
#: conversion length limitation"); what cannot be read back is not stored.
_LARGEST = 2**14_000


class NotPlain(ValueError):
    """A value that JSON cannot hold; ``path`` says where in the whole it stands."""

    def __init__(self, reason: str, path: str) -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.reason = reason
        self.path = path


def plain(value: Any, path: str = "") -> Any:
    """A deep copy of ``value`` made of dict, list, str, int, float, bool and None only.

    Strings and numbers are shared (they cannot change), containers are new. Tuples become lists;
    dates ISO strings; paths, UUIDs and decimals strings; enums their value; dataclasses, pydantic
    models and NumPy values what they hold.

    Raises
    ------
    NotPlain
        For NaN and infinity (JSON has neither), keys that are not strings, a value that holds
        itself, and any other type.
    """
    try:
        return _plain(value, path)
    except RecursionError:
        raise NotPlain("nested too deeply, or contains itself", path) from None


def _plain(value: Any, path: str) -> Any:
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is int:
        if -_LARGEST < value < _LARGEST:
            return value
        raise NotPlain(f"an integer of {value.bit_length():,} bits cannot be read back", path)
    if kind is dict:
        return {
            key if type(key) is str else _key(key, path): item
            if type(item) in _SCALARS
            else _plain(item, f"{path}.{key}" if path else str(key))
            for key, item in value.items()
        }
    if kind is list or kind is tuple:
        return [
            item if type(item) in _SCALARS else _plain(item, f"{path}[{index}]")
            for index, item in enumerate(value)
        ]
    if kind is float:
        if not math.isfinite(value):
            raise NotPlain(f"{value} is not a JSON number; use None for a missing value", path)
        return value
    return _convert(value, path)


def _key(key: Any, path: str) -> str:
    if isinstance(key, str):
        return str.__str__(key)
    raise NotPlain(f"key {key!r} is {type(key).__name__}, JSON keys are strings", path)


def _convert(value: Any, path: str) -> Any:
    """The rarer kinds, after the common ones were ruled out by exact type."""
    if isinstance(value, enum.Enum):
        return _plain(value.value, path)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool | int):
        return _plain(int(value), path)
    if isinstance(value, float):
        return _plain(float(value), path)
    if isinstance(value, Mapping):
        return _plain(dict(value), path)
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
        return _plain(list(items), path)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        if value != value:  # pandas' NaT
            raise NotPlain("NaT is not a time; use None for a missing value", path)
        return value.isoformat()
    if isinstance(value, PurePath | uuid.UUID | decimal.Decimal):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        # Not asdict(), which deep-copies what it finds, before we can say what cannot be.
        held = {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
        return _plain(held, path)
    for method in ("model_dump", "tolist"):  # pydantic; NumPy arrays and scalars
        convert = getattr(value, method, None)
        if callable(convert) and not isinstance(value, type):
            return _plain(convert(), path)
    raise NotPlain(
        f"{type(value).__name__} is not a JSON value; return str, int, float, bool, None, "
        "list or dict",
        path,
    )


def encode(value: Any) -> str:
    """JSON text of a plain value, compact, non-ASCII as it is."""
    try:
        return to_json(value).decode()
    except PydanticSerializationError:
        # Lone surrogates (half an emoji out of a broken file) have no UTF-8 form; escaped they do.
        return json.dumps(value, separators=(",", ":"), allow_nan=False)


def decode(text: str | bytes) -> Any:
    """The value of a JSON text written by ``encode``, or by anybody else.

    NaN and Infinity are read as Python reads them; ``plain`` refuses them with their place.

    Raises
    ------
    ValueError
        For text that is no JSON.
    RecursionError
        For text nested some hundred levels deep.
    """
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        return json.loads(text)


_trace_ids = random.Random()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_trace_ids.seed)


def new_trace_id() -> str:
    """A random UUID (RFC 9562, version 4) as text.

    From a generator of our own, seeded by the system once: asking the system for every execution
    costs as much as three blocks, because it lets go of the interpreter's lock.
    """
    digits = f"{_trace_ids.getrandbits(128):032x}"
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def utc_now() -> str:
    """The time as ISO 8601 in UTC with milliseconds, ``2026-11-23T10:00:00.123Z``."""
    seconds, milliseconds = divmod(time.time_ns() // 1_000_000, 1_000)
    return f"{_utc_second(seconds)}.{milliseconds:03d}Z"


@functools.lru_cache(maxsize=4)
def _utc_second(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")


@dataclass(frozen=True, slots=True)
class Seed:
    """One input row and how often to run it.

    Attributes
    ----------
    metadata : dict of str to JSON value
        The fields the pipeline starts from.
    repetitions : int
        Number of executions, 1 or more.
    where : str
        Where it was read (``seeds.csv:12``), for messages; not part of its value.
    """

    metadata: dict[str, Any]
    repetitions: int = 1
    where: str = field(default="", compare=False)


@dataclass(slots=True)
class Usage:
    """Tokens and money of one call or of many.

    Attributes
    ----------
    input_tokens, output_tokens : int
        As the server counted them.
    calls : int
        Answered calls (a try that failed is not one).
    cost : float or None
        In the currency of the model's configured prices; None when a price is unknown.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    calls: int = 0
    cost: float | None = None

    def __add__(self, other: Usage) -> Usage:
        if not self.calls:
            return other
        cost = self.cost
        if other.calls:
            cost = None if cost is None or other.cost is None else cost + other.cost
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.calls + other.calls,
            cost,
        )

    def to_dict(self) -> dict[str, Any]:
        """The four figures by name."""
        return {
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "calls": self.calls,
            "cost": self.cost,
        }


@dataclass(slots=True)
class Call:
    """One request to a model: what was asked, what came back, what it took.

    Attributes
    ----------
    block_id : str
        The block that asked.
    number : int
        0, 1, ... within the block; a corrective question is a call of its own.
    model : str
        The configured name of the model.
    request : dict
        The body as sent (messages, parameters); never a key.
    answer : str or None
        The text of the answer, None when there was none.
    latency : float
        Seconds from the first try to the end of the last.
    tries : list of dict
        One per try: ``{"latency": s, "status": int | None, "error": str | None}``.
    error : str or None
        Why the call gave no usable answer.
    reused : bool
        Not made here: the answer was taken over, with what it cost, from the job that this one
        re-runs or from an earlier attempt.
    """

    block_id: str
    number: int
    model: str
    request: dict[str, Any]
    answer: str | None = None
    finish_reason: str | None = None
    usage: Usage = field(default_factory=Usage)
    latency: float = 0.0
    tries: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None
    reused: bool = False

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclass(slots=True)
class Step:
    """One block's part of an execution: only what it changed.

    Attributes
    ----------
    index : int
        The block's place in the pipeline, from 0.
    branch : str
        The path of the branch after this step: ``""``, ``"3"``, ``"3.0"``.
    set : dict
        Fields the block added or changed.
    removed : list of str
        Fields the block took away.
    execution_time : float
        Seconds, monotonic, without ``held``.
    error : dict or None
        ``DataGenFlowError.to_dict()`` of what ended the branch here.
    skipped : bool
        The block's ``when`` was false, or it is disabled.
    held : float
        Seconds in which it did nothing but wait until a call may be made: its job was paused, or
        what was made before was being stored. Not kept.
    """

    index: int
    block_id: str
    block_type: str
    branch: str = ""
    set: dict[str, Any] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    execution_time: float = 0.0
    error: dict[str, Any] | None = None
    calls: list[Call] = field(default_factory=list)
    skipped: bool = False
    held: float = 0.0


def replay(metadata: Mapping[str, Any], steps: Iterable[Step]) -> dict[str, Any]:
    """The state after ``steps``, rebuilt from the seed's metadata and what each step changed."""
    state = dict(metadata)
    for step in steps:
        state.update(step.set)
        for name in step.removed:
            state.pop(name, None)
    return state


class Trace(list[dict[str, Any]]):
    """The steps of one branch, a dictionary each; see ``build_trace``."""

    def _repr_html_(self) -> str:
        from .displays.trace import trace_html

        return trace_html(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        from .displays.trace import trace_text

        printer.text(trace_text(self, title=f"Trace, {len(self)} steps"))


def build_trace(metadata: Mapping[str, Any], steps: Iterable[Step]) -> Trace:
    """The trace as users see it: one dictionary per step, states rebuilt from the changes.

    Keys: ``step, block_id, block_type, branch, input, output, accumulated_state, execution_time,
    error, calls, skipped``. ``input`` is the state the block was given.
    """
    trace = Trace()
    state = dict(metadata)
    for step in steps:
        before = state
        state = replay(before, [step])
        trace.append(
            {
                "step": step.index,
                "block_id": step.block_id,
                "block_type": step.block_type,
                "branch": step.branch,
                "input": plain(before),
                "output": plain(step.set),
                "accumulated_state": plain(state),
                "execution_time": step.execution_time,
                "error": step.error,
                "calls": [call.to_dict() for call in step.calls],
                "skipped": step.skipped,
            }
        )
    return trace
