"""Seed files: paths, folders, encodings, and which reader takes which suffix."""

from __future__ import annotations

import codecs
import difflib
from collections.abc import Iterator
from pathlib import Path

from ..errors import SeedError, suggest
from ..records import Seed
from .check import some
from .documents import read_json, read_jsonl, read_yaml
from .place import clip, source_error
from .tables import read_csv, read_parquet

__all__ = ["SUFFIXES", "read_path"]

SUFFIXES = (
    ".csv",
    ".json",
    ".jsonl",
    ".md",
    ".ndjson",
    ".parquet",
    ".tsv",
    ".txt",
    ".yaml",
    ".yml",
)
"""The kinds of files ``read_seeds`` takes."""

_NO_SEEDS = {
    ".csv": "no row after the header",
    ".parquet": "the table has no rows",
    ".tsv": "no row after the header",
}
_CHUNK_BYTES = 1 << 18
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_path(path: Path, source: str) -> Iterator[Seed]:
    """The seeds of a file, or of every supported file directly in a folder, sorted by name.

    Raises
    ------
    SeedError
        At once when there is no such file, no supported file in the folder, or no reader for the
        suffix; while reading for everything else.
    """
    try:
        if path.is_dir():
            return _read_folder(path, source)
        if not path.exists():
            raise source_error(source, _nearest(path))
        _check_suffix(path, source)
        return _read_file(path, source)
    except OSError as exc:
        raise _unreadable(source, exc) from exc


def _nearest(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"no such file; the folder {str(folder)!r} does not exist"
    names = sorted(_supported(folder))
    if not names:
        return f"no such file, and no seed file in {str(folder.resolve())!r}"
    near = difflib.get_close_matches(path.name, names, n=3) or names[:10]
    return f"no such file; {suggest(path.name, near)}"


def _supported(folder: Path) -> dict[str, Path]:
    return {
        path.name: path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    }


def _check_suffix(path: Path, source: str) -> None:
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        return
    if suffix in (".xls", ".xlsx", ".ods"):
        hint = "read it with pandas.read_excel and give the DataFrame"
    else:
        hint = f"supported are {', '.join(SUFFIXES)}"
    what = f"the suffix {path.suffix!r} is not one of seed files" if suffix else "no suffix"
    raise source_error(source, f"{what}; {hint}")


def _read_folder(folder: Path, source: str) -> Iterator[Seed]:
    files = _supported(folder)
    if not files:
        others = sorted(path.name for path in folder.iterdir())
        there = f"it holds {', '.join(map(repr, others[:10]))}" if others else "it is empty"
        raise source_error(
            source, f"no seed file in this folder ({there}); supported are {', '.join(SUFFIXES)}"
        )
    return _read_files([files[name] for name in sorted(files)], source)


def _read_files(files: list[Path], source: str) -> Iterator[Seed]:
    for path in files:
        yield from read_path(path, str(Path(source) / path.name))


def _read_file(path: Path, source: str) -> Iterator[Seed]:
    suffix = path.suffix.lower()
    if path.stat().st_size == 0:
        raise source_error(source, "the file is empty")
    match suffix:
        case ".json":
            seeds = read_json(_chunks(path, source), source)
        case ".jsonl" | ".ndjson":
            seeds = read_jsonl(_lines(path, source), source)
        case ".yaml" | ".yml":
            seeds = read_yaml(_chunks(path, source), source)
        case ".csv":
            seeds = read_csv(_lines(path, source), source)
        case ".tsv":
            seeds = read_csv(_lines(path, source), source, "\t")
        case ".parquet":
            seeds = read_parquet(path, source)
        case _:
            seeds = _read_text(path, source)
    return some(seeds, source, _NO_SEEDS.get(suffix, "there is no seed in it"))


def _read_text(path: Path, source: str) -> Iterator[Seed]:
    """One seed: the whole text, its line ends as ``\\n``, and the file's name."""
    text = "".join(_chunks(path, source)).replace("\r\n", "\n")
    if not text or text.isspace():
        raise source_error(source, "the file holds nothing but white space")
    yield Seed({"file_content": text, "file_name": path.name}, 1, source)


def _lines(path: Path, source: str) -> Iterator[str]:
    """Lines with their ends, split at ``\\n`` only; a byte order mark is dropped."""
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                if number == 1:
                    _check_marks(raw, source)
                try:
                    line = raw.decode()
                except UnicodeDecodeError as exc:
                    raise _not_utf8(source, file.tell() - len(raw), exc, number) from exc
                yield line if number > 1 else line.removeprefix("\ufeff")
    except OSError as exc:
        raise _unreadable(source, exc) from exc


def _chunks(path: Path, source: str) -> Iterator[str]:
    """The text in pieces; a byte order mark is dropped."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    read = 0
    try:
        with path.open("rb") as file:
            while True:
                raw = file.read(_CHUNK_BYTES)
                if read == 0:
                    _check_marks(raw, source)
                is_first, read = read == 0, read + len(raw)
                try:
                    text = decoder.decode(raw, final=not raw)
                except UnicodeDecodeError as exc:
                    raise _not_utf8(source, read - len(exc.object), exc) from exc
                yield text.removeprefix("\ufeff") if is_first else text
                if not raw:
                    return
    except OSError as exc:
        raise _unreadable(source, exc) from exc


def _check_marks(raw: bytes, source: str) -> None:
    if raw.startswith(_UTF16):
        raise source_error(source, "looks like UTF-16 (its byte order mark); save it as UTF-8")


def _not_utf8(
    source: str, before: int, exc: UnicodeDecodeError, line: int | None = None
) -> SeedError:
    offset = before + exc.start
    error = source_error(
        source,
        f"byte {offset} of the file (0x{exc.object[exc.start]:02x}) is not UTF-8; "
        "is it Latin-1 or Windows-1252? Save the file as UTF-8",
        line,
    )
    error.detail["byte"] = offset
    return error


def _unreadable(source: str, exc: OSError) -> SeedError:
    return source_error(source, f"cannot be read: {clip(exc.strerror or str(exc))}")
