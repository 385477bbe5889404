"""How jobs end before their time: cancelled, killed, interrupted, out of room; and deleted."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from running import ASK, ECHO, ask, connections, finish, look, row_counts, wait_until
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb.jobs import Job
from datagenflow_nb.storage import writer

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"

THREE_STEPS: dict[str, Any] = {
    "name": "three",
    "blocks": [
        {"type": "Output", "id": "a", "config": {"template": "{{ n }} one"}},
        {"type": "FieldMapper", "config": {"mappings": {"copy": "{{ output }}"}}},
        {"type": "TextGenerator", "config": {"user_prompt": "Say {{ copy }}"}},
    ],
}


under_way = threading.Semaphore(0)


@dgf.block(outputs=["never"])
async def sleep_for_ever(n):
    """Under way until cancelled."""
    under_way.release()
    await asyncio.Event().wait()


def start_endless() -> Job:
    """A job whose one execution is under way and does not end."""
    while under_way.acquire(blocking=False):
        pass
    job = dgf.run(dgf.Pipeline("p", [sleep_for_ever]), [{"n": 1}])
    assert under_way.acquire(timeout=30)
    return job


def rows_of(table: str) -> int:
    """Rows of a table in the file, 0 while there is none yet."""
    try:
        count: int = look("store.db", f"SELECT count(*) FROM {table}")[0][0]
    except sqlite3.OperationalError:
        return 0
    return count


def committed() -> int:
    """Records in the file."""
    return rows_of("records")


def is_complete(job: Job, steps: int) -> bool:
    """Whether every record has all its steps, every step of a model its call, and no gap."""
    executions = dict(
        look("store.db", "SELECT execution_id, count(*) FROM steps GROUP BY execution_id")
    )
    frame = job.records()
    for record in frame["id"]:
        trace = job.trace(int(record))
        if [step["step"] for step in trace] != list(range(steps)):
            return False
        if any(len(step["calls"]) != (step["block_type"] == "TextGenerator") for step in trace):
            return False
    whole = len([count for count in executions.values() if count == steps])
    return whole == len(frame) == job.executions_done


def healthy(ws: dgf.Workspace) -> bool:
    """Whether the store's own examination finds nothing."""
    return not [finding for finding in ws.examine() if finding.count]


