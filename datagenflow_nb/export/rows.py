"""A record as a JSON line or as a row, and the columns of all rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..columns import EXPORT_COLUMNS, REVIEW_COLUMNS, Kind, column_of, kind_of, merge_kinds
from ..storage.records import Record, split_fields

__all__ = ["Sheet", "line_of", "spell_columns"]

_RECORD = "record."


def line_of(record: Record, *, review: bool = False) -> dict[str, Any]:
    """The record as one JSON line: seed fields and block outputs apart, edits applied.

    An edited seed field is edited in ``metadata``; ``accumulated_state`` holds block outputs only.
    With ``review``, what people wrote beside the fields follows.
    """
    metadata, outputs = split_fields(record)
    line = {
        "id": record.id,
        "metadata": metadata,
        "status": record.status,
        "accumulated_state": outputs,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "job_id": record.job_id,
        "seed_index": record.seed_index,
        "repetition": record.repetition,
        "branch": record.branch,
        "trace_id": record.trace_id,
        "model": record.model,
    }
    if review:
        line |= {name.removeprefix(_RECORD): value for name, value in _reviewed(record).items()}
    return line


def _reviewed(record: Record) -> dict[str, Any]:
    return {name: getattr(record, name.removeprefix(_RECORD)) for name in REVIEW_COLUMNS}


class Sheet:
    """The columns that the rows seen so far need, with the kind of value each must hold.

    Parameters
    ----------
    review : bool
        With ``REVIEW_COLUMNS``.

    Attributes
    ----------
    kinds : dict of str to Kind
        The fixed columns first, then the fields in order of first appearance.
    """

    def __init__(self, *, review: bool = False) -> None:
        self._fixed = EXPORT_COLUMNS + REVIEW_COLUMNS if review else EXPORT_COLUMNS
        self._review = review
        self.kinds: dict[str, Kind] = dict.fromkeys(self._fixed, "text")
        self.kinds |= dict.fromkeys(("id", "job_id", "seed_index", "repetition"), "int")
        self.kinds["output"] = "null"
        if review:
            self.kinds |= dict.fromkeys(("record.tags", "record.original"), "other")
        self._columns: dict[str, str] = {}

    def row(self, record: Record) -> dict[str, Any]:
        """The record as column -> value: the fixed columns and those of its fields."""
        row = {
            "id": record.id,
            "job_id": record.job_id,
            "seed_index": record.seed_index,
            "repetition": record.repetition,
            "branch": record.branch,
            "status": record.status,
            "output": record.output,
            "model": record.model,
            "reason": record.reason,
            "created_at": record.created_at,
            "updated_at": record.updated_at,
            "trace_id": record.trace_id,
        }
        if self._review:
            row |= _reviewed(record)
        columns = self._columns
        for field, value in record.state.items():
            column = columns.get(field)
            if column is None:
                column = columns[field] = column_of(field, self._fixed)
            row[column] = value
        return row

    def fits(self, row: dict[str, Any], *, with_kinds: bool) -> bool:
        """Whether the columns were wide enough for the row; they are afterwards."""
        kinds = self.kinds
        if not with_kinds:
            if row.keys() <= kinds.keys():
                return True
            kinds.update((column, "other") for column in row if column not in kinds)
            return False
        fits = True
        for column, value in row.items():
            kind = kinds.get(column)
            merged = merge_kinds(kind or "null", kind_of(value))
            if merged != kind:
                kinds[column] = merged
                fits = False
        return fits


def spell_columns(columns: Iterable[str], spell: Callable[[str], str]) -> list[str]:
    """The columns' names as a format can write them, still no two alike."""
    names: dict[str, None] = {}
    for column in columns:
        name = spell(column)
        while name in names:
            name += "_"
        names[name] = None
    return list(names)
