"""Calls that wait for another try: their job says so."""

from __future__ import annotations

import re

from running import ask, finish, wait_until
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb.engine import Branch, Execution
from datagenflow_nb.jobs.waits import Waits
from datagenflow_nb.records import Call, Usage


def test_calls_that_wait_are_told(ws: dgf.Workspace, server: OfflineServer) -> None:
    """While a call waits for another try the job says why, and no longer."""
    server.reset(rate_429=1.0, retry_after=60.0)
    job = dgf.run(ask("{{ n }}"), [{"n": 1}], model="m")
    wait_until(lambda: job.waiting is not None, "a call that waits")
    assert re.fullmatch(r"waiting to try again \(2 of 4\): .*rate.*", str(job.waiting), re.I)
    assert ws.job(job.id).waiting == job.waiting
    finish(job.cancel(), "cancelled")
    assert job.waiting is None


def test_latest_wait() -> None:
    """The latest wait is told until its call ends, or another call of that model is answered."""
    waits = Waits()
    branches = [Branch(Execution({}, "", 1, key=key), {}) for key in (1, 2, 3)]
    first, second, third = branches
    waits.begin(first, "m", "a")
    waits.begin(second, "m", "b")
    waits.begin(first, "m", "c")
    waits.begin(third, "other", "d")
    assert waits.latest == "d"
    waits.end(third, Call("x", 0, "other", {}, error="gone"))
    assert waits.latest == "c"
    waits.end(first, Call("x", 0, "m", {}, error="gone"))
    assert waits.latest == "b"
    waits.end(third, Call("x", 1, "m", {}, usage=Usage(calls=1)))
    assert waits.latest is None
