"""Reports on datasets as HTML and as text, and whatever is in the data as text alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from displays.parsed import parse
from displays.test_displays_properties import fields, is_plain, texts, values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_records import make_record

from datagenflow_nb.displays.charts import histogram
from datagenflow_nb.displays.report import report_file, report_html
from datagenflow_nb.displays.report_text import report_text
from datagenflow_nb.displays.report_words import number, percent
from datagenflow_nb.records import plain
from datagenflow_nb.reports.duplicates import Room
from datagenflow_nb.reports.fields import Field
from datagenflow_nb.reports.report import DatasetReport
from datagenflow_nb.reports.values import Coverage, FieldReport


def made(reports: list[FieldReport], **values: Any) -> dict[str, Any]:
    """A report on these fields, as displays get it."""
    fixed: dict[str, Any] = {
        "title": "Dataset report of job 3 (qa)",
        "jobs": [{"id": 3, "pipeline": "qa", "status": "completed", "models": ["small"]}],
        "created_at": "2026-11-23T10:00:00.000Z",
        "statuses": ["pending", "accepted"],
        "selected": "",
        "counts": {"pending": 12, "failed": 1},
        "records": 12,
        "matching": 12,
        "sample": None,
        "warnings": ["Field 'a' is empty in 8 % (1 null)."],
        "notes": ["Figures of fields are those of records that are pending or accepted."],
        "coverage": Coverage(8, 1, [(3, 7)], [(1, 2), (2, 5)], 3, 10),
        "failures": [{"count": 1, "share": 1.0, "block": "b", "error": "ValueError",
                      "message": "no", "record_id": 9}],
        "filtered": [],
        "usage": {"calls": 3, "input_tokens": 1200, "output_tokens": 30, "cost": 0.5},
        "blocks": [{"id": "b", "runs": 4, "seconds": 2.0, "calls": 3, "input_tokens": 1200,
                    "output_tokens": 30, "cost": 0.5}],
        "models": [{"name": "small", "calls": 3, "input_tokens": 1200, "output_tokens": 30,
                    "cost": 0.5, "seconds": 0.25}],
    }  # fmt: skip
    return DatasetReport(fields=reports, **fixed | values).to_dict()


def field_of(name: str, given: list[Any], output_field: str | None = None) -> FieldReport:
    """A field with these values."""
    taken = Field(name, Room(1))
    for record_id, value in enumerate(given, 1):
        taken.add(value, record_id, "b", is_edited=False)
    return taken.report(len(given), output_field, lambda ids: dict.fromkeys(ids, name))


def test_text() -> None:
    """The whole report as text, to the letter."""
    scores = field_of("score", [0.5, 0.25, 1, None, *[0.1 * at for at in range(20)]], "score")
    labels = field_of("label", ["yes"] * 3 + ["no"])
    report = made([scores, labels], records=24, matching=24)
    assert (
        report_text(report, 90)
        == """\
Dataset report of job 3 (qa): 24 records; in the store: 12 pending, 1 failed; model small;
  1.2k tokens in, 30 out; cost 0.5000

! Field 'a' is empty in 8 % (1 null).

Field    From   Filled  Kind    Distinct  Values
score *  block  96 %    number        21  0 to 1.9, median 0.9
label    block  17 %    text           2  yes 75 %, no 25 %

Seeds: 7 of 8 seeds with such records; without: 7; 1 to 2 records each; 3 of 10 records of
  seeds that have several repeat the output of another one of their seed

Failed
Records  Share  Block  Error       Why
      1  100 %  b      ValueError  no

Blocks
Block  Runs  Time   Each      Calls  Tokens in  Tokens out  Cost
b         4  2.0 s  500.0 ms  3      1,200      30          0.5000

Models
Model  Answer    Calls  Tokens in  Tokens out  Cost
small  250.0 ms  3      1,200      30          0.5000

