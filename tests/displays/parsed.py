"""HTML taken apart: which elements there are, and the text they show."""

from __future__ import annotations

import re
from html.parser import HTMLParser

__all__ = ["Parsed", "bare", "parse"]

_TAGS = {"style", "div", "span", "table", "thead", "tbody", "tr", "th", "td", "pre", "code", "b",
         "details", "summary", "svg", "title", "desc", "rect", "line", "text"}  # fmt: skip
#: What the displays' own attributes look like; nothing of the data is in any but a job's number.
_ATTRIBUTES = {
    "class": r"dgf(-[a-z]+)*( dgf(-[a-z]+)*)*",
    "dir": "auto",
    "open": "",
    "role": "progressbar|img|heading",
    "style": r"text-align:(left|right|center)|white-space:pre-wrap|width:\d+\.\d%"
    r"|border-left:4px solid var\([^()\"<>]+\)",
    "colspan": "2",
    "aria-valuemin": "0",
    "aria-valuemax": "100",
    "aria-valuenow": r"\d+",
    "aria-label": r"job \d+",
    "aria-level": "[23]",
    "viewbox": r"0 0 \d+ \d+",
    "text-anchor": "start|middle|end",
    **dict.fromkeys(("width", "height", "x", "y", "x1", "x2", "y1", "y2"), r"\d+(\.\d)?"),
}


def bare(html: str) -> str:
    """The display without its style and without the sides that texts in tables stand to."""
    return re.sub(r' style="text-align:\w+"', "", html.partition("</style>")[2] or html)


class Parsed(HTMLParser):
    """The elements of a display; fails for one that no display makes.

    Attributes
    ----------
    text : str
        What it shows.
    tags : list of str
        Its elements, without the style.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _TAGS, tag
        for name, value in attrs:
            assert re.fullmatch(_ATTRIBUTES[name], value or ""), (name, value)
        self._open.append(tag)
        if tag != "style":
            self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    handle_decl = handle_pi = unknown_decl = handle_comment


def parse(html: str) -> Parsed:
    """The display, which must be one that any browser and any file takes."""
    html.encode("utf-8")
    return Parsed(html)
