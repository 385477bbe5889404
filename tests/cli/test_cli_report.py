"""``dgf report``: what the records of a job are like."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from command_line import DIVIDE

from datagenflow_nb.cli.progress import Reading


def test_report(dgf: Any) -> None:
    """As text, as JSON, as one HTML file; other statuses, some fields, a sample."""
    seeds = [{"n": n} for n in (1, 2, 4, 0)]
    dgf("run", dgf.write("divide.yaml", DIVIDE), dgf.write("s.json", seeds), "--db", "s.db",
        "--concurrency", "1", status=3)  # fmt: skip
    text = dgf("report", "1", "--db", "s.db").stdout
    assert text.startswith("Dataset report of job 1 (Divide): 3 records; in the store: ")
    assert "\n! 1 of 4 records failed (25 %): block 'output'" in text
    assert "\nn         seed   100 %   number         3  1 to 4, median 2\n" in text
    told = dgf.json("report", "1", "--db", "s.db", "--field", "n", "--sample", "2")
    assert ([field["name"] for field in told["fields"]], told["records"]) == (["n"], 2)
    assert told["matching"] == 3
    run = dgf("report", "1", "--db", "s.db", "--html", "r.html", "--status", "failed")
    assert run.stdout == (
        "Report on 1 record of job 1 written to r.html\n"
        "! 1 of 4 records failed (25 %): block 'output', config 'template': ZeroDivisionError: "
        "integer division or modulo by zero\n"
    )
    assert run.stderr == ""
    page = Path(dgf.folder, "r.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    some = dgf.json("report", "1", "--db", "s.db", "--where", "n >= 2", "--ids", "1-2")
    assert (some["records"], some["selected"]) == (1, '--where "n >= 2" --ids 1-2')
    missing = dgf("report", "1", "--db", "s.db", "--field", "m", status=1).stderr
    assert missing.startswith("Error: no record that was read has a field 'm'; ")


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX terminal")
def test_reading_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes a while shows how far it is on a terminal, and leaves it clean."""
    terminal, other_end = os.openpty()
    with open(other_end, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr("sys.stderr", stream)
        reading = Reading("record", patience=0)
        reading.show(500, 2000)
        reading.show(1000, 2000)  # too soon after the other
        reading.end()
        told = ""
        while told.count("\r") < 3:
            told += os.read(terminal, 4096).decode()
    os.close(terminal)
    line = "reading 500 of 2,000 records (25 %)"
    assert told == f"\r{line}\r{' ' * len(line)}\r"
