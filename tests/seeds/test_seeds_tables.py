"""Seeds in CSV, Parquet and DataFrames."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datagenflow_nb.errors import SeedError
from datagenflow_nb.records import Seed
from datagenflow_nb.seeds import read_seeds


def failure(source: Any, **options: Any) -> SeedError:
    """The error that reading ``source`` to its end ends with."""
    with pytest.raises(SeedError) as caught:
        list(read_seeds(source, **options))
    return caught.value


def write(path: Path, content: str | bytes) -> Path:
    """The path, after the content was written to it."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_csv(tmp_path: Path) -> None:
    """A row is the metadata, its cells the strings they are, ``repetitions`` the count."""
    path = write(tmp_path / "s.csv", "zip,note,repetitions\n007, x ,2\n1e3,,1\n")
    seeds = list(read_seeds(path))
    assert seeds == [Seed({"zip": "007", "note": " x "}, 2), Seed({"zip": "1e3", "note": ""}, 1)]
    assert [seed.where for seed in seeds] == [f"{path}:2", f"{path}:3"]


def test_csv_quotes_windows_ends_and_mark(tmp_path: Path) -> None:
    """Quoted line ends, delimiters and quotes are part of the cell; lines are counted with them."""
    content = '\ufeff"topic, long",note\r\n\r\n"tea\r\nhot","say ""hi"", now"\r\n\r\ncafé😀,x\r\n'
    path = write(tmp_path / "s.csv", content)
    seeds = list(read_seeds(path))
    assert [seed.metadata for seed in seeds] == [
        {"topic, long": "tea\r\nhot", "note": 'say "hi", now'},
        {"topic, long": "café😀", "note": "x"},
    ]
    assert [seed.where for seed in seeds] == [f"{path}:3", f"{path}:6"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("s.csv", "a;b\n1,5;x\n"),
        ("s.csv", 'a\tb\n"1,5"\tx\n'),
        ("s.csv", "a|b\n1,5|x\n"),
        ("s.csv", '\n"a";"b"\n1,5;x\n'),
        ("s.tsv", "a\tb\n1,5\tx\n"),
    ],
)
def test_csv_delimiters(tmp_path: Path, name: str, content: str) -> None:
    """The delimiter is told from the header line."""
    assert list(read_seeds(write(tmp_path / name, content))) == [Seed({"a": "1,5", "b": "x"})]


def test_tsv_with_one_column(tmp_path: Path) -> None:
    """A .tsv file is split at tabs even when its only header holds a comma."""
    path = write(tmp_path / "s.tsv", "first, second\nx, y\n")
    assert list(read_seeds(path)) == [Seed({"first, second": "x, y"})]


def test_csv_column_called_metadata_is_a_field(tmp_path: Path) -> None:
    """In a table ``metadata`` is a column like any other."""
    path = write(tmp_path / "s.csv", "metadata,topic\nx,tea\n")
    assert list(read_seeds(path)) == [Seed({"metadata": "x", "topic": "tea"})]


def test_csv_huge_cell(tmp_path: Path) -> None:
    """A cell of 50 MB is read whole."""
    path = tmp_path / "s.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["text", "n"], ["x" * 50_000_000 + '"\n', "1"]])
    (seed,) = read_seeds(path)
    assert len(seed.metadata["text"]) == 50_000_002 and seed.metadata["n"] == "1"


