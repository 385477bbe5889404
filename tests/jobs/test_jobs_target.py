"""Exactly N accepted records, however they come: the server's log tells what they did cost."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import ECHO, finish, look, wait_until
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb import ConfigError, JobError
from datagenflow_nb.engine import Branch, Execution, Outcome
from datagenflow_nb.jobs import Job
from datagenflow_nb.jobs.steering import Steering
from datagenflow_nb.jobs.target import TargetLimit, most_under_way, patience
from datagenflow_nb.jobs.ways import Ways, ways_on

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"

SEEDS = [{"n": n} for n in range(10)]
#: One call, and a mark that a third of the executions get.
BLOCKS: list[dict[str, Any]] = [
    {"type": "TextGenerator", "config": {"user_prompt": "About {{ n }}", "model": "m"}},
    {"type": "Mark"},
]
BRANCH = Branch.start(Execution({}, "a trace", 1))
PIPE = {"name": "marks", "accept_when": "mark < 0.34", "blocks": BLOCKS}
BLOCK_FILE = """
import datagenflow_nb as dgf

@dgf.block(outputs=["mark"])
def Mark(ctx):
    return {"mark": ctx.random.random()}
"""
RUN = f"""
    import datagenflow_nb as dgf
    ws = dgf.workspace("store.db")
    ws.run({PIPE!r}, [{{"n": n}} for n in range(10)], concurrency=8, target_accepted=60)
    ws.job(1).wait()
"""


@pytest.fixture
def mark(ws: dgf.Workspace) -> None:
    """The block ``Mark``, in the project's folder."""
    ws.save_blocks(BLOCK_FILE)


def marked() -> dict[str, int]:
    """Statuses of all records."""
    rows = look("store.db", "SELECT status, count(*) FROM records GROUP BY status")
    return dict(rows)


def is_exact(ws: dgf.Workspace, job: Job, wanted: int) -> bool:
    """So many accepted records in the store, its counters agree, and no key is there twice."""
    frame = job.records()
    assert not frame.duplicated(["seed_index", "repetition", "branch"]).any()
    surplus = frame[frame["status"] == "filtered"]
    ended = frame[frame["status"] != "filtered"]
    assert marked()["accepted"] == job.records_accepted == (ended["mark"] < 0.34).sum()
    assert set(surplus["reason"]) <= {f"surplus: {wanted} records were accepted before"}
    assert not [finding for finding in ws.examine() if finding.count]
    return bool(job.records_accepted == wanted)


