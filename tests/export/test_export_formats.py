"""What stands in an exported file."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_records import NOW, Result, fill_store, make_record, make_step

from datagenflow_nb.columns import EXPORT_COLUMNS, column_of
from datagenflow_nb.export import export_records
from datagenflow_nb.frames import records_frame
from datagenflow_nb.storage.records import Record

FIXED = list(EXPORT_COLUMNS)
HEADER = (
    "id,job_id,seed_index,repetition,branch,status,output,model,reason,created_at,updated_at,"
    "trace_id"
)
INTEGERS = st.integers() | st.sampled_from([2**53 + 1, 2**63, -(2**63), 2**60])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | INTEGERS
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(
    ["id", "status", "output", "field.id", "created_at", "field.created_at", "topic", "a,b\r", ""]
)
STATES = st.lists(st.dictionaries(NAMES, VALUES, max_size=5), min_size=1, max_size=5)


def export(records: list[Record], format: str, **options: Any) -> bytes:
    """The bytes of the file these records are exported to."""
    with tempfile.TemporaryDirectory() as folder:
        result = export_records(lambda: iter(records), Path(folder) / "a", format=format, **options)
        assert result.records == len(records)
        return result.path.read_bytes()


def export_lines(records: list[Record], **options: Any) -> list[dict[str, Any]]:
    """The lines of an export to JSON Lines."""
    return [json.loads(line) for line in export(records, "jsonl", **options).splitlines()]


def export_cells(records: list[Record], **options: Any) -> list[list[str]]:
    """Header and rows of an export to CSV."""
    text = export(records, "csv", **options).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def export_parquet(records: list[Record]) -> pa.Table:
    """The table of an export to Parquet."""
    return pq.read_table(io.BytesIO(export(records, "parquet")))


def test_json_line() -> None:
    """The keys of a line, in order."""
    record = make_record(3, {"topic": "AI"}, {"text": "t", "n": [1]})
    assert export([record], "jsonl").decode() == (
        '{"id":3,"metadata":{"topic":"AI"},"status":"pending",'
        '"accumulated_state":{"text":"t","n":[1]},"created_at":"2026-11-23T10:00:00.000Z",'
        '"updated_at":"2026-11-23T10:00:00.000Z","job_id":1,"seed_index":2,"repetition":0,'
        '"branch":"","trace_id":"trace-3","model":"offline"}\n'
    )


def test_flat_json_line() -> None:
    """One key per field beside the fixed ones, the same keys in every line."""
    records = [
        make_record(1, {"id": "x"}, {"text": "t"}),
        make_record(2, {"level": 1}, status="failed", reason="no answer"),
    ]
    first, second = export_lines(records, flat=True)
    assert list(first) == list(second) == [*FIXED, "field.id", "text", "level"]
    assert first == {
        "id": 1, "job_id": 1, "seed_index": 0, "repetition": 0, "branch": "", "status": "pending",
        "output": "t", "model": "offline", "reason": None, "created_at": NOW, "updated_at": NOW,
        "trace_id": "trace-1", "field.id": "x", "text": "t", "level": None,
    }  # fmt: skip
    assert (second["output"], second["reason"], second["level"]) == (None, "no answer", 1)


def test_csv() -> None:
    """Cells of every kind."""
    record = make_record(
        1,
        {"none": None, "yes": True, "no": False, "n": 7, "f": 0.1, "d": {"a": [1]}, "l": ["ä"]},
        {"text": 'a "b",\nc\rd'},
    )
    assert export([record], "csv").decode() == (
        f"{HEADER},none,yes,no,n,f,d,l,text\n"
        '1,1,0,0,,pending,"a ""b"",\nc\rd",offline,,2026-11-23T10:00:00.000Z,'
        "2026-11-23T10:00:00.000Z,trace-1,"
        ',true,false,7,0.1,"{""a"":[1]}","[""ä""]","a ""b"",\nc\rd"\n'
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("＝1", "'＝1"),  # noqa: RUF001 - the full-width form is meant
        ("a=1", "a=1"),
        ("'=1", "'=1"),
        ("", ""),
        (-1, "-1"),
        (-0.5, "-0.5"),
        (["=1"], '["=1"]'),
    ],
)
def test_defused_formulas(text: Any, expected: str) -> None:
    """Texts a spreadsheet would run get an apostrophe, on request only; numbers stay numbers."""
    record = make_record(1, {"=x": text})
    header, row = export_cells([record], defuse_formulas=True)
    assert (header[-1], row[-1]) == ("'=x", expected)
    plain = export_cells([record])
    assert plain[0][-1] == "=x"
    if isinstance(text, str):
        assert plain[1][-1] == text


def test_defused_names_stay_apart() -> None:
    """A name that defusing makes equal to another gets a mark."""
    header, _ = export_cells([make_record(1, {"'=x": 1, "=x": 2})], defuse_formulas=True)
    assert header[-2:] == ["'=x", "'=x_"]


@pytest.mark.parametrize(
    ("values", "type_", "expected"),
    [
        ([1, None, 2**53 + 1], "int64", [1, None, 2**53 + 1]),
        ([True, None], "bool", [True, None]),
        ([0.5, 1, None], "double", [0.5, 1.0, None]),
        (["a", None], "string", ["a", None]),
        ([None, None], "string", [None, None]),
        ([{"a": 1}, None, [2]], "string", ['{"a":1}', None, "[2]"]),
        ([1, "1", True, None], "string", ["1", '"1"', "true", None]),
        ([2**63], "string", ["9223372036854775808"]),
        ([2**53 + 1, 0.5], "string", ["9007199254740993", "0.5"]),
    ],
)
def test_parquet_types(values: list[Any], type_: str, expected: list[Any]) -> None:
    """A column has the type that holds all its values, else each value as JSON text."""
    table = export_parquet([make_record(i, {"x": value}) for i, value in enumerate(values, 1)])
    assert str(table.schema.field("x").type) == type_
    assert table.column("x").to_pylist() == expected


def test_no_records() -> None:
    """An export of nothing is a valid file with the fixed columns."""
    assert export([], "jsonl") == export([], "jsonl", flat=True) == b""
    assert export([], "csv").decode() == f"{HEADER}\n"
    table = export_parquet([])
    assert table.num_rows == 0
    assert table.schema.names == FIXED
    assert [str(type_) for type_ in table.schema.types] == ["int64"] * 4 + ["string"] * 8


def test_fields_that_appear_late() -> None:
    """A column or type that only a late record needs is there for all, in every table format."""
    records = [make_record(i, {"x": i}) for i in range(1, 3_001)]
    records[700] = make_record(701, {"x": "text", "late": 1})
    records[2_900] = make_record(2901, {"x": 1, "later": 2})
    for row in (export_lines(records, flat=True), export_parquet(records).to_pylist()):
        assert len(row) == 3_000
        assert list(row[0]) == [*FIXED, "x", "late", "later"]
        assert (row[700]["late"], row[2_900]["later"], row[0]["late"]) == (1, 2, None)
    cells = export_cells(records)
    assert cells[0] == [*FIXED, "x", "late", "later"]
    assert [cells[row][-3:] for row in (1, 701, 2_901)] == [
        ["1", "", ""], ["text", "1", ""], ["1", "", "2"],
    ]  # fmt: skip
    assert len(cells) == 3_001


def test_parquet_row_groups() -> None:
    """Rows are written in groups, by their number or their size."""
    records = [make_record(i, {"x": "a"}) for i in range(1, 4_002)]
    assert pq.ParquetFile(io.BytesIO(export(records, "parquet"))).num_row_groups == 3
    large = [make_record(i, {"x": "a" * 9_000_000}) for i in range(1, 4)]
    assert pq.ParquetFile(io.BytesIO(export(large, "parquet"))).num_row_groups == 2


def test_half_surrogate_pairs() -> None:
    """Text that UTF-8 cannot hold is escaped, in values, nested values and names."""
    record = make_record(1, {"a\ud800": "b\udc00", "d": ["\udfff"]})
    assert export_lines([record])[0]["metadata"] == {"a\ud800": "b\udc00", "d": ["\udfff"]}
    assert export_lines([record], flat=True)[0]["a\ud800"] == "b\udc00"
    header, row = export_cells([record], defuse_formulas=True)
    assert (header[-2:], row[-2:]) == (["a\\ud800", "d"], ["b\\udc00", '["\\udfff"]'])
    table = export_parquet([record])
    assert table.column("a\\ud800").to_pylist() == ["b\\udc00"]
    assert table.column("d").to_pylist() == ['["\\udfff"]']


@given(STATES)
def test_nothing_is_lost(states: list[dict[str, Any]]) -> None:
    """Every field of every record stands in every format under its name with its value."""
    records = [make_record(i, state) for i, state in enumerate(states, 1)]
    assert [line["metadata"] for line in export_lines(records)] == states
    flat = export_lines(records, flat=True)
    header, *cells = export_cells(records)
    table = export_parquet(records)
    assert len(set(header)) == len(header)
    assert header == list(flat[0]) == table.schema.names
    rows = table.to_pylist()
    for position, state in enumerate(states):
        assert flat[position]["id"] == rows[position]["id"] == int(cells[position][0])
        for field, value in state.items():
            column = column_of(field, EXPORT_COLUMNS)
            assert flat[position][column] == value
            cell = cells[position][header.index(column)]
            assert (
                cell == (value or "")
                if isinstance(value, str | None)
                else json.loads(cell) == value
            )
            stored = rows[position][column]
            is_typed = stored == value and type(stored) in (type(value), float)
            assert is_typed or json.loads(stored) == value


def test_edits_and_order_from_the_store(tmp_path: Path) -> None:
    """Edited values are exported, a seed's field in its place; records come in order."""
    results = [
        Result({"topic": f"t{n}"}, [make_step(0, {"text": f"x{n}"})], output_field="text")
        for n in range(3)
    ]
    results.append(Result({"topic": "t3"}, status="failed", reason="no answer"))
    filled = fill_store(tmp_path / "a.db", results)
    filled.review.update({2: {"topic": "edited", "text": "better"}}, status="accepted")

    def wanted() -> Iterator[Record]:
        return filled.records.stream(job_id=1, statuses=["pending", "accepted"])

    result = export_records(wanted, tmp_path / "a.jsonl")
    lines = [json.loads(line) for line in result.path.read_text().splitlines()]
    assert [line["id"] for line in lines] == [1, 2, 3]
    assert lines[1]["metadata"] == {"topic": "edited"}
    assert lines[1]["accumulated_state"] == {"text": "better"}
    assert lines[1]["status"] == "accepted"
    assert lines[0]["trace_id"] == "trace-0"
    df = pd.read_csv(export_records(wanted, tmp_path / "a.csv").path)
    assert df["output"].tolist() == df["text"].tolist() == ["x0", "better", "x2"]
    assert df["topic"].tolist() == ["t0", "edited", "t2"]
    filled.store.close()


