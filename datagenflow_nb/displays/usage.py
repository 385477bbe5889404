"""Tokens and money: in a few words, and by block and by model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .asked import changed_told
from .html import Html, el
from .text import plural, short_count

__all__ = ["cost_told", "forecast_told", "parts_html", "parts_of", "tokens_told", "usage_facts"]

#: Blocks, and models, that are shown.
_MAX_PARTS = 10


def usage_facts(usage: Mapping[str, Any]) -> list[str]:
    """What a job's calls have used: ``tokens 12.3k in, 90 out``, ``cost 0.0123``."""
    facts = []
    if usage.get("calls"):
        facts.append(f"tokens {tokens_told(usage)}")
        cost = cost_told(usage)
        facts += [f"cost {cost}"] if cost else []
    if usage.get("reused"):
        facts.append(f"{plural(usage['reused'], 'answer')} reused")
    return facts


def tokens_told(usage: Mapping[str, Any]) -> str:
    """``12.3k in, 90 out``."""
    return f"{short_count(usage['input_tokens'])} in, {short_count(usage['output_tokens'])} out"


def cost_told(usage: Mapping[str, Any]) -> str:
    """``0.0123``, ``unknown`` where a price is, nothing for the offline model, which is free.

    ``0.0310 and 9 calls whose price is unknown`` where others are known.
    """
    cost = usage["cost"]
    if cost is None:
        known = usage.get("known_cost")
        unpriced = plural(usage.get("unpriced_calls", 0), "call")
        return f"{known:.4f} and {unpriced} whose price is unknown" if known else "unknown"
    return f"{cost:.4f}" if cost else ""


def forecast_told(rerun: Mapping[str, Any]) -> str:
    """``reuses 400 answers, makes about 200 calls``."""
    about = "" if rerun["is_exact"] else "about "
    reused, made = rerun["reused"], rerun["made"]
    changed = changed_told(rerun.get("changed", ()))
    up_to = "up to " if changed else ""
    answers = f"{about}{plural(reused, 'answer')}" if reused else "no answers"
    calls = f"{up_to}{about}{plural(made, 'call')}" if made or about else "no calls"
    notes = "; ".join([*([changed] if changed else []), *rerun.get("notes", ())])
    return f"reuses {answers}, makes {calls}{f' ({notes})' if notes else ''}"


def parts_of(usage: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(``block`` or ``model``, its name, its figures), where there are several of a kind.

    Of a job stored before these were counted, nothing.
    """
    for key, kind in (("blocks", "block"), ("models", "model")):
        parts = usage.get(key) or {}
        if len(parts) > 1:
            yield from ((kind, name, figures) for name, figures in parts.items())


def parts_html(usage: Mapping[str, Any]) -> Html | None:
    """The figures by block and by model, where there are several."""
    rows, count = [], {"block": 0, "model": 0}
    for kind, name, figures in parts_of(usage):
        count[kind] += 1
        if count[kind] > _MAX_PARTS:
            continue
        told = [plural(figures["calls"], "call"), *usage_facts(figures)]
        rows.append(el("tr", el("th", f"{kind} {name}"), el("td", ", ".join(told))))
    rest = [
        el("div", f"and {plural(number - _MAX_PARTS, f'other {kind}')}", class_="dgf-soft")
        for kind, number in count.items()
        if number > _MAX_PARTS
    ]
    if not rows:
        return None
    return el("div", el("table", el("tbody", rows), class_="dgf-rows"), rest)
