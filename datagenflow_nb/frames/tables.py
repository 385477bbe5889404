"""Stored records and traces as DataFrames with stable columns and types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..columns import (
    NESTED_COLUMNS,
    RECORD_COLUMNS,
    Kind,
    column_of,
    kind_of,
    merge_kinds,
)
from ..records import Call, Step, build_trace
from ..storage.records import Record, split_fields

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["records_frame", "traces_frame", "typed_frame"]

_INTEGERS = ("id", "job_id", "seed_index", "repetition", "version")
_TRACE_TYPES = {
    "record_id": "int64",
    "trace_id": "text",
    "step": "int64",
    "block_type": "text",
    "input": "object",
    "output": "object",
    "accumulated_state": "object",
    "execution_time": "float64",
    "input_tokens": "Int64",
    "output_tokens": "Int64",
    "cost": "float64",
    "error": "object",
    "branch": "text",
    "block_id": "text",
}


def records_frame(records: Iterable[Record], *, flat: bool = True) -> pd.DataFrame:
    """A row per record, failed and filtered ones included.

    Parameters
    ----------
    records : iterable of Record
        In the order the rows shall have.
    flat : bool
        True: one column per state field, in order of first appearance. False: the columns
        ``metadata`` and ``accumulated_state`` instead, a dict of seed fields and one of block
        outputs.

    Returns
    -------
    DataFrame of shape (n_records, 10 + n_fields) or (n_records, 12)
        First ``id, job_id, seed_index, repetition`` (int64), ``branch, status`` (text), ``output``
        (object), ``model, reason`` (text), ``version`` (int64, grows with every change), also when
        there are no records. A field named like one of the fixed columns is the column
        ``field.<name>``.

        A field's column is ``int64`` (``Int64`` with missing values), ``bool`` (``boolean``) or
        ``float64`` when all its values are of that type, ``float64`` also for integers and floats
        together when that changes none of them, else ``object`` with the values as they are. A
        record without the field reads like one where it is None.
    """
    fixed: dict[str, list[Any]] = {name: [] for name in RECORD_COLUMNS}
    halves: dict[str, list[Any]] = {name: [] for name in NESTED_COLUMNS}
    fields: dict[str, list[Any]] = {}
    for number, record in enumerate(records):
        for name, values in fixed.items():
            values.append(getattr(record, name))
        if not flat:
            for values, half in zip(halves.values(), split_fields(record), strict=True):
                values.append(half)
            continue
        for name, value in record.state.items():
            column = fields.setdefault(name, [])
            column.extend([None] * (number - len(column)))
            column.append(value)
    count = len(fixed["id"])
    columns = {name: _series(values, _fixed_type(name)) for name, values in fixed.items()}
    for name, values in fields.items() if flat else ():
        values.extend([None] * (count - len(values)))
        columns[column_of(name, RECORD_COLUMNS)] = _series(values, _field_type(values))
    for name, values in halves.items() if not flat else ():
        columns[name] = _series(values, "object")
    return _frame(columns)


def traces_frame(rows: Iterable[tuple[Record, list[Step]]]) -> pd.DataFrame:
    """A row per step on the path of each record.

    Parameters
    ----------
    rows : iterable of (Record, list of Step)
        Each record with its steps, which carry their calls.

    Returns
    -------
    DataFrame of shape (n_steps, 14)
        ``record_id`` and ``step`` (int64), ``trace_id, block_type, branch, block_id`` (text),
        ``input, output, accumulated_state`` (dicts), ``execution_time`` (s), ``input_tokens`` and
        ``output_tokens`` (Int64, sums over the calls the step made; an answer that was reused
        was paid before), ``cost`` (sum, missing when a price is unknown), ``error`` (the message or
        None).

        What precedes a fan-out, the calls of the block that fanned out included, is part of the
        trace of every branch: a job's totals are its usage, not the sums of these columns.
    """
    values: dict[str, list[Any]] = {name: [] for name in _TRACE_TYPES}
    for record, steps in rows:
        trace = build_trace(record.metadata, steps)
        for step, entry in zip(steps, trace, strict=True):
            made = [call for call in step.calls if not call.reused]
            row = entry | {
                "record_id": record.id,
                "trace_id": record.trace_id,
                "input_tokens": sum(call.usage.input_tokens for call in made),
                "output_tokens": sum(call.usage.output_tokens for call in made),
                "cost": _cost(made),
                "error": None if step.error is None else step.error["error"],
            }
            for name, column in values.items():
                column.append(row[name])
    return _frame({name: _series(values[name], type_) for name, type_ in _TRACE_TYPES.items()})


def typed_frame(types: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> pd.DataFrame:
    """A frame of rows with a value for each column, typed also when there are none.

    Parameters
    ----------
    types : mapping of str to str
        Column -> what pandas calls its type, or ``text``.
    """
    columns: list[list[Any]] = [[] for _ in types]
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    found = zip(types.items(), columns, strict=True)
    return _frame({name: _series(values, type_) for (name, type_), values in found})


def _cost(calls: list[Call]) -> float | None:
    """What the calls cost together; None when an answered one has no price."""
    if any(call.usage.cost is None and call.usage.calls for call in calls):
        return None
    return sum((call.usage.cost or 0.0 for call in calls), 0.0)


def _fixed_type(name: str) -> str:
    if name in _INTEGERS:
        return "int64"
    return "object" if name == "output" else "text"


def _field_type(values: list[Any]) -> str:
    kind: Kind = "null"
    has_missing = False
    for value in values:
        found = kind_of(value)
        has_missing = has_missing or found == "null"
        kind = merge_kinds(kind, found)
    if kind in ("exact", "int"):
        return "Int64" if has_missing else "int64"
    if kind == "bool":
        return "boolean" if has_missing else "bool"
    return "float64" if kind == "float" else "object"


def _series(values: list[Any], type_: str) -> pd.Series[Any]:
    import pandas as pd

    # "text" is whatever this pandas uses for it: str from 3 on, object before.
    return pd.Series(values, dtype=pd.Series([""]).dtype if type_ == "text" else type_)


def _frame(columns: dict[str, pd.Series[Any]]) -> pd.DataFrame:
    import pandas as pd

    frame = pd.concat(list(columns.values()), axis=1)
    try:
        frame.columns = pd.Index(list(columns))
    except UnicodeEncodeError:  # half a surrogate pair in a name: pandas' text type holds none
        frame.columns = pd.Index(list(columns), dtype=object)
    return frame
