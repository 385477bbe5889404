"""How JSON Lines, CSV and Parquet are written; each writer takes rows until it is closed."""

from __future__ import annotations

import csv
from typing import Any, BinaryIO, Protocol

from ..columns import Kind
from ..errors import ConfigError
from ..records import encode
from .rows import spell_columns

__all__ = ["CsvWriter", "JsonWriter", "ParquetWriter", "RowWriter", "load_parquet", "utf8"]

#: What makes a spreadsheet run a text, with the full-width forms some take for the plain ones.
#: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - the full-width forms are meant
_GROUP_ROWS = 2_000
_GROUP_CHARACTERS = 16_000_000
_ARROW_TYPES: dict[Kind, str] = {
    "bool": "bool_", "exact": "int64", "int": "int64", "float": "float64",
}  # fmt: skip


class RowWriter(Protocol):
    """What writes the rows of one table; always closed, also when it is given up half-way."""

    def write(self, row: dict[str, Any]) -> None:
        """Write a row; its keys are among the columns, a missing one is None."""

    def finish(self) -> None:
        """Write what is held back: there are no more rows."""

    def close(self) -> None:
        """Let go of the file."""


class JsonWriter:
    """One JSON object a line, with a key for every column."""

    def __init__(self, file: BinaryIO, kinds: dict[str, Kind]) -> None:
        self._file = file
        self._empty = dict.fromkeys(kinds)

    def write(self, row: dict[str, Any]) -> None:
        self._file.write(encode(self._empty | row).encode() + b"\n")

    def finish(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is held open."""


class CsvWriter:
    """A header and a line per row, UTF-8, lines ending in ``\\n``.

    None is an empty cell, booleans ``true`` and ``false``, lists and dicts JSON text.
    """

    def __init__(self, file: BinaryIO, kinds: dict[str, Kind], *, defuse_formulas: bool) -> None:
        self._columns = list(kinds)
        self._text = _defused if defuse_formulas else str
        self._as_they_are = {type(None), int, float} | ({str} if not defuse_formulas else set())
        # The csv module quotes what its own line end contains: with "\r\n" also a lone "\r".
        self._csv = csv.writer(_CsvLines(file), lineterminator="\r\n")
        self._csv.writerow(spell_columns(kinds, lambda name: utf8(self._text(name))))

    def write(self, row: dict[str, Any]) -> None:
        as_they_are, cell = self._as_they_are, self._cell
        self._csv.writerow(
            [
                value if type(value) in as_they_are else cell(value)
                for value in map(row.get, self._columns)
            ]
        )

    def finish(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is held open."""

    def _cell(self, value: Any) -> str:
        if type(value) is str:
            return self._text(value)
        if type(value) is bool:
            return "true" if value else "false"
        return encode(value)


class _CsvLines:
    """The file the csv module writes to: one call a row, ending in ``\\r\\n``."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, line: str) -> None:
        self._file.write(line[:-2].encode("utf-8", "backslashreplace") + b"\n")


def _defused(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def utf8(text: str) -> str:
    """The text with half surrogate pairs, which UTF-8 cannot hold, as backslash escapes."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def load_parquet() -> Any:
    """The package pyarrow, with ``pyarrow.parquet``.

    Raises
    ------
    ConfigError
        When it is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet
    except ImportError as error:
        raise ConfigError(
            "exporting Parquet needs pyarrow: pip install 'datagenflow-nb[parquet]'; or export to "
            ".jsonl or .csv"
        ) from error
    return pa


class ParquetWriter:
    """Row groups of typed columns.

    A column is bool, int64, double or string when all its values fit that type unchanged, and
    string with each value as JSON text when they do not: lists, dicts, integers of more than 64
    bits, values of several types. None is null in all of them.
    """

    def __init__(self, file: BinaryIO, kinds: dict[str, Kind]) -> None:
        self._arrow = load_parquet()
        self._kinds = list(kinds.items())
        names = spell_columns(kinds, utf8)
        self._schema = self._arrow.schema(
            [
                (name, getattr(self._arrow, _ARROW_TYPES.get(kind, "string"))())
                for name, kind in zip(names, kinds.values(), strict=True)
            ]
        )
        self._parquet = self._arrow.parquet.ParquetWriter(file, self._schema)
        self._rows: list[list[Any]] = []
        self._characters = 0

    def write(self, row: dict[str, Any]) -> None:
        cells = [_parquet_cell(row.get(column), kind) for column, kind in self._kinds]
        self._rows.append(cells)
        self._characters += sum(len(cell) for cell in cells if type(cell) is str)
        if len(self._rows) == _GROUP_ROWS or self._characters > _GROUP_CHARACTERS:
            self._write_group()

    def finish(self) -> None:
        if self._rows:
            self._write_group()

    def close(self) -> None:
        """Write the footer, which an open writer does when it is collected: into a reused file."""
        self._parquet.close()

    def _write_group(self) -> None:
        arrays = [
            self._arrow.array(values, type=field.type)
            for values, field in zip(zip(*self._rows, strict=True), self._schema, strict=True)
        ]
        self._parquet.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))
        self._rows, self._characters = [], 0


def _parquet_cell(value: Any, kind: Kind) -> Any:
    if value is None:
        return None
    if kind == "text":
        return utf8(value)
    if kind == "float":
        return float(value)
    return encode(value) if kind == "other" else value
