"""Data that means harm, from seeds to files and displays: kept as it is, shown as text.

Single parts have tests of their own (property tests of displays, frames and exports); these go
through all of them with one dataset.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from command_line import CommandLine
from displays.parsed import parse
from displays.test_displays_properties import is_plain
from IPython.lib.pretty import pretty
from running import finish

import datagenflow_nb as dgf
from datagenflow_nb.columns import EXPORT_COLUMNS, NESTED_COLUMNS, RECORD_COLUMNS, column_of
from datagenflow_nb.displays.report import report_file
from datagenflow_nb.jobs import Job
from datagenflow_nb.widgets.review.static import review_html

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"

MARK = "<script>alert(1)</script>"
VALUES: dict[str, Any] = {
    "script": MARK,
    "image": "</pre></td></style><img src=x onerror=alert(1)>",
    "attribute": '" onmouseover="alert(1)" x=\'',
    "comment": "<!-- ]]> &lt;b&gt; &amp; {{ 7 * 7 }} {% raw %} ${x} `$(id)`",
    "markdown": "[click](javascript:alert(1)) ![x](http://localhost/x.png)",
    "formula": '=HYPERLINK("http://localhost/?"&A1,"click")',
    "sum": "@SUM(1+1)*cmd|' /C calc'!A0",
    "tabbed": "\t=1+1",
    "number": "-1e5",
    "null": "null",
    "large": "<i>large</i> " * 80_000,
    "rtl": "\u202etxt.exe\u202c \u2066עברית العربية\u2069",  # noqa: RUF001 - Hebrew
    "emoji": "\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308 e\u0301\u200b\ufeff",
    "nul": "a\x00b",
    "controls": "\x1b[2J\x1b]0;title\x07\x08\x7f\x9b31m",
    "lines": "one\r\ntwo\rthree\u2028four\x85five\n",
    "quotes": "a,\"b\";'c'\\n\\",
    "spaces": "  \u00a0 ",
    "nested": {MARK: [MARK, {"=1+1": None, "a\x00": "\u202e"}], "": -0.5},
    "half": "\ud83d half \udc00",
}
#: Names that look like something else; each holds ``MARK`` and its own.
NAMES = (
    *RECORD_COLUMNS, *NESTED_COLUMNS, "created_at", "updated_at", "trace_id", "tags", "note",
    "field.id", "field.field.id", "__class__", "self", "index", "0", " ", "=1+1", MARK,
    "\" onclick=\"x", "a\x00b", "a\nb\tc", "\u202eevil", "'; DROP TABLE records; --", "%dgf", "{x}",
    "n" * 20_000, "half \ud83d",
)  # fmt: skip
FIELDS = {name: f"{MARK} {name[:50]}" for name in NAMES}


@dgf.block(outputs=["*"])
def hostile(kind):
    """Give the fields of that kind, or fail or drop with what they hold."""
    print(MARK, VALUES["controls"])
    if kind == "fails":
        raise ValueError("".join(value[:200] for value in VALUES.values() if type(value) is str))
    if kind == "drops":
        return dgf.Drop(VALUES["image"] + VALUES["rtl"] + VALUES["controls"])
    return VALUES if kind == "values" else FIELDS


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A job whose seeds and blocks both give all of it; two records, one failed, one filtered."""
    ws = dgf.workspace(tmp_path / "s.db")
    seeds = [
        {"metadata": {"kind": kind, **{f"seed {name}": value for name, value in fields.items()}}}
        for kind, fields in (("values", VALUES), ("names", FIELDS), ("fails", {}), ("drops", {}))
    ]
    made = finish(ws.run(dgf.Pipeline(f"{MARK} =1+1 \u202e", [hostile]), seeds, concurrency=1))
    assert ws.record_counts() == {"pending": 2, "failed": 1, "filtered": 1}
    return made


def expected(kind: str) -> dict[str, Any]:
    """The state of the record of that kind."""
    fields = VALUES if kind == "values" else FIELDS
    return {"kind": kind, **{f"seed {name}": value for name, value in fields.items()}, **fields}


