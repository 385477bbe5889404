"""Which fields the records of a job have, as a sample of them shows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from ..columns import column_of
from ..query import QUERY_COLUMNS
from .records import Record

__all__ = ["FieldInfo", "FieldKind", "fields_of"]

FieldKind = Literal["text", "number", "bool", "json", "mixed", "empty"]

_KINDS: dict[type, FieldKind] = {
    bool: "bool", dict: "json", float: "number", int: "number", list: "json", str: "text",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A field of the state.

    Attributes
    ----------
    column : str
        What queries call it: ``field.<name>`` when a column of every record has its name.
    kind : str
        ``text``, ``number``, ``bool``, ``json`` (lists and objects), ``mixed``, or ``empty`` when
        every value is missing.
    source : str
        ``seed``, or the id of the block that set it last.
    """

    name: str
    column: str
    kind: FieldKind
    source: str


def fields_of(records: Iterable[Record]) -> list[FieldInfo]:
    """The fields in order of the pipeline, the seed's last."""
    kinds: dict[str, set[FieldKind]] = {}
    steps: dict[str, tuple[int, str]] = {}
    for record in records:
        for step in record.steps:
            for name in step.set:
                here = (step.index, step.block_id)
                steps[name] = max(steps.get(name, here), here)
        for name, value in record.state.items():
            kinds.setdefault(name, set()).update(_kinds(value))
    names = sorted(kinds, key=lambda name: steps[name][0] if name in steps else math.inf)
    return [
        FieldInfo(
            name, column_of(name, QUERY_COLUMNS), _together(kinds[name]),
            steps[name][1] if name in steps else "seed",
        )
        for name in names
    ]  # fmt: skip


def _kinds(value: Any) -> set[FieldKind]:
    return set() if value is None else {_KINDS[type(value)]}


def _together(kinds: set[FieldKind]) -> FieldKind:
    if not kinds:
        return "empty"
    return next(iter(kinds)) if len(kinds) == 1 else "mixed"