def test_n(ws: dgf.Workspace, server: OfflineServer, mark: None) -> None:
    """The seeds are gone through again, with other random numbers, until there are 25."""
    job = finish(ws.run(PIPE, SEEDS, concurrency=4, random_seed=1, target_accepted=25))
    frame = job.records()
    accepted = frame[frame["status"] == "accepted"]
    assert (len(accepted), job.records_accepted) == (25, 25)
    assert (accepted["mark"] < 0.34).all()
    assert (frame[frame["status"] == "rejected"]["mark"] >= 0.34).all()
    assert not frame.duplicated(["seed_index", "repetition"]).any()
    assert frame["mark"].dropna().is_unique
    # As many as were needed, and at most the four that were under way.
    numbers = sorted(zip(frame["repetition"], frame["seed_index"], strict=True))
    assert numbers == [(k // 10, k % 10) for k in range(len(frame))]
    assert server.log()["requests"] == job.usage["calls"] <= len(frame) + 3
    assert not [finding for finding in ws.examine() if finding.count]
    assert repr(job).startswith("Job(1: 'marks' completed, ")
    with pytest.raises(JobError, match="job 1 is completed, there is nothing to resume"):
        job.resume(target_accepted=30)


def test_no_more_is_begun_than_can_be_needed(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Everything is accepted: as many calls as records, at whatever concurrency."""
    server.reset(latency=0.02)
    pipe = {**PIPE, "accept_when": "n >= 0", "blocks": BLOCKS[:1]}
    job = finish(ws.run(pipe, SEEDS, concurrency=32, target_accepted=13))
    assert (job.records_accepted, marked()) == (13, {"accepted": 13})
    assert server.log()["requests"] == 13
    assert sorted(job.records()["repetition"].value_counts().items()) == [(0, 10), (1, 3)]


def test_surplus_makes_no_further_call(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Two calls each; what is under way when the last one is accepted makes no second one."""
    server.reset(latency=0.01)

    @dgf.block(outputs=["late"])
    async def second(n, ctx):
        return {"late": (await ctx.llm("m").chat(f"second {n} {ctx.random.random()}")).text}

    pipe = dgf.Pipeline("two", [BLOCKS[0], second], accept_when="n % 4 == 0")
    job = finish(ws.run(pipe, SEEDS, concurrency=16, target_accepted=20))
    assert marked()["accepted"] == 20
    surplus = look("store.db", "SELECT reason, verdict FROM records WHERE status = 'filtered'")
    assert set(surplus) <= {("surplus: 20 records were accepted before", None)}
    (calls,) = look("store.db", "SELECT count(*) FROM calls WHERE block_id = 'second'")[0]
    ended = marked()["accepted"] + marked().get("rejected", 0)
    assert calls <= ended + 16
    assert server.log()["requests"] == job.usage["calls"]


def test_documents(ws: dgf.Workspace, server: OfflineServer, mark: None) -> None:
    """With fan-out too: branches that are not needed ask nothing and are filtered."""

    @dgf.block(outputs=["part"], fan_out=True)
    def parts(n):
        return [{"part": f"{n}.{k}"} for k in range(7)]

    ask_part = {"type": "TextGenerator", "config": {"user_prompt": "{{ part }}", "model": "m"}}
    pipe = dgf.Pipeline("parts", [parts, ask_part, {"type": "Mark"}], accept_when="mark < 0.34")
    job = finish(ws.run(pipe, SEEDS, concurrency=3, random_seed=5, target_accepted=17))
    assert is_exact(ws, job, 17)
    frame = job.records()
    ended = (frame["status"] != "filtered").sum()
    assert server.log()["requests"] <= ended + 2
    assert set(frame.groupby(["seed_index", "repetition"]).size()) == {7}
    assert [status for (status,) in look("store.db", "SELECT DISTINCT status FROM executions")] == [
        "completed"
    ]


def test_too_few(ws: dgf.Workspace, server: OfflineServer, mark: None) -> None:
    """It stops at max_attempts, says so, and goes on with more of them."""
    job = finish(ws.run(PIPE, SEEDS, random_seed=1, target_accepted=50, max_attempts=35), "stopped")
    assert job.executions_done == server.log()["requests"] == 35
    accepted = job.records_accepted
    assert 5 <= accepted <= 20
    assert job.error is not None
    assert job.error["error"] == (
        f"{accepted} of 50 accepted after 35 executions (max_attempts): accept_when 'mark < 0.34': "
        f"{accepted} accepted, {35 - accepted} rejected, 0 failed, 0 filtered; to go on with more: "
        "job.resume(max_attempts=...), %dgf resume 1 --max-attempts N or "
        "dgf resume 1 --max-attempts N"
    )
    with pytest.raises(ConfigError, match="job 1 has used 35 of max_attempts 35: nothing was"):
        job.resume()
    with pytest.raises(ConfigError, match="job 1 can be given another target_accepted, but none"):
        job.resume(target_accepted=None)
    with pytest.raises(ConfigError, match=f"job 1 has {accepted} of target_accepted 2: nothing"):
        job.resume(target_accepted=2, max_attempts=90)
    finish(job.resume(max_attempts=45), "stopped")
    assert (job.executions_done, server.log()["requests"]) == (45, 45)
    finish(job.resume(target_accepted=30, max_attempts=None))
    assert is_exact(ws, job, 30)
    assert server.log()["requests"] == job.usage["calls"]


def test_attempts_that_nobody_limits(ws: dgf.Workspace) -> None:
    """Ten for each record wanted, or one pass over the seeds, whichever is more."""
    never = {**ECHO, "accept_when": "n < 0"}
    patient = {"target_accepted": 2, "stop_early": False}
    job = finish(ws.run(never, SEEDS, **patient), "stopped")
    assert (job.executions_done, marked()) == (20, {"rejected": 20})
    job = finish(ws.run(never, [{"n": n} for n in range(70)], **patient), "stopped")
    assert job.executions_done == 70
    assert job.error is not None
    assert job.error["error"].startswith(
        "0 of 2 accepted after 70 executions (max_attempts): accept_when 'n < 0': 0 accepted, 70 "
    )


def test_rule_that_accepts_nothing(ws: dgf.Workspace, server: OfflineServer) -> None:
    """The job stops when none of the first was accepted, and says which rule it was."""
    never = {**PIPE, "accept_when": "n < 0", "blocks": BLOCKS[:1]}
    job = finish(ws.run(never, SEEDS, target_accepted=5), "stopped")
    assert server.log()["requests"] == job.executions_done == 20
    assert job.error is not None
    assert job.error["error"] == (
        "stopped early, the rule accepted none of 20 records: accept_when 'n < 0': 0 accepted, 20 "
        "rejected, 0 failed, 0 filtered. %dgf records 1 shows what it rejected; with the pipeline "
        "edited, dgf rerun 1 --target-accepted none judges the same answers; dgf resume 1 goes on "
        "(stop_early=False whatever is rejected)"
    )
    finish(job.resume(), "stopped")
    assert server.log()["requests"] == 40
    finish(job.resume(stop_early=False), "stopped")
    assert server.log()["requests"] == 50
    assert job.error["error"].startswith("0 of 5 accepted after 50 executions (max_attempts): acc")


def test_rule_that_accepts_little(ws: dgf.Workspace) -> None:
    """One accepted record is enough to go on, however many are rejected after it."""
    rare = {**ECHO, "accept_when": "n == 0"}
    job = finish(ws.run(rare, [{"n": n} for n in range(200)], target_accepted=2,
                         max_attempts=300))  # fmt: skip
    assert job.records_accepted == 2
    assert 201 <= job.executions_done <= 300


def test_failures_are_no_verdicts(ws: dgf.Workspace, server: OfflineServer) -> None:
    """What failed in an outage says nothing of the rule: as many calls as records are missing."""
    ws.add_model("m", endpoint=server.url, model="offline", max_tries=1)
    server.reset(rate_500=1.0)
    always = {**PIPE, "accept_when": "n >= 0", "blocks": BLOCKS[:1]}
    job = finish(ws.run(always, SEEDS, target_accepted=3), "failed")
    assert 19 <= job.records_failed <= 23
    server.reset(rate_500=0.0)
    finish(job.resume())
    assert (job.records_accepted, server.log()["requests"]) == (3, 3)
    assert job.records_filtered == 0

    server.reset(rate_500=1.0)
    options = {"target_accepted": 4, "max_attempts": 30, "stop_early": False}
    other = finish(ws.run(always, SEEDS, **options), "stopped")
    assert other.records_failed == 30
    server.reset(rate_500=0.0)
    finish(other.retry_failed())
    assert (other.records_accepted, other.records_filtered) == (4, 26)
    assert server.log()["requests"] == 4
    assert not [finding for finding in ws.examine() if finding.count]


HANGS = """
import asyncio
from pathlib import Path
import datagenflow_nb as dgf

@dgf.block(outputs=["x"])
async def Hangs(n):
    if n == 3:
        Path("three").touch()
        await asyncio.sleep(3600)
    while n in (1, 2) and not Path("three").exists():
        await asyncio.sleep(0.01)
    return {"x": n}
"""


def test_killed_when_it_had_them(
    ws: dgf.Workspace, server: OfflineServer, start_script: Callable[..., subprocess.Popen[str]]
) -> None:
    """A surplus branch still runs at kill -9: a resume completes the job and asks nothing."""
    ws.save_blocks(HANGS)
    pipe = {**PIPE, "accept_when": "0 < n < 3", "blocks": [BLOCKS[0], {"type": "Hangs"}]}
    process = start_script(
        f"""
        import datagenflow_nb as dgf
        seeds = [{{"n": n}} for n in range(5)]
        dgf.workspace("store.db").run({pipe!r}, seeds, concurrency=4, target_accepted=2).wait()
        """
    )
    wait_until(lambda: marked().get("accepted") == 2, "two accepted", process)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    asked = server.log()["requests"]
    job = ws.job(1)
    assert (job.status, job.records_accepted) == ("interrupted", 2)
    assert ways_on(job.row) == Ways("dgf resume 1", None)
    finish(job.resume())
    assert server.log()["requests"] == asked
    counts = marked()
    assert counts["accepted"] == 2
    assert counts["filtered"] >= 1
    assert set(look("store.db", "SELECT reason FROM records WHERE status = 'filtered'")) == {
        ("surplus: 2 records were accepted before",)
    }
    assert not [finding for finding in ws.examine() if finding.count]


def test_killed_when_all_was_done(ws: dgf.Workspace, server: OfflineServer) -> None:
    """The same without a target, whatever budget is met."""
    pipe = {"name": "ask", "blocks": BLOCKS[:1]}
    job = finish(ws.run(pipe, SEEDS, max_records=10))
    with contextlib.closing(sqlite3.connect("store.db")) as connection, connection:
        # As the file is when the process ends between the last record and the job's end.
        connection.execute("UPDATE jobs SET status = 'interrupted'")
    server.reset()
    assert ways_on(job.row).resume == "dgf resume 1"
    finish(job.resume())
    assert (job.records_generated, server.log()["requests"]) == (10, 0)


def test_killed(
    ws: dgf.Workspace, server: OfflineServer, mark: None,
    start_script: Callable[..., subprocess.Popen[str]],
) -> None:  # fmt: skip
    """kill -9 in the middle, and again: still exactly 60, and nothing answered is asked again."""
    server.reset(latency=0.02)
    script = RUN
    for at in (15, 35):
        process = start_script(script)
        wait_until(lambda at=at: marked().get("accepted", 0) >= at, f"{at} accepted", process)  # type: ignore[misc]
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=20)
        script = 'import datagenflow_nb as dgf\ndgf.workspace("store.db").job(1).resume().wait()'
    job = finish(ws.job(1).resume())
    assert is_exact(ws, job, 60)
    frame = job.records()
    numbers = sorted(zip(frame["repetition"], frame["seed_index"], strict=True))
    assert numbers == [(k // 10, k % 10) for k in range(len(frame))]
    assert server.log()["requests"] <= job.usage["calls"] + 2 * 8


def test_failed_and_retried(ws: dgf.Workspace, mark: None) -> None:
    """What a retry makes counts; once there are enough there is none."""
    flaky = {"fails": True}

    @dgf.block(outputs=["x"])
    def sometimes(n):
        if flaky["fails"] and n % 2:
            raise ValueError("not now")
        return {"x": n}

    pipe = dgf.Pipeline("flaky", [sometimes], accept_when="x % 5 < 4")
    job = ws.run(pipe, SEEDS, concurrency=2, target_accepted=14, max_attempts=20)
    finish(job, "stopped")
    assert (job.records_accepted, job.records_failed) == (8, 10)
    flaky["fails"] = False
    finish(job.retry_failed())
    assert job.records_accepted == marked()["accepted"] == 14
    with pytest.raises(JobError, match="job 1 has no failed records to retry"):
        job.retry_failed()


def test_a_reviewer_changes_nothing(ws: dgf.Workspace, mark: None) -> None:
    """What counts is what the rule said, whatever was decided since."""
    pipe = {**ECHO, "accept_when": "n % 2 == 0"}
    job = finish(ws.run(pipe, SEEDS, target_accepted=20, max_attempts=10), "stopped")
    frame = job.records()
    ws.update_records(frame[frame["status"] == "accepted"]["id"].tolist(), status="rejected")
    ws.update_records(frame[frame["status"] == "rejected"]["id"].tolist(), status="accepted")
    finish(job.resume(max_attempts=100))
    assert (job.records_accepted, marked()["accepted"]) == (20, 20)
    assert look("store.db", "SELECT count(*) FROM records WHERE verdict = 'accepted'") == [(20,)]


def test_with_budgets(ws: dgf.Workspace, server: OfflineServer, mark: None) -> None:
    """Whichever is met first ends the job."""
    job = finish(ws.run(PIPE, SEEDS, target_accepted=20, max_records=9, concurrency=4), "stopped")
    assert (job.records_generated, server.log()["requests"]) == (9, 9)
    finish(job.resume(max_records=500))
    assert is_exact(ws, job, 20)


def test_what_cannot_be(ws: dgf.Workspace) -> None:
    """Nothing is started."""
    with pytest.raises(ConfigError, match="target_accepted is 5, and the pipeline has no accept_"):
        ws.run(ECHO, SEEDS, target_accepted=5)
    rule = {**ECHO, "accept_when": "n"}
    with pytest.raises(ConfigError, match="max_attempts says how many executions may be run to re"):
        ws.run(rule, SEEDS, max_attempts=5)
    with pytest.raises(ConfigError, match="target_accepted is 0, expected a whole number, 1 or mo"):
        ws.run(rule, SEEDS, target_accepted=0)
    assert ws.jobs() == []
    job = finish(ws.run(rule, SEEDS, max_records=3), "stopped")
    with pytest.raises(ConfigError, match="another target_accepted, but none instead of one or on"):
        job.resume(target_accepted=5)


def test_re_run(ws: dgf.Workspace) -> None:
    """It goes through the seeds once, so it takes no target, not even its parent's."""
    rule = {**ECHO, "accept_when": "n"}
    job = finish(ws.run(rule, SEEDS, target_accepted=12))
    told = (
        r"^a re-run goes through the seeds once, and target_accepted \(12\) again and again; .*: "
        r"job.rerun\(..., target_accepted=None\), plan_rerun\(..., target_accepted=None\), .* or "
        r"dgf rerun 1 --target-accepted none; "
    )
    with pytest.raises(ConfigError, match=told):
        job.rerun(rule)


def test_re_run_without_the_target(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Once through the seeds with the answers that there are, and an edited rule."""
    pipe = {**PIPE, "accept_when": "n < 1", "blocks": BLOCKS[:1]}
    job = finish(ws.run(pipe, SEEDS, target_accepted=2, max_attempts=25))
    server.reset()
    again = job.rerun({**pipe, "accept_when": "n < 5"}, target_accepted=None, wait=True)
    assert (again.usage["calls"], again.usage["reused"]) == (0, 10)
    assert server.log()["requests"] == 0
    assert (again.status, again.records_accepted, again.total) == ("completed", 5, 10)
    assert "max_attempts" not in again.row.options


@given(
    accepts=st.lists(st.booleans(), max_size=80),
    wanted=st.integers(1, 20),
    workers=st.integers(1, 16),
    is_patient=st.booleans(),
    choices=st.randoms(use_true_random=False),
)
def test_any_sequence(
    accepts: list[bool], wanted: int, workers: int, is_patient: bool, choices
) -> None:
    """Branches begin and end in any order: exactly N, never stuck, little that is not needed."""
    limit = TargetLimit(wanted, 0, 0, is_patient=is_patient)
    steering = Steering([limit])
    waiting, flying, statuses = list(accepts), [], []
    while steering.status is None and (waiting or flying):
        while waiting and len(flying) < workers and steering.may_begin(0):
            missing = wanted - statuses.count("accepted")
            assert len(flying) < most_under_way(missing, statuses.count("accepted"), len(statuses))
            steering.enter()
            flying.append(waiting.pop(0))
        assert flying, "nothing may begin and nothing is under way"
        statuses.append(end(steering, flying, choices))
    while flying:
        statuses.append(end(steering, flying, choices))
    assert statuses.count("accepted") == min(wanted, sum(accepts[: len(statuses)]))
    assert (steering.status == "completed") == (statuses.count("accepted") == wanted)
    assert statuses.count("surplus") == 0 or steering.leftover is not None
    if steering.status == "stopped":
        assert not is_patient
        assert statuses == ["rejected"] * patience(wanted)


def end(steering: Steering, flying: list[bool], choices: Any) -> str:
    """One of the branches under way ends; what is stored of it."""
    verdict = flying.pop(choices.randrange(len(flying)))
    outcome = steering.ended(BRANCH, Outcome("completed", verdict=verdict))
    steering.leave()
    if outcome.status == "filtered":
        return "surplus"
    return "accepted" if outcome.verdict else "rejected"


@pytest.mark.parametrize(
    ("missing", "accepted", "ended", "most"),
    [(50, 0, 0, 50), (50, 0, 9, 500), (49, 1, 9, 245), (1, 9, 9, 1), (10, 40, 120, 30)],
)
def test_under_way(missing: int, accepted: int, ended: int, most: int) -> None:
    """First as many as are missing, then as the rate of acceptance says."""
    assert most_under_way(missing, accepted, ended) == most


@pytest.mark.parametrize(("wanted", "count"), [(1, 20), (10, 20), (11, 22), (50, 100), (900, 100)])
def test_patience(wanted: int, count: int) -> None:
    """Twice as many as are wanted, from 20 to 100."""
    assert patience(wanted) == count
