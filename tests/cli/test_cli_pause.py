"""``dgf pause``, ``dgf cancel``, and a paused job in the commands that follow it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from command_line import ASK, CommandLine
from running import stop_between_writes
from servers import OfflineServer, offline_server

STATUS = "SELECT status, control FROM jobs"


@pytest.fixture
def server(dgf: CommandLine) -> Iterator[OfflineServer]:
    """A slow model, which the commands ask."""
    with offline_server(latency=0.2) as started:
        dgf.env |= {"LLM_ENDPOINT": started.url, "LLM_MODEL": "small"}
        yield started


@pytest.fixture
def runner(dgf: CommandLine, server: OfflineServer, until: Any) -> Any:
    """A ``dgf run`` that has made some of its 200 records."""
    seeds = dgf.write("seeds.json", [{"topic": f"topic {number}"} for number in range(200)])
    process = dgf.start("run", dgf.write("ask.yaml", ASK), seeds, "--concurrency", "4")
    until(lambda: dgf.rows("SELECT 1 FROM records WHERE id = 4"), process)
    return process


def test_pause_resume(dgf: CommandLine, server: OfflineServer, runner: Any, until: Any) -> None:
    """Nothing is asked while it is paused; whoever follows it says so, and how it goes on."""
    paused = dgf("pause", "1").stdout.splitlines()
    assert re.fullmatch(r"Job 1 paused: \d+ of 200 executions done", paused[0])
    assert paused[-1] == "To let it go on: dgf resume 1"
    told = r"[1-4] answers? still coming: lost if its process ends before"
    assert all(re.fullmatch(told, line) for line in paused[1:-1])
    until(lambda: dgf.json("pause", "1")["answers_coming"] == 0, runner)
    assert dgf.json("pause", "1") == {
        "job_id": 1, "status": "paused", "control": "pause", "answers_coming": 0,
    }  # fmt: skip
    assert server.log()["in_flight"] == 0
    before = server.log()["requests"]
    assert "paused" in dgf("jobs").stdout
    told = "job 1 is paused and goes on as it was: concurrency cannot be changed"
    assert told in dgf("resume", "1", "--concurrency", "9", status=1).stderr
    assert dgf("retry", "1", status=1).stderr.endswith("cannot be retried meanwhile\n")
    assert server.log()["requests"] == before

    server.reset(latency=0.1)  # both who follow it see that it goes on before it has ended
    run = dgf("resume", "1")
    assert run.stderr.startswith(f"Job 1 goes on in process {runner.pid} on ")
    assert ": 200 of 200 executions, 200 records\n" in run.stdout
    out, err = runner.communicate(timeout=30)
    assert runner.returncode == 0
    assert ": 200 of 200 executions, 200 records\n" in out
    lines = err.splitlines()
    assert lines.index("job 1 goes on") > lines.index(
        "job 1 is paused; to let it go on: dgf resume 1"
    )
    assert before + server.log()["requests"] == 200


@pytest.mark.parametrize(("is_paused", "now"), [(False, ()), (True, ("--now",))])
def test_cancel(dgf: CommandLine, runner: Any, is_paused: bool, now: tuple[str, ...]) -> None:
    """It ends, paused or not, in the process that has it, which says how to finish it."""
    if is_paused:
        dgf("pause", "1")
    first, second = dgf("cancel", "1", *now).stdout.splitlines()
    assert re.fullmatch(r"Job 1 cancelled: \d+ of 200 executions done", first)
    assert second == "To finish it: dgf resume 1"
    out, _ = runner.communicate(timeout=30)
    assert runner.returncode == 1
    assert out.splitlines()[-1] == "To finish it: dgf resume 1"
    assert dgf.rows(STATUS) == [("cancelled", None)]
    told = "job 1 cannot be cancelled, it is cancelled"
    assert dgf("cancel", "1", status=1).stderr == f"Error: {told}\n"
    assert "job 1 cannot be paused, it is cancelled" in dgf("pause", "1", status=1).stderr


def test_runner_that_does_not_look(dgf: CommandLine, runner: Any) -> None:
    """The wish stands, and the exit status says that it is not fulfilled yet."""
    stop_between_writes(runner, dgf.folder / "datagenflow.db")
    run = dgf("pause", "1", status=1)
    assert run.stdout == ""
    assert re.fullmatch(
        rf"Job 1 is not paused after 5 s: process {runner.pid} on \S+ does not look at its row; it "
        r"will pause as soon as it does\n",
        run.stderr,
    )
    assert dgf.rows(STATUS) == [("running", "pause")]
