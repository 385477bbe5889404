"""Edited frames: only what differs goes back, and nothing that cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_records import Filled, Result, fill_store, make_record, make_step

from datagenflow_nb.errors import ValidationError
from datagenflow_nb.frames import read_edits, records_frame
from datagenflow_nb.storage.records import Record


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Filled]:
    """Three records: one with all kinds of values, one with fewer fields, a failed one."""
    values = {"n": 1, "ok": True, "score": 0.5, "tags": ["a"], "doc": {"k": 1}, "text": "t"}
    filled = fill_store(
        tmp_path / "a.db",
        [
            Result({"topic": "AI", "id": "x"}, [make_step(0, values)], output_field="text"),
            Result({"topic": "ML"}, [make_step(0, {"text": "u"})], output_field="text"),
            Result({"topic": "NLP"}, status="failed", reason="ModelError: no answer"),
        ],
    )
    yield filled
    filled.store.close()


def current(filled: Filled) -> Callable[[list[int]], list[Record]]:
    """How the frame's records are looked up."""
    return lambda ids: [record for record in list(filled.records.stream()) if record.id in ids]


def refused(df: pd.DataFrame, filled: Filled) -> str:
    """The message with which the frame is refused."""
    with pytest.raises(ValidationError) as caught:
        read_edits(df, current(filled))
    return caught.value.message


def test_a_frame_that_is_behind_is_refused(filled: Filled) -> None:
    """What somebody else changed meanwhile is not reverted by writing an old frame back."""
    behind = records_frame(list(filled.records.stream()))
    filled.review.update({1: {"text": "theirs"}}, status="accepted")
    assert refused(behind, filled) == (
        "record 1 was changed after this frame was made (version 1, now 2); load the records "
        "again; nothing was changed"
    )
    assert read_edits(behind[behind["id"] == 2], current(filled)) == ({}, {})
    fresh = records_frame(list(filled.records.stream()))
    fresh.loc[0, "text"] = "mine"
    assert read_edits(fresh, current(filled)) == ({1: {"text": "mine"}}, {})


@pytest.mark.parametrize("flat", [True, False])
def test_an_unchanged_frame_changes_nothing(filled: Filled, flat: bool) -> None:
    """What was read is what is stored, missing values included."""
    df = records_frame(list(filled.records.stream()), flat=flat)
    assert read_edits(df, current(filled)) == ({}, {})


def test_pandas_own_types_change_nothing(filled: Filled) -> None:
    """Integers that became floats, NaN, NA and NaT in place of None are no edits."""
    df = records_frame(list(filled.records.stream()))
    df["n"] = df["n"].astype(float)
    df["ok"] = df["ok"].astype(object)
    df["text"] = [df["text"].iloc[0], df["text"].iloc[1], pd.NaT]
    assert df["n"].dtype == float
    assert read_edits(df, current(filled)) == ({}, {})
    assert read_edits(df.convert_dtypes(), current(filled)) == ({}, {})


def test_only_differences_go_back(filled: Filled) -> None:
    """Changed cells by record and field, with Python values."""
    df = records_frame(list(filled.records.stream()))
    df["n"] = df["n"].astype(float)
    df.loc[0, "n"] = 2.0
    df.loc[0, "field.id"] = "y"
    df.loc[0, "score"] = np.float64(0.75)
    df.loc[1, "topic"] = None
    df.loc[1, "status"] = "accepted"
    df.at[0, "tags"] = np.array([1, 2])
    edits, statuses = read_edits(df, current(filled))
    assert type(edits[1]["n"]) is int
    assert type(edits[1]["score"]) is float
    assert edits == {1: {"n": 2, "id": "y", "score": 0.75, "tags": [1, 2]}, 2: {"topic": None}}
    assert statuses == {2: "accepted"}


def test_edits_can_be_stored(filled: Filled) -> None:
    """What is read from the frame is what the store takes; afterwards nothing differs."""
    df = records_frame(list(filled.records.stream()))
    df.loc[0, "output"] = "better"
    df.loc[1, "topic"] = "deep ML"
    edits, statuses = read_edits(df, current(filled))
    assert (edits, statuses) == ({1: {"text": "better"}, 2: {"topic": "deep ML"}}, {})
    assert filled.review.update(edits) == 2
    after = records_frame(list(filled.records.stream()))
    assert after["output"].tolist() == ["better", "u", None]
    assert after["text"].tolist() == ["better", "u", None]
    assert after["topic"].tolist() == ["AI", "deep ML", "NLP"]
    assert read_edits(after, current(filled)) == ({}, {})


def test_part_of_a_frame(filled: Filled) -> None:
    """Rows and columns may be left out and reordered."""
    df = records_frame(list(filled.records.stream()))
    df["topic"] = ["a", "b", "c"]
    part = df.sort_values("id", ascending=False)[["topic", "id"]].head(2)
    assert read_edits(part, current(filled)) == ({3: {"topic": "c"}, 2: {"topic": "b"}}, {})


def test_true_is_not_one(filled: Filled) -> None:
    """A boolean in place of a number is an edit."""
    df = pd.DataFrame({"id": [1], "n": [True]})
    assert read_edits(df, current(filled)) == ({1: {"n": True}}, {})


def test_output_and_its_field(filled: Filled) -> None:
    """Both may be edited alike; edited apart they are refused."""
    df = records_frame(list(filled.records.stream())[:1])
    df["output"] = df["text"] = "new"
    assert read_edits(df, current(filled)) == ({1: {"text": "new"}}, {})
    df["text"] = "newer"
    assert refused(df, filled) == (
        "record 1, column 'text': it and column 'output' change the same field 'text' to different "
        "values; edit one of them; nothing was changed"
    )


