"""Pausing: no new call until somebody lets the job go on, from whichever process."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from running import ECHO, ask, finish, look, wait_until
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb.jobs import Job
from datagenflow_nb.storage.jobs import seconds_between

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"

Start = Callable[..., subprocess.Popen[str]]

ON_JOB_1 = 'import datagenflow_nb as dgf; job = dgf.workspace("store.db").job(1)\n'


def answered() -> int:
    """Calls with an answer in the file."""
    return int(look("store.db", "SELECT count(*) FROM calls WHERE answer IS NOT NULL")[0][0])


def test_paused_time_is_no_blocks_time(ws: dgf.Workspace, server: OfflineServer) -> None:
    """What a block waits for a call that may not be made is not in its step's time."""
    job = start_asking(server, 12)
    job.pause()
    settled(server, job)
    assert job.current_blocks
    time.sleep(1.2)  # what is measured
    job.resume()
    finish(job)
    steps = [step for key in job.records()["id"] for step in job.record(int(key)).trace]
    assert len(steps) == 24
    beside = [step["execution_time"] - step["calls"][0]["latency"] for step in steps]
    assert max(beside) < 1.0
    assert min(step["execution_time"] for step in steps) > 0.04


def run_script(start: Start, script: str) -> str:
    """What it prints."""
    out, err = start(script).communicate(timeout=60)
    assert err == ""
    return str(out)


def distinct_requests() -> int:
    """Answered calls in the file that ask something else than all the others."""
    sql = "SELECT count(DISTINCT request_hash) FROM calls WHERE answer IS NOT NULL"
    return int(look("store.db", sql)[0][0])


def start_asking(server: OfflineServer, count: int = 200, latency: float = 0.05) -> Job:
    """A job that asks twice for each seed, slowly, four at once."""
    server.reset(latency=latency)
    more = {"type": "TextGenerator", "config": {"user_prompt": "On {{ n }}: {{ assistant }}"}}
    seeds = [{"n": n} for n in range(count)]
    job = dgf.run(ask("Say {{ n }}", more), seeds, model="m", concurrency=4)
    wait_until(lambda: answered() >= 8, "first answers")
    return job


def settled(server: OfflineServer, job: Job) -> int:
    """Requests the server got when the job's calls in flight have come in."""
    wait_until(lambda: job.status == "paused", "the runner to obey")
    wait_until(lambda: server.log()["in_flight"] == 0, "the answers in flight")
    wait_until(lambda: answered() == server.log()["requests"], "them to be stored")
    return int(server.log()["requests"])


