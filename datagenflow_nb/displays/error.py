"""What went wrong and what to do, short: a panel in a notebook, some lines of text elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .html import el, page
from .text import clip, printable
from .values import fields_html

__all__ = ["error_html", "error_lines"]

#: What the message says already, or what only programs read.
_LEFT_OUT = frozenset({"block_type", "block_id", "step", "error", "line", "key", "trace",
                       "is_absent"})  # fmt: skip

#: Characters of a message; what is wrong with a value of megabytes may quote it.
_MAX_MESSAGE = 5_000


def error_lines(kind: str, message: str, places: Sequence[str] = ()) -> list[str]:
    """The error as lines for a terminal.

    Colours are ANSI escapes, as tracebacks have them; nothing of the data is one.

    Parameters
    ----------
    places : list of str
        Where in the user's own code it came from.
    """
    lines = [f"\x1b[1;31m{kind}\x1b[0m: {printable(clip(message, _MAX_MESSAGE))}"]
    return lines + [f"  \x1b[2m{printable(clip(place, _MAX_MESSAGE))}\x1b[0m" for place in places]


def error_html(
    kind: str, message: str, detail: Mapping[str, Any], places: Sequence[str] = ()
) -> str:
    """The same as a panel, with the detail folded."""
    facts = {name: value for name, value in detail.items() if _tells(name, value)}
    folded = el("details", el("summary", "Detail", class_="dgf-soft"), fields_html(facts))
    return page(
        el(
            "div",
            el("div", kind, class_="dgf-head dgf-bad"),
            el("div", _with_code(message), dir="auto", style="white-space:pre-wrap"),
            [el("pre", place, class_="dgf-soft") for place in places],
            folded if facts else None,
            class_="dgf-box",
            style="border-left:4px solid var(--jp-error-color1,#d32f2f)",
        ),
        class_="dgf-error",
    )


def _tells(name: str, value: Any) -> bool:
    is_empty = value is None or (isinstance(value, str | list | dict | tuple) and not value)
    return name not in _LEFT_OUT and not is_empty


def _with_code(message: str) -> list[Any]:
    """What stands in single quotes as code: names, values, what to type.

    JSON keeps them: on the line of a command it needs them.
    """
    parts: list[Any] = re.split(r"(?<![\w'])'([^'\n]{1,80})'(?!\w)", clip(message, _MAX_MESSAGE))
    return [
        el("code", f"'{part}'" if part[0] in "{[" else part) if at % 2 else part
        for at, part in enumerate(parts)
    ]