Figures of fields are those of records that are pending or accepted."""
    )


def test_html() -> None:
    """Figures stand in tables and in the words of the charts; a page has what a cell has."""
    report = made([field_of("score", [0.5, 0.25, 0.25])])
    shown = parse(report_html(report))
    for told in ("0.25 67 %, 0.5 33 %", "0.25: 2; 0.5: 1", "Field 'a' is empty in 8 %",
                 "3 of 10 records of seeds", "ValueError", "500.0 ms"):  # fmt: skip
        assert told in shown.text
    page = report_file(report)
    assert page.count("<svg") == report_html(report).count("<svg") == 2
    assert "prefers-color-scheme:dark" in page


def test_many_fields() -> None:
    """A cell shows the first fields one by one and says how many more there are, a file all."""
    report = made([field_of(f"f{at}", [1]) for at in range(60)])
    assert "and 10 other fields; to_html(path) has all" in parse(report_html(report)).text
    assert report_html(report).count("<details") == 50
    assert report_file(report).count("<details") == 60


@pytest.mark.parametrize(
    ("value", "told"),
    [(3.0, "3"), (0.3333, "0.333"), (1234.5, "1,234"), (1e18, "1e+18"), (-0.5, "-0.5"),
     (999_999.0, "999,999"), (None, "unknown")],
)  # fmt: skip
def test_numbers(value: float | None, told: str) -> None:
    """Numbers are as long as one reads them."""
    assert number(value) == told


@pytest.mark.parametrize(
    ("part", "whole", "told"),
    [(0, 9, "0 %"), (1, 3, "33 %"), (1, 200, "0.5 %"), (1, 5000, "< 0.1 %"), (9, 9, "100 %"),
     (9999, 10_000, "> 99.9 %"), (995, 1000, "99.5 %"), (0, 0, "0 %")],
)  # fmt: skip
def test_percent(part: int, whole: int, told: str) -> None:
    """What is not all is never told as all, what is something never as nothing."""
    assert percent(part, whole) == told


def test_chart() -> None:
    """A bar is as high as its count; one of nothing is not drawn; all are in the description."""
    bars = [{"low": 0.0, "high": 1.0, "count": 4}, {"low": 1.0, "high": 2.0, "count": 0},
            {"low": 2.0, "high": 90.0, "count": 1}]  # fmt: skip
    drawn = parse(histogram(bars, "Numbers of x"))
    assert "Numbers of x0 up to 1: 4; 1 up to 2: 0; 2 up to 90: 1" in drawn.text
    assert drawn.tags.count("rect") == 2
    assert "... 90" in drawn.text


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(values, max_size=6), texts, fields)
def test_hostile(given: list[Any], text: str, seed: dict[str, Any]) -> None:
    """Whatever values, names, messages and models are: text, valid HTML, printable anywhere."""
    kept = [plain_or_text(value) for value in given]
    report = made(
        [field_of(text, kept), field_of(f"{text}2", [plain_or_text(seed)])],
        warnings=[text], notes=[text], title=text,
        jobs=[{"id": 1, "pipeline": text, "status": text, "models": [text]}],
        failures=[{"count": 1, "share": 1.0, "block": text, "error": text, "message": text,
                   "record_id": 1}],
        blocks=[{"id": text, "runs": 0, "seconds": 0.0, "calls": None, "input_tokens": None,
                 "output_tokens": None, "cost": None}],
    )  # fmt: skip
    html = report_html(report)
    assert html == report_html(report)
    parse(html)
    report_file(report).encode("utf-8")
    is_plain(report_text(report, 80))


def plain_or_text(value: Any) -> Any:
    """What a record's state can hold of a value."""
    try:
        return plain(value)
    except (TypeError, ValueError):
        return str(value)


def test_huge(tmp_path: Path) -> None:
    """Values and names of 1 MB are shown by their beginnings."""
    record = make_record(1, {"n" * 1_000_000: "<b>" * 400_000})
    report = made([field_of(name, [value]) for name, value in record.state.items()])
    assert len(report_html(report)) < 40_000
    assert len(report_text(report, 90)) < 4_000
