"""Values that no row of the store can hold: that record fails, the job goes on."""

from __future__ import annotations

import sqlite3
from typing import Any

from running import ECHO, connections, finish

import datagenflow_nb as dgf

_LIMIT = 100_000


@dgf.block(outputs=["text"])
def long_text(n: int) -> Any:
    """A text of n thousand letters of two bytes each."""
    return {"text": "é" * (n * 1_000)}


@dgf.block(outputs=["part"], fan_out=True)
def parts(sizes: list[int]) -> Any:
    """A branch for each size."""
    return [{"part": "x" * size} for size in sizes]


COPY = {"type": "FieldMapper", "config": {"mappings": {"copy": "{{ n }}"}}}


def limit_rows(ws: dgf.Workspace) -> None:
    """SQLite refuses larger rows from now on, in every thread that has met the store."""
    finish(ws.run(ECHO, {"n": 1}))
    for connection in connections(ws):
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LIMIT)


def test_a_value_that_is_too_large(ws: dgf.Workspace) -> None:
    """Its record says which block set how much; what came before it is in the trace."""
    limit_rows(ws)
    pipe = dgf.Pipeline("long", [COPY, long_text, {"type": "Output", "config": {"template": "ok"}}])
    job = finish(ws.run(pipe, [{"n": n} for n in (1, 60, 40)], concurrency=1))
    assert (job.records_generated, job.records_failed, job.executions_done) == (2, 1, 3)
    frame = job.records()
    assert frame["status"].tolist() == ["pending", "failed", "pending"]
    assert frame["reason"][1] == (
        "block 'long_text' set 120,011 bytes, a row of the store holds 90,000; return less, or "
        "write a file and return its path"
    )
    trace = ws.trace(int(frame["id"][1]))
    assert [step["output"] for step in trace] == [{"copy": 60}, {}]
    assert trace[1]["error"]["detail"]["block_id"] == "long_text"
    assert not [finding for finding in ws.examine() if finding.count]


def test_a_branch_that_is_too_large(ws: dgf.Workspace) -> None:
    """The other branches of the fan-out go on."""
    limit_rows(ws)
    pipe = dgf.Pipeline("parts", [parts, {"type": "Output", "config": {"template": "ok"}}])
    job = finish(ws.run(pipe, {"sizes": [10, 95_000, 20]}))
    frame = job.records().sort_values("branch")
    assert frame["status"].tolist() == ["pending", "failed", "pending"]
    assert frame["output"].tolist() == ["ok", None, "ok"]
    assert job.executions_done == 1


def test_a_value_that_is_too_large_before_a_fan_out(ws: dgf.Workspace) -> None:
    """One failed record instead of branches that all hold it."""
    limit_rows(ws)
    pipe = dgf.Pipeline("both", [long_text, parts])
    job = finish(ws.run(pipe, [{"n": 60, "sizes": [1, 2]}, {"n": 1, "sizes": [1, 2]}]))
    assert job.records().sort_values(["seed_index", "branch"])["status"].tolist() == [
        "failed", "pending", "pending",
    ]  # fmt: skip