def test_table_and_frame_agree() -> None:
    """A flat export has the frame's columns but the version, and three more columns."""
    records = [make_record(1, {"id": "x", "n": 1}, {"text": "t"}), make_record(2, {"n": None})]
    frame = records_frame(records)
    table = (
        export_parquet(records).to_pandas().drop(columns=["created_at", "updated_at", "trace_id"])
    )
    assert list(table.columns) == [name for name in frame.columns if name != "version"]
    assert table["field.id"].tolist()[0] == frame["field.id"].tolist()[0] == "x"


@pytest.mark.parametrize(
    ("format", "flat", "limit"),
    [
        ("jsonl", False, 2_500_000),  # the file's buffer is 1 MiB
        ("jsonl", True, 2_500_000),
        ("csv", False, 2_500_000),
        ("parquet", False, 8_000_000),  # a row group is 2 MB of text here
    ],
)
def test_memory_does_not_grow(tmp_path: Path, format: str, flat: bool, limit: int) -> None:
    """Twenty thousand records of 1,000 characters pass through a small part of their size."""
    base = make_record(1, {"topic": "AI"}, {"text": "t"})

    def records() -> Iterator[Record]:
        for id in range(1, 20_001):
            fields = {"text": f"{id:01000}"}
            yield replace(base, id=id, outputs=fields, output=fields["text"], state=fields)

    export_records(lambda: [base], tmp_path / "warm", format=format, flat=flat)
    tracemalloc.start()
    result = export_records(records, tmp_path / "a", format=format, flat=flat)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result.records == 20_000
    assert peak < limit