@pytest.mark.parametrize("count", ["3", " 3 ", "+3", "3.0", "3."])
def test_csv_repetitions(tmp_path: Path, count: str) -> None:
    """A count written as a whole number is taken."""
    (seed,) = read_seeds(write(tmp_path / "s.csv", f"a,repetitions\nx,{count}\n"))
    assert seed.repetitions == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n", "s.csv: no row after the header"),
        ("\n\n", "s.csv: no row after the header"),
        (
            "a,b\n1,2\n1,2,3\n",
            "s.csv:3: 3 cells where the header has 2 (a, b); "
            "a cell that holds ',', a quote or a line end has to be in double quotes",
        ),
        (
            'a;b\n"x\ny";2\n1\n',
            "s.csv:4: 1 cell where the header has 2 (a, b); "
            "a cell that holds ';', a quote or a line end has to be in double quotes",
        ),
        ("a,b,a\n1,2,3\n", "s.csv:1: two columns are called 'a'; rename one"),
        ("a,,b\n1,2,3\n", "s.csv:1: column 2 has no name; give every column one"),
        ("\na, \n1,2\n", "s.csv:2: column 2 has no name; give every column one"),
        (
            'a,b\n1,2\n1,"2\n3,4\n',
            "s.csv:3: a quoted cell of this row never ends; close its double quote",
        ),
        (
            'a,b\n"x"y,2\n',
            "s.csv:2: text after a closing double quote; write a quote inside a quoted cell twice",
        ),
        (
            "a,b\r1,2\r",
            "s.csv:1: a bare carriage return outside quotes; save with Unix or Windows line ends",
        ),
        (
            "a,repetitions\nx,\n",
            "s.csv:2: repetitions is empty; expected a whole number, 1 or more",
        ),
        (
            "a,repetitions\nx,2.5\n",
            "s.csv:2: repetitions is '2.5'; expected a whole number, 1 or more",
        ),
        ("a,repetitions\nx,0\n", "s.csv:2: repetitions is '0'; expected a whole number, 1 or more"),
        (
            "a,repetitions\nx,two\n",
            "s.csv:2: repetitions is 'two'; expected a whole number, 1 or more",
        ),
    ],
)
def test_csv_errors(tmp_path: Path, content: str, message: str) -> None:
    """What is wrong in a CSV file is told with the line on which the row starts."""
    assert failure(write(tmp_path / "s.csv", content), where="s.csv").message == message


def test_csv_error_detail(tmp_path: Path) -> None:
    """The detail of a CSV error has source, line and key."""
    error = failure(write(tmp_path / "s.csv", "a,repetitions\nx,-1\n"), where="s.csv")
    assert error.detail == {"source": "s.csv", "line": 2, "key": "repetitions"}


def test_frame() -> None:
    """A DataFrame's rows are seeds with plain Python values; missing cells are None."""
    frame = pd.DataFrame(
        {
            "topic": ["tea", None],
            "level": np.array([1, 2], dtype=np.int32),
            "score": [0.5, np.nan],
            "day": [pd.Timestamp("2024-05-01T10:00:00"), pd.NaT],
            "whole": pd.array([1, pd.NA], dtype="Int64"),
            "kind": pd.Categorical(["a", None]),
            "tags": [["x", "y"], []],
            "ok": [True, False],
            "repetitions": [2.0, 1.0],
        },
        index=[10, 10],
    )
    seeds = list(read_seeds(frame))
    assert seeds == [
        Seed(
            {
                "topic": "tea",
                "level": 1,
                "score": 0.5,
                "day": "2024-05-01T10:00:00",
                "whole": 1,
                "kind": "a",
                "tags": ["x", "y"],
                "ok": True,
            },
            2,
        ),
        Seed(
            {
                "topic": None,
                "level": 2,
                "score": None,
                "day": None,
                "whole": None,
                "kind": None,
                "tags": [],
                "ok": False,
            },
            1,
        ),
    ]
    assert {type(value) for value in seeds[0].metadata.values()} == {str, int, float, list, bool}
    assert [seed.where for seed in seeds] == ["DataFrame row 0", "DataFrame row 1"]


