"""Jobs that are of no use stop early, say why on one line, and are finished when it is mended."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import ASK, ask, finish, look, wait_until
from servers import OfflineServer, closed_port

import datagenflow_nb as dgf
from datagenflow_nb.engine import Branch, Execution, Outcome
from datagenflow_nb.jobs import Job
from datagenflow_nb.jobs.early_stop import EarlyStop, FirstBegun, InARow
from datagenflow_nb.jobs.steering import Steering
from datagenflow_nb.jobs.ways import Ways, ways_on

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"

KEY = "right-key-123456"
END = (
    ". dgf failures 1 shows what failed; once that is mended, dgf resume 1 runs what is missing "
    "and dgf retry 1 what failed (stop_early=False goes on whatever fails)"
)
#: Of a job in which nothing is missing.
END_RETRY = (
    ". dgf failures 1 shows what failed; once that is mended, dgf retry 1 runs what failed "
    "(stop_early=False goes on whatever fails)"
)


def numbers(count: int) -> list[dict[str, int]]:
    """So many seeds."""
    return [{"n": n} for n in range(count)]


def why(job: Job, end: str = END) -> str:
    """The job's error, without what to do."""
    assert job.error is not None
    message: str = job.error["error"]
    assert "\n" not in message
    assert message.endswith(end)
    return message.removesuffix(end)


def healthy(ws: dgf.Workspace) -> bool:
    """Whether the store's own examination finds nothing."""
    return not [finding for finding in ws.examine() if finding.count]


