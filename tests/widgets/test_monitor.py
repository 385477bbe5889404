"""What the monitor of a job tells, and what its buttons ask for, without a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running import finish, wait_until
from servers import offline_server

import datagenflow_nb as dgf
from datagenflow_nb import ConfigError, JobError
from datagenflow_nb.jobs import Job
from datagenflow_nb.widgets.monitor import JobMonitor
from datagenflow_nb.widgets.monitor_view import begin_cell, show_job
from datagenflow_nb.widgets.monitor_watch import Watch, watch_of

THREAD = "datagenflow-monitors"


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dgf.Workspace:
    """A workspace of its own."""
    monkeypatch.chdir(tmp_path)
    return dgf.workspace(tmp_path / "d.db")


@pytest.fixture
def gate() -> Iterator[threading.Semaphore]:
    """What executions wait at; open in the end."""
    semaphore = threading.Semaphore(0)
    yield semaphore
    semaphore.release(1_000)


def gated(gate: threading.Semaphore, seeds: int, **options: Any) -> Job:
    """A job whose executions each need a place; every third fails, in two ways."""

    @dgf.block(outputs=["m"])
    def wait(n):
        gate.acquire()
        print("at", n)
        if n % 3 == 2:
            raise ValueError(f"no {n}") if n % 2 else KeyError("k")
        return {"m": f"<i>{n}</i>"}

    return dgf.run(dgf.Pipeline("gated", [wait]), [{"n": n} for n in range(seeds)], **options)


def shown(job: Job) -> tuple[Watch, JobMonitor]:
    """The job in a cell of its own."""
    begin_cell()
    show_job(job)
    watch = watch_of(job)
    assert watch._widget is not None
    return watch, watch._widget


def tells(monitor: JobMonitor, **facts: Any) -> None:
    """Wait until it does."""
    wait_until(lambda: {name: monitor.facts[name] for name in facts} == facts, str(facts))


def names(monitor: JobMonitor) -> list[str]:
    """Its buttons."""
    return [act["name"] for act in monitor.facts["acts"]]


def test_from_beginning_to_end(space: dgf.Workspace, gate: threading.Semaphore) -> None:
    """What is told while it runs and after; then its row alone is looked at."""
    job = gated(gate, 9, concurrency=9)
    watch, monitor = shown(job)
    tells(monitor, status="running", done=0, total=9, now=[["wait", 9]], told="0/9 (0 %)")
    assert names(monitor) == ["pause", "cancel"]
    gate.release(9)
    finish(job)
    watch.settle()
    tells(monitor, status="completed", told="9/9 (100 %)", generated=6, failed=3, rate=None, now=[])
    assert names(monitor) == ["retry"]
    ask = monitor.facts["acts"][0]["ask"]
    assert ask["text"] == (
        "Run 3 failed records again? Each is a new attempt; what failed stays in the store with "
        "its trace."
    )
    causes = monitor.insight["failures"]["causes"]
    assert [(cause["block"], cause["error"], cause["count"]) for cause in causes] == [
        ("wait", "KeyError", 2), ("wait", "ValueError", 1),
    ]  # fmt: skip
    assert [block["block"] for block in monitor.insight["blocks"]] == ["wait"]
    newest = monitor.insight["newest"]
    assert [record["id"] for record in newest] == [9, 8, 7, 6, 5, 4]
    failed = {"block 'wait' (wait) raised ValueError: no 5",
              "block 'wait' (wait) raised KeyError: 'k'"}  # fmt: skip
    good = {f"<i>{n}</i>" for n in range(9)}
    assert {record["preview"] for record in newest} <= good | failed
    assert monitor.log_tail["count"] == 9
    assert monitor.log_tail["lines"][0]["block"] == "wait"
    moments = monitor.course["moments"]
    assert (moments[0][1:4], moments[-1][1:4]) == ([0, 0, 0], [9, 9, 3])
    wait_until(lambda: not watch.is_followed, "the last look")
    example = monitor.answer("example", {"record": causes[1]["record_id"]})
    assert example["message"] == "block 'wait' (wait) raised ValueError: no 5"
    assert example["told"] == "n: 5"
    trace = monitor.answer("record", {"record": causes[1]["record_id"]})
    assert trace["branches"][0]["status"] == "failed"
    with pytest.raises(dgf.StoreError, match=r"^record 999 was deleted$"):
        monitor.answer("record", {"record": 999})


def test_buttons(space: dgf.Workspace, gate: threading.Semaphore) -> None:
    """Each says what happens, the buttons follow the job, and what is over is told as an error."""
    job = gated(gate, 6, concurrency=2)
    _, monitor = shown(job)
    told = monitor.answer("pause", {})["told"]
    assert told == "Pausing: nothing new starts; answers in flight are awaited and kept."
    tells(monitor, status="paused", is_paused=True)
    assert names(monitor) == ["go_on", "cancel"]
    assert monitor.answer("go_on", {}) == {"told": "It goes on."}
    tells(monitor, status="running", is_paused=False)
    with pytest.raises(ConfigError, match=r"^job 1 is not paused, it is running$"):
        monitor.answer("go_on", {})
    choices = monitor.facts["acts"][1]["ask"]["choices"]
    assert [choice["values"] for choice in choices] == [{"now": False}, {"now": True}]
    monitor.answer("cancel", {"now": False})
    tells(monitor, is_stopping=True)
    assert names(monitor) == ["drop"]
    with pytest.raises(JobError, match=r"^job 1 cannot be paused, it is being cancelled$"):
        monitor.answer("pause", {})
    monitor.answer("cancel", {"now": True})
    finish(job, "cancelled")
    tells(monitor, status="cancelled")
    assert names(monitor) == ["resume"]
    assert monitor.facts["acts"][0]["ask"]["text"] == "Run what is missing of it?"
    gate.release(100)
    assert monitor.answer("resume", {}) == {"told": "What is missing is run."}
    finish(job)
    tells(monitor, status="completed", failed=2)
    monitor.answer("retry", {})
    finish(job)
    tells(monitor, status="completed", failed=2)
    assert monitor.insight["failures"]["counted"] == 2


def test_a_budget_that_is_used_up(space: dgf.Workspace, gate: threading.Semaphore) -> None:
    """How much is used is told; to go on, a higher one is asked for, and a wrong one refused."""
    gate.release(100)
    job = gated(gate, 9, concurrency=1, max_records=2)
    finish(job, "stopped")
    _, monitor = shown(job)
    (bound,) = monitor.facts["budgets"]
    assert (bound["option"], bound["told"], bound["share"]) == ("max_records", "2 of 2", 1.0)
    assert names(monitor) == ["resume"]
    (field,) = monitor.facts["acts"][0]["ask"]["fields"]
    assert field == {"option": "max_records", "told": "has used 2 of 2", "is_whole": True}
    with pytest.raises(ConfigError, match=r"^max_records is 'many', expected a number$"):
        monitor.answer("resume", {"bounds": {"max_records": "many"}})
    with pytest.raises(ConfigError, match=r"^'colour' is no bound; there are: max_tokens_total"):
        monitor.answer("resume", {"bounds": {"colour": "2"}})
    with pytest.raises(ConfigError, match="job 1 has used 2 of max_records 2"):
        monitor.answer("resume", {"bounds": {}})
    assert job.status == "stopped"
    monitor.answer("resume", {"bounds": {"max_records": "4"}})
    finish(job, "stopped")
    assert job.records_generated == 4
    tells(monitor, status="stopped", generated=4)


def test_what_costs_says_so(space: dgf.Workspace, gate: threading.Semaphore) -> None:
    """Of a job that asks models; tokens, cost and calls are told, by block too."""
    with offline_server() as server:
        space.add_model(
            "priced", endpoint=server.url, model="offline", input_price=1.0, output_price=2.0
        )
        block = {"type": "TextGenerator", "config": {"user_prompt": "Say {{ n }}"}}
        pipe = dgf.Pipeline("asks", [{**block, "id": "one"}, {**block, "id": "two"}])
        job = dgf.run(pipe, [{"n": n} for n in range(3)], model="priced", max_tokens_total=1)
        finish(job, "stopped")
        _, monitor = shown(job)
    resume = monitor.facts["acts"][0]
    assert "Calls that are missing are made and paid for" in resume["ask"]["text"]
    usage = monitor.facts["usage"]
    assert usage["calls"] > 0
    assert float(usage["cost"]) == pytest.approx(job.usage["cost"], abs=1e-4)
    parts = [(part["kind"], part["name"]) for part in monitor.facts["parts"]]
    assert parts[:2] == [("model", "priced"), ("block", "one")]
    assert monitor.facts["models"] == "priced"


def test_cells_share_a_monitor_and_jobs_a_thread(
    space: dgf.Workspace, gate: threading.Semaphore
) -> None:
    """Five jobs at once; one shown twice is one model, and lives in both when it goes on."""
    jobs = [gated(gate, 1, concurrency=1) for _ in range(5)]
    monitors = [shown(job)[1] for job in jobs]
    again = shown(space.job(jobs[0].id))[1]
    assert again is monitors[0]
    assert len([t for t in threading.enumerate() if t.name == THREAD]) == 1
    for monitor in monitors:
        tells(monitor, now=[["wait", 1]])
    gate.release(5)
    for job, monitor in zip(jobs, monitors, strict=True):
        finish(job)
        tells(monitor, status="completed")


def test_a_job_that_goes_on_elsewhere(space: dgf.Workspace, gate: threading.Semaphore) -> None:
    """Resumed where no display hears of it: it is followed again."""
    job = gated(gate, 3, concurrency=1)
    watch, monitor = shown(job)
    job.cancel(now=True)
    finish(job, "cancelled")
    tells(monitor, status="cancelled")
    wait_until(lambda: not watch.is_followed, "the last look")
    job.resume(concurrency=2)
    tells(monitor, status="running", now=[["wait", 2]])
    assert names(monitor) == ["pause", "cancel"]
    with pytest.raises(JobError, match="job 1"):
        monitor.answer("resume", {})
    gate.release(8)
    finish(job)
    tells(monitor, status="completed")


def test_an_ended_job_that_is_deleted(space: dgf.Workspace, gate: threading.Semaphore) -> None:
    """It loses its buttons; another one beside it keeps them."""
    gate.release(8)
    first, second = (gated(gate, 4, concurrency=1) for _ in range(2))
    finish(first)
    finish(second)
    _, monitor = shown(first)
    watch, other = shown(second)
    wait_until(lambda: not watch.is_followed, "the last look")
    assert (names(monitor), names(other)) == (["retry"], ["retry"])
    space.job(first.id).delete()
    tells(monitor, status="out of sight", acts=[])
    assert names(other) == ["retry"]


def test_job_that_goes(space: dgf.Workspace, gate: threading.Semaphore) -> None:
    """Deleted while it is shown: what was seen last stays, and nothing can be done to it."""
    job = gated(gate, 2, concurrency=1)
    _, monitor = shown(job)
    tells(monitor, status="running")
    with space.store.write() as connection:
        connection.execute("DELETE FROM jobs")
    tells(monitor, status="out of sight", acts=[], total=2)
    assert monitor.facts["notes"][0].startswith("there is no job 1 in d.db")


def test_another_process_tells_what_only_it_knows(
    space: dgf.Workspace, gate: threading.Semaphore
) -> None:
    """Through the store: the blocks it is in, and a course that goes on when the job does."""
    job = gated(gate, 3, concurrency=2)
    wait_until(lambda: job.current_blocks == [("wait", 2)], "two branches in the block")
    live = job._live(job.id)
    assert live is not None
    live.runner.chronicle.keep()
    other = dgf.Workspace(space.settings).job(job.id)
    assert other.current_blocks == [("wait", 2)]
    assert other.waiting is None
    job.cancel()
    wait_until(lambda: live.runner.steering.status == "cancelled", "the runner's stop")
    gate.release(2)
    finish(job, "cancelled")
    assert other.current_blocks == []
    before = other.course.moments
    assert before[-1].done == 2
    gate.release(1)
    job.resume(wait=True)
    after = job.course.moments
    assert after[: len(before)] == before
    assert (after[-1].done, after[-1].records, after[-1].failed) == (3, 3, 1)
