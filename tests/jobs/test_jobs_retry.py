"""Retrying what failed: a new attempt that asks anew, in the place of the failed record."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from running import ask, finish, look, wait_until
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb.jobs import Job

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"

#: Fails for n below the number in the file "limit".
FRAGILE = """
from pathlib import Path
import datagenflow_nb as dgf

@dgf.block(outputs=["copy"])
def Fragile(n):
    if n < int(Path("limit").read_text()):
        raise ValueError(f"{n} is too small")
    return {"copy": n}

@dgf.block(outputs=["n"], fan_out=True)
def Count(top):
    return [{"n": n} for n in range(top)]
"""


@pytest.fixture
def ws(monkeypatch: pytest.MonkeyPatch) -> dgf.Workspace:
    """A workspace whose project has the blocks of ``FRAGILE``; nothing fails yet."""
    monkeypatch.setenv("BLOCKS_PATH", "blocks")
    Path("blocks").mkdir()
    Path("blocks/fragile.py").write_text(FRAGILE)
    fail_below(0)
    return dgf.workspace("store.db")


def fail_below(limit: int) -> None:
    """Have the block ``Fragile`` fail for smaller numbers, from now on."""
    Path("limit").write_text(str(limit))


def counts(job: Job) -> tuple[int, int, int, int]:
    """Executions done, records generated, failed and filtered."""
    return job.executions_done, job.records_generated, job.records_failed, job.records_filtered


def current(job: Job) -> list[tuple[int, str, int, str]]:
    """Seed, branch, attempt and status of every current record, in order."""
    rows = look(
        "store.db",
        "SELECT e.seed_index, r.branch, e.attempt, r.status FROM records r "
        "JOIN executions e ON e.id = r.execution_id WHERE r.job_id = ? AND r.is_current = 1 "
        "ORDER BY e.seed_index, length(r.branch), r.branch",
        job.id,
    )
    return [tuple(row) for row in rows]  # type: ignore[misc]


def healthy(ws: dgf.Workspace) -> bool:
    """Whether the store's own examination finds nothing."""
    return not [finding for finding in ws.examine() if finding.count]


