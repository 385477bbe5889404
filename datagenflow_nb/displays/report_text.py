"""A report on a dataset as plain text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .report_words import (
    blocks_rows,
    causes_rows,
    coverage_told,
    facts_told,
    in_short,
    is_label,
    models_rows,
    nothing_told,
    percent,
    same_told,
)
from .text import plural, printable, shorten, table

__all__ = ["BLOCKS", "CAUSES", "MODELS", "report_text"]

#: Headers of the tables.
CAUSES = ("Records", "Share", "Block", "Error", "Why")
BLOCKS = ("Block", "Runs", "Time", "Each", "Calls", "Tokens in", "Tokens out", "Cost")
MODELS = ("Model", "Answer", "Calls", "Tokens in", "Tokens out", "Cost")
_FIELDS = ("Field", "From", "Filled", "Kind", "Distinct", "Values")

_WIDTH, _NAME, _MESSAGE = 100, 30, 300


def report_text(report: Mapping[str, Any], width: int | None = None) -> str:
    """The report, as ``DatasetReport.to_dict`` gives it, in at most ``width`` columns."""
    width = width or _WIDTH
    parts = [_wrapped([report["title"], *facts_told(report)], width)]
    if report["warnings"]:
        parts.append(_listed(report["warnings"], width, "! "))
    if report["fields"]:
        fields = [_field_row(field, report["records"]) for field in report["fields"]]
        parts.append(table(_FIELDS, fields, width))
        parts += filter(None, [_listed(list(_more(report["fields"])), width)])
    else:
        parts.append(nothing_told(report))
    if report["coverage"]["seeds"]:
        parts.append(_wrapped(["Seeds", *coverage_told(report["coverage"])], width))
    for title, headers, rows in _tables(report):
        parts.append(f"{title}\n{table(headers, rows, width)}")
    if report["notes"]:
        parts.append(_listed(report["notes"], width))
    return printable("\n\n".join(parts))


def _tables(
    report: Mapping[str, Any],
) -> Iterator[tuple[str, Sequence[str], Sequence[Sequence[Any]]]]:
    if report["failures"]:
        yield "Failed", CAUSES, _short(causes_rows(report["failures"]))
    if report["filtered"]:
        yield "Filtered", CAUSES, _short(causes_rows(report["filtered"]))
    if report["blocks"]:
        yield "Blocks", BLOCKS, blocks_rows(report["blocks"])
    if report["models"]:
        yield "Models", MODELS, models_rows(report["models"])


def _short(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [(*row[:-1], shorten(row[-1], _MESSAGE)) for row in rows]


def _field_row(field: Mapping[str, Any], records: int) -> tuple[Any, ...]:
    distinct = field["distinct"]
    name = shorten(field["name"], _NAME)
    return (
        f"{name} *" if field["is_output"] else name,
        field["source"],
        percent(field["filled"], records),
        ", ".join(field["kinds"]) or "-",
        f"about {distinct:,}" if field["distinct_is_estimated"] else distinct,
        in_short(field),
    )


def _more(fields: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What does not fit into the table: which is the output, duplicates, edits, diversity."""
    for field in fields:
        told = [same_told(field)]
        found = field["diversity"]
        if found is not None and found["distinct_2"] is not None and not is_label(field):
            told.append(
                f"distinct-1 {found['distinct_1']:.2f}, distinct-2 {found['distinct_2']:.2f}"
            )
        if field["edited"]:
            told.append(f"edited in {plural(field['edited'], 'record')}")
        if any(told):
            output = " (the output)" if field["is_output"] else ""
            name = shorten(field["name"], _NAME)
            yield f"{name}{output}: {'; '.join(filter(None, told))}"


def _wrapped(facts: Sequence[str], width: int) -> str:
    return textwrap.fill(f"{facts[0]}: {'; '.join(facts[1:])}", max(width, 40),
                         subsequent_indent="  ", break_on_hyphens=False)  # fmt: skip


def _listed(lines: Sequence[str], width: int, mark: str = "") -> str:
    return "\n".join(
        textwrap.fill(line, max(width, 40), initial_indent=mark, subsequent_indent="  ",
                      break_on_hyphens=False)
        for line in lines
    )  # fmt: skip
