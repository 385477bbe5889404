"""Records as rows of a table: which columns there are, what they are called, what they hold.

Frames and exports share these rules, so a field has one name wherever a record is a row.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

__all__ = [
    "EXPORT_COLUMNS",
    "NESTED_COLUMNS",
    "QUERY_COLUMNS",
    "RECORD_COLUMNS",
    "REVIEW_COLUMNS",
    "Kind",
    "column_of",
    "field_of",
    "kind_of",
    "merge_kinds",
]

#: Columns every DataFrame of records starts with; ``version`` tells an edited frame that somebody
#: else was faster, and means nothing outside the store.
RECORD_COLUMNS = (
    "id", "job_id", "seed_index", "repetition", "branch", "status", "output", "model", "reason",
    "version",
)  # fmt: skip
#: Columns every flat export starts with.
EXPORT_COLUMNS = (*RECORD_COLUMNS[:-1], "created_at", "updated_at", "trace_id")
#: What queries and the review call a record's further columns: as no field is called in a frame.
_FURTHER = tuple(
    f"record.{name}"
    for name in (
        "attempt", "created_at", "note", "reviewer", "tags", "trace_id", "updated_at", "verdict",
    )
)  # fmt: skip
#: Columns of queries that are no fields: those of frames under their name, then the further ones.
QUERY_COLUMNS = (*RECORD_COLUMNS, *_FURTHER)
#: What an export has after these when what people wrote is asked for; ``original`` holds the edited
#: fields as they were before. A table calls them as queries do, so that fields keep their names.
REVIEW_COLUMNS = tuple(
    f"record.{name}" for name in ("note", "tags", "reviewer", "verdict", "original")
)
#: What holds the fields where they are not columns of their own.
NESTED_COLUMNS = ("metadata", "accumulated_state")

Kind = Literal["null", "bool", "exact", "int", "float", "text", "other"]

_PREFIX = "field."
_KINDS: dict[type, Kind] = {type(None): "null", bool: "bool", float: "float", str: "text"}
_EXACT = 2**53
_INT64 = 2**63


def column_of(field: str, fixed: Collection[str]) -> str:
    """The column of a state field in a table whose own columns are ``fixed``.

    A field named like a column of the table, or like one of ``NESTED_COLUMNS``, becomes
    ``field.<name>``, and a field of that very name is prefixed once more: the rule needs no
    knowledge of the other fields, no two fields share a column, and ``field_of`` undoes it.

    >>> [column_of(name, RECORD_COLUMNS) for name in ("topic", "id", "field.id", "field.topic")]
    ['topic', 'field.id', 'field.field.id', 'field.topic']
    """
    return _PREFIX + field if _is_fixed(_bare(field), fixed) else field


def field_of(column: str, fixed: Collection[str]) -> str | None:
    """The state field a column holds; None for the table's own columns.

    >>> field_of("field.id", RECORD_COLUMNS), field_of("id", RECORD_COLUMNS)
    ('id', None)
    """
    bare = _bare(column)
    if not _is_fixed(bare, fixed):
        return column
    return None if bare == column else column.removeprefix(_PREFIX)


def _bare(name: str) -> str:
    while name.startswith(_PREFIX):
        name = name.removeprefix(_PREFIX)
    return name


def _is_fixed(name: str, fixed: Collection[str]) -> bool:
    return name in fixed or name in NESTED_COLUMNS


def kind_of(value: Any) -> Kind:
    """What a typed column must be able to hold for ``value``.

    ``exact`` is an integer of 64 bits that a float holds exactly, ``int`` one it does not;
    ``other`` is a list, a dict or a longer integer.
    """
    if type(value) is int:
        if -_EXACT <= value <= _EXACT:
            return "exact"
        if -_INT64 <= value < _INT64:
            return "exact" if float(value) == value else "int"
        return "other"
    return _KINDS.get(type(value), "other")


def merge_kinds(one: Kind, two: Kind) -> Kind:
    """The kind of a column that holds both; ``other`` when no typed column does without loss."""
    if one == two or two == "null":
        return one
    if one == "null":
        return two
    pair = {one, two}
    if pair == {"exact", "int"}:
        return "int"
    return "float" if pair == {"exact", "float"} else "other"