def test_what_people_wrote() -> None:
    """With ``review``, beside the fields and apart from those of the same names."""
    record = make_record(
        1, {"note": "of the seed"}, {"text": "new"}, note="good", tags=["a"], reviewer="ann",
        verdict="accepted", original={"text": "old"},
    )  # fmt: skip
    wrote = {"note": "good", "tags": ["a"], "reviewer": "ann", "verdict": "accepted",
             "original": {"text": "old"}}  # fmt: skip
    (plain,), (line,) = export_lines([record]), export_lines([record], review=True)
    assert line == plain | wrote
    assert list(line) == [*plain, *wrote]
    assert not plain.keys() & wrote.keys()
    (flat,) = export_lines([record], flat=True, review=True)
    assert {name: flat[f"record.{name}"] for name in wrote} == wrote
    assert (flat["note"], flat["text"]) == ("of the seed", "new")
    header, row = export_cells([record], review=True)
    assert header[12:] == [*(f"record.{name}" for name in wrote), "note", "text"]
    assert row[12:] == [
        "good", '["a"]', "ann", "accepted", '{"text":"old"}', "of the seed", "new",
    ]  # fmt: skip
    empty = make_record(2, {}, {"text": "new"})
    table = pq.read_table(io.BytesIO(export([empty, record], "parquet", review=True)))
    assert table.column("record.note").to_pylist() == [None, "good"]
    assert table.column("record.original").to_pylist() == ["{}", '{"text":"old"}']