def test_stored_as_it_is(job: Job) -> None:
    """States, seeds and traces hold what came in, to the letter."""
    for record_id, kind in ((1, "values"), (2, "names")):
        record = job.record(record_id)
        assert record.state == expected(kind)
        (step,) = record.trace
        assert step["accumulated_state"] == expected(kind)


def test_frame(job: Job) -> None:
    """Every field is a column of its own with its values; written back nothing has changed."""
    frame = job.records()
    assert list(frame.columns[: len(RECORD_COLUMNS)]) == list(RECORD_COLUMNS)
    assert len(set(frame.columns)) == len(frame.columns)
    for row, kind in enumerate(("values", "names")):
        for name, value in expected(kind).items():
            assert frame.iloc[row][column_of(name, RECORD_COLUMNS)] == value
    ws = dgf.workspace()
    assert ws.update_records(frame.head(2)) == 0
    assert len(job.traces()) == 4


def test_json_lines_and_back(job: Job, tmp_path: Path) -> None:
    """A line holds the values to the letter; as seeds they give the same records again."""
    path = tmp_path / "out.jsonl"
    job.export(path)
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    for line, (kind, fields) in zip(lines, (("values", VALUES), ("names", FIELDS)), strict=True):
        assert line["accumulated_state"] == fields
        assert line["metadata"] == {
            name: value for name, value in expected(kind).items() if name not in fields
        }
    seeds = tmp_path / "seeds.jsonl"
    seeds.write_text("".join(json.dumps({"metadata": line["metadata"]}) + "\n" for line in lines))
    for source in (seeds, f"job:{job.id}"):
        again = finish(dgf.run(dgf.Pipeline("again", [hostile]), source, concurrency=1))
        for record_id, kind in zip(again.records()["id"][:2], ("values", "names"), strict=True):
            assert again.record(record_id).state == expected(kind)
    job.export(path, flat=True)
    flat = [json.loads(line) for line in path.read_bytes().splitlines()]
    for row, kind in zip(flat, ("values", "names"), strict=True):
        for name, value in expected(kind).items():
            assert row[column_of(name, EXPORT_COLUMNS)] == value