@pytest.fixture
def keyed(ws: dgf.Workspace, server: OfflineServer, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The server takes one key alone; the model ``m`` sends what ``M_KEY`` holds: a dead one."""
    monkeypatch.setenv("M_KEY", "dead-key-987654")
    ws.add_model("m", endpoint=server.url, model="offline", key_env="M_KEY")
    server.reset(api_key=KEY)
    yield server
    server.reset(api_key=None)


def mend(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model sends the right key from now on."""
    monkeypatch.setenv("M_KEY", KEY)


def test_dead_key(ws: dgf.Workspace, keyed: OfflineServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """256 workers and a dead key: no call but those that were in flight; then all is made good."""
    job = finish(dgf.run(ASK, numbers(600), model="m", concurrency=256), "failed")
    asked = keyed.log()
    assert asked["by_outcome"] == {"unauthorized": asked["requests"]}
    assert 3 <= asked["requests"] <= 256 + 3
    assert why(job) == (
        f"stopped early, 3 records in a row failed: model 'm' (offline) at {keyed.url}: 401 "
        "Incorrect API key provided (after 1 try); check the key and what it may use"
    )
    assert job.error is not None
    assert job.error["detail"] == {
        "job_id": 1, "model": "m", "endpoint": keyed.url, "status": 401, "kind": "auth",
        "reason": "stop_early", "why": why(job).removeprefix("stopped early, "),
    }  # fmt: skip
    failed = job.records_failed
    assert failed == job.executions_done == asked["requests"]
    assert look("store.db", "SELECT DISTINCT status FROM executions") == [("failed",)]
    assert healthy(ws)

    mend(monkeypatch)
    keyed.reset()
    finish(job.resume())
    assert (job.executions_done, job.records_generated) == (600, 600 - failed)
    assert keyed.log()["requests"] == 600 - failed
    assert job.error is None
    finish(job.retry_failed())
    assert (job.records_generated, job.records_failed) == (600, 0)
    assert keyed.log()["requests"] == 600
    assert healthy(ws)


def test_key_that_dies_halfway(
    ws: dgf.Workspace, server: OfflineServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was stored stays; answers of branches that were left open are not asked for again."""
    monkeypatch.setenv("M_KEY", "dead-key-987654")
    ws.add_model("m", endpoint=server.url, model="offline", key_env="M_KEY")
    server.reset(latency=0.01)
    second = {"type": "TextGenerator", "id": "second", "config": {"user_prompt": "Then {{ n }}"}}
    job = dgf.run(ask("First {{ n }}", second), numbers(300), model="m", concurrency=8)
    wait_until(lambda: job.records_generated >= 20, "20 records")
    server.reset(api_key=KEY)
    finish(job, "failed")
    assert re.match(r"stopped early, [3-9] records in a row failed: .* 401 Incorrect", why(job))
    generated, failed = job.records_generated, job.records_failed
    assert generated >= 20
    assert 3 <= failed <= 3 + 7
    assert server.log()["by_outcome"]["unauthorized"] <= 8 + 3
    ((left_open,),) = look("store.db", "SELECT count(*) FROM executions WHERE status = 'stopped'")
    paid = job.usage["calls"]
    assert healthy(ws)

    mend(monkeypatch)
    server.reset(api_key=KEY)
    finish(job.resume(concurrency=16))
    finish(job.retry_failed())
    server.reset(api_key=None)
    assert (job.records_generated, job.records_failed) == (300, 0)
    kept = look(
        "store.db",
        "SELECT count(*) FROM calls c JOIN executions e ON e.id = c.execution_id "
        "WHERE c.answer IS NOT NULL",
    )[0][0]
    again = job.usage["calls"] - paid
    # A retry asks anew what its failed attempt was answered; nothing else is asked twice.
    first_answers = kept - 600
    assert 0 <= first_answers <= failed
    assert again == 600 - paid + first_answers
    assert left_open <= 8
    assert healthy(ws)


def test_unknown_model(ws: dgf.Workspace, server: OfflineServer) -> None:
    """A 404 from every call ends the job as well."""
    ws.add_model("lost", endpoint=f"{server.url}/nowhere", model="gone")
    job = finish(dgf.run(ASK, numbers(50), model="lost", concurrency=1), "failed")
    assert re.match(
        r"stopped early, 3 records in a row failed: model 'lost' \(gone\) at \S+: 404 .*'s id$",
        why(job),
    )
    assert job.executions_done == 3


def test_nobody_listens(ws: dgf.Workspace) -> None:
    """A server that is not there, after as many tries as the model has."""
    url = f"http://127.0.0.1:{closed_port()}/v1"
    ws.add_model("m", endpoint=url, model="x", max_tries=2)
    job = finish(dgf.run(ASK, numbers(100), model="m", concurrency=4), "failed")
    assert re.match(r"stopped early, [3-4] records in a row failed: .*after 2 tries", why(job))
    assert 3 <= job.executions_done <= 4 + 3
    assert job.failures()[0].error == "ModelError (connection)"


def test_lost_connections_are_not_fatal(ws: dgf.Workspace, server: OfflineServer) -> None:
    """A server that is there and fails may come to itself; only nearly all of 20 end the job."""
    server.reset(rate_500=1.0)
    ws.add_model("m", endpoint=server.url, model="offline", max_tries=1)
    job = finish(dgf.run(ASK, numbers(100), model="m", concurrency=4), "failed")
    assert re.match(r"stopped early, (19|20) of the first 20 records failed: model 'm'", why(job))
    assert 19 <= job.executions_done <= 20 + 4


def breaks(below: int, every: int = 1) -> Any:
    """A block that raises for every so-manyth number below a bound."""

    @dgf.block(outputs=["x"])
    async def breaks(n):
        if n < below and n % every == 0:
            raise ValueError(f"{n} cannot be")
        return {"x": n}

    return breaks


def test_nearly_all_fail(ws: dgf.Workspace) -> None:
    """A block that always raises ends the job after 20 records, which stay with their traces."""
    pipeline = dgf.Pipeline("p", [breaks(10**6)])
    job = finish(dgf.run(pipeline, numbers(500), concurrency=1), "failed")
    assert why(job) == (
        "stopped early, 20 of the first 20 records failed: "
        "block 'breaks' (breaks) raised ValueError: … cannot be"
    )
    assert (job.executions_done, job.records_failed) == (20, 20)
    assert job.trace(1)[0]["error"]["error"].endswith("ValueError: 0 cannot be")
    finish(job.resume(), "failed")
    assert job.executions_done == 40
    finish(job.resume(stop_early=False), "failed")
    assert (job.executions_done, job.records_failed) == (500, 500)
    assert why(job, END_RETRY).startswith("stopped early, 20 of the first 20 records failed: ")
    assert job.row.options["stop_early"] is False
    assert healthy(ws)


def test_two_causes(ws: dgf.Workspace) -> None:
    """With several causes the most frequent is told, and how many had it."""

    @dgf.block(outputs=["x"])
    async def mixed(n):
        raise ValueError(f"odd {n}") if n % 4 else TypeError("even")

    job = finish(dgf.run(dgf.Pipeline("p", [mixed]), numbers(60), concurrency=1), "failed")
    assert why(job) == (
        "stopped early, 20 of the first 20 records failed, 15 of them: "
        "block 'mixed' (mixed) raised ValueError: odd …"
    )


def test_small_jobs_run_to_their_end(ws: dgf.Workspace) -> None:
    """Nothing but failures in 19 records stops nothing."""
    job = finish(dgf.run(dgf.Pipeline("p", [breaks(99)]), numbers(19)))
    assert (job.executions_done, job.records_failed, job.error) == (19, 19, None)


def test_all_in_flight_fail(ws: dgf.Workspace, keyed: OfflineServer) -> None:
    """A job whose few calls were all in flight has failed as well: nothing has come of it."""
    job = finish(dgf.run(ASK, numbers(10), model="m"), "failed")
    assert (job.executions_done, job.records_failed) == (10, 10)
    assert why(job, END_RETRY).startswith("stopped early, 3 records in a row failed: model 'm'")
    finish(dgf.run(ASK, numbers(2), model="m"))


def test_nothing_is_missing(
    ws: dgf.Workspace, keyed: OfflineServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where everything has ended a resume is refused and asks nothing; a retry makes it good."""
    job = finish(dgf.run(ASK, numbers(5), model="m"), "failed")
    keyed.reset()
    mend(monkeypatch)
    error = job.error
    refused = (
        r"^job 1 is failed and nothing is missing: all of its 5 executions have ended, with 0 "
        r"records and 5 failed; to run what failed again: job.retry_failed\(\), %dgf retry 1 or "
    )
    with pytest.raises(dgf.JobError, match=refused):
        job.resume()
    assert (job.status, job.error, keyed.log()["requests"]) == ("failed", error, 0)
    assert ways_on(job.row) == Ways(None, "dgf retry 1")
    job.retry_failed().wait()
    assert (job.status, job.records_generated, job.error) == ("completed", 5, None)
    assert keyed.log()["requests"] == 5
    assert healthy(ws)


def test_record_that_was_deleted(ws: dgf.Workspace, keyed: OfflineServer) -> None:
    """It is missing, whatever the job has counted."""
    job = finish(dgf.run(ASK, numbers(5), model="m"), "failed")
    ws.delete_records([1])
    keyed.reset(api_key=None)
    finish(job.resume())
    assert ws.record_counts() == {"failed": 4, "pending": 1}
    assert keyed.log()["requests"] == 1


def test_failure_that_a_resume_would_hide(
    ws: dgf.Workspace, keyed: OfflineServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two are left, too few for three in a row: the job stays failed, and says why."""
    job = finish(dgf.run(ASK, numbers(5), model="m", concurrency=1), "failed")
    assert job.executions_done == 3
    cause = why(job)
    finish(job.resume(), "failed")
    assert (job.executions_done, job.records_failed) == (5, 5)
    assert why(job, END_RETRY) == cause
    finish(job.retry_failed(stop_early=False), "failed")
    assert why(job, END_RETRY) == cause
    mend(monkeypatch)
    finish(job.retry_failed())
    assert (job.records_generated, job.records_failed, job.error) == (5, 0, None)


@pytest.mark.parametrize("concurrency", [1, 256])
def test_ten_percent_fail(ws: dgf.Workspace, server: OfflineServer, concurrency: int) -> None:
    """The job goes on, though what fails at once ends before anything that a model answers."""
    server.reset(latency=0.0 if concurrency == 1 else 0.2)
    pipeline = dgf.Pipeline("p", [breaks(10**6, every=10), *ASK["blocks"]])
    job = finish(dgf.run(pipeline, numbers(280), model="m", concurrency=concurrency))
    assert (job.records_generated, job.records_failed) == (252, 28)


def test_opting_out(ws: dgf.Workspace, keyed: OfflineServer) -> None:
    """stop_early=False goes on whatever fails; another value is told."""
    job = finish(dgf.run(ASK, numbers(40), model="m", stop_early=False))
    assert (job.records_failed, keyed.log()["requests"]) == (40, 40)
    with pytest.raises(dgf.ConfigError, match=r"^stop_early is 0, expected True or False$"):
        dgf.run(ASK, numbers(1), stop_early=0)


def test_retry_stops_early(
    ws: dgf.Workspace, keyed: OfflineServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retry with a dead key ends after three; the job is what it was, another retry goes on."""
    job = finish(dgf.run(ASK, numbers(40), model="m", stop_early=False))
    keyed.reset()
    finish(job.retry_failed(stop_early=True, concurrency=1))
    assert keyed.log()["requests"] == 3
    assert ws.record_counts() == {"failed": 40}
    assert (job.executions_done, job.records_failed) == (40, 40)
    assert job.error is not None
    assert job.error["error"] == (
        f"the retry was stopped early, 3 records in a row failed: model 'm' (offline) at "
        f"{keyed.url}: 401 Incorrect API key provided (after 1 try); check the key and what it "
        "may use. Job 1 is completed as it was before, with what the retry has made good; once "
        "that is mended, dgf retry 1 goes on"
    )
    assert ways_on(job.row) == Ways(None, "dgf retry 1")
    assert healthy(ws)
    mend(monkeypatch)
    keyed.reset()
    finish(job.retry_failed())
    assert ws.record_counts() == {"pending": 40}
    assert keyed.log()["requests"] == 40
    assert job.error is None
    assert healthy(ws)


def test_retry_of_what_the_seeds_make_fail(ws: dgf.Workspace) -> None:
    """Nearly all of them fail again, which is no news: the job is completed as it was before."""
    pipeline = dgf.Pipeline("p", [breaks(25)])
    job = finish(dgf.run(pipeline, numbers(60), stop_early=False))
    assert (job.records_generated, job.records_failed) == (35, 25)
    finish(job.retry_failed(stop_early=True, concurrency=1))
    assert (job.records_generated, job.records_failed, job.error) == (35, 25, None)
    assert look("store.db", "SELECT count(*) FROM executions WHERE attempt = 2") == [(25,)]


def test_chunks_of_one_document(ws: dgf.Workspace) -> None:
    """The branches of a fan-out count, what has parted does not."""

    @dgf.block(outputs=["n"], fan_out=True)
    async def count(top):
        return [{"n": n} for n in range(top)]

    pipeline = dgf.Pipeline("p", [count, breaks(10**6)])
    job = finish(dgf.run(pipeline, [{"top": 400}] * 30, concurrency=4), "failed")
    assert 19 <= job.records_failed <= 20 + 4
    assert healthy(ws)


def test_error_that_a_block_wraps(ws: dgf.Workspace, keyed: OfflineServer) -> None:
    """What a block makes of a refused key, as the cause of its own error, counts as well."""

    @dgf.block(outputs=["x"])
    async def wraps(n, ctx):
        try:
            return {"x": (await ctx.llm("m").chat("hello")).text}
        except dgf.ModelError as error:
            raise RuntimeError("no answer") from error

    job = finish(dgf.run(dgf.Pipeline("p", [wraps]), numbers(50), concurrency=1), "failed")
    assert job.executions_done == 3
    assert "401 Incorrect API key provided" in why(job)


# -- the rules themselves


def fatal(status: int = 401, **detail: Any) -> Outcome:
    """A branch that a refused key ended."""
    error = dgf.ModelError("refused", {"kind": "auth", "status": status, **detail})
    return Outcome("failed", reason="refused", error=error)


GOOD = Outcome("completed")
OTHER = Outcome("failed", reason="x", error=dgf.ValidationError("x"))


def stopped_after(outcomes: list[Outcome]) -> int | None:
    """How many branches, one after the other, end before the job is stopped."""
    steering = Steering([EarlyStop(1)])
    for number, outcome in enumerate(outcomes, 1):
        branch = Branch(Execution({}, "", 1, key=number), {})
        steering.began(branch)
        assert steering.ended(branch, outcome) is outcome
        if steering.status is not None:
            assert steering.status == "failed"
            return number
    return None


@pytest.mark.parametrize(
    ("outcomes", "count"),
    [
        ([fatal()] * 3, 3),
        ([fatal(), fatal(), GOOD, fatal(), fatal(), GOOD], None),
        ([fatal(), fatal(), Outcome("filtered"), fatal(), fatal(), fatal()], 6),
        ([fatal(), OTHER, fatal(), OTHER, fatal()], 5),
        ([GOOD, *[fatal(403)] * 12], 11),
        ([GOOD, *[fatal(401)] * 12], 4),
        ([fatal(403)] * 3, 3),
        ([fatal(kind="connection", is_absent=True)] * 3, 3),
        ([fatal(kind="connection", is_absent=False)] * 10, None),
        ([fatal(kind="certificate")] * 3, 3),
        ([fatal(kind="not_found")] * 3, 3),
        ([fatal(kind="rate_limit")] * 10, None),
        ([fatal(kind="bad_request")] * 10, None),
        ([GOOD, *[OTHER] * 30], 20),
        ([GOOD, GOOD, *[OTHER] * 300], None),
        ([OTHER] * 19, None),
    ],
)
def test_rules(outcomes: list[Outcome], count: int | None) -> None:
    """Three in a row of what nothing mends, 19 of the first 20 of anything."""
    assert stopped_after(outcomes) == count


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 40), st.randoms())
def test_first_begun(fails: list[bool], workers: int, random: Any) -> None:
    """Whatever the order of the ends: hopeless only when 19 of the first 20 begun have failed."""
    first = FirstBegun()
    waiting = list(enumerate(fails))
    running: list[tuple[int, bool]] = []
    failed: list[int] = []
    begun = 0
    while waiting or running:
        while waiting and len(running) < workers:
            running.append(waiting.pop(0))
            first.began(running[-1][0])
            begun += 1
        number, has_failed = running.pop(random.randrange(len(running)))
        assert first.ended(number, has_failed=has_failed) == (number < 20)
        if has_failed and number < 20:
            failed.append(number)
        assert first.is_hopeless == (len(failed) >= 19 and begun >= 20)
    assert first.is_hopeless == (len(fails) >= 20 and sum(fails[:20]) >= 19)


@given(st.lists(st.sampled_from(["good", "other", "401", "403"]), max_size=40))
def test_in_a_row(ends: list[str]) -> None:
    """Enough is what came since the last good one, 403 with more patience after a good one."""
    row = InARow()
    for at, end in enumerate(ends):
        if end == "good":
            row.succeeded()
        elif end != "other":
            good = [place for place in range(at) if ends[place] == "good"]
            since = ends[good[-1] + 1 if good else 0 : at + 1]
            count = len([one for one in since if one in ("401", "403")])
            needed = 10 if end == "403" and good else 3
            assert row.failed(int(end)) == (count >= needed)
            assert row.count == count
