"""Whatever is written to a seed file comes back as the same seeds."""

from __future__ import annotations

import csv
import json
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from datagenflow_nb.errors import SeedError
from datagenflow_nb.records import Seed
from datagenflow_nb.seeds import parse_text, read_seeds

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = TEXTS.filter(lambda name: name not in ("metadata", "repetitions"))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.dictionaries(NAMES, VALUES, max_size=4)
SEEDS = st.lists(st.builds(Seed, FIELDS, st.integers(1, 9)), min_size=1, max_size=5)
COLUMNS = st.lists(NAMES.filter(str.strip), min_size=1, max_size=4, unique=True)


@st.composite
def tables(draw: st.DrawFn, cell: st.SearchStrategy[Any]) -> list[dict[str, Any]]:
    """Rows of one table: the same columns in each."""
    columns = draw(COLUMNS)
    return draw(
        st.lists(st.fixed_dictionaries(dict.fromkeys(columns, cell)), min_size=1, max_size=5)
    )


def as_dict(seed: Seed) -> dict[str, Any]:
    """The seed as it is written to a file."""
    return {"metadata": seed.metadata, "repetitions": seed.repetitions}


def read_bytes(name: str, content: bytes) -> list[Seed]:
    """The seeds of a file with that name and content."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return list(read_seeds(path))


@given(SEEDS, st.sampled_from([None, 1]), st.booleans(), st.booleans())
def test_json(seeds: list[Seed], indent: int | None, ascii_only: bool, mark: bool) -> None:
    """Seeds written as a JSON array are read back, however it is laid out."""
    text = json.dumps([as_dict(seed) for seed in seeds], indent=indent, ensure_ascii=ascii_only)
    assert read_bytes("s.json", text.encode("utf-8-sig" if mark else "utf-8")) == seeds
    assert list(parse_text(text, where="cell")) == seeds


@given(SEEDS, st.sampled_from(["\n", "\r\n", "\n\n"]), st.booleans())
def test_jsonl(seeds: list[Seed], end: str, ascii_only: bool) -> None:
    """Seeds written as JSON Lines are read back."""
    lines = [json.dumps(as_dict(seed), ensure_ascii=ascii_only) + end for seed in seeds]
    assert read_bytes("s.jsonl", "".join(lines).encode()) == seeds
    assert list(parse_text("".join(lines), where="cell", format="jsonl")) == seeds


@given(SEEDS)
def test_yaml(seeds: list[Seed]) -> None:
    """Seeds written as YAML are read back."""
    # Not allow_unicode=True: PyYAML then writes U+0085 unquoted, which YAML reads as a line end.
    text = yaml.safe_dump([as_dict(seed) for seed in seeds])
    assert read_bytes("s.yaml", text.encode()) == seeds


@given(tables(TEXTS), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_csv(rows: list[dict[str, Any]], end: str, mark: bool) -> None:
    """Rows written as CSV are read back, every cell as it was."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.csv"
        encoding = "utf-8-sig" if mark else "utf-8"
        with path.open("w", newline="", encoding=encoding) as file:
            # One comma too many in the header line could make another delimiter the likeliest.
            writer = csv.DictWriter(file, rows[0], lineterminator=end, quoting=csv.QUOTE_ALL)
            writer.writeheader()
            writer.writerows(rows)
        assert [seed.metadata for seed in read_seeds(path)] == rows


@given(tables(st.none() | TEXTS))
def test_parquet(rows: list[dict[str, Any]]) -> None:
    """Rows written as Parquet are read back, None included."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.parquet"
        columns = {name: pa.array([row[name] for row in rows], pa.string()) for name in rows[0]}
        pq.write_table(pa.table(columns), path)
        assert [seed.metadata for seed in read_seeds(path)] == rows


@given(tables(st.none() | TEXTS), st.lists(st.integers(1, 9), min_size=5, max_size=5))
def test_frame(rows: list[dict[str, Any]], counts: list[int]) -> None:
    """Rows of a DataFrame are read back with their counts."""
    frame = pd.DataFrame(rows)
    frame["repetitions"] = counts[: len(rows)]
    seeds = list(read_seeds(frame))
    assert seeds == [Seed(row, count) for row, count in zip(rows, counts, strict=False)]


@given(SEEDS)
def test_objects(seeds: list[Seed]) -> None:
    """Seeds given as dictionaries and as objects are the same."""
    assert list(read_seeds(seeds)) == seeds
    assert list(read_seeds(map(as_dict, seeds))) == seeds


@pytest.mark.parametrize("name", ["s.json", "s.jsonl", "s.yaml", "s.csv", "s.tsv", "s.txt"])
@given(content=st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes(name: str, content: bytes) -> None:
    """Whatever a file holds, it gives seeds or a `SeedError` that begins with the file."""
    try:
        seeds = read_bytes(name, content)
    except SeedError as exc:
        assert f"{name}:" in exc.message
    else:
        assert seeds


@given(
    st.text(alphabet='[]{}",:;-#ab1 \n\r\t\\'),
    st.sampled_from([None, "json", "jsonl", "yaml", "csv"]),
)
def test_any_text(text: str, format: str | None) -> None:
    """Whatever is typed, it gives seeds or a `SeedError` that begins with the cell."""
    try:
        assert list(parse_text(text, where="cell", format=format))
    except SeedError as exc:
        assert exc.message.startswith("cell:")
