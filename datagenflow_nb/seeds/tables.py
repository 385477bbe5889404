"""Seeds in tables: every row is the metadata itself, a ``repetitions`` column its count."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..records import Seed
from .check import check_names, seed_of_row
from .place import Cursor, clip, source_error

__all__ = ["is_frame", "read_csv", "read_frame", "read_parquet"]

_DELIMITERS = ",;\t|"
_LONGEST_CELL = 2**31 - 1  # what fits a C long everywhere
_ROWS = 2048
_QUOTED = re.compile(r'"[^"]*"?')
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


def read_csv(lines: Iterable[str], source: str, delimiter: str | None = None) -> Iterator[Seed]:
    """CSV with a header: cells stay the strings they are (``007`` is not 7).

    Parameters
    ----------
    lines : iterable of str
        With their line ends, split at ``\\n`` only.
    delimiter : str, optional
        Told from the header line when None: the most frequent of ``, ; tab |``.

    Raises
    ------
    SeedError
        With the line on which the wrong row starts.
    """
    import csv

    if csv.field_size_limit() < _LONGEST_CELL:  # process-wide: raised, never lowered
        csv.field_size_limit(_LONGEST_CELL)
    lines = iter(lines)
    head = []
    for line in lines:
        head.append(line)
        if not line.isspace():
            break
    if delimiter is None:
        delimiter = _delimiter(head[-1] if head else "")
    reader = csv.reader(itertools.chain(head, lines), delimiter=delimiter, strict=True)
    at = Cursor(source, "line", f"{source}:")
    at.number = 1
    names: list[str] = []
    try:
        for cells in reader:
            if names and len(cells) == len(names):
                yield seed_of_row(names, cells, at, is_plain=True)
            elif cells and names:
                raise at.error(_wrong_length(names, cells, delimiter))
            elif cells:
                check_names(cells, at)
                names = cells
            at.number = reader.line_num + 1
    except csv.Error as exc:
        raise at.error(_csv_problem(str(exc))) from exc


def _delimiter(header: str) -> str:
    unquoted = _QUOTED.sub("", header)
    return max(_DELIMITERS, key=unquoted.count)


def _wrong_length(names: list[str], cells: list[str], delimiter: str) -> str:
    return (
        f"{len(cells)} {'cell' if len(cells) == 1 else 'cells'} where the header has "
        f"{len(names)} ({clip(', '.join(names))}); "
        f"a cell that holds {delimiter!r}, a quote or a line end has to be in double quotes"
    )


def _csv_problem(problem: str) -> str:
    if problem == "unexpected end of data":
        return "a quoted cell of this row never ends; close its double quote"
    if problem.endswith("expected after '\"'"):
        return "text after a closing double quote; write a quote inside a quoted cell twice"
    if problem.startswith("new-line character"):
        return "a bare carriage return outside quotes; save with Unix or Windows line ends"
    return f"not valid CSV: {problem}"


def read_parquet(path: Path, source: str) -> Iterator[Seed]:
    """Parquet, some rows at a time; null and NaN are None, timestamps ISO text.

    The unnamed index pandas writes beside the data is no field.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as parquet
    except ImportError as exc:
        raise source_error(
            source, "reading Parquet needs pyarrow: pip install 'datagenflow-nb[parquet]'"
        ) from exc
    at = Cursor(source, "row", f"{source}: row ")
    try:
        with parquet.ParquetFile(path) as file:
            columns = file.schema_arrow.names
            check_names(columns, Cursor(source, "row", source))
            names = [name for name in columns if not _PANDAS_INDEX.fullmatch(name)]
            start = 0
            for batch in file.iter_batches(batch_size=_ROWS, columns=names):
                cells = [_arrow_cells(batch.column(name), pa) for name in names]
                for at.number, values in enumerate(zip(*cells, strict=True), start):
                    yield seed_of_row(names, values, at)
                start += batch.num_rows
    except (pa.ArrowException, OSError) as exc:
        reason = clip(" ".join(str(exc).split()))
        raise source_error(source, f"cannot be read as Parquet: {reason}") from exc


def _arrow_cells(column: Any, pa: Any) -> list[Any]:
    cells: list[Any] = column.to_pylist()
    if pa.types.is_floating(column.type):
        return [None if cell != cell else cell for cell in cells]
    return cells


def is_frame(source: object) -> bool:
    """Whether ``source`` is a pandas DataFrame; pandas is not imported to find out."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(source, pandas.DataFrame)


def read_frame(frame: Any, source: str) -> Iterator[Seed]:
    """The rows of a DataFrame; NaN, NaT, NA and None are None, the index is ignored.

    Rows are named by their position from 0 (``df.iloc``).
    """
    names = list(frame.columns)
    check_names(names, Cursor(source, "row", source))
    at = Cursor(source, "row", f"{source} row ")
    for start in range(0, len(frame), _ROWS):
        part = frame.iloc[start : start + _ROWS]
        cells = [_frame_cells(part.iloc[:, number]) for number in range(len(names))]
        for at.number, values in enumerate(zip(*cells, strict=True), start):
            yield seed_of_row(names, values, at)


def _frame_cells(column: Any) -> list[Any]:
    """A column's cells as Python objects; a list cell counts as present whatever it holds."""
    cells: list[Any] = column.tolist()
    missing = column.isna()
    if missing.any():
        return [None if gone else cell for cell, gone in zip(cells, missing.tolist(), strict=True)]
    return cells
