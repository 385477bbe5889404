"""Plain text: values on one line, tables, counts, durations."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = [
    "Note",
    "as_json",
    "columns_of",
    "duration",
    "plural",
    "printable",
    "short_count",
    "shorten",
    "shown_path",
    "table",
]

#: Characters that would move a terminal's cursor, colour it or turn its text around, and halves of
#: characters that no encoding takes.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Note(str):
    """A text that a notebook shows as it is, without quotes."""

    __slots__ = ()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self).rstrip())


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


def as_json(value: Any, indent: int | None = None) -> str:
    """``value`` as JSON text, what JSON lacks as its ``str``."""
    return json.dumps(value, ensure_ascii=False, default=str, indent=indent)


def shorten(value: Any, width: int | None) -> str:
    """``value`` on one line of at most ``width`` columns (None: any); what is no text as JSON."""
    text = value if isinstance(value, str) else as_json(value)
    if width is None:
        return printable(" ".join(text.split()))
    # A text of megabytes is not gone through for the line it begins with.
    words = text.split(None, width)
    most = 8 * width
    line = printable(" ".join(word[:most] for word in words))
    if columns_of(line) <= width and all(len(word) <= most for word in words):
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
    """``1 record``, ``2,000 records``, ``3 tries``."""
    if count == 1:
        return f"{count} {noun}"
    return f"{count:,} {noun[:-1]}ies" if noun.endswith("ry") else f"{count:,} {noun}s"


def duration(seconds: float) -> str:
    """``4 s``, ``2:05 min``, ``1:02:03 h``; tenths below 10 s."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02} h"


def shown_path(path: Path) -> str:
    """``path`` from the working directory when it lies below, else absolute."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path.resolve())


def short_count(count: int) -> str:
    """``950``, ``12.3k``, ``4.5M``."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.1f}{unit}"
    return str(count)
