"""One value of a field, as much of it as a reader wants to see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized
from itertools import islice
from typing import Any

from .html import Html, el
from .text import clip, json_start, plural, shorten, told

__all__ = ["fields_html", "tags_html", "value_html"]

#: Characters shown at once, and shown when a value is unfolded.
_SHORT, _LONG = 400, 5_000
_PREVIEW = 110
#: Rows of fields, and names side by side.
_MAX_FIELDS = 100


def value_html(value: Any, *, is_open: bool = False) -> Html:
    """A value: texts as they are, anything else as JSON; long ones folded, very long ones cut.

    With ``is_open`` long ones are shown unfolded.
    """
    is_text = isinstance(value, str)
    if is_text and not value:
        return el("span", "empty text", class_="dgf-soft")
    if is_text:
        shown, is_whole = value[:_LONG], len(value) <= _LONG
    else:
        indent = 2 if isinstance(value, dict | list) else None
        shown, is_whole = json_start(value, _LONG, indent)
    if len(shown) <= _SHORT and shown.count("\n") < 12:
        return el("pre", shown, dir="auto") if is_text else el("code", shown, dir="auto")
    more = f"{len(value) - _LONG:,} more characters" if is_text else "and more"
    return el(
        "details",
        el("summary",
           el("span", shorten(value if is_text else shown, _PREVIEW), " ", class_="dgf-peek"),
           el("span", f"({_size(value, shown, is_whole)})", class_="dgf-soft"), dir="auto"),
        el("pre", shown, dir="auto"),
        el("div", f"... {more}", class_="dgf-soft") if not is_whole else None,
        open=is_open,
    )  # fmt: skip


def _size(value: Any, shown: str, is_whole: bool) -> str:
    if isinstance(value, str):
        return f"{len(value):,} characters"
    if is_whole:
        return f"{len(shown):,} characters of JSON"
    if isinstance(value, Mapping):
        return plural(len(value), "field")
    return plural(len(value), "item") if isinstance(value, Sized) else "long"


def fields_html(fields: Mapping[str, Any]) -> Html:
    """Fields and their values, a row each."""
    shown = list(islice(fields.items(), _MAX_FIELDS))
    rows = [
        el("tr", el("th", clip(told(name), _SHORT), dir="auto"), el("td", value_html(value)))
        for name, value in shown
    ]
    if len(fields) > len(shown):
        rest = plural(len(fields) - len(shown), "more field")
        rows.append(el("tr", el("td", f"... and {rest}", colspan=2, class_="dgf-soft")))
    return el("table", el("tbody", rows), class_="dgf-rows")


def tags_html(names: Iterable[str]) -> Html:
    """Names side by side."""
    listed = list(names)
    tags = [el("span", clip(name, _SHORT), class_="dgf-tag") for name in listed[:_MAX_FIELDS]]
    if len(listed) > _MAX_FIELDS:
        tags.append(el("span", f"and {len(listed) - _MAX_FIELDS:,} more", class_="dgf-soft"))
    return Html(" ".join(tags))
