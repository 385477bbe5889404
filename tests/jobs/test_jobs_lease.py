"""Who has a job: one runner at a time, however long it is silent, stopped or busy."""

from __future__ import annotations

import datetime as dt
import re
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest
from running import ask, finish, look, stop_between_writes, wait_until
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb.jobs import Job
from datagenflow_nb.storage import lease
from datagenflow_nb.storage.attempts import new_attempts
from datagenflow_nb.storage.jobs import JobRow, as_it_is
from datagenflow_nb.storage.resume import ResumeTable

Start = Callable[..., subprocess.Popen[str]]

#: A runner that gives signs of life more often than it has to, and loses its job sooner.
HASTY = """
import datagenflow_nb as dgf
from datagenflow_nb.storage import lease
from datagenflow_nb.storage.resume import ResumeTable
lease.HEARTBEAT, lease.LEASE = 0.1, 0.8
dgf.workspace("store.db")
"""
RUN = (
    HASTY
    + f"""
seeds = [{{"n": n}} for n in range(60)]
job = dgf.run({ask("Say {{ n }}")!r}, seeds, model="m", concurrency=4)
print(job._live(job.id).future.result(), job.status, flush=True)
"""
)
TOLD = r"job 1 is not this runner's any more, process \d+ on \S+ has it since; nothing further was "
TOLD += r"asked or written here\n"


@pytest.fixture(autouse=True)
def _short_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process judges others by the same lease."""
    monkeypatch.setattr(lease, "LEASE", 0.8)


def answered() -> int:
    """Calls with an answer in the file."""
    return int(look("store.db", "SELECT count(*) FROM calls WHERE answer IS NOT NULL")[0][0])


def is_silent() -> bool:
    """Whether the runner's last sign of life is older than its lease; nothing is changed."""
    ((beat,),) = look("store.db", "SELECT heartbeat_at FROM jobs")
    age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(beat)
    return age.total_seconds() > lease.LEASE


def taken_up_and_paused(ws: dgf.Workspace, process: subprocess.Popen[str]) -> Job:
    """The job of a stopped process, which this one runs now, but does nothing of at the moment."""
    job = ws.job(1)
    wait_until(lambda: job.status == "interrupted", "the lease to run out", process)
    assert is_silent()
    job.resume().pause()
    wait_until(lambda: job.status == "paused", "the new runner to obey")
    wait_until(lambda: not job.row.answers_coming, "the answers it had asked for")
    return job


def hears_that_it_is_lost(process: subprocess.Popen[str]) -> bool:
    """Wake the process, which finds that its job has another runner, and says so."""
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=20)
    assert out == "lost paused\n"
    assert re.fullmatch(TOLD, err)
    return True


def is_whole(ws: dgf.Workspace, count: int) -> bool:
    """One complete record for each seed, none doubled, and the store adds up."""
    job = ws.job(1)
    frame = job.records()
    assert sorted(frame["seed_index"]) == list(range(count))
    assert set(frame["status"]) == {"pending"}
    assert job.records_generated == job.executions_done == job.usage["calls"] == count
    assert all(len(job.trace(int(record))[0]["calls"]) == 1 for record in frame["id"])
    return not [finding for finding in ws.examine() if finding.count]


def test_stopped_runner_is_replaced_and_woken(
    ws: dgf.Workspace, server: OfflineServer, start_script: Start
) -> None:
    """Stopped past its lease it loses the job; awake again it asks and writes nothing more."""
    server.reset(latency=0.25)
    process = start_script(RUN)
    wait_until(lambda: answered() >= 8, "first answers", process)
    # All four workers wait for the server: none is about to send what it has been allowed to.
    wait_until(lambda: server.log()["in_flight"] == 4, "four calls in flight", process)
    stop_between_writes(process, "store.db")
    job = taken_up_and_paused(ws, process)  # whatever is asked now is asked by the old runner
    wait_until(lambda: server.log()["in_flight"] == 0, "the answers in flight")
    requests = server.log()["requests"]
    assert hears_that_it_is_lost(process)
    assert server.log()["requests"] == requests

    finish(job.resume())
    log = server.log()
    assert log["distinct_prompts"] == 60
    assert log["requests"] <= 60 + 4
    assert is_whole(ws, 60)


