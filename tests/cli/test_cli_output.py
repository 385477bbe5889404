"""Streams that close early, know no Unicode or are not there; texts, tables, progress."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from command_line import job_row
from hypothesis import given
from hypothesis import strategies as st

from datagenflow_nb.displays.job import progress_text
from datagenflow_nb.displays.pace import Pace, Speed
from datagenflow_nb.displays.text import columns_of, duration, printable, shorten, table


def test_reader_that_goes_away(dgf: Any) -> None:
    """Standard output that nobody reads is no error, and no traceback."""
    reading, writing = os.pipe()
    os.close(reading)
    process = dgf.start("blocks", stdout=writing)
    os.close(writing)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "")


def test_run_goes_on_when_nobody_listens(dgf: Any, echo: tuple[str, str]) -> None:
    """A run whose messages nobody reads any more finishes all the same."""
    reading, writing = os.pipe()
    os.close(reading)
    process = dgf.start("run", *echo, "--out", "out.jsonl", stdout=writing, stderr=writing)
    os.close(writing)
    assert process.wait(60) == 0
    assert len((dgf.folder / "out.jsonl").read_text(encoding="utf-8").splitlines()) == 3


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device only some systems have")  # noqa: PTH110
def test_full_disk(dgf: Any) -> None:
    """Output that cannot be written is a failure, told in one line."""
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        process = dgf.start("blocks", stdout=full)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.startswith("Error: standard output cannot be written: ")
    assert said.count("\n") == 1


def test_ascii_streams(dgf: Any) -> None:
    """Characters the streams cannot show are escaped; JSON stays JSON."""
    pipeline = dgf.write(
        "é.yaml", "name: Übung é\nblocks: [{type: Output, config: {template: x}}]\n"
    )
    seeds = dgf.write("seeds.json", [{"name": "Zoë"}])
    run = dgf("run", pipeline, seeds, PYTHONIOENCODING="ascii")
    assert "Pipeline '\\xdcbung \\xe9'" in run.stderr
    assert dgf.json("jobs", PYTHONIOENCODING="ascii")[0]["pipeline"] == "Übung é"
    assert "\\xdcbung" in dgf("jobs", PYTHONIOENCODING="ascii").stdout


def test_closed_streams(dgf: Any, echo: tuple[str, str]) -> None:
    """Without standard input, output and error a run works; seeds from nowhere are an error."""
    dgf_words = f'"{sys.executable}" -m datagenflow_nb'
    script = f"{dgf_words} run {' '.join(echo)} --out out.jsonl <&- >&- 2>&-"
    options: dict[str, Any] = {"cwd": dgf.folder, "env": dgf.env, "timeout": 60}
    assert subprocess.run(["sh", "-c", script], **options).returncode == 0
    assert (dgf.folder / "out.jsonl").stat().st_size > 0
    script = f"{dgf_words} run {echo[0]} - <&-"
    run = subprocess.run(["sh", "-c", script], **options, capture_output=True, text=True)
    assert run.returncode == 1
    assert "Error: standard input is closed" in run.stderr


def test_data_does_not_steer_the_terminal(dgf: Any) -> None:
    """Control characters out of data are shown, not sent."""
    pipeline = 'name: "P\\e[31m"\nblocks: [{type: Output, config: {template: x}}]\n'
    run = dgf("run", dgf.write("p.yaml", pipeline), dgf.write("s.json", [{"a": 1}]))
    listed = dgf("jobs").stdout
    assert "\x1b" not in run.stderr + run.stdout + listed
    assert listed.endswith("  P\\u001b[31m\n")
    assert dgf.json("jobs")[0]["pipeline"] == "P\x1b[31m"


@given(st.text(), st.integers(4, 60))
def test_shortened_text_fits(text: str, width: int) -> None:
    """A shortened text is one line no wider than asked, with nothing that steers a terminal."""
    line = shorten(text, width)
    assert columns_of(line) <= width
    assert len(line.splitlines()) <= 1
    assert printable(line) == line


@given(st.text())
def test_printable_text_is_the_same_json(text: str) -> None:
    """Making JSON printable does not change what it says."""
    assert json.loads(printable(json.dumps(text, ensure_ascii=False))) == text


def test_shorten() -> None:
    """Wide characters count twice; what is no text is JSON."""
    assert shorten("line one\n  line two", 80) == "line one line two"
    assert shorten("abcdefghij", 8) == "abcde..."
    assert shorten("日本語日本語", 8) == "日本..."
    assert shorten({"é": [1, None]}, None) == '{"é": [1, null]}'


def test_table() -> None:
    """Numbers stand to the right, the last column is cut, nothing trails."""
    rows = [(1, "a", "short"), (12, None, "a description of more than twenty columns")]
    assert table(("N", "Name", "What"), rows, 30) == (
        " N  Name  What\n 1  a     short\n12        a description of..."
    )
    assert table(("A", "B"), []) == "A  B"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1:00 min"),
     (125, "2:05 min"), (3723, "1:02:03 h")],
)  # fmt: skip
def test_duration(seconds: float, text: str) -> None:
    """Durations in the unit people would use."""
    assert duration(seconds) == text


def test_speed() -> None:
    """The rate is that of the last ten seconds."""
    speed = Speed()
    assert [speed.at(now, count) for now, count in [(0, 0), (5, 50), (10, 100), (20, 100)]] == [
        0.0, 10.0, 10.0, 0.0,
    ]  # fmt: skip


def test_progress_text() -> None:
    """Done, rate, what is left, failures and tokens on one line."""
    assert progress_text(job_row(), Pace(10.0, 10.0)) == (
        "job 3: 50/200 (25 %), 10.0/s, ETA 15 s, 2 failed, 1 filtered, "
        "tokens 12.3k in, 999 out, cost unknown"
    )
    assert progress_text(
        job_row(executions_done=200, records_generated=197), Pace(elapsed=61.0)
    ) == (
        "job 3: 200/200 (100 %), in 1:01 min, 2 failed, 1 filtered, tokens 12.3k in, 999 out, "
        "cost unknown"
    )


def test_progress_of_one_seed_that_fans_out() -> None:
    """Where one execution gives many records, the records are what moves."""
    fanned = job_row(executions_done=0, total=1, records_generated=230, records_failed=0,
                 records_filtered=0, usage={})  # fmt: skip
    assert (
        progress_text(fanned, Pace(records=40.0)) == "job 3: 0/1 (0 %), 230 records, 40.0 records/s"
    )
