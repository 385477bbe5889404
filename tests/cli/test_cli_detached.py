"""``--detach``, and ``dgf job``, which follows a job of any process."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest
from command_line import CommandLine
from running import detached_processes, end_detached

HOLD = """
import time
from pathlib import Path
import datagenflow_nb as dgf

@dgf.block(outputs=["m"])
def Hold(n):
    while n and not Path("go").exists():
        time.sleep(0.01)
    if n == 2 and not Path("good").exists():
        raise ValueError("two is bad")
    return {"m": n}
"""


@pytest.fixture
def held(dgf: CommandLine) -> Iterator[tuple[str, str]]:
    """A pipeline that holds until the file ``go`` is there, and its seeds."""
    (dgf.folder / "blocks").mkdir()
    dgf.write("blocks/hold.py", HOLD)
    seeds = dgf.write("seeds.json", [{"n": 0}, {"n": 1}, {"n": 2}])
    yield dgf.write("hold.json", {"name": "Hold", "blocks": [{"type": "Hold"}]}), seeds
    end_detached(dgf.folder)


def test_run_follow_retry(dgf: CommandLine, held: tuple[str, str], until: Any) -> None:
    """It ends when the job has begun; ``dgf job`` ends as the job does; Ctrl-C leaves the job."""
    started = dgf("run", *held, "--detach", "--concurrency", "1")
    (process,) = detached_processes(dgf.folder)
    first, *rest = started.stdout.splitlines()
    assert first.startswith(f"Job 1 running in process {process.pid} on ")
    assert rest == ["To follow it: dgf job 1", "To stop it: dgf cancel 1"]
    assert started.stderr.startswith("Pipeline 'Hold', 3 executions\n")

    follower = dgf.start("job", "1")
    assert follower.stderr is not None
    assert follower.stderr.readline().startswith("job 1: ")
    follower.send_signal(signal.SIGINT)
    told, said = follower.communicate(timeout=30)
    assert (follower.returncode, told) == (1, "")
    assert said.endswith("Job 1 goes on. To follow it: dgf job 1\n")
    assert process.is_running()

    follower = dgf.start("job", "1")
    assert follower.stderr is not None
    follower.stderr.readline()
    (dgf.folder / "go").touch()
    told, _ = follower.communicate(timeout=30)
    assert follower.returncode == 3
    assert told.startswith("Job 1 completed in ")
    assert ": 3 of 3 executions, 2 records, 1 failed\n" in told

    (dgf.folder / "good").touch()
    again = dgf.json("retry", "1", "--detach")
    assert (again["job_id"], again["total"]) == (1, 3)
    ended = dgf.json("job", "1")
    assert (ended["status"], ended["records_generated"]) == ("completed", 3)


def test_interrupted_and_resumed(dgf: CommandLine, held: tuple[str, str]) -> None:
    """After kill -9 ``dgf job`` says how to finish it, and ``dgf resume --detach`` does."""
    dgf("run", *held, "--detach", "--db", "own.db")
    (process,) = detached_processes(dgf.folder)
    process.kill()
    process.wait(10)
    told = dgf("job", "1", "--db", "own.db", status=1).stdout
    assert told.endswith("To finish it: dgf resume 1 --db own.db\n")
    started = dgf("resume", "1", "--detach", "--db", "own.db").stdout
    assert "To follow it: dgf job 1 --db own.db\n" in started
    assert dgf.json("cancel", "1", "--now", "--db", "own.db")["status"] == "cancelled"
    dgf("resume", "1", "--detach", "--db", "own.db")
    (dgf.folder / "go").touch()
    assert dgf.json("job", "1", "--db", "own.db", status=3)["executions_done"] == 3


def test_wrong_usage(dgf: CommandLine, held: tuple[str, str]) -> None:
    """``--out`` would have to wait for the end; nothing is started."""
    refused = dgf("run", *held, "--detach", "--out", "o.csv", status=2)
    assert "--out exports when the job has ended, which --detach does not wait for" in (
        refused.stderr
    )
    assert dgf.rows("SELECT 1 FROM jobs") == []
    assert "there is no store" in dgf("job", "7", status=1).stderr