def test_pause_and_resume(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Answers in flight are stored, nothing new is asked, and nothing is lost or doubled."""
    job = start_asking(server, 40)
    assert job.pause() is job
    before = settled(server, job)
    with pytest.raises(TimeoutError, match=r"^job 1 is paused and has not ended after 1\.5 s; job"):
        job.wait(1.5)  # some looks at the row later
    assert server.log()["requests"] == before == job.usage["calls"]
    assert repr(job).startswith("Job(1: 'ask' paused, ")
    assert job.pause().status == "paused"
    finish(job.resume())
    assert (job.row.control, job.records_generated) == (None, 40)
    log = server.log()
    assert (log["requests"], log["distinct_prompts"], job.usage["calls"]) == (80, 80, 80)
    assert not [finding for finding in ws.examine() if finding.count]


def test_answers_that_are_still_coming(ws: dgf.Workspace, server: OfflineServer) -> None:
    """The row of a paused job says how many; those that wait for another try are none."""
    server.reset(latency=1.0)
    job = dgf.run(ask("Say {{ n }}"), [{"n": n} for n in range(20)], model="m", concurrency=3)
    wait_until(lambda: server.log()["in_flight"] == 3, "three calls in flight")
    assert job.row.answers_coming == 0
    job.pause()
    wait_until(lambda: job.status == "paused", "the runner to obey")
    assert 1 <= job.row.answers_coming <= 3
    wait_until(lambda: job.row.answers_coming == 0, "the answers")
    wait_until(lambda: answered() == 3, "them to be stored")
    assert job.status == "paused"
    server.reset(latency=0.0)
    finish(job.resume())
    assert job.row.answers_coming == 0


def test_from_another_process(
    ws: dgf.Workspace, server: OfflineServer, start_script: Start
) -> None:
    """One process pauses, another lets go on, where the job runs in this one."""
    job = start_asking(server, 40, latency=0.5)
    assert run_script(start_script, ON_JOB_1 + "print(job.pause().row.control)") == "pause\n"
    before = settled(server, job)
    server.reset(latency=0.0)
    script = ON_JOB_1 + "print(job.status, job.resume(wait=True).status)"
    assert run_script(start_script, script) == "paused completed\n"
    assert before + server.log()["requests"] == 80 == distinct_requests()
    assert finish(job).records_generated == 40


def test_cancelling_a_paused_job(
    ws: dgf.Workspace, server: OfflineServer, start_script: Start
) -> None:
    """It ends at once, without a further call, and can be resumed."""
    job = start_asking(server)
    job.pause()
    before = settled(server, job)
    run_script(start_script, ON_JOB_1 + "job.cancel()")
    finish(job, "cancelled", timeout=10)
    assert server.log()["requests"] == before
    assert job.row.control is None
    finish(job.resume(concurrency=32))
    assert server.log()["requests"] == server.log()["distinct_prompts"] == 400


def test_paused_while_waiting_for_another_try(ws: dgf.Workspace, server: OfflineServer) -> None:
    """The next try is made when the job goes on."""
    server.reset(rate_429=1.0, retry_after=1.0)
    ws.add_model("patient", endpoint=server.url, model="m", max_wait=600, max_tries=100)
    job = dgf.run(ask("{{ n }}"), {"n": 1}, model="patient")
    wait_until(lambda: job.waiting, "the call to wait")
    job.pause()
    wait_until(lambda: job.status == "paused", "the runner to obey")
    before = server.log()["requests"]
    server.reset(rate_429=0.0)
    with pytest.raises(TimeoutError):
        job.wait(2)
    assert before > 0
    assert server.log()["requests"] == 0
    finish(job.resume())
    assert server.log()["requests"] == 1


def test_branches_and_blocks_without_calls(ws: dgf.Workspace) -> None:
    """What is under way ends with its record, but no other execution begins."""
    opened = asyncio.Event()

    @dgf.block(outputs=["m"])
    async def wait_for_it(n):
        if n < 2:
            await opened.wait()
        return {"m": n}

    job = dgf.run(dgf.Pipeline("p", [wait_for_it]), [{"n": n} for n in range(9)], concurrency=2)
    wait_until(lambda: job.current_blocks == [("wait_for_it", 2)], "two to be under way")
    job.pause()
    wait_until(lambda: job.status == "paused", "the runner to obey")
    opened._loop.call_soon_threadsafe(opened.set)  # type: ignore[attr-defined]
    wait_until(lambda: job.executions_done == 2, "what is under way")
    with pytest.raises(TimeoutError):
        job.wait(0.2)
    assert job.executions_done == 2
    assert finish(job.resume()).records_generated == 9


def test_pause_of_the_last(ws: dgf.Workspace, server: OfflineServer) -> None:
    """A job of which nothing is left to be started ends, paused or not."""
    server.reset(latency=1.0)
    job = dgf.run(ask("Say {{ n }}"), [{"n": n} for n in range(3)], model="m", concurrency=3)
    wait_until(lambda: server.log()["max_in_flight"] == 3, "all to be asked")
    job.pause()
    assert finish(job).row.control is None


def test_wishes_in_a_row(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Taken back before the runner saw it; weaker ones after a cancel are refused."""
    job = start_asking(server, 40)
    job.pause().resume().pause().resume()
    finish(job)
    assert server.log()["requests"] == 80
    begun, goes_on = threading.Event(), threading.Event()

    @dgf.block(outputs=["x"])
    async def hold(n: int) -> dict[str, Any]:
        if n == 0:  # the runner hears nothing meanwhile
            begun.set()
            goes_on.wait(60)
        await asyncio.sleep(0.02)
        return {"x": n}

    job = dgf.run(dgf.Pipeline("hold", [hold]), [{"n": n} for n in range(400)], concurrency=1)
    assert begun.wait(60)
    job.cancel()
    with pytest.raises(dgf.JobError, match=r"^job 2 cannot be paused, it is being cancelled$"):
        job.pause()
    job.cancel(now=True).cancel()
    goes_on.set()
    finish(job, "cancelled")


def test_what_cannot_be_paused(ws: dgf.Workspace, server: OfflineServer) -> None:
    """A job that has ended or is not there; options for one that is paused."""
    ended = finish(dgf.run(ECHO, {"n": 1}))
    with pytest.raises(dgf.JobError, match=r"^job 1 cannot be paused, it is completed$"):
        ended.pause()
    ended.delete()
    with pytest.raises(dgf.JobError, match=r"^there is no job 1"):
        ended.pause()
    job = start_asking(server).pause()
    told = r"^job 2 is paused and goes on as it was: concurrency cannot be changed; cancel it, then"
    with pytest.raises(dgf.ConfigError, match=told):
        job.resume(concurrency=2)
    with pytest.raises(dgf.ConfigError, match=r"^run option 'concurency' is unknown"):
        job.resume(concurency=2)
    with pytest.raises(dgf.JobError, match=r"cannot be retried meanwhile$"):
        job.retry_failed()
    with pytest.raises(dgf.JobError, match=r"; cancel it before deleting it$"):
        job.delete()
    finish(job.cancel(now=True), "cancelled")


def test_paused_before_it_began(ws: dgf.Workspace, server: OfflineServer) -> None:
    """A job that is still being filled with seeds is paused before its first call."""
    paused = []

    def seeds():
        for n in range(5):
            yield {"n": n}
            if n == 2:  # the job is there, without all its seeds
                paused.extend(job.pause() for job in ws.jobs())

    job = dgf.run(ask("Say {{ n }}"), seeds(), model="m")
    assert [(one.id, job.id) for one in paused] == [(1, 1)]
    wait_until(lambda: job.status == "paused", "the runner to obey")
    assert server.log()["requests"] == 0
    assert finish(job.resume()).records_generated == 5


def test_time_it_was_paused_does_not_count(ws: dgf.Workspace, server: OfflineServer) -> None:
    """The row tells how long the job ran."""
    job = start_asking(server)
    job.pause()
    settled(server, job)
    (held, since), began = job.row.options["paused"], job.row.started_at
    assert held == 0.0
    finish(job.cancel(), "cancelled")
    assert job.row.finished_at > since
    assert job.row.seconds == seconds_between(began, since)


def test_close_while_paused(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Closing the workspace ends the job as cancelled; it can be resumed."""
    job = start_asking(server, 40)
    job.pause()
    settled(server, job)
    ws.close()
    again = dgf.workspace("store.db")
    assert again.job(1).row.status == "cancelled"
    assert finish(again.job(1).resume()).records_generated == 40
    assert server.log()["requests"] == server.log()["distinct_prompts"] == 80


@pytest.mark.parametrize("how", ["kill", "end"])
def test_process_of_a_paused_job_ends(
    ws: dgf.Workspace, server: OfflineServer, start_script: Start, how: str
) -> None:
    """It reads interrupted, and the next runner does not obey the old wish."""
    server.reset(latency=0.05)
    process = start_script(
        f"""
        import datagenflow_nb as dgf
        dgf.workspace("store.db")
        seeds = [{{"n": n}} for n in range(60)]
        dgf.run({ask("Say {{ n }}")!r}, seeds, model="m", concurrency=4)
        input()
        """,
        stdin=subprocess.PIPE,
    )
    wait_until(lambda: answered() >= 8, "first answers", process)
    job = ws.job(1).pause()
    before = settled(server, job)
    if how == "kill":
        process.send_signal(signal.SIGKILL)
    _, err = process.communicate("\n" if how == "end" else None, timeout=20)
    assert ("job 1 was interrupted" in err) == (how == "end")
    assert (job.status, job.row.control) == ("interrupted", None)
    finish(job.resume())
    assert before < server.log()["requests"] == server.log()["distinct_prompts"] == 60
    assert job.records_generated == 60


def test_many_hands_at_once(ws: dgf.Workspace, server: OfflineServer, start_script: Start) -> None:
    """Processes that pause, resume and at last cancel at random: one truth, nothing doubled."""
    job = start_asking(server, latency=0.5)
    script = ON_JOB_1 + "\n".join(
        [
            "import random",
            "for _ in range(40):",
            "    try:",
            "        random.choice((job.pause, job.resume))()",
            "    except dgf.JobError as error:",
            "        assert 'it cannot be resumed meanwhile' in error.message",  # it is not paused
        ]
    )
    hands: list[Any] = [start_script(script) for _ in range(3)]
    assert [hand.communicate(timeout=60) for hand in hands] == [("", "")] * 3
    assert job.status in ("running", "paused")
    ends = [start_script(ON_JOB_1 + f"job.{call}()") for call in ("cancel", "cancel", "pause")]
    for hand in ends:
        hand.communicate(timeout=60)
    finish(job, "cancelled")
    assert job.row.control is None
    before = server.log()["requests"]
    server.reset(latency=0.0)
    finish(job.resume(concurrency=32))
    assert before + server.log()["requests"] == 400 == distinct_requests()
    assert not [finding for finding in ws.examine() if finding.count]
