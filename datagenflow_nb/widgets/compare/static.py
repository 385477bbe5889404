"""What a saved notebook keeps of a comparison: the counts, and the first pairs as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from random import Random
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
    *,
    salt: int | None = None,
) -> str:
    """As it was when the cell ran.

    Parameters
    ----------
    salt : int, optional
        Of a blind comparison: nothing tells whose record is on which side, and the sides of some
        pairs are changed. None: it is not blind.
    """
    is_blind = salt is not None
    first = pairing.pairs[:_SHOWN]
    found = {record.id: record for record in records.many([one for pair in first for one in pair])}
    rows = [
        _row(
            found[left], found[right], choices.get((left, right)), about,
            is_turned=is_blind and Random(f"{salt} {left} {right}").random() < 0.5,
            is_blind=is_blind,
        )
        for left, right in first
        if left in found and right in found
    ]  # fmt: skip
    names = [f"{about[side]['name']}, {about[side]['pipeline']}" for side in ("left", "right")]
    if is_blind:
        names = ["Left", "Right"]
    left_out = len(pairing.pairs) - len(rows)
    return page(
        el("div", f"Comparison of {about['title']}", class_="dgf-head"),
        el("div", _counts(about, pairing, choices, is_blind=is_blind)),
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


def _row(
    left: Record, right: Record, choice: str | None, about: Mapping[str, Any], *,
    is_turned: bool, is_blind: bool,
) -> list[str]:  # fmt: skip
    better = choice or ""
    if choice in ("left", "right"):
        is_left = (choice == "left") != is_turned
        better = ("left" if is_left else "right") if is_blind else about[choice]["name"]
    sign = "≠" if are_different(left, right) else "="
    if is_turned:
        left, right = right, left
    return [f"{left.seed_index}: {seed_label(left)}", _output(left), _output(right), sign, better]


def _output(record: Record) -> str:
    if record.status in OUTCOMES:
        return shorten(f"{record.status}: {record.reason or ''}", _WIDTH)
    return shorten(record.output, _WIDTH)


def _counts(
    about: Mapping[str, Any], pairing: Pairing, choices: Mapping[Pair, str], *, is_blind: bool
) -> str:
    counts = Counter(choices[pair] for pair in pairing.pairs if pair in choices)
    told = [f"{about[side]['name']} {counts[side]}" for side in ("left", "right")]
    told += [f"{name} {counts[name]}" for name in ("tie", "neither")]
    chosen = f"{plural(len(pairing.pairs), 'pair')} ({pairing.by}), {counts.total()} chosen"
    return chosen if is_blind else f"{chosen}: {', '.join(told)}"