def test_output_beside_a_seed_field_called_output() -> None:
    """The column output is the record's output, field.output the field of that name."""
    record = make_record(1, {"output": "seed"}, {"text": "t"})
    df = records_frame([record])
    df["output"] = "new"
    assert read_edits(df, lambda ids: [record]) == ({1: {"text": "new"}}, {})
    df["field.output"] = "seed 2"
    assert read_edits(df, lambda ids: [record]) == ({1: {"text": "new", "output": "seed 2"}}, {})


def test_edits_inside_dicts(filled: Filled) -> None:
    """In a frame that is not flat the fields are edited inside the dicts."""
    df = records_frame(list(filled.records.stream()), flat=False)
    df.at[0, "metadata"] = {"topic": "ML", "id": "x"}
    df["accumulated_state"].iloc[1]["text"] = "v"
    assert read_edits(df, current(filled)) == ({1: {"topic": "ML"}, 2: {"text": "v"}}, {})
    df.at[0, "metadata"] = {"topic": "ML"}
    assert "column 'metadata': has lost the field 'id'" in refused(df, filled)
    df.at[0, "metadata"] = {"topic": "ML", "id": "x", "topik": 1}
    assert "metadata['topik']\"" in refused(df, filled)
    df.at[0, "metadata"] = None
    assert "is None, expected the dict of fields" in refused(df, filled)


def test_a_large_integer_survives_a_float_column() -> None:
    """A float that pandas rounded from the stored integer is no edit."""
    record = make_record(1, {"n": 2**60 + 1, "huge": 10**400})
    df = pd.DataFrame({"id": [1], "n": [float(2**60 + 1)]})
    assert read_edits(df, lambda ids: [record]) == ({}, {})
    df = pd.DataFrame({"id": [1], "huge": [1.0]})
    assert read_edits(df, lambda ids: [record]) == ({1: {"huge": 1}}, {})


def test_many_records() -> None:
    """Records are looked up some hundred at a time."""
    asked = []

    def lookup(ids: list[int]) -> list[Record]:
        asked.append(len(ids))
        return [make_record(id, {"x": id}) for id in ids]

    df = pd.DataFrame({"id": range(1, 1202), "x": range(1, 1202)})
    df.loc[1200, "x"] = 0
    assert read_edits(df, lookup) == ({1201: {"x": 0}}, {})
    assert asked == [500, 500, 201]


def edited(filled: Filled, row: int, column: str, value: Any) -> pd.DataFrame:
    """The frame of all records with one cell changed."""
    df = records_frame(list(filled.records.stream()))
    df[column] = df[column].astype(object)
    df.at[row, column] = value
    return df


@pytest.mark.parametrize(
    ("row", "column", "value", "problem"),
    [
        (0, "job_id", 2, "record 1, column 'job_id': cannot be edited (1 became 2); restore"),
        (0, "reason", "why", "column 'reason': cannot be edited (None became 'why')"),
        (0, "branch", None, "column 'branch': cannot be edited ('' became None)"),
        (1, "n", 5, "record 2, column 'n': no such field; there are: 'text', 'topic'"),
        (0, "status", "acepted", "'acepted'; did you mean 'accepted'?"),
        (0, "status", None, "column 'status': is None; there are: 'accepted', 'pending'"),
        (0, "status", "failed", "column 'status': is 'failed'"),
        (2, "status", "accepted", "it is failed (ModelError: no answer), no result"),
        (2, "output", "x", "record 3, column 'output': cannot be edited: the record has no output"),
        (0, "score", float("inf"), "record 1, column 'score': holds no JSON value: inf"),
        (0, "tags", [object()], "holds no JSON value: [0]: object is not a JSON value"),
        (0, "id", 99, "the frame has a record 99 that does not exist"),
        (0, "id", 2, "row 1 of the frame: record 2 is there twice"),
        (0, "id", None, "row 0 of the frame: the id is None, expected the number of a record"),
        (0, "id", 1.5, "the id is 1.5"),
        (0, "id", True, "the id is True"),
        (0, "id", "1", "the id is '1'"),
    ],
)  # fmt: skip
def test_what_cannot_be_edited(
    filled: Filled, row: int, column: str, value: Any, problem: str
) -> None:
    """Each wrong cell is refused with record, column, value and what would be right."""
    assert problem in refused(edited(filled, row, column, value), filled)


def test_wrong_columns(filled: Filled) -> None:
    """A mistyped, missing or doubled column is named."""
    df = records_frame(list(filled.records.stream()))
    assert "column 'topik': no such field; did you mean 'topic'?" in refused(
        df.rename(columns={"topic": "topik"}), filled
    )
    assert "column 7: no such field" in refused(df.assign(x=1).rename(columns={"x": 7}), filled)
    assert "has no column 'id'" in refused(df.set_index("id"), filled)
    assert "the column 'topic' twice" in refused(pd.concat([df, df[["topic"]]], axis=1), filled)


def test_an_unknown_column_without_values_is_no_edit(filled: Filled) -> None:
    """Fields that only other records have are empty here."""
    df = records_frame(list(filled.records.stream()))
    assert read_edits(df[df["status"] == "failed"], current(filled)) == ({}, {})


def test_columns_of_an_export(filled: Filled) -> None:
    """The columns an export has in addition are taken as they are, and not edited."""
    df = records_frame(list(filled.records.stream()))
    df["trace_id"] = ["trace-0", "trace-1", "trace-2"]
    assert read_edits(df, current(filled)) == ({}, {})
    df["trace_id"] = "other"
    assert "column 'trace_id': cannot be edited" in refused(df, filled)
