"""The last lines of a job's log, folded away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .html import Html, el
from .text import clip, plural

__all__ = ["LAST_LINES", "LineFacts", "log_html", "log_title"]

#: How many lines are shown.
LAST_LINES = 10
#: Characters of one line.
_MAX_LINE = 300


class LineFacts(Protocol):
    """What a display needs of a line."""

    @property
    def level(self) -> str: ...
    @property
    def block_id(self) -> str | None: ...
    @property
    def message(self) -> str: ...


def log_title(job_id: int, count: int) -> str:
    """How long the log is, and how to see all of it."""
    return f"{plural(count, 'line')} in its log: %dgf log {job_id}"


def log_html(lines: Sequence[LineFacts]) -> Html:
    """The lines as text: block, level where it is no print, message."""
    return el("pre", "\n".join(_told(line) for line in lines[-LAST_LINES:]), dir="auto")


def _told(line: LineFacts) -> str:
    level = "" if line.level == "print" else f"[{line.level}] "
    return clip(f"{line.block_id or '-'}  {level}{line.message}", _MAX_LINE)