def test_ctrl_c_does_not_cancel_the_next_runner(
    ws: dgf.Workspace, server: OfflineServer, start_script: Start
) -> None:
    """Who waits for a runner that has lost its job is told who has it, and stops nothing there."""
    server.reset(latency=0.1)
    process = start_script(
        HASTY
        + f"""
seeds = [{{"n": n}} for n in range(60)]
job = dgf.run({ask("Say {{ n }}")!r}, seeds, model="m", concurrency=4)
try:
    job.wait_or_cancel()
except dgf.JobError as error:
    print(error.message, flush=True)
"""
    )
    wait_until(lambda: answered() >= 12, "first answers", process)
    stop_between_writes(process, "store.db")
    job = taken_up_and_paused(ws, process)
    process.send_signal(signal.SIGINT)  # comes when it is woken, before it knows
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=20)
    assert re.fullmatch(
        r"process \d+ on \S+ has job 1, of which there was no sign of life here for too long, and "
        r"goes on; to follow it: dgf job 1\n",
        out,
    ), err
    assert (job.status, job.row.control) == ("paused", "pause")
    (line,) = job.log()
    assert line.level == "warning"
    assert re.fullmatch(
        rf"process {process.pid} on \S+ lost the job after 15 s without a sign of life; its calls "
        "in flight may be paid for twice when it is resumed",
        line.message,
    )
    finish(job.resume())
    assert is_whole(ws, 60)


def test_stopped_while_calls_wait_for_another_try(
    ws: dgf.Workspace, server: OfflineServer, start_script: Start
) -> None:
    """The tries that are due when it wakes are not made before it knows whose the job is."""
    server.reset(rate_429=1.0, retry_after=2.0)
    ws.add_model("m", endpoint=server.url, model="offline", max_wait=600, max_tries=100)
    process = start_script(RUN)
    wait_until(lambda: server.log()["requests"] == 4, "the first tries", process)
    stop_between_writes(process, "store.db")
    server.reset(rate_429=0.0, retry_after=None)
    job = taken_up_and_paused(ws, process)
    wait_until(lambda: server.log()["in_flight"] == 0, "the answers in flight")
    before = server.log()["requests"]
    server.reset()
    began = time.monotonic()
    wait_until(lambda: time.monotonic() - began > 2.5, "the waits to be over")
    assert hears_that_it_is_lost(process)
    assert (server.log()["requests"], server.log()["max_in_flight"]) == (0, 0)
    finish(job.resume())
    assert before + server.log()["requests"] == 60
    assert is_whole(ws, 60)


def test_stopped_runner_whose_job_nobody_took(
    ws: dgf.Workspace, server: OfflineServer, start_script: Start
) -> None:
    """Awake again it makes sure that the job is still its own, and goes on."""
    server.reset(latency=0.1)
    process = start_script(RUN)
    wait_until(lambda: answered() >= 12, "first answers", process)
    stop_between_writes(process, "store.db")
    wait_until(is_silent, "the lease to run out", process)
    process.send_signal(signal.SIGCONT)
    assert process.communicate(timeout=30) == ("completed completed\n", "")
    assert is_whole(ws, 60)
    assert server.log()["requests"] == 60


@pytest.mark.parametrize("hold", ["time.sleep(2)", "ctypes.PyDLL(None).sleep(2)"])
def test_block_that_holds(
    ws: dgf.Workspace, server: OfflineServer, start_script: Start, hold: str
) -> None:
    """A sync block that keeps its thread, or the interpreter, keeps its job all the same."""
    process = start_script(
        HASTY
        + f"""
import ctypes, time
@dgf.block(outputs=["m"])
def hold(n):
    print("holding")
    {hold}
    return {{"m": n}}
blocks = [hold, {ask("Say {{ m }}")["blocks"][0]!r}]
job = dgf.run(dgf.Pipeline("holds", blocks), {{"n": 1}}, model="m")
print(job._live(job.id).future.result(), flush=True)
"""
    )
    sql = "SELECT status FROM jobs"
    wait_until(lambda: look("store.db", sql) == [("running",)], "the start", process)
    job = ws.job(1)
    if "ctypes" in hold:
        wait_until(is_silent, "the interpreter to be held", process)
        assert job.status == "running"
        with pytest.raises(dgf.JobError, match="it cannot be resumed meanwhile"):
            job.resume()
    statuses = set()
    while process.poll() is None:
        statuses.add(job.status)
    assert statuses <= {"running", "completed"}
    assert process.communicate(timeout=20) == ("completed\n", "")
    assert server.log()["requests"] == 1


def test_job_that_could_not_be_started_is_given_back(ws: dgf.Workspace) -> None:
    """The row is what it was, and the new attempts are gone: nobody asked a resume for them."""
    pipe = {"name": "p", "blocks": [{"type": "Output", "config": {"template": "{{ 1 // n }}"}}]}
    job = finish(dgf.run(pipe, [{"n": n % 2} for n in range(6)]))
    before, table = job.row, ResumeTable(ws.store)
    token = lease.new_token()
    table.give_back(before, token)  # nothing was taken
    taken = table.take(
        before, token, options={**before.options, "concurrency": 3},
        renew=lambda connection, now: new_attempts(connection, job.id, now),
    )  # fmt: skip
    assert (taken.status, taken.options["concurrency"], taken.runner) == ("running", 3, token)
    assert look("store.db", "SELECT count(*) FROM executions") == [(9,)]
    table.give_back(before, "another")
    assert job.row == taken
    table.give_back(before, token)
    assert job.row == before
    assert look("store.db", "SELECT count(*) FROM executions") == [(6,)]


