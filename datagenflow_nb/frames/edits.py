"""What an edited DataFrame of records changes in the store."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from ..columns import (
    EXPORT_COLUMNS,
    NESTED_COLUMNS,
    RECORD_COLUMNS,
    column_of,
    field_of,
)
from ..errors import ValidationError, suggest
from ..records import NotPlain, plain
from ..storage.records import OUTCOMES, REVIEW_STATUSES, Record, split_fields

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_edits"]

_PAGE = 500
_AS_THEY_ARE = frozenset({str, int, bool, type(None)})


def read_edits(
    df: pd.DataFrame, current: Callable[[list[int]], list[Record]]
) -> tuple[dict[int, dict[str, Any]], dict[int, str]]:
    """What differs between an edited frame and the stored records.

    Parameters
    ----------
    df : DataFrame
        A frame of ``records_frame`` (flat or not), or any part of it with the column ``id``: rows
        and columns may be missing and in any order. None, NaN, NaT and NA all mean None.
    current : callable
        Gives the stored records of up to 500 ids.

    Returns
    -------
    edits : dict of int to dict
        Record id -> field -> new value, only what differs; an edited ``output`` stands under the
        field it comes from.
    statuses : dict of int to str
        Record id -> new review status, only where it differs.

    Raises
    ------
    ValidationError
        When ``id`` is missing, wrong or twice there; for a field the record does not have, a value
        JSON cannot hold, a column that cannot be edited, a status that is none, and a record that
        was changed since the frame was made (its ``version`` tells).
    """
    cells = _cells(df)
    ids = _ids(cells.pop("id"))
    edits: dict[int, dict[str, Any]] = {}
    statuses: dict[int, str] = {}
    for start in range(0, len(ids), _PAGE):
        part = ids[start : start + _PAGE]
        stored = {record.id: record for record in current(part)}
        for position, record_id in enumerate(part, start):
            if record_id not in stored:
                raise ValidationError(
                    f"the frame has a record {record_id} that does not exist (any more); drop its "
                    "row; nothing was changed",
                    {"record_id": record_id},
                )
            row = _Row(stored[record_id])
            for column, values in cells.items():
                row.read(column, values[position])
            row.check_version()
            if row.edits:
                edits[record_id] = row.edits
            if row.status is not None:
                statuses[record_id] = row.status
    return edits, statuses


def _cells(df: pd.DataFrame) -> dict[str, list[Any]]:
    """The frame's columns as lists of Python values, missing ones None."""
    if not df.columns.is_unique:
        twice = df.columns[df.columns.duplicated()][0]
        raise ValidationError(f"the frame has the column {twice!r} twice; keep one of them")
    if "id" not in df.columns:
        raise ValidationError(
            "the frame has no column 'id', which says whose records its rows are; select it too, "
            "or use reset_index() when it is the index",
            {"columns": [str(name) for name in df.columns]},
        )
    return {name: _missing_as_none(df[name]) for name in df.columns}


def _missing_as_none(column: pd.Series[Any]) -> list[Any]:
    import pandas as pd

    def value(cell: Any) -> Any:
        if type(cell) in _AS_THEY_ARE:
            return cell
        return None if pd.api.types.is_scalar(cell) and pd.isna(cell) else cell

    return [value(cell) for cell in column]


def _ids(cells: list[Any]) -> list[int]:
    ids: dict[int, None] = {}
    for row, cell in enumerate(cells):
        value = _whole_number(cell)
        if value is None:
            raise ValidationError(
                f"row {row} of the frame: the id is {cell!r}, expected the number of a record"
            )
        if value in ids:
            raise ValidationError(
                f"row {row} of the frame: record {value} is there twice; keep one of its rows",
                {"record_id": value},
            )
        ids[value] = None
    return list(ids)


def _whole_number(cell: Any) -> int | None:
    if isinstance(cell, bool):
        return None
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() else None
    return int(cell) if isinstance(cell, numbers.Integral) else None