def test_frame_of_many_rows() -> None:
    """Rows keep their order and number beyond what is converted at once."""
    seeds = list(read_seeds(pd.DataFrame({"number": range(5000)}), where="df"))
    assert [seed.metadata["number"] for seed in seeds] == list(range(5000))
    assert seeds[4999].where == "df row 4999"


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"a": []}), "DataFrame: it has no rows; give at least one seed"),
        (
            pd.DataFrame({0: ["x"]}),
            "DataFrame: column 1 is called 0, int; field names are strings: rename it, "
            "for example with df.rename(columns=str)",
        ),
        (
            pd.DataFrame([[1, 2]], columns=["a", "a"]),
            "DataFrame: two columns are called 'a'; rename one",
        ),
        (
            pd.DataFrame({"a": [1.0, float("inf")]}),
            "DataFrame row 1: field 'a': inf is not a JSON number; use None for a missing value",
        ),
        (
            pd.DataFrame({"a": [[1, float("nan")]]}),
            "DataFrame row 0: field 'a[1]': nan is not a JSON number; use None for a missing value",
        ),
        (
            pd.DataFrame({"a": [1, 2], "repetitions": [1, None]}),
            "DataFrame row 1: repetitions is empty; expected a whole number, 1 or more",
        ),
        (
            pd.DataFrame({"a": [1], "repetitions": [True]}),
            "DataFrame row 0: repetitions is True; expected a whole number, 1 or more",
        ),
    ],
)
def test_frame_errors(frame: pd.DataFrame, message: str) -> None:
    """What is wrong in a DataFrame is told with the row's position."""
    assert failure(frame).message == message


def test_frame_error_detail() -> None:
    """The detail of a DataFrame error has source, row and key."""
    error = failure(pd.DataFrame({"a": [1.0, float("inf")]}), where="df")
    assert error.detail == {"source": "df", "row": 1, "key": "a"}
    assert error.message.startswith("df row 1: ")


def test_parquet(tmp_path: Path) -> None:
    """Parquet rows are seeds: null and NaN are None, the unnamed pandas index is no field."""
    path = tmp_path / "s.parquet"
    frame = pd.DataFrame(
        {
            "topic": ["tea", None],
            "score": [0.5, np.nan],
            "day": [pd.Timestamp("2024-05-01"), pd.NaT],
            "tags": [["x"], None],
            "repetitions": [2, 1],
        },
        index=[5, 9],
    )
    frame.to_parquet(path)
    assert "__index_level_0__" in pq.read_schema(path).names
    seeds = list(read_seeds(path))
    assert seeds == [
        Seed({"topic": "tea", "score": 0.5, "day": "2024-05-01T00:00:00", "tags": ["x"]}, 2),
        Seed({"topic": None, "score": None, "day": None, "tags": None}, 1),
    ]
    assert [seed.where for seed in seeds] == [f"{path}: row 0", f"{path}: row 1"]


def test_parquet_nan_and_many_rows(tmp_path: Path) -> None:
    """NaN stored as a number is None too; rows are counted across batches and row groups."""
    path = tmp_path / "s.parquet"
    values = [float("nan"), *map(float, range(1, 5000))]
    pq.write_table(pa.table({"x": values}), path, row_group_size=1500)
    seeds = list(read_seeds(path))
    assert [seed.metadata["x"] for seed in seeds] == [None, *range(1, 5000)]
    assert [seed.where for seed in seeds] == [f"{path}: row {row}" for row in range(5000)]


def test_parquet_errors(tmp_path: Path) -> None:
    """A broken file, no rows, doubled columns and binary cells are told with file and row."""
    path = write(tmp_path / "s.parquet", "no parquet")
    assert failure(path, where="s").message.startswith("s: cannot be read as Parquet: ")
    pq.write_table(pa.table({"x": pa.array([], pa.int64())}), path)
    assert failure(path, where="s").message == "s: the table has no rows"
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["x", "x"]), path)
    assert failure(path, where="s").message == "s: two columns are called 'x'; rename one"
    pq.write_table(pa.table({"x": [b"1", b"2"]}), path)
    error = failure(path, where="s")
    assert error.message.startswith("s: row 0: field 'x': bytes is not a JSON value")
    assert error.detail == {"source": "s", "row": 0, "key": "x"}


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyarrow the message says what to install."""
    path = write(tmp_path / "s.parquet", "x")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert failure(path, where="s.parquet").message == (
        "s.parquet: reading Parquet needs pyarrow: pip install 'datagenflow-nb[parquet]'"
    )