def test_death_that_was_not_stored(ws: dgf.Workspace) -> None:
    """On a full disk the row still names the dead runner; who resumes is not told that it lives."""
    job = finish(dgf.run(ask("Say {{ n }}"), [{"n": n} for n in range(500)]).cancel(), "cancelled")
    place, pid, _, number = lease.new_token().split("|")
    with ws.store.write() as connection:
        connection.execute(
            "UPDATE jobs SET status = 'paused', control = 'pause', runner = ?",
            [f"{place}|{pid}|1|{number}"],  # a process of that number, but born long ago
        )
        row = connection.execute("SELECT * FROM jobs").fetchone()
    seen = as_it_is(JobRow.read(row))
    assert (seen.status, seen.runner, seen.control) == ("interrupted", None, None)
    token = lease.new_token()
    taken = ResumeTable(ws.store).take(seen, token, options=seen.options)
    assert (taken.status, taken.runner, taken.control) == ("running", token, None)
    ResumeTable(ws.store).give_back(job.row, token)


def test_job_that_ran_meanwhile_is_not_taken(ws: dgf.Workspace) -> None:
    """What was decided by an older row, such as its options, would be wrong."""
    job = finish(dgf.run(ask("Say {{ n }}"), [{"n": n} for n in range(500)]).cancel(), "cancelled")
    old = job.row
    finish(job.resume(concurrency=2).cancel(), "cancelled")
    with pytest.raises(
        dgf.JobError, match=r"^job 1 was run by another process in this very moment"
    ):
        ResumeTable(ws.store).take(old, lease.new_token(), options=old.options)
    assert job.row.options["concurrency"] == 2


def test_resume_and_retry_at_once(ws: dgf.Workspace, start_script: Start) -> None:
    """Of processes that resume, retry and cancel a job at once one gets it, and it ends whole."""
    pipe = {"name": "p", "blocks": [{"type": "Output", "config": {"template": "{{ 1 // n }}"}}]}
    job = finish(dgf.run(pipe, [{"n": n % 2} for n in range(20)]))
    with ws.store.write() as connection:
        connection.execute("UPDATE jobs SET status = 'interrupted', executions_done = 20")
    script = """
import datagenflow_nb as dgf
job = dgf.workspace("store.db").job(1)
print("ready", flush=True)
input()
try:
    print(job.{act}(wait=True).status)
except dgf.JobError as error:
    print(error.message)
"""
    hands: list[Any] = [
        start_script(script.format(act=act), stdin=subprocess.PIPE)
        for act in ("resume", "retry_failed", "resume")
    ]
    for hand in hands:
        assert hand.stdout.readline() == "ready\n"
    for hand in hands:
        hand.stdin.write("go\n")
        hand.stdin.flush()
    told = [hand.communicate(timeout=60)[0] for hand in hands]
    assert "completed\n" in told
    for text in told:  # several may have had it, one after the other
        assert (
            text == "completed\n"
            or " meanwhile\n" in text
            or "nothing to resume" in text
            or ("was run by another process in this very moment" in text)
        )
    assert (job.status, job.records_generated, job.records_failed) == ("completed", 10, 10)
    assert not [finding for finding in ws.examine() if finding.count]


def test_ctrl_c_while_a_job_is_taken(ws: dgf.Workspace, start_script: Start) -> None:
    """Interrupted while it waits for the file, resuming leaves the job as it was."""
    seeds = [{"n": n} for n in range(2000)]
    job = finish(dgf.run(ask("Say {{ n }}"), seeds, concurrency=4).cancel(), "cancelled")
    before = job.row
    process = start_script(
        """
        import os, signal, sqlite3, sys, threading
        import datagenflow_nb as dgf

        def is_in(name, thread=None):
            "Whether a thread, or any, is in a function of that name."
            for number, frame in sys._current_frames().items():
                while frame is not None:
                    if frame.f_code.co_name == name and thread in (None, number):
                        return True
                    frame = frame.f_back
            return False

        def interrupt():
            while not is_in("take"):
                pass
            os.kill(os.getpid(), signal.SIGINT)
            while not is_in("wait", main):  # for the end of what it has begun
                pass
            lock.execute("ROLLBACK")

        job = dgf.workspace("store.db").job(1)
        lock = sqlite3.connect("store.db", isolation_level=None, check_same_thread=False)
        lock.execute("BEGIN IMMEDIATE")
        main = threading.main_thread().ident
        threading.Thread(target=interrupt).start()
        try:
            job.resume(concurrency=3)
        except KeyboardInterrupt:
            print(job.status)
        """
    )
    assert process.communicate(timeout=30) == ("cancelled\n", "")
    assert job.row == before
    finish(job.resume(concurrency=32))
    assert job.records_generated == 2000