class _Row:
    """One row against the record it was made from."""

    def __init__(self, record: Record) -> None:
        self.edits: dict[str, Any] = {}
        self.status: str | None = None
        self._version: Any = record.version
        self._record = record
        self._columns: dict[str, str] = {}

    def read(self, column: Any, cell: Any) -> None:
        """Note what the cell changes."""
        value = self._plain(column, cell)
        if column == "version":
            self._version = value
        elif column == "status":
            self._read_status(value)
        elif column == "output":
            if not _is_same(value, self._record.output):
                self._edit_output(value)
        elif column in RECORD_COLUMNS:
            self._refuse_change(column, value)
        elif column in NESTED_COLUMNS:
            self._read_half(column, value)
        else:
            self._read_field(column, value)

    def check_version(self) -> None:
        """Refuse what differs only because somebody else changed the record meanwhile."""
        now = self._record.version
        if (self.edits or self.status is not None) and not _is_same(self._version, now):
            raise ValidationError(
                f"record {self._record.id} was changed after this frame was made (version "
                f"{self._version}, now {now}); load the records again; nothing was changed",
                {"record_id": self._record.id, "version": now},
            )

    def _read_field(self, column: Any, value: Any) -> None:
        state = self._record.state
        field = field_of(column, RECORD_COLUMNS) if isinstance(column, str) else None
        if field in state:
            if not _is_same(value, state[field]):
                self._edit(column, field, value)
        elif value is None:
            return  # an empty cell of a field that other records have is no edit
        elif column in EXPORT_COLUMNS:
            self._refuse_change(column, value)
        else:
            self._unknown(column, [column_of(name, RECORD_COLUMNS) for name in state])

    def _read_half(self, column: str, value: Any) -> None:
        """``metadata`` or ``accumulated_state``: the fields inside the dict."""
        half = split_fields(self._record)[NESTED_COLUMNS.index(column)]
        if not isinstance(value, dict):
            raise self._error(column, f"is {value!r}, expected the dict of fields")
        gone = [name for name in half if name not in value]
        if gone:
            raise self._error(column, f"has lost the field {gone[0]!r}; set it to None instead")
        for name, item in value.items():
            if name not in half:
                self._unknown(f"{column}[{name!r}]", half)
            if not _is_same(item, half[name]):
                self._edit(f"{column}[{name!r}]", name, item)

    def _read_status(self, value: Any) -> None:
        record = self._record
        if value == record.status:
            return
        if record.status in OUTCOMES:
            raise self._error(
                "status", f"cannot be edited: it is {record.status} ({record.reason}), no result"
            )
        if value not in REVIEW_STATUSES:
            raise self._error("status", f"is {value!r}; {suggest(str(value), REVIEW_STATUSES)}")
        self.status = value

    def _edit_output(self, value: Any) -> None:
        field = self._record.output_field
        if field is None or field not in self._record.state:
            raise self._error("output", "cannot be edited: the record has no output")
        self._edit("output", field, value)

    def _edit(self, column: str, field: str, value: Any) -> None:
        old = self._record.state[field]
        if type(old) is int and type(value) is float and value.is_integer():
            value = int(value)  # pandas makes integers floats where a value is missing
        if field in self.edits and not _is_same(value, self.edits[field]):
            raise self._error(
                column,
                f"it and column {self._columns[field]!r} change the same field {field!r} to "
                "different values; edit one of them",
            )
        self.edits[field] = value
        self._columns[field] = column

    def _refuse_change(self, column: str, value: Any) -> None:
        stored = getattr(self._record, column)
        if not _is_same(value, stored):
            raise self._error(
                column, f"cannot be edited ({stored!r} became {value!r}); restore or drop it"
            )

    def _plain(self, column: Any, cell: Any) -> Any:
        try:
            return plain(cell)
        except NotPlain as error:
            raise self._error(column, f"holds no JSON value: {error}") from error

    def _unknown(self, column: Any, known: Iterable[str]) -> NoReturn:
        raise self._error(column, f"no such field; {suggest(str(column), known)}")

    def _error(self, column: Any, problem: str) -> ValidationError:
        return ValidationError(
            f"record {self._record.id}, column {column!r}: {problem}; nothing was changed",
            {"record_id": self._record.id, "column": str(column)},
        )


def _is_same(cell: Any, stored: Any) -> bool:
    """Whether a plain cell still says what is stored.

    A float cell equals the integer pandas made it from; True is not 1.
    """
    if type(cell) is float and type(stored) is int:
        try:
            return cell == float(stored)
        except OverflowError:
            return False
    if type(cell) is not type(stored):
        return type(cell) is int and type(stored) is float and cell == stored
    if type(cell) is dict:
        return cell.keys() == stored.keys() and all(
            _is_same(cell[key], stored[key]) for key in cell
        )
    if type(cell) is list:
        return len(cell) == len(stored) and all(map(_is_same, cell, stored))
    return bool(cell == stored)
