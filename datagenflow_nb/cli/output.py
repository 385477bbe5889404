"""Writing to whatever the streams are: terminals, pipes that close early, ASCII, nothing at all."""

from __future__ import annotations

import io
import json
import os
import re
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import click

__all__ = [
    "columns_of",
    "emit",
    "emit_json",
    "error_width",
    "is_terminal",
    "output_width",
    "plural",
    "prepare_streams",
    "printable",
    "shorten",
    "shown_path",
    "table",
]

#: Characters that would move a terminal's cursor, colour it or turn its text around.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_DEFAULT_WIDTH = 80


def prepare_streams() -> None:
    """A character the streams' encoding lacks is written as an escape instead of ending all."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def emit(text: str, *, err: bool = False, end: str = "\n", raw: bool = False) -> None:
    """Write ``text`` to standard output, or with ``err`` to standard error, at once.

    Control characters are made visible, but not with ``raw``. A reader that has gone away
    (``| head -1``) is no error: the rest is written nowhere.

    Raises
    ------
    click.ClickException
        When standard output cannot be written, for example because the disk is full.
    """
    stream = sys.stderr if err else sys.stdout
    if stream is None:  # closed when the process started
        return
    try:
        stream.write((text if raw else printable(text)) + end)
        stream.flush()
    except BrokenPipeError:
        _silence(stream)
    except OSError as error:
        _silence(stream)
        if not err:  # with standard error gone there is nobody to tell
            raise click.ClickException(f"standard output cannot be written: {error}") from error


def _silence(stream: TextIO) -> None:
    """Send what the stream still holds, and all that follows, nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def emit_json(value: Any) -> None:
    """Write one JSON document to standard output."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    is_unicode = encoding.lower().replace("-", "").startswith("utf")
    emit(json.dumps(value, indent=2, ensure_ascii=not is_unicode, default=str))


def is_terminal(*, err: bool = False) -> bool:
    """Whether standard output, or with ``err`` standard error, is a terminal."""
    stream = sys.stderr if err else sys.stdout
    return stream is not None and stream.isatty()


def output_width() -> int | None:
    """Columns of the terminal behind standard output; None when it is none."""
    return _width(sys.stdout)


def error_width() -> int | None:
    """Columns of the terminal behind standard error; None when it is none."""
    return _width(sys.stderr)


def _width(stream: TextIO | None) -> int | None:
    if stream is None or not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or _DEFAULT_WIDTH
    except OSError:  # a terminal that does not know its size
        return _DEFAULT_WIDTH


def printable(text: str) -> str:
    r"""``text`` with control characters as ``\u001b``; line ends and tabs stay.

    Data may hold anything; what is printed must not steer the terminal. JSON reads it as
    the same text.
    """
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def columns_of(text: str) -> int:
    """How many columns ``text`` takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(character)
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )


def shorten(value: Any, width: int | None) -> str:
    """``value`` on one line of at most ``width`` columns (None: any); what is no text as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    line = printable(" ".join(text.split()))
    if width is None or columns_of(line) <= width:
        return line
    room = max(width, 4) - 3
    line = line[:room]
    while columns_of(line) > room:
        line = line[:-1]
    return f"{line.rstrip()}..."


def table(headers: Sequence[str], rows: Sequence[Sequence[Any]], width: int | None = None) -> str:
    """A table in plain text; numbers to the right, the last column cut to fit ``width``."""
    cells = [["" if cell is None else shorten(str(cell), None) for cell in row] for row in rows]
    widths = [max(map(columns_of, column)) for column in zip(headers, *cells, strict=True)]
    is_number = [
        bool(rows) and all(isinstance(row[at], int) for row in rows) for at in range(len(headers))
    ]
    if width is not None:
        widths[-1] = min(widths[-1], max(20, width - sum(widths[:-1]) - 2 * (len(widths) - 1)))
    lines = []
    for line in [list(headers), *cells]:
        line[-1] = shorten(line[-1], widths[-1])
        padded = [
            " " * (space - columns_of(text)) + text
            if right
            else text + " " * (space - columns_of(text))
            for text, space, right in zip(line, widths, is_number, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def plural(count: int, noun: str) -> str:
    """``1 record``, ``2,000 records``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def shown_path(path: Path) -> str:
    """``path`` from the working directory when it lies below, else absolute."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path.resolve())