def spelt(value: Any) -> Any:
    """A text as UTF-8 can hold it: halves of characters as escapes."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def test_csv_and_back(job: Job, tmp_path: Path) -> None:
    """Cells are the texts to the letter, other values JSON; only halves of characters are spelt."""
    path = tmp_path / "out.csv"
    job.export(path)
    limit = csv.field_size_limit(sys.maxsize)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    finally:
        csv.field_size_limit(limit)
    for row, kind in zip(rows, ("values", "names"), strict=True):
        for name, value in expected(kind).items():
            cell = row[spelt(column_of(name, EXPORT_COLUMNS))]
            assert cell == spelt(value) if isinstance(value, str) else json.loads(cell) == value
    read = pd.read_csv(path, keep_default_na=False, dtype=str, lineterminator="\n")
    assert read["script"].iloc[0] == MARK
    assert read["formula"].iloc[0] == VALUES["formula"]


def test_defused_csv(job: Job, tmp_path: Path) -> None:
    """With defuse_formulas no cell and no name begins as a formula does."""
    path = tmp_path / "out.csv"
    job.export(path, defuse_formulas=True)
    limit = csv.field_size_limit(sys.maxsize)
    try:
        header, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
    finally:
        csv.field_size_limit(limit)
    assert "'=1+1" in header
    cells = [cell for row in (header, *rows) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    first = dict(zip(header, rows[0], strict=True))
    assert first["formula"] == f"'{VALUES['formula']}"


def test_parquet_and_back(job: Job, tmp_path: Path) -> None:
    """Typed columns hold the values; only halves of characters are spelt."""
    path = tmp_path / "out.parquet"
    job.export(path)
    rows = pq.read_table(path).to_pylist()
    for row, kind in zip(rows, ("values", "names"), strict=True):
        for name, value in expected(kind).items():
            stored = row[spelt(column_of(name, EXPORT_COLUMNS))]
            assert stored == spelt(value) if isinstance(value, str) else json.loads(stored) == value


def test_edited_and_exported(job: Job, tmp_path: Path) -> None:
    """Edits, notes and tags may hold the same; the original stays."""
    ws = dgf.workspace()
    session = ws.review_session(job.id, reviewer=MARK)
    record = ws.record(1)
    edits = {"script": VALUES["controls"], "nul": VALUES["nested"], "seed rtl": VALUES["half"]}
    session.edit(1, record.version, edits)
    session.note([1], VALUES["image"])
    session.tag([1], add=[MARK, "=1+1"])
    found = ws.record(1)
    assert {name: found.state[name] for name in edits} == edits
    assert found.original == {name: record.state[name] for name in edits}
    assert (found.note, set(found.tags)) == (VALUES["image"], {MARK, "=1+1"})
    job.export(tmp_path / "out.jsonl")
    line = json.loads((tmp_path / "out.jsonl").read_bytes().splitlines()[0])
    assert line["accumulated_state"]["script"] == VALUES["controls"]
    assert line["metadata"]["seed rtl"] == VALUES["half"]
    for _ in range(3):
        session.undo()
    assert ws.record(1).state == expected("values")


DISPLAYS = {
    "job": lambda job: job,
    "jobs": lambda job: dgf.workspace().jobs(),
    "record": lambda job: job.record(1),
    "record of names": lambda job: job.record(2),
    "failed record": lambda job: job.record(3),
    "trace": lambda job: job.record(1).trace,
    "failed trace": lambda job: job.record(3).trace,
    "failures": lambda job: job.failures(),
    "log": lambda job: job.log(),
    "report": lambda job: job.report(),
    "report of failed": lambda job: job.report(["failed", "filtered"]),
    "pipeline": lambda job: dgf.Pipeline(MARK, [{"type": MARK, "when": MARK}]),
    "problems": lambda job: dgf.Pipeline(MARK, [{"type": MARK, "when": MARK}]).validate(),
    "error": lambda job: dgf.SeedError(VALUES["image"], VALUES["nested"]),
    "preview": lambda job: dgf.Pipeline(MARK, [hostile]).preview({"kind": "values"}),
    "preview that fails": lambda job: dgf.Pipeline(MARK, [hostile]).preview({"kind": "fails"}),
}


@pytest.mark.parametrize("case", DISPLAYS)
def test_displays(job: Job, case: str) -> None:
    """What a cell shows, and a saved notebook keeps, is text: no element, no attribute of it."""
    shown = DISPLAYS[case](job)
    html = shown._repr_html_()
    assert len(html) < 3_000_000
    parse(html)
    assert "<script" not in html
    assert "<img" not in html
    is_plain(repr(shown))
    is_plain(pretty(shown))


def test_report_file(job: Job) -> None:
    """The report's own page lets no script of the data in, and would not run any."""
    page = report_file(job.report(["pending", "failed"]).to_dict())
    assert "<script" not in page
    assert "<img" not in page
    assert "default-src 'none'" in page
    page.encode("utf-8")


def test_review(job: Job) -> None:
    """Rows carry the beginnings of values, the record all of them; what is saved is text."""
    review = dgf.workspace().review(job.id)
    found = review.answer("query", {"query": {}})
    names = [*VALUES, "id", "status", MARK]
    asked = {"selection": found["selection"], "start": 0, "stop": 4, "fields": names}
    rows = review.answer("rows", asked)["rows"]
    assert rows[0]["values"]["script"] == MARK
    assert len(json.dumps(rows)) < 20_000
    for record_id, kind in ((1, "values"), (2, "names")):
        assert review.answer("record", {"id": record_id})["state"] == expected(kind)
    records = [job.record(record_id) for record_id in (1, 2, 3, 4)]
    html = review_html(MARK, {"pending": 2}, 4, [*VALUES][:6], records)
    assert MARK in parse(html).text
    assert "<script" not in html


def test_command_line(job: Job, tmp_path: Path) -> None:
    """Nothing that is printed steers the terminal."""
    run = CommandLine(tmp_path)
    for command in ("failures", "log", "report"):
        printed = run(command, str(job.id), "--db", "s.db").stdout
        assert MARK in printed
        is_plain(printed)
        assert set(printed) & {"\x1b", "\x07", "\x08", "\x7f", "\x9b"} == set()
    run.end()
