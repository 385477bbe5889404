"""A pipeline as a small diagram: its blocks in order and the fields that flow between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .html import Html, el, page
from .text import plural
from .values import tags_html

__all__ = ["pipeline_html"]


def pipeline_html(
    name: str,
    blocks: Sequence[Mapping[str, Any]],
    *,
    seed_fields: Sequence[str],
    description: str = "",
    accept_when: str | None = None,
    problem: str | None = None,
) -> str:
    """The diagram.

    Parameters
    ----------
    blocks : list of dict
        ``number, id, type, reads, adds, when, disabled, fan_out, problems`` each, as
        ``check.describe_flow`` makes them.
    seed_fields : list of str
        Fields the seed has to bring.
    accept_when : str, optional
        The rule at the end.
    problem : str, optional
        What is wrong with the whole.
    """
    rows = [_row("", _box("seeds", "", "dgf-soft"), seed_fields)]
    for block in blocks:
        rows.append(_arrow())
        rows.append(_row(block["reads"], _block(block), block["adds"]))
    if accept_when is not None:
        rows.append(_arrow())
        rule = el("code", accept_when)
        rows.append(_row("", el("div", "accept when ", rule, class_="dgf-box"), ()))
    head = el("tr", el("th", "reads"), el("th", "block"), el("th", "adds"))
    return page(
        el("div", name, " ", el("span", plural(len(blocks), "block"), class_="dgf-soft"),
           class_="dgf-head"),
        el("div", description, class_="dgf-soft", dir="auto") if description else None,
        el("table", el("thead", head), el("tbody", rows), class_="dgf-flow"),
        el("div", problem, class_="dgf-bad") if problem else None,
    )  # fmt: skip


def _row(reads: Sequence[str], middle: Html, adds: Sequence[str]) -> Html:
    return el("tr", el("td", tags_html(reads)), el("td", middle), el("td", tags_html(adds)))


def _arrow() -> Html:
    return el("tr", el("td"), el("td", "↓", class_="dgf-down", style="text-align:center"), el("td"))


def _block(block: Mapping[str, Any]) -> Html:
    notes: list[Any] = []
    if block["when"] is not None:
        notes.append(el("div", "when ", el("code", block["when"]), class_="dgf-soft"))
    if block["disabled"]:
        notes.append(el("div", "disabled", class_="dgf-soft"))
    if block["fan_out"]:
        notes.append(el("div", "fans out: a branch per item", class_="dgf-soft"))
    for problem in block["problems"]:
        notes.append(el("div", problem, class_="dgf-bad", dir="auto"))
    title = f"{block['number']} {block['type']}"
    return _box(title, block["id"], "dgf-soft" if block["disabled"] else "", notes)


def _box(title: str, id_: str, class_: str, notes: Sequence[Any] = ()) -> Html:
    return el(
        "div",
        el("b", title, class_=class_ or None),
        el("div", id_, class_="dgf-soft") if id_ else None,
        notes,
        class_="dgf-box",
    )
