"""Records as DataFrames: columns, types, values."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_records import make_record

from datagenflow_nb.columns import RECORD_COLUMNS, field_of
from datagenflow_nb.frames import records_frame

TEXT = str(pd.Series([""]).dtype)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(2**53 - 2, 2**53 + 2)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(
    [
        "id",
        "status",
        "output",
        "reason",
        "field.id",
        "field.field.id",
        "topic",
        "metadata",
        "\ud800",
    ]
)
STATES = st.lists(st.dictionaries(NAMES, VALUES, max_size=5), min_size=1, max_size=5)
FIXED_TYPES = {
    "id": "int64",
    "job_id": "int64",
    "seed_index": "int64",
    "repetition": "int64",
    "branch": TEXT,
    "status": TEXT,
    "output": "object",
    "model": TEXT,
    "reason": TEXT,
    "version": "int64",
}


def types_of(df: pd.DataFrame) -> dict[str, str]:
    """Column -> type, in order."""
    return {name: str(dtype) for name, dtype in df.dtypes.items()}


def column(*values: Any) -> pd.Series[Any]:
    """The column of a field that has these values in successive records."""
    df = records_frame(make_record(i, {"x": value}) for i, value in enumerate(values, 1))
    return df["x"]


def test_fixed_columns_come_first_and_fields_as_they_appear() -> None:
    """The order of columns is that of the contract, then of the records."""
    df = records_frame(
        [
            make_record(1, {"topic": "AI"}, {"text": "about AI"}),
            make_record(
                2, {"topic": "ML", "level": 3}, status="failed", reason="ModelError: no answer"
            ),
        ]
    )
    assert list(df.columns) == [
        "id", "job_id", "seed_index", "repetition", "branch", "status", "output", "model", "reason",
        "version", "topic", "text", "level",
    ]  # fmt: skip
    assert df["id"].tolist() == [1, 2]
    assert df["status"].tolist() == ["pending", "failed"]
    assert df["output"].tolist() == ["about AI", None]
    assert df["reason"].isna().tolist() == [True, False]
    assert df["text"].tolist() == ["about AI", None]
    assert df["level"].tolist() == [pd.NA, 3]


@pytest.mark.parametrize("flat", [True, False])
def test_no_records(flat: bool) -> None:
    """An empty frame has the fixed columns with their types."""
    df = records_frame([], flat=flat)
    halves = {} if flat else {"metadata": "object", "accumulated_state": "object"}
    assert len(df) == 0
    assert types_of(df) == FIXED_TYPES | halves


def test_types_do_not_depend_on_the_records() -> None:
    """The fixed columns have the same types with and without missing values."""
    df = records_frame([make_record(1, model=None), make_record(2, status="failed", reason="x")])
    assert types_of(df) == FIXED_TYPES


def test_not_flat() -> None:
    """Two columns hold the seed's fields and the blocks' outputs."""
    df = records_frame([make_record(1, {"id": "a"}, {"text": "b"})], flat=False)
    assert types_of(df) == FIXED_TYPES | {"metadata": "object", "accumulated_state": "object"}
    assert df["metadata"].tolist() == [{"id": "a"}]
    assert df["accumulated_state"].tolist() == [{"text": "b"}]


def test_fields_named_like_columns() -> None:
    """Fields called id, status, output and field.id are all there beside the record's own."""
    df = records_frame(
        [make_record(7, {"id": "x", "status": "s", "field.id": "y"}, {"output": "o"})]
    )
    assert df.iloc[0][["id", "status", "output"]].tolist() == [7, "pending", "o"]
    assert df.iloc[0][["field.id", "field.status", "field.field.id", "field.output"]].tolist() == [
        "x",
        "s",
        "y",
        "o",
    ]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ((1, 2), "int64"),
        ((1, None), "Int64"),
        ((2**62 + 1, None), "Int64"),
        ((2**63, 1), "object"),
        ((True, False), "bool"),
        ((True, None), "boolean"),
        ((1.5, None), "float64"),
        ((1, 0.5), "float64"),
        ((2**53 + 1, 0.5), "object"),
        ((True, 1), "object"),
        (("a", "b"), "object"),
        (("a", None), "object"),
        ((None, None), "object"),
        (([1, 2], [3, 4]), "object"),
        (({"a": 1}, None), "object"),
    ],
)
def test_types_of_fields(values: tuple[Any, ...], dtype: str) -> None:
    """A field's column has the type that holds all its values, and holds them unchanged."""
    series = column(*values)
    assert str(series.dtype) == dtype
    assert [None if value is pd.NA or value != value else value for value in series] == [*values]


def test_none_stays_none_beside_text() -> None:
    """In a column of objects a missing value is None, not NaN."""
    assert column("a", None).iloc[1] is None


@given(STATES)
def test_nothing_is_lost(states: list[dict[str, Any]]) -> None:
    """Every field of every record is found under its column with its value."""
    records = [make_record(i, state) for i, state in enumerate(states, 1)]
    df = records_frame(records)
    assert df.columns.is_unique
    fields = {name: field_of(name, RECORD_COLUMNS) for name in df.columns}
    assert set(fields.values()) - {None} == {name for state in states for name in state}
    for position, state in enumerate(states):
        assert df["id"].iloc[position] == position + 1
        for name, field in fields.items():
            if field is not None:
                cell = df[name].iloc[position]
                is_missing = cell is None or cell is pd.NA or cell != cell
                assert (None if is_missing else cell) == state.get(field)
