"""Where a seed stands, and the errors that begin with it."""

from __future__ import annotations

import reprlib
from typing import Any

from ..errors import SeedError

__all__ = ["Cursor", "clip", "shorten", "source_error"]

_WIDTH = 80

_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = _brief.maxlong = _WIDTH


def clip(text: str) -> str:
    """``text`` in at most 80 characters."""
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."


class Cursor:
    """Where a reader stands in one source: moved along by it, put into words only when asked.

    Parameters
    ----------
    source : str
        The file, variable or kind of source, as the user knows it.
    unit : {"line", "row", "index"}
        What ``number`` counts: lines from 1; rows and indexes from 0, as pandas and
        ``seed_index`` do.
    prefix : str
        What stands before the number in messages: ``"seeds.csv:"``, ``"DataFrame row "``.
    """

    __slots__ = ("line", "number", "prefix", "source", "unit")

    def __init__(self, source: str, unit: str, prefix: str) -> None:
        self.source = source
        self.unit = unit
        self.prefix = prefix
        self.number: int | None = None
        self.line: int | None = None

    def __str__(self) -> str:
        if self.number is None:
            return self.prefix
        if self.line is None:
            return f"{self.prefix}{self.number}"
        return f"{self.prefix}{self.number} (line {self.line})"

    def error(self, reason: str, key: str | None = None) -> SeedError:
        """The error that says ``reason`` of the place the cursor stands at."""
        detail: dict[str, Any] = {"source": self.source}
        if self.number is not None:
            detail[self.unit] = self.number
        if self.line is not None:
            detail["line"] = self.line
        if key is not None:
            detail["key"] = key
        return SeedError(f"{self}: {reason}", detail)


def source_error(source: str, reason: str, line: int | None = None) -> SeedError:
    """The error that says ``reason`` of a whole source, or of one of its lines (from 1)."""
    if line is None:
        return SeedError(f"{source}: {reason}", {"source": source})
    return SeedError(f"{source}:{line}: {reason}", {"source": source, "line": line})


def shorten(value: Any) -> str:
    """``repr(value)`` in at most 80 characters, at a cost that does not grow with the value."""
    try:
        return clip(_brief.repr(value))
    except ValueError:  # Python refuses to write out integers of more than 4300 digits
        return f"<{type(value).__name__}>"
