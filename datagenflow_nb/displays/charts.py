"""Bars as SVG that is part of the page: colours are the text's own, figures are told as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .html import Html, el
from .report_words import bar_told, number, percent

__all__ = ["histogram", "small_bars", "value_bars"]

#: Pixels of the plot; small: within a table's row.
_WIDTH, _HEIGHT = 300, 72
_SMALL_WIDTH, _SMALL_HEIGHT = 96, 22
_AXIS = 14


def histogram(bars: Sequence[Mapping[str, Any]], title: str, *, is_small: bool = False) -> Html:
    """How many numbers each bar has."""
    told = [(bar_told(bar), bar["count"]) for bar in bars]
    labels = [] if is_small else _labels(bars, _WIDTH / max(len(bars), 1), _HEIGHT)
    return _chart(told, title, labels, is_small=is_small)


def small_bars(values: Sequence[tuple[str, int]], title: str) -> Html:
    """How many have each of a few values, within a table's row."""
    return _chart(values, title, [], is_small=True)


def _chart(
    bars: Sequence[tuple[str, int]], title: str, labels: Sequence[Html], *, is_small: bool
) -> Html:
    """Bars side by side; what a screen reader says of them are all of them."""
    width, height = (_SMALL_WIDTH, _SMALL_HEIGHT) if is_small else (_WIDTH, _HEIGHT)
    most = max((count for _, count in bars), default=0) or 1
    slot = width / max(len(bars), 1)
    thick = min(slot * 0.86, 40.0)
    shapes = []
    for at, (name, count) in enumerate(bars):
        if not count:
            continue
        tall = max(1.0, height * count / most)
        shapes.append(
            el("rect", el("title", f"{name}: {count:,}"),
               x=f"{at * slot + (slot - thick) / 2:.1f}", y=f"{height - tall:.1f}",
               width=f"{thick:.1f}", height=f"{tall:.1f}", class_="dgf-fill")
        )  # fmt: skip
    line = el("line", x1="0", y1=f"{height}", x2=f"{width}", y2=f"{height}", class_="dgf-axis")
    whole = height + 1 if is_small else height + _AXIS
    return el(
        "svg",
        el("title", title),
        el("desc", "; ".join(f"{name}: {count:,}" for name, count in bars)),
        shapes, line, labels,
        role="img", viewBox=f"0 0 {width} {whole}", width=f"{width}", height=f"{whole}",
        class_="dgf-chart",
    )  # fmt: skip


def _labels(bars: Sequence[Mapping[str, Any]], slot: float, height: int) -> list[Html]:
    """Numbers below: at both ends, and where the last bar begins when it is a wide one."""
    if not bars:
        return []
    width, last = slot * len(bars), bars[-1]
    if bars[0]["low"] == bars[0]["high"]:
        step = max(1, -(-len(bars) // 6))
        return [
            _label(number(bar["low"]), (at + 0.5) * slot, height, "middle")
            for at, bar in enumerate(bars)
            if at % step == 0
        ]
    labels = [_label(number(bars[0]["low"]), 0, height, "start")]
    if last["high"] - last["low"] > 1.5 * (bars[0]["high"] - bars[0]["low"]):
        labels.append(_label(number(last["low"]), width - slot, height, "end"))
        labels.append(_label(f"... {number(last['high'])}", width, height, "end"))
        labels[1] = _label(number(last["low"]), width * 0.72, height, "end")
    else:
        labels.append(_label(number(last["high"]), width, height, "end"))
    return labels


def _label(text: str, x: float, height: int, anchor: str) -> Html:
    return el("text", text, x=f"{x:.1f}", y=f"{height + _AXIS - 3}", text_anchor=anchor,
              class_="dgf-label")  # fmt: skip


def value_bars(values: Sequence[tuple[str, int]], total: int, headers: tuple[str, str]) -> Html:
    """Values and how many have them: a table that is a chart, too."""
    most = max((count for _, count in values), default=0) or 1
    rows = [
        el("tr",
           el("td", text, dir="auto", class_="dgf-value"),
           el("td", f"{count:,}", class_="dgf-n"),
           el("td", percent(count, total), class_="dgf-n"),
           el("td", el("div", el("span", style=f"width:{100 * count / most:.1f}%"),
                       class_="dgf-bar dgf-short")))
        for text, count in values
    ]  # fmt: skip
    head = el("tr", el("th", headers[0]), el("th", headers[1]), el("th", "Share"), el("th"))
    return el("table", el("thead", head), el("tbody", rows), class_="dgf-rows")