def test_cancel_keeps_what_was_asked(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Nothing new starts; answers in flight are waited for and stored."""
    server.reset(latency=0.2)
    job = dgf.run(ask("Say {{ n }}"), [{"n": n} for n in range(500)], model="m", concurrency=8)
    wait_until(lambda: job.executions_done >= 8, "first records")
    assert finish(job.cancel(), "cancelled") is job
    log = server.log()
    assert log["by_outcome"] == {"ok": log["requests"]}
    assert 8 <= log["requests"] < 100
    assert job.usage["calls"] == job.records_generated == log["requests"]
    assert job.executions_done == log["requests"]
    assert is_complete(job, 1)
    assert healthy(ws)


def test_cancel_now(ws: dgf.Workspace, server: OfflineServer) -> None:
    """What is in flight is dropped; what was answered stays."""
    server.reset(latency=0.05, rate_hang=0.5, hang=60)
    job = dgf.run(ask("Say {{ n }}"), [{"n": n} for n in range(500)], model="m", concurrency=8)
    wait_until(lambda: job.executions_done >= 2, "first records")
    finish(job.cancel(now=True), "cancelled", timeout=10)
    assert job.records_failed == 0
    assert is_complete(job, 1)


def test_cancel_then_now(ws: dgf.Workspace) -> None:
    """A patient cancel can be followed by an impatient one."""
    job = start_endless()
    job.cancel()
    with pytest.raises(TimeoutError):
        job.wait(0.2)
    finish(job.cancel(now=True), "cancelled", timeout=10)
    assert ws.record_counts() == {}


@pytest.mark.parametrize("patience", ["", "now=True"])
def test_cancel_from_another_process(ws: dgf.Workspace, patience: str, start_script: Any) -> None:
    """The job's row carries the wish; a second, impatient one is obeyed as well."""
    job = start_endless()
    script = f"""
        import datagenflow_nb as dgf
        job = dgf.workspace("store.db").job(1)
        print(job.status)
        job.cancel({patience})
        try:
            job.wait(1.5)
        except TimeoutError:
            job.cancel(now=True).wait(10)
        print(job.status)
    """
    out, err = start_script(script).communicate(timeout=30)
    assert (out, err) == ("running\ncancelled\n", "")
    assert finish(job, "cancelled").row.control is None


def test_steering_an_ended_job(ws: dgf.Workspace) -> None:
    """Cancelling what has ended is an error; deleting leaves no row behind."""
    job = finish(dgf.run(ASK, [{"n": 1}, {"n": 2}]))
    ws.update_record(1, status="accepted")
    with pytest.raises(dgf.JobError, match=r"^job 1 cannot be cancelled, it is completed$"):
        job.cancel()
    other = finish(dgf.run(ECHO, {"n": 1}))
    job.delete()
    other.delete()
    assert row_counts(ws) == {}
    with pytest.raises(dgf.JobError, match=r"^there is no job 1 in store.db; there are: none$"):
        job.wait()
    assert repr(job) == "Job(1: there is no job 1 in store.db; there are: none)"
    assert finish(dgf.run(ECHO, {"n": 1})).id == 3


def test_delete_while_running(ws: dgf.Workspace) -> None:
    """Refused, with what to do; after cancelling it works."""
    job = start_endless()
    with pytest.raises(dgf.JobError, match=r"^job 1 is running; cancel it before deleting it$"):
        job.delete()
    finish(job.cancel(now=True), "cancelled")
    job.delete()
    assert row_counts(ws) == {}


KILLED = """
    import datagenflow_nb as dgf
    ws = dgf.workspace("store.db")
    dgf.run({pipeline!r}, [{{"n": n}} for n in range(1000)] * 2, model={model!r}, wait=True)
"""


@pytest.mark.parametrize("kind", ["pure", "model"])
def test_kill_in_the_middle(
    ws: dgf.Workspace, server: OfflineServer, kind: str, start_script: Any
) -> None:
    """kill -9 in 2,000 executions: an intact file, complete records, ``interrupted`` at once."""
    last = {"type": "Output", "id": "c", "config": {"template": "{{ copy }}"}}
    pure = {"name": "pure", "blocks": [*THREE_STEPS["blocks"][:2], last]}
    server.reset(latency=0.01)
    script = KILLED.format(
        pipeline=pure if kind == "pure" else THREE_STEPS, model=None if kind == "pure" else "m"
    )
    process = start_script(script)
    try:
        wait_until(lambda: committed() >= 500, "500 records", process)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=10)
    assert process.returncode == -signal.SIGKILL

    job = ws.job(1)
    assert job.status == "interrupted"
    assert job.row.finished_at is not None
    assert look("store.db", "SELECT status FROM jobs") == [("interrupted",)]
    assert look("store.db", "PRAGMA integrity_check") == [("ok",)]
    assert 500 <= job.records_generated < 2000
    assert job.records_generated == committed()
    assert is_complete(job, 3)
    assert healthy(ws)
    job.delete()
    assert row_counts(ws) == {}


def test_status_of_a_killed_job_in_another_process(ws: dgf.Workspace, start_script: Any) -> None:
    """Killed while nothing is written: the next process that looks sees it."""
    process = start_script(
        """
        import asyncio
        import datagenflow_nb as dgf
        dgf.workspace("store.db")
        @dgf.block(outputs=["x"])
        async def hang(n):
            await asyncio.Event().wait()
        dgf.run(dgf.Pipeline("p", [hang]), [{"n": 1}], wait=True)
        """
    )
    wait_until(
        lambda: look("store.db", "SELECT 1 FROM jobs WHERE status = 'running'"),
        "the start",
        process,
    )
    assert ws.job(1).status == "running"
    process.kill()
    process.communicate(timeout=10)
    assert ws.job(1).status == "interrupted"
    assert [job.status for job in ws.jobs()] == ["interrupted"]


