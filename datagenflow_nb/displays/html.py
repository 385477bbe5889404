"""HTML elements with everything in them escaped, and the style that follows the reader's theme."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

from .text import clip, printable, told

__all__ = ["Html", "el", "page", "table_html"]

#: Colours come from the text's own, so that they fit JupyterLab's themes, VS Code's, and a page
#: that knows neither. Where styles are taken out (GitHub) what is left are tables and lists.
_STYLE = """
.dgf{font-size:13px;line-height:1.45;max-width:100%;overflow-x:auto;text-align:left}
.dgf *{box-sizing:border-box}
.dgf table{border-collapse:collapse;margin:4px 0;font-size:inherit}
.dgf table tr,.dgf table tr:hover{background:none!important}
.dgf table td,.dgf table th{padding:3px 10px 3px 0;vertical-align:top;
border:0;background:none;white-space:normal;max-width:46em;overflow-wrap:break-word}
.dgf table th{font-weight:600;opacity:.65;white-space:nowrap}
.dgf table tbody th{white-space:normal;max-width:20em}
.dgf table.dgf-rows tr+tr>*{border-top:1px solid color-mix(in srgb,currentColor 13%,transparent)}
.dgf table td.dgf-n{font-variant-numeric:tabular-nums;white-space:nowrap}
.dgf table td.dgf-w{white-space:nowrap}.dgf table td.dgf-l{overflow-wrap:anywhere}
.dgf table td.dgf-l,.dgf td>pre,.dgf td>details{min-width:18em}
.dgf pre,.dgf code{font-family:var(--jp-code-font-family,monospace);font-size:12px;
background:none;color:inherit;padding:0;white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere;margin:0}
.dgf pre{max-height:24em;overflow:auto}
.dgf pre,.dgf td>code{background:none!important;color:inherit!important;padding:0!important}
.dgf details{margin:2px 0}.dgf details>:not(summary){margin-left:14px}
.dgf summary{cursor:pointer}.dgf details[open]>summary .dgf-peek{display:none}
.dgf .dgf-head{font-weight:600;margin:2px 0;overflow-wrap:anywhere}
.dgf .dgf-soft{opacity:.65;font-weight:400}
.dgf .dgf-tag{display:inline-block;border-radius:9px;padding:0 8px;margin:1px 3px 1px 0;
background:color-mix(in srgb,currentColor 11%,transparent);font-size:12px;
max-width:20em;overflow-wrap:break-word}
.dgf .dgf-good{color:var(--jp-success-color1,#2e7d32)}
.dgf .dgf-bad{color:var(--jp-error-color1,#c62828)}
.dgf .dgf-box{border:1px solid color-mix(in srgb,currentColor 22%,transparent);border-radius:5px;
padding:5px 10px;margin:3px 0}
.dgf .dgf-bar{height:6px;border-radius:3px;overflow:hidden;margin:5px 0;display:flex;
max-width:520px;background:color-mix(in srgb,currentColor 14%,transparent)}
.dgf .dgf-bar>span{display:block;height:6px;background:var(--jp-brand-color1,#1976d2)}
.dgf .dgf-bar>span.dgf-bar-bad{background:var(--jp-error-color1,#d32f2f)}
.dgf .dgf-flow td{padding:0 8px 0 0;vertical-align:middle}
.dgf .dgf-flow .dgf-box{min-width:170px;max-width:26em;margin:0;overflow-wrap:anywhere}
.dgf .dgf-down{opacity:.5;line-height:1.1}
"""
_SINGLE = ("br", "hr", "img", "input")

#: Characters of one text, and of one in a table's cell.
_MAX_TEXT, _MAX_CELL = 6_000, 500

#: Characters of a cell that stays on one line, and of one that gets room to be read in.
_SHORT_CELL, _LONG_CELL = 20, 40
#: Characters of a word that is not broken.
_WORD = 32


class Html(str):
    """A text that is HTML already; every other text is escaped."""

    __slots__ = ()


def el(tag: str, *children: Any, **attributes: Any) -> Html:
    """An element.

    Parameters
    ----------
    *children : Html, text, number, None, or lists of these
        Whatever is no ``Html`` is escaped, and cut when it is very long; None is left out.
    **attributes
        ``class_`` for ``class``, ``_`` for ``-``; True stands alone, False and None are left out.
    """
    if tag in ("td", "th"):
        # Where styles are taken out, as of notebooks nobody trusts yet, this one is left.
        side = "right" if attributes.get("class_") == "dgf-n" else "left"
        attributes.setdefault("style", f"text-align:{side}")
    parts = [tag]
    for name, value in attributes.items():
        key = name.strip("_").replace("_", "-")
        if value is True:
            parts.append(key)
        elif value is not None and value is not False:
            parts.append(f'{key}="{html.escape(printable(str(value)))}"')
    opening = f"<{' '.join(parts)}>"
    if tag in _SINGLE:
        return Html(opening)
    return Html(f"{opening}{''.join(_texts(children))}</{tag}>")


def page(*children: Any, class_: str = "", **attributes: Any) -> str:
    """A whole display: its style and its content."""
    root = el("div", *children, class_=f"dgf {class_}".strip(), **attributes)
    return f"<style>{_STYLE}</style>{root}"


def table_html(headers: Iterable[str], rows: Iterable[Iterable[Any]]) -> Html:
    """A table with a line between rows; whole numbers stand to the right."""
    head = el("tr", [el("th", name) for name in headers])
    body = [el("tr", [_cell(value) for value in row]) for row in rows]
    return el("table", el("thead", head), el("tbody", body), class_="dgf-rows")


def _cell(value: Any) -> Html:
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() < 64:
        return el("td", f"{value:,}", class_="dgf-n")
    if type(value) is not str:
        return el("td", value, dir="auto")
    shown = clip(value, _MAX_CELL)
    return el("td", shown, class_=_width_of(shown), dir="auto")


def _width_of(text: str) -> str | None:
    """The class of a cell: words, and short texts, are not broken, long ones get some room."""
    longest = max(map(len, text.split()), default=0)
    if len(text) <= _SHORT_CELL or longest == len(text) <= _WORD:
        return "dgf-w"
    return "dgf-l" if len(text) > _LONG_CELL or longest > _WORD else None


def _texts(children: Iterable[Any]) -> Iterable[str]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, Html):
            yield child
        elif isinstance(child, str):
            yield html.escape(printable(clip(child, _MAX_TEXT)))
        elif isinstance(child, list | tuple):
            yield from _texts(child)
        else:
            yield html.escape(printable(clip(told(child), _MAX_TEXT)))
