"""Traces as DataFrames."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from made_records import Result, fill_store, make_record, make_step

from datagenflow_nb.frames import traces_frame
from datagenflow_nb.records import Call, Usage

COLUMNS = [
    "record_id", "trace_id", "step", "block_type", "input", "output", "accumulated_state",
    "execution_time", "input_tokens", "output_tokens", "cost", "error", "branch", "block_id",
]  # fmt: skip
TYPES = [
    "int64", "text", "int64", "text", "object", "object", "object", "float64", "Int64", "Int64",
    "float64", "object", "text", "text",
]  # fmt: skip


def call(number: int, cost: float | None, answer: str | None = "yes") -> Call:
    """A call of 10 tokens in and 3 out."""
    usage = Usage(10, 3, int(answer is not None), cost)
    return Call("b0", number, "m", {"messages": []}, answer, usage=usage)


def test_types_are_the_same_with_and_without_rows() -> None:
    """The columns and their types are fixed."""
    text = str(pd.Series([""]).dtype)
    expected = [text if name == "text" else name for name in TYPES]
    record = make_record(1, {"topic": "AI"}, {"text": "t"})
    for df in (traces_frame([]), traces_frame([(record, record.steps)])):
        assert list(df.columns) == COLUMNS
        assert [str(dtype) for dtype in df.dtypes] == expected


def test_a_row_per_step() -> None:
    """Each step has its input, output, state, tokens, cost and error."""
    steps = [
        make_step(0, {"text": "t"}, calls=[call(0, 0.25), call(1, 0.5)]),
        make_step(1, {}, error={"error": "no JSON", "detail": {}}, execution_time=0.125),
    ]
    df = traces_frame([(make_record(3, {"topic": "AI"}), steps)])
    assert df["record_id"].tolist() == [3, 3]
    assert df["trace_id"].tolist() == ["trace-3", "trace-3"]
    assert df["step"].tolist() == [0, 1]
    assert df["block_type"].tolist() == ["B0", "B1"]
    assert df["block_id"].tolist() == ["b0", "b1"]
    assert df["input"].tolist() == [{"topic": "AI"}, {"topic": "AI", "text": "t"}]
    assert df["output"].tolist() == [{"text": "t"}, {}]
    assert df["accumulated_state"].tolist() == [{"topic": "AI", "text": "t"}] * 2
    assert df["execution_time"].tolist() == [0.5, 0.125]
    assert df["input_tokens"].tolist() == [20, 0]
    assert df["output_tokens"].tolist() == [6, 0]
    assert df["cost"].tolist() == [0.75, 0.0]
    assert df["error"].tolist() == [None, "no JSON"]


def test_an_unknown_price_makes_the_cost_unknown() -> None:
    """A sum without one of its parts is none; a call without an answer costs nothing."""
    steps = [
        make_step(0, {}, calls=[call(0, 0.25), call(1, None)]),
        make_step(1, {}, calls=[call(0, 0.25), call(1, None, answer=None)]),
    ]
    df = traces_frame([(make_record(1), steps)])
    assert df["cost"].isna().tolist() == [True, False]
    assert df["cost"].iloc[1] == 0.25


def test_branches_from_the_store(tmp_path: Path) -> None:
    """What precedes a fan-out is in the trace of every branch."""
    result = Result(
        {"text": "a b"},
        [
            make_step(0, {"summary": "s"}, calls=[call(0, 0.5)]),
            make_step(1, {"chunk": "a"}, branch="0"),
            make_step(1, {"chunk": "b"}, branch="1"),
        ],
        branches=("0", "1"),
        output_field="chunk",
    )
    filled = fill_store(tmp_path / "a.db", [result])
    records = list(filled.records.stream())
    df = traces_frame((record, filled.records.steps_with_calls(record)) for record in records)
    assert df["record_id"].tolist() == [1, 1, 2, 2]
    assert df["branch"].tolist() == ["", "0", "", "1"]
    assert df["cost"].tolist() == [0.5, 0.0, 0.5, 0.0]
    assert df["input"].tolist()[1] == {"text": "a b", "summary": "s"}
    filled.store.close()