def test_retry(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Only the failed ones run again and ask anew; the failed attempts stay with their traces."""
    fail_below(3)
    job = finish(dgf.run(ask("Say {{ n }}", {"type": "Fragile"}), [{"n": n} for n in range(10)],
                         model="m"))  # fmt: skip
    assert counts(job) == (10, 7, 3, 0)
    old = {int(row["seed_index"]): int(row["id"]) for _, row in job.records("failed").iterrows()}
    fail_below(1)
    assert job.retry_failed(wait=True) is job
    finish(job)
    assert counts(job) == (10, 9, 1, 0)
    assert current(job) == [
        (0, "", 2, "failed"),
        (1, "", 2, "pending"),
        (2, "", 2, "pending"),
        *((n, "", 1, "pending") for n in range(3, 10)),
    ]
    assert server.log()["requests"] == job.usage["calls"] == 13
    assert job.reasons() == [
        ("block 'fragile' (Fragile) raised ValueError: 0 is too small", 1),
    ]
    failed = job.record(old[2])
    assert (failed.attempt, failed.status) == (1, "failed")
    assert [len(step["calls"]) for step in failed.trace] == [1, 0]
    assert failed.trace[1]["error"]["error"].endswith("ValueError: 2 is too small")
    frame = job.records()
    assert len(frame) == 10
    new = job.record(int(frame.set_index("seed_index")["id"][2]))
    assert new.attempt == 2
    assert new.trace_id != failed.trace_id
    assert new.state["copy"] == 2
    assert healthy(ws)


def test_retry_until_nothing_fails(ws: dgf.Workspace) -> None:
    """Attempts are numbered on; with none left it is an error."""
    fail_below(2)
    job = finish(dgf.run({"name": "p", "blocks": [{"type": "Fragile"}]}, [{"n": 1}, {"n": 5}]))
    finish(job.retry_failed())
    assert (counts(job), current(job)) == ((2, 1, 1, 0), [(0, "", 2, "failed"),
                                                         (1, "", 1, "pending")])  # fmt: skip
    fail_below(0)
    finish(job.retry_failed(concurrency=1))
    assert (counts(job), current(job)) == ((2, 2, 0, 0), [(0, "", 3, "pending"),
                                                         (1, "", 1, "pending")])  # fmt: skip
    with pytest.raises(dgf.JobError, match=r"^job 1 has no failed records to retry$"):
        job.retry_failed()
    assert job.status == "completed"
    with pytest.raises(dgf.JobError, match=r"^job 1 has no failed records to retry$"):
        job.retry_failed(max_records=1)  # used up, which is not why
    assert healthy(ws)


def test_failed_branches_alone(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Of a fan-out the failed branches run, from the steps that all share; the others stay."""
    blocks = [
        {"type": "TextGenerator", "id": "title", "config": {"user_prompt": "Title {{ top }}"}},
        {"type": "Count"},
        {"type": "TextGenerator", "id": "say", "config": {"user_prompt": "Say {{ n }}"}},
        {"type": "Fragile"},
    ]
    fail_below(3)
    job = finish(dgf.run({"name": "p", "blocks": blocks}, {"top": 12}, model="m"))
    assert counts(job) == (1, 9, 3, 0)
    assert server.log()["requests"] == 13
    fail_below(1)
    finish(job.retry_failed())
    assert counts(job) == (1, 11, 1, 0)
    assert server.log()["requests"] == job.usage["calls"] == 16
    assert current(job) == [
        (0, "0", 2, "failed"),
        (0, "1", 2, "pending"),
        (0, "2", 2, "pending"),
        *((0, str(n), 1, "pending") for n in range(3, 12)),
    ]
    for record in job.records()["id"]:
        trace = job.trace(int(record))
        assert [step["block_id"] for step in trace] == ["title", "count", "say", "fragile"]
        assert [len(step["calls"]) for step in trace] == [1, 0, 1, 0]
    assert set(job.records("pending")["model"]) == {"m"}
    finish(job.retry_failed())
    assert current(job)[0] == (0, "0", 3, "failed")
    fail_below(0)
    finish(job.retry_failed())
    assert (counts(job), current(job)[0]) == ((1, 12, 0, 0), (0, "0", 4, "pending"))
    assert healthy(ws)


def test_failed_fan_out(ws: dgf.Workspace) -> None:
    """What failed before its fan-out gives way to the first of the branches it has now."""
    blocks = [
        {"type": "Fragile"},
        {"type": "Count"},
        {"type": "Output", "config": {"template": "{{ n }}"}},
    ]
    fail_below(1)
    job = finish(dgf.run({"name": "p", "blocks": blocks}, [{"n": n, "top": 3} for n in (0, 1)]))
    assert counts(job) == (2, 3, 1, 0)
    fail_below(0)
    finish(job.retry_failed())
    assert counts(job) == (2, 6, 0, 0)
    assert current(job) == [
        *((0, branch, 2, "pending") for branch in "012"),
        *((1, branch, 1, "pending") for branch in "012"),
    ]
    assert healthy(ws)


def test_retry_of_a_cancelled_job(ws: dgf.Workspace, server: OfflineServer) -> None:
    """What it never did stays undone, and it is cancelled again until it is resumed."""
    server.reset(latency=0.03)
    fail_below(3)
    pipeline = ask("Say {{ n }}", {"type": "Fragile"})
    job = dgf.run(pipeline, [{"n": n} for n in range(40)], model="m", concurrency=2)
    wait_until(lambda: job.executions_done >= 10, "first records")
    finish(job.cancel(), "cancelled")
    done = job.executions_done
    assert done < 40
    fail_below(0)
    finish(job.retry_failed(), "cancelled")
    assert counts(job) == (done, done, 0, 0)
    finish(job.resume())
    assert counts(job) == (40, 40, 0, 0)
    assert server.log()["requests"] == 43
    assert healthy(ws)


RETRY = """
    import datagenflow_nb as dgf
    dgf.workspace("store.db").job(1).retry_failed(concurrency=4, wait=True)
"""


def test_retry_that_is_killed(
    ws: dgf.Workspace,
    server: OfflineServer,
    start_script: Callable[..., subprocess.Popen[str]],
) -> None:
    """At every moment each seed has one current record; a resumed retry finishes all of it."""
    fail_below(100)
    job = finish(dgf.run(ask("Say {{ n }}", {"type": "Fragile"}), [{"n": n} for n in range(100)],
                         model="m", stop_early=False))  # fmt: skip
    assert counts(job) == (100, 0, 100, 0)
    fail_below(0)
    server.reset(latency=0.02)
    process = start_script(RETRY)

    def is_half() -> bool:
        seeds = [seed for seed, *_ in current(job)]
        assert seeds == list(range(100))
        return job.records_generated >= 50

    wait_until(is_half, "50 retried records", process)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    assert is_half()
    assert job.status == "interrupted"
    assert job.records_generated + job.records_failed == 100
    finish(job.resume())
    assert counts(job) == (100, 100, 0, 0)
    assert current(job) == [(n, "", 2, "pending") for n in range(100)]
    log = server.log()
    assert log["requests"] - log["distinct_prompts"] <= 4
    assert job.usage["calls"] == 200
    assert healthy(ws)


def test_seeds_of_a_retried_job(ws: dgf.Workspace) -> None:
    """Frames, exports and counts show each seed once."""
    fail_below(2)
    pipeline: dict[str, Any] = {"name": "p", "blocks": [{"type": "Fragile"}]}
    job = finish(dgf.run(pipeline, [{"n": n} for n in range(4)]))
    fail_below(1)
    finish(job.retry_failed())
    assert sorted(job.records()["n"]) == [0, 1, 2, 3]
    assert ws.record_counts() == {"pending": 3, "failed": 1}
    assert job.export("out.jsonl").records == 3
    assert len(job.traces()) == 4
    assert job.last_failure == "block 'fragile' (Fragile) raised ValueError: 0 is too small"
    job.delete()
    assert look("store.db", "SELECT count(*) FROM executions") == [(0,)]
