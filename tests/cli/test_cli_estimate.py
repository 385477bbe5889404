"""``dgf estimate``: followed, interrupted, killed and taken up; the server's log is the witness."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import Any

from command_line import ASK, DIVIDE
from servers import OfflineServer, offline_server

SEEDS = [{"topic": f"topic {number}"} for number in range(40)]


def begun(dgf: Any, server: OfflineServer, *more: str) -> subprocess.Popen[str]:
    """An estimate of 20 of 40 executions, one at a time."""
    names = dgf.write("ask.yaml", ASK), dgf.write("seeds.json", SEEDS)
    dgf.env |= {"LLM_ENDPOINT": server.url, "LLM_MODEL": "small"}
    args = ("estimate", *names, "--executions", "20", "--concurrency", "1", *more)
    process: subprocess.Popen[str] = dgf.start(*args)
    return process


def test_killed_and_taken_up(dgf: Any, until: Any) -> None:
    """What finishes a killed estimate runs what is missing of it, and no more of the job."""
    with offline_server(latency=0.1) as server:
        process = begun(dgf, server)
        until(lambda: dgf.rows("SELECT 1 FROM jobs WHERE executions_done >= 3"), process)
        process.kill()
        process.wait()
        server_log = server.log()
        lost = server_log["requests"] - dgf.rows("SELECT count(*) FROM calls")[0][0]
        assert lost <= 1
        (done,) = dgf.rows("SELECT executions_done FROM jobs")[0]
        told = dgf("job", "1", status=1).stdout
        left = f"To finish its estimate ({20 - done} of 20 executions left): dgf estimate job:1\n"
        assert left in told
        assert f"{done} of 20 executions of the estimate" in told
        found = dgf("estimate", "job:1")
        assert f"{20 - done} of 40 executions\nModel: small\n" in found.stderr
        assert found.stdout.startswith("Estimate from 20 of 40 executions (job 1)\n")
        assert server.log()["requests"] == 20 + lost
        again = dgf.json("estimate", "job:1")
        assert (again["executions"], again["missing"], again["failed"]) == (20, 0, 0)
        assert server.log()["requests"] == 20 + lost
        told = dgf("job", "1", status=1).stdout
        assert "To finish it (20 executions left): dgf resume 1\n" in told
        assert "What all of it will take: dgf estimate job:1\n" in told
        assert dgf.json("resume", "1")["records_generated"] == 40
        assert server.log()["requests"] == 40 + lost
        assert dgf.json("estimate", "job:1")["is_exact"] is True
        assert server.log()["distinct_prompts"] == 40


def test_resume_of_a_killed_estimate(dgf: Any, until: Any) -> None:
    """It finishes the estimate first: nobody pays for the whole job by finishing what was asked."""
    with offline_server(latency=0.1) as server:
        process = begun(dgf, server)
        until(lambda: dgf.rows("SELECT 1 FROM jobs WHERE executions_done >= 3"), process)
        process.kill()
        process.wait()
        summary = dgf.json("resume", "1", status=1)
        assert (summary["status"], summary["executions_done"]) == ("stopped", 20)
        assert summary["error"]["error"].startswith("estimate: 20 of 40 executions were run")
        assert server.log()["distinct_prompts"] == 20


def test_interrupt(dgf: Any, until: Any) -> None:
    """Progress and model are told on the way; Ctrl-C tells from what has ended, also as JSON."""
    with offline_server(latency=0.1) as server:
        process = begun(dgf, server, "--json")
        until(lambda: dgf.rows("SELECT 1 FROM jobs WHERE executions_done >= 3"), process)
        process.send_signal(signal.SIGINT)
        told, said = process.communicate(timeout=60)
        asked = server.log()["requests"]
    assert process.returncode == 1
    assert "20 of 40 executions\nModel: small\njob 1: " in said
    assert "stopping: no further call is made" in said
    found = json.loads(told)
    assert found["executions"] == asked == found["calls"]["sampled"]
    assert (found["missing"], found["total"]) == (20 - asked, 40)
    assert f"{asked} of 20 were run: the job is cancelled; paid so far: {asked} calls" in str(
        found["notes"]
    )
    text = dgf("jobs").stdout
    assert "cancelled" in text


def test_interrupt_before_anything_has_ended(dgf: Any, until: Any) -> None:
    """There is one JSON document all the same, which names the job and what goes on."""
    with offline_server(latency=100) as server:
        process = begun(dgf, server, "--json")
        until(lambda: server.log()["max_in_flight"], process)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("stopping:"):
                break
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    error = json.loads(told)["error"]
    assert error.startswith("job 1 is cancelled and none of its executions has ended")
    assert error.endswith("paid so far: no call; dgf estimate job:1 runs what is missing")


def test_interrupt_before_it_has_begun(dgf: Any, until: Any) -> None:
    """While the seeds are awaited there is nothing to tell but that."""
    pipeline = dgf.write("ask.yaml", ASK)
    args = ("estimate", pipeline, "-", "--executions", "2", "--json")
    process = dgf.start(*args, stdin=subprocess.PIPE)
    until(lambda: (dgf.folder / "datagenflow.db").exists(), process)
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert json.loads(told) == {"error": "interrupted", "detail": {}}


def test_failures(dgf: Any) -> None:
    """Some failed: status 3 and the cause; all failed: no figures for the others."""
    pipeline = dgf.write("divide.yaml", DIVIDE)
    some = dgf.write("some.json", [{"n": n % 2} for n in range(8)])
    found = dgf.json("estimate", pipeline, some, "--executions", "5", status=3)
    assert (found["executions"], 0 < found["failed"] < 5) == (5, True)
    assert f"{found['failed']} of 5 executions failed: " in found["notes"][0]
    none = dgf.write("none.json", [{"n": 0} for _ in range(8)])
    run = dgf("estimate", pipeline, none, "--executions", "5", status=3)
    assert "5 of 5 executions failed: " in run.stdout
    assert "by zero" in run.stdout
    assert "cannot be told from these" in run.stdout and "exact" not in run.stdout


def test_usage(dgf: Any, echo: tuple[str, str]) -> None:
    """What a job has already cannot be given; what a new estimate needs must be."""
    assert "Missing argument 'SEEDS'" in dgf("estimate", echo[0], status=2).stderr
    dgf("run", *echo)
    wrong = dgf("estimate", "job:1", "--executions", "2", status=2).stderr
    assert "job:1 has its seeds" in wrong
    error = dgf("estimate", "job:1", "--concurrency", "2", status=1).stderr
    assert error == (
        "Error: of job 1 nothing is started for an estimate, so concurrency cannot be told\n"
    )