def test_ctrl_c_while_waiting(ws: dgf.Workspace, server: OfflineServer, start_script: Any) -> None:
    """run(wait=True): the job is cancelled, what is finished stored, KeyboardInterrupt raised."""
    server.reset(latency=0.1)
    script = """
        import datagenflow_nb as dgf
        dgf.workspace("store.db")
        seeds = [{"n": n} for n in range(5000)]
        try:
            dgf.run({"name": "ask", "blocks": [{"type": "TextGenerator",
                "config": {"user_prompt": "Say {{ n }}"}}]}, seeds, model="m", wait=True)
        except KeyboardInterrupt:
            print("interrupted by hand")
    """
    process = start_script(script)
    wait_until(lambda: committed() >= 50, "50 records", process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (out, err, process.returncode) == ("interrupted by hand\n", "", 0)
    job = ws.job(1)
    assert job.row.status == "cancelled"
    assert job.records_generated == server.log()["requests"] == committed()
    assert is_complete(job, 1)


def test_ctrl_c_twice(ws: dgf.Workspace, start_script: Any) -> None:
    """The first waits for what never ends, the second does without it."""
    process = start_script(
        """
        import asyncio
        import datagenflow_nb as dgf
        dgf.workspace("store.db")
        @dgf.block(outputs=["x"])
        async def hang(n):
            await asyncio.sleep(0.2)  # by then the main thread waits
            print("under way")
            await asyncio.Event().wait()
        dgf.run(dgf.Pipeline("p", [hang]), [{"n": 1}], wait=True)
        """
    )
    wait_until(lambda: rows_of("job_log"), "the block to run", process)
    process.send_signal(signal.SIGINT)
    wait_until(
        lambda: look("store.db", "SELECT 1 FROM jobs WHERE control = 'cancel'"), "the wish", process
    )
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert err.endswith("KeyboardInterrupt\n")
    assert "was interrupted" not in err
    assert ws.job(1).row.status == "cancelled"
    assert ws.record_counts() == {}


def test_script_that_ends_while_its_job_runs(
    ws: dgf.Workspace, server: OfflineServer, start_script: Any
) -> None:
    """It exits promptly; the job is interrupted, stderr says so, no record is failed or half."""
    server.reset(latency=0.1, rate_hang=0.05, hang=60)
    ws.add_model("once", endpoint=server.url, model="offline", max_tries=1, timeout=60)
    script = """
        import datagenflow_nb as dgf
        ws = dgf.workspace("store.db")
        @dgf.block(outputs=["size"])
        def size(assistant):
            return {"size": len(assistant)}
        pipe = dgf.Pipeline("p", [{"type": "TextGenerator",
            "config": {"user_prompt": "Say {{ n }}"}}, size])
        job = dgf.run(pipe, [{"n": n} for n in range(5000)], model="once")
        while job.records_generated < 20:
            pass
    """
    process = start_script(script)
    out, err = process.communicate(timeout=30)
    job = ws.job(1)
    assert (out, process.returncode) == ("", 0)
    assert err == (
        "datagenflow: job 1 was interrupted, the script ended while it ran; "
        f"{job.executions_done:,} of 5,000 executions are stored; "
        "to finish it: dgf resume 1 --db store.db\n"
    )
    assert look("store.db", "SELECT status, runner FROM jobs") == [("interrupted", None)]
    assert ws.record_counts() == {"pending": job.executions_done}
    assert is_complete(job, 2)
    assert healthy(ws)


def test_script_that_ends_with_its_jobs(ws: dgf.Workspace) -> None:
    """Jobs that have ended are not mentioned."""
    script = f"""
        import datagenflow_nb as dgf
        dgf.workspace("store.db")
        dgf.run({ECHO!r}, [{{"n": 1}}], wait=True)
    """
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(map(str.strip, script.splitlines()))],
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    assert (result.stdout, result.stderr) == ("", "")
    assert ws.job(1).status == "completed"


