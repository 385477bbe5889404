"""Fields and columns: names that never collide, kinds that never lose a value."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_records import Result, fill_store, make_record, make_step

from datagenflow_nb.columns import (
    EXPORT_COLUMNS,
    RECORD_COLUMNS,
    column_of,
    field_of,
    kind_of,
    merge_kinds,
)
from datagenflow_nb.storage.records import split_fields

NAMES = st.lists(
    st.sampled_from([*EXPORT_COLUMNS, "metadata", "topic", "field", "."]) | st.just("field.")
).map("".join) | st.builds(
    "{}{}".format, st.sampled_from(["", "field.", "field.field."]), st.sampled_from(EXPORT_COLUMNS)
)


@pytest.mark.parametrize(
    ("field", "in_frame", "in_export"),
    [
        ("topic", "topic", "topic"),
        ("id", "field.id", "field.id"),
        ("reason", "field.reason", "field.reason"),
        ("field.id", "field.field.id", "field.field.id"),
        ("field.topic", "field.topic", "field.topic"),
        ("field.", "field.", "field."),
        ("metadata", "field.metadata", "field.metadata"),
        ("created_at", "created_at", "field.created_at"),
        ("", "", ""),
    ],
)
def test_column_names(field: str, in_frame: str, in_export: str) -> None:
    """A field keeps its name unless a column of that table has it."""
    assert column_of(field, RECORD_COLUMNS) == in_frame
    assert column_of(field, EXPORT_COLUMNS) == in_export


@given(st.lists(NAMES, unique=True), st.sampled_from([RECORD_COLUMNS, EXPORT_COLUMNS]))
def test_columns_never_collide(fields: list[str], fixed: tuple[str, ...]) -> None:
    """No two fields share a column, none takes a fixed one, and each is found again."""
    columns = [column_of(field, fixed) for field in fields]
    assert len({*columns, *fixed}) == len(columns) + len(fixed)
    assert [field_of(column, fixed) for column in columns] == fields


def test_fixed_columns_hold_no_field() -> None:
    """The table's own columns and the two halves belong to no field."""
    columns = [*RECORD_COLUMNS, "metadata", "accumulated_state"]
    assert {field_of(column, RECORD_COLUMNS) for column in columns} == {None}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([None, None], "null"),
        ([True, None, False], "bool"),
        ([1, 2**53, None], "exact"),
        ([1, 2**53 + 1], "int"),
        ([1, 2**60, 0.5], "float"),
        ([2**53 + 1, 0.5], "other"),
        ([2**63], "other"),
        ([-(2**63)], "exact"),
        ([True, 1], "other"),
        (["a", None], "text"),
        (["a", 1], "other"),
        ([{}], "other"),
        ([[1]], "other"),
    ],
)
def test_kinds(values: list[object], kind: str) -> None:
    """A column is typed when its type holds all values as they are, in whatever order they come."""
    for order in (values, values[::-1]):
        kinds = [kind_of(value) for value in order]
        merged = kinds[0]
        for _, after in pairwise(kinds):
            merged = merge_kinds(merged, after)
        assert merged == kind


def test_split_of_an_unedited_record() -> None:
    """Seed fields and block outputs, as they are."""
    record = make_record(1, {"topic": "AI"}, {"text": "about AI"})
    assert split_fields(record) == ({"topic": "AI"}, {"text": "about AI"})


def test_split_of_edited_fields(tmp_path: Path) -> None:
    """An edited seed field stays among the seed's, one that a block set over a seed's does not."""
    filled = fill_store(
        tmp_path / "a.db",
        [
            Result(
                {"topic": "AI", "text": "from the seed", "gone": 1},
                [make_step(0, {"text": "t", "n": 1}, removed=["gone"])],
                output_field="text",
            )
        ],
    )
    filled.review.update({1: {"topic": "ML", "text": "edited"}})
    metadata, outputs = split_fields(filled.records.get(1))
    assert metadata == {"topic": "ML", "text": "from the seed", "gone": 1}
    assert outputs == {"text": "edited", "n": 1}
    filled.store.close()
