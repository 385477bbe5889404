"""Writing records to a file, streamed."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..displays.text import plural, shown_path
from ..errors import ConfigError, suggest
from ..records import encode
from ..storage.records import Record
from .formats import CsvWriter, JsonWriter, ParquetWriter, RowWriter, load_parquet
from .place import check_target, replacing
from .rows import Sheet, line_of

__all__ = ["ExportResult", "choose_format", "export_records", "export_with"]

_FORMATS = ("jsonl", "csv", "parquet")
_SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".parquet": "parquet"}
_SAMPLE = 500
_OPTIONS = ("format", "flat", "defuse_formulas", "review")

Source = Callable[[], Iterable[Record]]


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What an export wrote.

    Attributes
    ----------
    path : Path
        The absolute path of the file.
    records : int
        Number of records in it.
    format : str
        ``jsonl``, ``csv`` or ``parquet``.
    left_out : int
        Records that matched when the export began, but not any more when they were read.
    none : str
        Why there is no record in the file; empty when there are some.
    """

    path: Path
    records: int
    format: str
    left_out: int = 0
    none: str = ""

    def notes(self) -> list[str]:
        """What the file does not show."""
        notes = [self.none] if self.none else []
        if self.left_out:
            notes.append(
                f"{plural(self.left_out, 'record')} changed meanwhile and matched no more: left out"
            )
        return notes

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        told = f"Exported {plural(self.records, 'record')} to {shown_path(self.path)}"
        printer.text("\n".join([told, *self.notes()]))


def export_records(
    open_records: Source,
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    flat: bool = False,
    defuse_formulas: bool = False,
    review: bool = False,
) -> ExportResult:
    """Write records to a file, a few at a time in memory however many there are.

    The file appears under its name when it is complete; after any error or an interrupt an older
    file there is as it was.

    Parameters
    ----------
    open_records : callable
        Gives an iterator over the records to write, anew each time: tables read them more than once
        when the first records do not show all columns.
    path : path
        ``~`` is the home folder; the folder must exist.
    format : str, optional
        ``jsonl``, ``csv`` or ``parquet``; None: told from the name's ending (``.jsonl``,
        ``.ndjson``, ``.csv``, ``.parquet``).
    flat : bool
        For JSON Lines: one key per state field beside the fixed ones, every key in every line. CSV
        and Parquet are always flat. A field named like a fixed column is ``field.<name>``.
    defuse_formulas : bool
        For CSV: put an apostrophe before texts and names that begin with ``= + - @``, a tab or a
        line end, so that no spreadsheet runs them as formulas. It changes the data: leave it off
        for files that programs read.
    review : bool
        With what people wrote: ``note``, ``tags``, ``reviewer``, ``verdict``, and ``original``, the
        edited fields as they were before; in tables ``record.note`` and so on.

    Raises
    ------
    ConfigError
        For an unknown format, a path that cannot be one, or Parquet without pyarrow.
    DataGenFlowError
        When the file cannot be written.
    """
    target = check_target(path)
    format = choose_format(target, path, format)
    if defuse_formulas and format != "csv":
        raise ConfigError(f"defuse_formulas is for CSV; {format} files hold no formulas")
    if format == "parquet":
        load_parquet()  # before anything is read
    with replacing(target) as file:
        if format == "jsonl" and not flat:
            count = _write_lines(file, open_records(), review)
        else:
            sheet = Sheet(review=review)
            count = _write_table(file, open_records, sheet, format, defuse_formulas)
    return ExportResult(target, count, format)


def export_with(
    open_records: Source,
    path: str | os.PathLike[str],
    options: Mapping[str, Any],
    others: Sequence[str] = (),
) -> ExportResult:
    """``export_records`` with the options as a user gave them.

    Parameters
    ----------
    others : sequence of str
        Options that were taken out before, for the message about one there is not.

    Raises
    ------
    ConfigError
        As ``export_records``; and for an option there is not.
    """
    for name in options:
        if name not in _OPTIONS:
            near = suggest(name, (*_OPTIONS, *others))
            raise ConfigError(f"export option {name!r} is unknown; {near}", {"option": name})
    return export_records(open_records, path, **options)


def choose_format(target: Path, path: str | os.PathLike[str], format: str | None) -> str:
    """The format that was asked for, else the one that the name's ending tells.

    Raises
    ------
    ConfigError
        When it is unknown, or the ending tells none.
    """
    if format is not None:
        if format not in _FORMATS:
            raise ConfigError(
                f"export format {format!r} is unknown; {suggest(str(format), _FORMATS)}",
                {"format": format, "formats": list(_FORMATS)},
            )
        return format
    # The name as given: a link may point to a file that is called otherwise.
    suffix = Path(path).suffix.lower() or target.suffix.lower()
    if suffix not in _SUFFIXES:
        raise ConfigError(
            f"cannot tell the export format from {Path(path).name!r}; end the name in "
            f"{', '.join(_SUFFIXES)}, or give format= one of {', '.join(_FORMATS)}",
            {"path": str(target), "formats": list(_FORMATS)},
        )
    return _SUFFIXES[suffix]


def _write_lines(file: BinaryIO, records: Iterable[Record], review: bool) -> int:
    count = 0
    for record in records:
        file.write(encode(line_of(record, review=review)).encode() + b"\n")
        count += 1
    return count


def _write_table(
    file: BinaryIO, open_records: Source, sheet: Sheet, format: str, defuse_formulas: bool
) -> int:
    """Write with the columns known so far, and again from the start when they were too few.

    Most often the first records show all columns and the rest is read once; otherwise what is left
    of the records is read for its columns first.
    """
    with_kinds = format == "parquet"
    for row in map(sheet.row, itertools.islice(open_records(), _SAMPLE)):
        sheet.fits(row, with_kinds=with_kinds)
    while True:
        file.seek(0)
        file.truncate()
        records = iter(open_records())
        with contextlib.closing(_writer(file, sheet, format, defuse_formulas)) as writer:
            count = _write_rows(writer, sheet, records, with_kinds)
        if count is not None:
            return count
        for row in map(sheet.row, records):
            sheet.fits(row, with_kinds=with_kinds)


def _write_rows(
    writer: RowWriter, sheet: Sheet, records: Iterable[Record], with_kinds: bool
) -> int | None:
    """Number of rows written; None when one did not fit, which leaves the rest unread."""
    count = 0
    for row in map(sheet.row, records):
        if not sheet.fits(row, with_kinds=with_kinds):
            return None
        writer.write(row)
        count += 1
    writer.finish()
    return count


def _writer(file: BinaryIO, sheet: Sheet, format: str, defuse_formulas: bool) -> RowWriter:
    if format == "csv":
        return CsvWriter(file, sheet.kinds, defuse_formulas=defuse_formulas)
    if format == "jsonl":
        return JsonWriter(file, sheet.kinds)
    return ParquetWriter(file, sheet.kinds)