def test_no_room_left(ws: dgf.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that stays full ends the job as failed, with the cause, and the file is intact."""

    @dgf.block(outputs=["text"])
    async def fill(n):
        if n == 50:
            _limit_size(ws, pages=20)
        return {"text": "x" * 10_000}

    monkeypatch.setattr(writer, "PATIENCE", 0.5)
    finish(dgf.run(ECHO, {"n": 1}))  # the writer has its connection now
    job = dgf.run(dgf.Pipeline("fill", [fill]), [{"n": n} for n in range(1000)], concurrency=4)
    finish(job, "failed", timeout=30)
    assert job.error is not None
    assert "database or disk is full: free some space" in job.error["error"]
    assert job.records_generated == committed() - 1 < 100
    assert healthy(ws)


def _limit_size(ws: dgf.Workspace, pages: int) -> None:
    """As if the disk had room for so many pages more, on every connection."""
    for connection in connections(ws):
        (now,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {now + pages}")


def test_store_that_is_deleted_under_a_job(ws: dgf.Workspace) -> None:
    """Waiting for the job says so, and where what was stored before has been saved."""

    @dgf.block(outputs=["x"])
    async def lose(n):
        ws.store.path.unlink()
        return {"x": n}

    finish(dgf.run(ECHO, {"n": 1}))
    job = dgf.run(dgf.Pipeline("p", [lose]), [{"n": 1}])
    told = r"^job 2 ended as failed, which cannot be stored: .* was deleted .*; what it held was"
    with pytest.raises(dgf.StoreError, match=told):
        job.wait(20)
    (saved,) = ws.store.path.parent.glob("*.rescued-*.db")
    assert dgf.workspace(saved).record_counts() == {"pending": 1}


def test_status_that_cannot_be_stored(ws: dgf.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """When not even the end can be written, waiting for it says so instead of hanging."""
    connect = ws.store._connect

    def connect_for_reading() -> sqlite3.Connection:
        connection = connect()
        connection.execute("PRAGMA query_only = ON")
        return connection

    @dgf.block(outputs=["x"])
    async def forbid(n):
        monkeypatch.setattr(ws.store, "_connect", connect_for_reading)  # of threads yet to come
        for connection in connections(ws):
            connection.execute("PRAGMA query_only = ON")
        return {"x": n}

    finish(dgf.run(ECHO, {"n": 1}))  # the writer has its connection now
    job = dgf.run(dgf.Pipeline("p", [forbid]), [{"n": 1}])
    told = r"^job 2 ended as failed, which cannot be stored: .*: check the rights of the file and"
    with pytest.raises(dgf.StoreError, match=told):
        job.wait(20)
    monkeypatch.undo()
    for connection in connections(ws):
        connection.execute("PRAGMA query_only = OFF")


def test_row_deleted_under_a_running_job(ws: dgf.Workspace) -> None:
    """The runner writes nothing more and ends; waiting tells that the job is gone."""
    job = start_endless()
    with ws.store.write() as connection:
        connection.execute("DELETE FROM jobs")
    with pytest.raises(dgf.JobError, match=r"^there is no job 1"):
        job.wait(20)
    assert row_counts(ws) == {}


def test_close_while_running(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Closing the workspace cancels its jobs; what is finished is kept, everything else says so."""
    server.reset(latency=0.02, rate_hang=0.1, hang=60)
    job = dgf.run(ask("Say {{ n }}"), [{"n": n} for n in range(500)], model="m")
    wait_until(lambda: job.executions_done >= 5, "first records")
    ws.close()
    for use in (ws.jobs, ws.records, lambda: job.status, lambda: ws.run(ECHO, {"n": 1})):
        with pytest.raises(dgf.StoreError, match=r"^the store .*store\.db was closed$"):
            use()
    again = dgf.workspace("store.db")
    assert again is not ws
    assert again.job(1).row.status == "cancelled"
    assert is_complete(again.job(1), 1)


def test_hostile_sync_block(ws: dgf.Workspace) -> None:
    """A sync block that does not end: cancel(now=True) ends the job all the same."""
    leave = threading.Event()

    @dgf.block(outputs=["x"])
    def hang(n):
        leave.wait(60)
        return {"x": n}

    job = dgf.run(dgf.Pipeline("p", [hang]), [{"n": 1}, {"n": 2}])
    wait_until(lambda: job.status == "running", "the start")
    try:
        finish(job.cancel(now=True), "cancelled", timeout=10)
    finally:
        leave.set()
    assert ws.record_counts() == {}


@pytest.mark.parametrize("last", ["job.cancel(now=True).wait(10)", "pass"])
def test_hanging_thread_does_not_keep_the_process(
    ws: dgf.Workspace, start_script: Any, last: str
) -> None:
    """A sync block that never ends: the script is over with its last words all the same."""
    process = start_script(
        f"""
        import threading
        import datagenflow_nb as dgf
        started = threading.Event()
        dgf.workspace("store.db")
        @dgf.block(outputs=["x"])
        def hang(n):
            started.set()
            threading.Event().wait()
        job = dgf.run(dgf.Pipeline("p", [hang]), [{{"n": 1}}])
        started.wait()
        {last}
        print(job.status)
        """
    )
    out, err = process.communicate(timeout=30)
    status = "running" if last == "pass" else "cancelled"
    assert (out, process.returncode) == (f"{status}\n", 0)
    assert ("job 1 was interrupted" in err) == (last == "pass")
    assert ws.job(1).row.status == ("interrupted" if last == "pass" else "cancelled")


def test_block_that_ignores_being_cancelled(ws: dgf.Workspace) -> None:
    """Swallowing the cancellation keeps a record at most, never the job."""

    @dgf.block(outputs=["x"])
    async def stubborn(n):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return {"x": "still here"}

    job = dgf.run(dgf.Pipeline("p", [stubborn]), [{"n": n} for n in range(100)])
    wait_until(lambda: job.status == "running", "the start")
    finish(job.cancel(now=True), "cancelled", timeout=10)
    assert job.executions_done <= 32


def test_database_path(tmp_path: Path) -> None:
    """Nothing is written beside the store but SQLite's own files."""
    ws = dgf.workspace(tmp_path / "deep" / "er" / "my store.db")
    finish(dgf.run(ECHO, {"n": 1}))
    ws.close()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["my store.db"]
