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
    assert re.fullmatch(r"model 'm' pauses for \d+ s: 429 Rate limit reached; .*", str(job.waiting))
    assert ws.job(job.id).waiting is not None
    finish(job.cancel(), "cancelled")
    assert job.waiting is None


def test_calls_that_fail_are_told(server: OfflineServer) -> None:
    """The same where the call alone waits, not all of its model's."""
    server.reset(rate_500=1.0)
    job = dgf.run(ask("{{ n }}"), [{"n": 1}], model="m")
    wait_until(lambda: job.waiting is not None, "a call that waits")
    assert re.fullmatch(r"waiting to try again \(\d of 4\): The server had.*", str(job.waiting))
    finish(job.cancel(), "cancelled")
    assert job.waiting is None


def test_calls_in_a_queue_are_told_last() -> None:
    """Why a call waits for its turn is told, as it is now, when none waits for another try."""
    waits = Waits()
    limit = [8]
    waits.line_up("place", lambda: f"{limit[0]} at once")
    limit[0] = 6
    assert waits.latest == "6 at once"
    branch = Branch(Execution({}, "", 1, key=1), {})
    waits.begin(branch, "m", "a")
    assert waits.latest == "a"
    waits.end(branch, Call("x", 0, "m", {}, error="gone"))
    waits.step_up("place")
    assert waits.latest is None


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
