"""A report on a dataset as HTML: in a notebook, and as a file of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .charts import histogram, small_bars, value_bars
from .html import Html, el, page, table_html
from .report_text import BLOCKS, CAUSES, MODELS
from .report_words import (
    blocks_rows,
    causes_rows,
    coverage_told,
    facts_told,
    in_short,
    models_rows,
    nothing_told,
    number,
    percent,
    same_told,
)
from .text import plural, shorten

__all__ = ["report_file", "report_html"]

#: Fields that a notebook shows one by one; a file shows all.
_MOST_FIELDS = 50
_NAME = 60

_STYLE = """
.dgf-report .dgf-head{font-size:1.2em}
.dgf-report .dgf-part{font-weight:600;margin:14px 0 2px}
.dgf-report .dgf-warn{border-left:4px solid var(--jp-warn-color1,#e65100)}
.dgf-report .dgf-warn div+div{margin-top:2px}
.dgf-report svg{display:block;max-width:100%;height:auto;overflow:visible}
.dgf-report .dgf-fill{fill:var(--jp-brand-color1,#1976d2)}
.dgf-report .dgf-axis{stroke:currentColor;stroke-opacity:.35}
.dgf-report .dgf-label{fill:currentColor;font-size:10px;font-variant-numeric:tabular-nums}
.dgf-report .dgf-meter{display:inline-block;width:54px;vertical-align:middle;margin:0 6px 0 0}
.dgf-report .dgf-short{min-width:80px;max-width:160px}
.dgf-report .dgf-side{display:flex;flex-wrap:wrap;gap:6px 34px;align-items:flex-start}
.dgf-report .dgf-side>div{max-width:100%;min-width:0}
.dgf-report .dgf-field{border-top:1px solid color-mix(in srgb,currentColor 13%,transparent);
padding:4px 0;margin:0}
.dgf-report .dgf-field>summary{padding:2px 0}
.dgf-report .dgf-field>summary{font-weight:600}
.dgf-report .dgf-small{font-weight:600;margin-top:6px}
.dgf-report .dgf-group{margin:3px 0 6px;padding-left:9px;overflow-wrap:anywhere;
border-left:2px solid color-mix(in srgb,currentColor 22%,transparent)}
.dgf-report td.dgf-value{overflow-wrap:anywhere;max-width:24em}
"""
#: A page of its own has no theme around it: it follows the reader's system.
_PAGE_STYLE = """
:root{color-scheme:light dark;--jp-brand-color1:#1565c0;--jp-error-color1:#c62828;
--jp-success-color1:#2e7d32;--jp-warn-color1:#e65100}
@media (prefers-color-scheme:dark){:root{--jp-brand-color1:#64b5f6;--jp-error-color1:#ef9a9a;
--jp-success-color1:#81c784;--jp-warn-color1:#ffb74d}}
body{background:Canvas;color:CanvasText;font-family:system-ui,sans-serif;margin:0}
main{max-width:1080px;margin:24px auto;padding:0 20px}
body .dgf{font-size:14px}
"""


def report_html(report: Mapping[str, Any]) -> str:
    """The report, as ``DatasetReport.to_dict`` gives it."""
    return _shown(report, _MOST_FIELDS)


def report_file(report: Mapping[str, Any]) -> str:
    """A page of its own: no script, nothing from elsewhere, and it allows neither."""
    head = el(
        "head",
        Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width">'),
        Html('<meta http-equiv="Content-Security-Policy" '
             'content="default-src \'none\'; style-src \'unsafe-inline\'">'),
        el("title", report["title"]),
        Html(f"<style>{_PAGE_STYLE}</style>"),
    )  # fmt: skip
    body = el("body", el("main", Html(_shown(report, len(report["fields"])))))
    return f"<!doctype html>\n{el('html', head, body, lang='en')}\n"


def _shown(report: Mapping[str, Any], most: int) -> str:
    fields, records = report["fields"], report["records"]
    return page(
        Html(f"<style>{_STYLE}</style>"),
        el("div", report["title"], class_="dgf-head", role="heading", aria_level="2"),
        el("div", " · ".join(facts_told(report)), class_="dgf-soft"),
        _warnings(report["warnings"]),
        _overview(fields, records) if fields else el("div", nothing_told(report)),
        [_field(field, records) for field in fields[:most]],
        el("div", f"and {plural(len(fields) - most, 'other field')}; to_html(path) has all",
           class_="dgf-soft") if len(fields) > most else None,
        _coverage(report["coverage"]),
        _causes("Why records failed", report["failures"]),
        _causes("Why records were filtered", report["filtered"]),
        _part("Blocks", table_html(BLOCKS, blocks_rows(report["blocks"])))
        if report["blocks"] else None,
        _part("Models", table_html(MODELS, models_rows(report["models"])))
        if report["models"] else None,
        _part("How this was counted", [el("div", note) for note in report["notes"]])
        if report["notes"] else None,
        class_="dgf-report",
    )  # fmt: skip


def _part(title: str, *content: Any) -> Html:
    heading = el("div", title, class_="dgf-part", role="heading", aria_level="3")
    return el("div", heading, *content)


def _warnings(warnings: Sequence[str]) -> Html | None:
    if not warnings:
        return None
    return el("div", [el("div", told, dir="auto") for told in warnings], class_="dgf-box dgf-warn")


def _overview(fields: Sequence[Mapping[str, Any]], records: int) -> Html:
    head = [el("th", name) for name in
            ("Field", "From", "Filled", "Kind", "Distinct", "Spread", "Values")]  # fmt: skip
    rows = [
        el("tr",
           el("td", shorten(field["name"], _NAME), " ", _output_tag(field), dir="auto"),
           el("td", field["source"]),
           el("td", _meter(field["filled"], records), percent(field["filled"], records),
              class_="dgf-w"),
           el("td", ", ".join(field["kinds"]) or "-"),
           el("td", _distinct(field), class_="dgf-n"),
           el("td", _small(field)),
           el("td", in_short(field), _soft(same_told(field)), class_="dgf-l",
              dir="auto"))
        for field in fields
    ]  # fmt: skip
    table = el("table", el("thead", el("tr", head)), el("tbody", rows), class_="dgf-rows")
    return _part("Fields", table)


def _meter(part: int, whole: int) -> Html:
    share = 100 * part / whole if whole else 0.0
    return el("span", el("span", style=f"width:{share:.1f}%"), class_="dgf-bar dgf-meter")


def _distinct(field: Mapping[str, Any]) -> str:
    return f"{'about ' if field['distinct_is_estimated'] else ''}{field['distinct']:,}"


def _output_tag(field: Mapping[str, Any]) -> Html | None:
    return el("span", "output", class_="dgf-tag") if field["is_output"] else None


def _soft(text: str | None) -> Html | None:
    return None if text is None else el("div", text, class_="dgf-soft")


def _small(field: Mapping[str, Any]) -> Html | None:
    """A chart of the values where they are few, else of how they are spread."""
    name = shorten(field["name"], _NAME)
    if field["values"] and field["distinct"] == len(field["values"]):
        return small_bars(field["values"], f"Values of {name}") if field["distinct"] > 1 else None
    for key, what in _SPREADS:
        if field[key] is not None and len(field[key]["bars"]) > 1:
            return histogram(field[key]["bars"], f"{what} of {name}", is_small=True)
    return None


#: In the order in which one of them stands for the field.
_SPREADS = (("numbers", "Numbers"), ("words", "Words"), ("characters", "Characters"),
            ("items", "Items"))  # fmt: skip


def _field(field: Mapping[str, Any], records: int) -> Html:
    name = shorten(field["name"], _NAME)
    spreads = [
        _spread(field[key], f"{what} of {name}", what)
        for key, what in _SPREADS
        if field[key] is not None
    ]
    return el(
        "details",
        el("summary", name, " ", el("span", in_short(field), class_="dgf-soft"), dir="auto"),
        el("div", " · ".join(_facts(field, records)), class_="dgf-soft"),
        el("div", spreads, _values(field), _keys(field), class_="dgf-side"),
        _duplicates(field),
        _examples(field),
        class_="dgf-field",
    )


def _facts(field: Mapping[str, Any], records: int) -> list[str]:
    by = f"set by {', '.join(field['blocks'])}" if field["blocks"] else "from the seed"
    facts = [by, f"{field['filled']:,} of {plural(records, 'record')} have a value"]
    facts += [f"{field[name]:,} {name}" for name in ("empty", "null", "missing") if field[name]]
    facts.append(f"{_distinct(field)} different")
    if field["edited"]:
        facts.append(f"edited in {plural(field['edited'], 'record')}")
    found = field["diversity"]
    if found is not None and found["distinct_1"] is not None:
        about = "about " if found["is_estimated"] else ""
        facts.append(f"distinct-1 {about}{found['distinct_1']:.3f} of {found['words']:,} words")
        if found["distinct_2"] is not None:
            facts.append(f"distinct-2 {about}{found['distinct_2']:.3f}")
    return facts


def _spread(spread: Mapping[str, Any], title: str, what: str) -> Html:
    named = (("min", "min"), ("25 %", "lower_quartile"), ("median", "median"),
             ("75 %", "upper_quartile"), ("max", "max"), ("mean", "mean"))  # fmt: skip
    headers = [el("th", name) for name, _ in named]
    cells = [el("td", number(spread[key]), class_="dgf-n") for _, key in named]
    estimated = " (of a random part)" if spread["is_estimated"] else ""
    return el(
        "div",
        el("div", f"{what}{estimated}", class_="dgf-soft"),
        histogram(spread["bars"], title) if spread["bars"] else None,
        el("table", el("thead", el("tr", headers)), el("tbody", el("tr", cells))),
    )


def _values(field: Mapping[str, Any]) -> Html | None:
    if not field["values"]:
        return None
    rest = field["distinct"] - len(field["values"])
    return el(
        "div",
        value_bars(field["values"], field["filled"], ("Most frequent", "Records")),
        _soft(f"and {plural(rest, 'other value')}") if rest > 0 else None,
    )


def _keys(field: Mapping[str, Any]) -> Html | None:
    if not field["keys"]:
        return None
    rest = field["more_keys"]
    keys = [(shorten(key, _NAME), count) for key, count in field["keys"]]
    return el(
        "div",
        value_bars(keys, field["kinds"].get("object", 0), ("Key", "Objects")),
        _soft(f"and {plural(rest, 'other key')}") if rest else None,
    )


def _duplicates(field: Mapping[str, Any]) -> Html | None:
    told, found = same_told(field), field["duplicates"]
    if told is None:
        return None
    groups = [_group(group, "with the same text") for group in found["same_examples"]]
    groups += [_group(group, "nearly the same") for group in found["near_examples"]]
    return el("div", el("div", f"Duplicates: {told}", class_="dgf-small"), groups)


def _group(group: Mapping[str, Any], how: str) -> Html:
    ids = ", ".join(map(str, group["record_ids"]))
    more = ", ..." if group["count"] > len(group["record_ids"]) else ""
    return el(
        "div",
        el("div", f"{plural(group['count'], 'record')} {how}: {ids}{more}", class_="dgf-soft"),
        [el("div", text, dir="auto") for text in group["texts"]],
        class_="dgf-group",
    )


def _examples(field: Mapping[str, Any]) -> Html | None:
    shown = [
        el(
            "div",
            el("span", f"record {record_id} ", class_="dgf-soft"),
            el("span", text),
            dir="auto",
        )
        for record_id, text in field["examples"]
    ]
    return el("div", el("div", "Examples", class_="dgf-small"), shown) if shown else None


def _coverage(coverage: Mapping[str, Any]) -> Html | None:
    if not coverage["seeds"]:
        return None
    counts = [(plural(count, "record"), seeds) for count, seeds in coverage["per_seed"]][:12]
    if coverage["without"]:
        counts.insert(0, ("no record", coverage["without"]))
    chart = value_bars(counts, coverage["seeds"], ("Each has", "Seeds")) if counts else None
    return _part("Seeds", el("div", " · ".join(coverage_told(coverage))), chart)


def _causes(title: str, causes: Sequence[Mapping[str, Any]]) -> Html | None:
    return _part(title, table_html(CAUSES, causes_rows(causes))) if causes else None
