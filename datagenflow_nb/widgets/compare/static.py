"""What a saved notebook keeps of a comparison: the counts, and the first pairs as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ...displays.html import el, page, table_html
from ...displays.text import plural, shorten
from ...reviews import Pairing
from ...storage.records import OUTCOMES, Record, RecordTable
from .documents import Pair, alone, are_different, seed_label

__all__ = ["comparison_html", "comparison_text"]

_SHOWN = 10
_WIDTH = 300


def comparison_text(about: Mapping[str, Any], pairing: Pairing) -> str:
    """On one line."""
    return f"Comparison of {about['title']}: {pairing.text}"


def comparison_html(
    about: Mapping[str, Any],
    pairing: Pairing,
    records: RecordTable,
    choices: Mapping[Pair, str],
) -> str:
    """As it was when the cell ran."""
    first = pairing.pairs[:_SHOWN]
    found = {record.id: record for record in records.many([one for pair in first for one in pair])}
    rows = [
        _row(found[left], found[right], choices.get((left, right)), about)
        for left, right in first
        if left in found and right in found
    ]
    names = [f"{about[side]['name']}, {about[side]['pipeline']}" for side in ("left", "right")]
    left_out = len(pairing.pairs) - len(rows)
    return page(
        el("div", f"Comparison of {about['title']}", class_="dgf-head"),
        el("div", _counts(about, pairing, choices)),
        [
            el(
                "div",
                f"{plural(one['count'], 'record')} of job {one['job_id']} alone: ",
                one["why"],
            )
            for one in alone(pairing)
        ],
        table_html(["Seed", *names, "", "Better"], rows),
        el("div", f"and {plural(left_out, 'more pair')}", class_="dgf-soft") if left_out else None,
    )


def _row(left: Record, right: Record, choice: str | None, about: Mapping[str, Any]) -> list[str]:
    better = about[choice]["name"] if choice in ("left", "right") else choice or ""
    sign = "≠" if are_different(left, right) else "="
    return [f"{left.seed_index}: {seed_label(left)}", _output(left), _output(right), sign, better]


def _output(record: Record) -> str:
    if record.status in OUTCOMES:
        return shorten(f"{record.status}: {record.reason or ''}", _WIDTH)
    return shorten(record.output, _WIDTH)


def _counts(about: Mapping[str, Any], pairing: Pairing, choices: Mapping[Pair, str]) -> str:
    counts = Counter(choices[pair] for pair in pairing.pairs if pair in choices)
    told = [f"{about[side]['name']} {counts[side]}" for side in ("left", "right")]
    told += [f"{name} {counts[name]}" for name in ("tie", "neither")]
    return (
        f"{plural(len(pairing.pairs), 'pair')} ({pairing.by}), {counts.total()} chosen: "
        + ", ".join(told)
    )
