"""One value of a field, as much of it as a reader wants to see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .html import Html, el
from .text import as_json, shorten

__all__ = ["fields_html", "tags_html", "value_html"]

#: Characters shown at once, and shown when a value is unfolded.
_SHORT, _LONG = 400, 5_000
_PREVIEW = 110


def value_html(value: Any, *, is_open: bool = False) -> Html:
    """A value: texts as they are, anything else as JSON; long ones folded, very long ones cut.

    With ``is_open`` long ones are shown unfolded.
    """
    is_text = isinstance(value, str)
    text = (
        value if is_text else as_json(value, indent=2 if isinstance(value, dict | list) else None)
    )
    if is_text and not text:
        return el("span", "empty text", class_="dgf-soft")
    if len(text) <= _SHORT and text.count("\n") < 12:
        return el("pre", text, dir="auto") if is_text else el("code", text, dir="auto")
    kind = f"{len(text):,} characters" if is_text else f"{len(text):,} characters of JSON"
    shown = text[:_LONG]
    rest = len(text) - len(shown)
    return el(
        "details",
        el("summary", shorten(value if is_text else text, _PREVIEW), " ",
           el("span", f"({kind})", class_="dgf-soft"), dir="auto"),
        el("pre", shown, dir="auto"),
        el("div", f"... {rest:,} more characters", class_="dgf-soft") if rest else None,
        open=is_open,
    )  # fmt: skip


def fields_html(fields: Mapping[str, Any]) -> Html:
    """Fields and their values, a row each."""
    rows = [
        el("tr", el("th", name, dir="auto"), el("td", value_html(value)))
        for name, value in fields.items()
    ]
    return el("table", el("tbody", rows), class_="dgf-rows")


def tags_html(names: Any) -> Html:
    """Names side by side."""
    return Html(" ".join(el("span", name, class_="dgf-tag") for name in names))
