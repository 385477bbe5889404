"""What a saved notebook keeps of a review: the counts, and the first rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...displays.html import Html, el, page, table_html
from ...displays.text import clip, json_start
from ...storage.records import Record

__all__ = ["review_html"]

#: Rows, and fields of each.
ROWS = 10
_FIELDS = 6
#: Characters of a value.
_CELL = 160


def review_html(
    title: str,
    counts: Mapping[str, int],
    total: int,
    fields: Sequence[str],
    records: Sequence[Record],
) -> str:
    """The counts, and the first of the ``total`` records that are shown, as HTML."""
    told = [f"{count:,} {status}" for status, count in counts.items()]
    shown = fields[:_FIELDS]
    rows = [
        [record.id, record.status, *(_cell(record, name) for name in shown)]
        for record in records[:ROWS]
    ]
    rest = total - len(rows)
    return page(
        el("div", f"Review of {title} ", el("span", ", ".join(told) or "no records",
                                            class_="dgf-soft"), class_="dgf-head"),
        table_html(["id", "status", *shown], rows) if rows else None,
        el("div", f"... and {rest:,} more", class_="dgf-soft") if rest else None,
    )  # fmt: skip


def _cell(record: Record, name: str) -> str | int | Html:
    if name not in record.state:
        return clip(record.reason or "", _CELL)
    value = record.state[name]
    if isinstance(value, str):
        return clip(value, _CELL)
    return json_start(value, _CELL)[0]
