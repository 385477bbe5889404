"""Ctrl-C and the live line of ``dgf run``."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
from typing import Any

import pytest
from command_line import ASK
from servers import offline_server

STOPPING = (
    "stopping: no further call is made, answers in flight are kept; Ctrl-C again drops them\n"
)
SEEDS = [{"topic": f"topic {number}"} for number in range(200)]


def ask(dgf: Any, server: Any, **options: Any) -> subprocess.Popen[str]:
    """Start a long run against the server."""
    env = dgf.env | {"LLM_ENDPOINT": server.url, "LLM_MODEL": "small"}
    args = ("run", dgf.write("ask.yaml", ASK), dgf.write("seeds.json", SEEDS))
    process: subprocess.Popen[str] = dgf.start(*args, "--concurrency", "4", env=env, **options)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupt_keeps_what_is_finished(dgf: Any, until: Any, number: int) -> None:
    """One signal stops cleanly: every record complete, what was in flight included."""
    with offline_server(latency=0.2) as server:
        process = ask(dgf, server)
        until(lambda: dgf.rows("SELECT 1 FROM records LIMIT 1"), process)
        process.send_signal(number)
        told, said = process.communicate(timeout=60)
        asked = server.log()["requests"]
    assert process.returncode == 1, said
    assert "Traceback" not in said
    assert STOPPING in said
    assert told.startswith("Job 1 cancelled in ")
    ((status, done),) = dgf.rows("SELECT status, executions_done FROM jobs")
    assert status == "cancelled"
    assert 0 < done < 200
    assert f"All that had finished is stored: {done} execution" in told
    assert dgf.rows("SELECT count(*), count(DISTINCT execution_id) FROM records") == [(done, done)]
    assert dgf.rows("SELECT count(*) FROM calls WHERE answer IS NOT NULL") == [(asked,)]
    assert asked == done
    assert dgf.rows("SELECT count(*) FROM executions WHERE status = 'running'") == [(0,)]
    dgf("doctor")


def test_interrupt_in_the_middle_of_a_record(dgf: Any, until: Any) -> None:
    """Of the twenty calls a record takes none is made any more; those made are stored."""
    asks = [
        {
            "type": "TextGenerator",
            "id": f"ask_{n}",
            "config": {"user_prompt": f"{n}: {{{{ topic }}}}"},
        }
        for n in range(20)
    ]
    pipeline = dgf.write("long.json", {"name": "Long", "blocks": asks})
    with offline_server(latency=0.2) as server:
        env = dgf.env | {"LLM_ENDPOINT": server.url, "LLM_MODEL": "small"}
        args = ("run", pipeline, dgf.write("seeds.json", SEEDS))
        process = dgf.start(*args, "--concurrency", "4", env=env)
        until(lambda: server.log()["requests"] >= 4, process)
        process.send_signal(signal.SIGINT)
        told, said = process.communicate(timeout=60)
        asked = server.log()["by_outcome"]["ok"]
    assert process.returncode == 1, said
    assert 4 <= asked < 80
    assert "0 of 200 executions, 0 records\n" in told
    assert f"in {asked} calls" in told
    assert dgf.rows("SELECT count(*) FROM calls WHERE answer IS NOT NULL") == [(asked,)]
    assert dgf.rows("SELECT status, count(*) FROM executions GROUP BY 1") == [("cancelled", 4)]
    dgf("doctor")


def test_second_interrupt_drops_what_is_in_flight(dgf: Any, until: Any) -> None:
    """A second Ctrl-C does not wait for answers; nothing is exported."""
    with offline_server(latency=100) as server:
        process = ask(dgf, server)
        until(lambda: server.log()["max_in_flight"], process)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("stopping:"):
                break
        process.send_signal(signal.SIGINT)
        told, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "stopping now: answers in flight are dropped\n" in said
    assert "Traceback" not in said
    assert "0 of 200 executions, 0 records\n" in told
    assert dgf.rows("SELECT status FROM jobs") == [("cancelled",)]
    dgf("doctor")


def test_second_interrupt_leaves_a_hanging_block(dgf: Any, until: Any) -> None:
    """A sync block that never ends does not keep the command after its summary."""
    (dgf.folder / "blocks").mkdir()
    dgf.write(
        "blocks/hang.py",
        """
import threading
from datagenflow_nb import block

