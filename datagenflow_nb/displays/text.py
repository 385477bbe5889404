"""Plain text: values on one line, tables, counts, durations."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = [
    "Note",
    "as_json",
    "clip",
    "columns_of",
    "duration",
    "json_start",
    "plural",
    "printable",
    "short_count",
    "shorten",
    "shown_path",
    "table",
    "told",
]

#: Characters that would move a terminal's cursor, colour it or turn its text around, and halves of
#: characters that no encoding takes.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

#: Characters of a JSON text on one line, and levels of lists and objects in it.
_MOST_JSON, _MAX_DEPTH = 1_000_000, 40


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


def told(value: Any) -> str:
    """``str(value)``, also of what has none."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - an edge: foreign code, and integers of over 4,300 digits
        return f"<{type(value).__name__}>"


def clip(text: str, most: int) -> str:
    """``text``, or its first ``most`` characters and how many follow."""
    rest = len(text) - most
    return text if rest <= 0 else f"{text[:most]}... {plural(rest, 'more character')}"


def as_json(value: Any) -> str:
    """``value`` as JSON text on one line; see ``json_start``."""
    return json_start(value, _MOST_JSON)[0]


def json_start(value: Any, most: int, indent: int | None = None) -> tuple[str, bool]:
    """The first ``most`` characters of ``value`` as JSON, and whether that is all of it.

    No more is made of a large value than is shown. What JSON lacks is its ``str``, what lies very
    deep is ``...``; whatever the value holds, it has such a text.
    """
    parts, size = [], 0
    for part in _pieces(value, most, indent, 0):
        parts.append(part)
        size += len(part)
        if size > most:
            return "".join(parts)[:most], False
    return "".join(parts), True


def _pieces(value: Any, most: int, indent: int | None, depth: int) -> Iterator[str]:
    """The JSON of ``value`` piece by piece; a text only as far as it is wanted."""
    if isinstance(value, str):
        yield json.dumps(value[: most + 1], ensure_ascii=False)
    elif value is None or isinstance(value, bool | float):
        yield json.dumps(value)
    elif isinstance(value, int):
        yield told(value)
    elif isinstance(value, bytes | bytearray):
        yield json.dumps(told(value[: most + 1]))
    elif not isinstance(value, Mapping | list | tuple | set | frozenset):
        yield json.dumps(told(value)[: most + 1], ensure_ascii=False)
    elif not value:
        yield "{}" if isinstance(value, Mapping) else "[]"
    elif depth == _MAX_DEPTH:
        yield '"..."'
    else:
        opening, closing = "{}" if isinstance(value, Mapping) else "[]"
        inner = "" if indent is None else "\n" + " " * (indent * (depth + 1))
        for at, (start, item) in enumerate(_entries(value, most)):
            between = f",{inner or ' '}" if at else opening + inner
            yield between + start
            yield from _pieces(item, most, indent, depth + 1)
        yield ("" if indent is None else "\n" + " " * (indent * depth)) + closing


def _entries(value: Any, most: int) -> Iterator[tuple[str, Any]]:
    """What stands before each item of a list or a mapping, and the item."""
    if isinstance(value, Mapping):
        yield from ((f"{_key(key, most)}: ", item) for key, item in value.items())
    else:
        # Sets have no order that would be the same tomorrow.
        items = sorted(value, key=told) if isinstance(value, set | frozenset) else value
        yield from (("", item) for item in items)


def _key(key: Any, most: int) -> str:
    """A key as JSON writes it: a text."""
    if key is None or isinstance(key, bool | float):
        return f'"{json.dumps(key)}"'
    return json.dumps(told(key)[: most + 1], ensure_ascii=False)


def shorten(value: Any, width: int | None) -> str:
    """``value`` on one line of at most ``width`` columns (None: any); what is no text as JSON."""
    if width is None:
        text = value if isinstance(value, str) else as_json(value)
        return printable(" ".join(text.split()))
    most = 8 * width
    text = value if isinstance(value, str) else json_start(value, most + 1)[0]
    # A text of megabytes is not gone through for the line it begins with.
    words = text.split(None, width)
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
    cells = [["" if cell is None else shorten(told(cell), width) for cell in row] for row in rows]
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
    """``1 record``, ``2,000 records``, ``3 tries``, ``4 branches``."""
    if count == 1:
        return f"{count} {noun}"
    if noun.endswith("ry"):
        return f"{count:,} {noun[:-1]}ies"
    return f"{count:,} {noun}{'es' if noun.endswith('ch') else 's'}"


def duration(seconds: float) -> str:
    """``4 s``, ``2:05 min``, ``1:02:03 h``; tenths below 10 s."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(min(seconds, 1e9))  # a rate near 0 makes it endless
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