@block(outputs=["x"])
def hang(topic):
    print("hanging")
    threading.Event().wait()
""",
    )
    pipeline = dgf.write("hang.json", {"name": "Hang", "blocks": [{"type": "hang"}]})
    process = dgf.start("run", pipeline, dgf.write("seeds.json", SEEDS[:1]))
    until(lambda: dgf.rows("SELECT 1 FROM job_log LIMIT 1"), process)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("stopping:"):
            break
    process.send_signal(signal.SIGINT)
    told, said = process.communicate(timeout=60)
    assert process.returncode == 1, said
    assert told.startswith("Job 1 cancelled in ")


def test_interrupt_before_the_start(dgf: Any, until: Any) -> None:
    """Ctrl-C while the seeds are still being typed leaves no job behind."""
    process = dgf.start("run", dgf.write("ask.yaml", ASK), "-", stdin=subprocess.PIPE)
    until(lambda: dgf.rows("SELECT name FROM sqlite_master WHERE name = 'records'"), process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1, said
    assert "Traceback" not in said
    assert dgf.rows("SELECT count(*) FROM jobs") == [(0,)]


def test_cancelled_run_exports_nothing(dgf: Any, until: Any) -> None:
    """A run that did not complete leaves the file of --out alone and says how to export."""
    dgf.write("out.jsonl", "old\n")
    with offline_server(latency=0.2) as server:
        env = dgf.env | {"LLM_ENDPOINT": server.url, "LLM_MODEL": "small"}
        args = ("run", dgf.write("ask.yaml", ASK), dgf.write("seeds.json", SEEDS))
        process = dgf.start(*args, "--out", "out.jsonl", "--concurrency", "2", env=env)
        until(lambda: dgf.rows("SELECT 1 FROM records LIMIT 1"), process)
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=60)
    assert told.endswith("Nothing was exported; to do it: dgf export 1 out.jsonl\n")
    assert (dgf.folder / "out.jsonl").read_text() == "old\n"


def read_all(terminal: int) -> str:
    """Everything written to the terminal until nobody holds it any more."""
    parts = []
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # what Linux says at the end
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts).decode()


def test_live_line(dgf: Any) -> None:
    """On a terminal one line is rewritten in place, never wider than the terminal."""
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 50, 0, 0))
    with offline_server(latency=0.3) as server:
        env = dgf.env | {"LLM_ENDPOINT": server.url, "LLM_MODEL": "small"}
        args = ("run", dgf.write("ask.yaml", ASK), dgf.write("seeds.json", SEEDS[:5]))
        process = dgf.start(*args, "--concurrency", "1", env=env, stderr=end)
        os.close(end)
        shown = read_all(terminal)
        told, _ = process.communicate(timeout=60)
    os.close(terminal)
    assert process.returncode == 0
    assert ": 5 of 5 executions, 5 records\n" in told
    head, _, live = shown.partition("Model: small\r\n")
    assert head == "Pipeline 'Ask', 5 executions\r\n"
    states = live.removesuffix("\r\n").split("\r")
    assert "\n" not in live.removesuffix("\r\n")
    assert states[0] == ""
    assert states[1].startswith("job 1: 0/5 (0 %)")
    assert states[-1].startswith("job 1: 5/5 (100 %), in ")
    assert len(states) > 4
    assert max(map(len, states)) <= 49
    assert any("/s, ETA " in state for state in states)


def test_live_line_tells_waits(dgf: Any) -> None:
    """What calls wait for before another try is on the line at once, and Ctrl-C ends the wait."""
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 70, 0, 0))
    with offline_server(rate_429=1.0, retry_after=60.0) as server:
        env = dgf.env | {"LLM_ENDPOINT": server.url, "LLM_MODEL": "small"}
        args = ("run", dgf.write("ask.yaml", ASK), dgf.write("seeds.json", SEEDS[:5]))
        process = dgf.start(*args, "--concurrency", "1", env=env, stderr=end)
        os.close(end)
        shown = b""
        while b"pauses" not in shown:
            shown += os.read(terminal, 65536)
        process.send_signal(signal.SIGINT)
        shown += read_all(terminal).encode()
        process.communicate(timeout=60)
    os.close(terminal)
    assert b"\rjob 1: 0/5 (0 %), model 'small' pauses for 60 s: 429 " in shown
