"""Jobs that are killed, interrupted or raced for: everything is there, and nothing is paid twice.

What was asked is read from the server's log, what is stored from the file.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from holding import THREE_CALLS, answered, assert_whole, hear_out, stored_prompts, write_seeds
from running import finish, look, wait_until
from servers import OfflineServer

import datagenflow_nb as dgf

Start = Callable[..., subprocess.Popen[str]]

CONCURRENCY = 32
RUN = f"""
    import datagenflow_nb as dgf
    dgf.workspace("store.db")
    dgf.run({THREE_CALLS!r}, "seeds.csv", model="m", concurrency={CONCURRENCY}, wait=True)
"""
RESUME = """
    import datagenflow_nb as dgf
    dgf.workspace("store.db").job(1).resume(wait=True)
"""


def until_answered(more: int, process: subprocess.Popen[str]) -> None:
    """Wait for so many stored answers more than there are."""
    count = answered() + more
    wait_until(lambda: answered() >= count, f"{count} answers", process)


def test_thousand_killed_three_times(
    ws: dgf.Workspace, server: OfflineServer, start_script: Start
) -> None:
    """kill -9 at half and twice more: of what was stored nothing is asked again."""
    server.reset(latency=0.02)
    path = write_seeds(1_000)
    script = RUN
    kept: set[str] = set()
    total: Counter[str] = Counter()
    for more in (1_500, 400, 400):
        process = start_script(script)
        until_answered(more, process)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=20)
        heard = hear_out(server)
        assert ws.job(1).status == "interrupted"
        assert kept.isdisjoint(heard)
        assert max(heard.values()) == 1
        kept = stored_prompts()
        total += heard
        assert len(set(total) - kept) <= CONCURRENCY  # what was in flight
        path.unlink(missing_ok=True)
        script = RESUME
    job = finish(ws.job(1).resume())
    heard = hear_out(server)
    assert kept.isdisjoint(heard)
    total += heard
    assert len(total) == 3_000
    assert total.total() <= 3_000 + 3 * CONCURRENCY
    assert_whole(ws, job, 1_000)


def test_interrupted_three_times(
    ws: dgf.Workspace, server: OfflineServer, start_script: Start
) -> None:
    """Ctrl-C of ``dgf run`` and of ``dgf resume``, without the files: nothing is asked twice."""
    server.reset(latency=0.1)
    paths = [Path("three.json"), write_seeds(300)]
    paths[0].write_text(dgf.Pipeline(**THREE_CALLS).to_json())
    env = os.environ | {"LLM_ENDPOINT": server.url, "LLM_MODEL": "small"}

    def start(*args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "datagenflow_nb", *args, "--db", "store.db"],
            env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    args = ["run", "three.json", "seeds.csv", "--concurrency", str(CONCURRENCY)]
    for _ in range(3):
        process = start(*args)
        until_answered(150, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out[:15]) == (1, "Job 1 cancelled"), err
        for path in paths:
            path.unlink(missing_ok=True)
        args = ["resume", "1"]
    out, err = (process := start(*args)).communicate(timeout=60)
    assert (process.returncode, out[:15]) == (0, "Job 1 completed"), err
    heard = hear_out(server)
    assert (len(heard), heard.total()) == (900, 900)
    assert_whole(ws, ws.job(1), 300)


CHUNKER = {
    "type": "TextChunker",
    "config": {"field_name": "text", "chunk_size": 20, "chunk_overlap": 0},
}
FAN_OUT: dict[str, Any] = {
    "name": "chunks",
    "blocks": [
        {"type": "TextGenerator", "id": "title", "config": {"user_prompt": "Title: {{ text }}"}},
        {"type": "FieldMapper", "id": "keep", "config": {"mappings": {"title": "{{ assistant }}"}}},
        CHUNKER,
        {"type": "TextGenerator", "id": "x", "config": {"user_prompt": "First {{ chunk_text }}"}},
        {"type": "TextGenerator", "id": "y", "config": {"user_prompt": "Then {{ chunk_text }}"}},
    ],
}


def test_fan_out_killed_in_the_middle(
    ws: dgf.Workspace, server: OfflineServer, start_script: Start
) -> None:
    """One seed of 200 chunks: the missing branches go on from the stored steps they share."""
    server.reset(latency=0.02)
    chunks = [f"word number {n:07d}" for n in range(200)]
    process = start_script(
        f"""
        import datagenflow_nb as dgf
        dgf.workspace("store.db")
        dgf.run({FAN_OUT!r}, {{"text": {" ".join(chunks)!r}}}, model="m", concurrency=8, wait=True)
        """
    )
    until_answered(200, process)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    before = hear_out(server)
    kept = stored_prompts()
    job = ws.job(1)
    assert 80 <= job.records_generated < 200
    (trace_id,) = look("store.db", "SELECT trace_id FROM executions")[0]
    finish(job.resume(concurrency=8))
    after = hear_out(server)
    assert kept.isdisjoint(after)
    assert not [prompt for prompt in after if prompt.startswith("Title")]
    assert len(before + after) == 401
    assert (before + after).total() <= 401 + 8

    frame = job.records().set_index("branch")
    assert sorted(frame.index, key=int) == [str(n) for n in range(200)]
    assert [text.strip() for text in frame["chunk_text"][[str(n) for n in range(200)]]] == chunks
    assert frame["title"].nunique() == 1
    assert set(frame["model"]) == {"m"}
    for record, text in zip(frame["id"], frame["chunk_text"], strict=True):
        trace = job.trace(int(record))
        assert [step["step"] for step in trace] == [0, 1, 2, 3, 4]
        assert [len(step["calls"]) for step in trace] == [1, 0, 0, 1, 1]
        assert trace[2]["output"]["chunk_text"] == text
        asked = [step["calls"][0]["request"]["messages"][-1]["content"] for step in trace[3:]]
        assert asked == [f"First {text}", f"Then {text}"]
    assert look("store.db", "SELECT trace_id, attempt, status FROM executions") == [
        (trace_id, 1, "completed")
    ]
    assert (job.executions_done, job.records_generated, job.usage["calls"]) == (1, 200, 401)
    assert not [finding for finding in ws.examine() if finding.count]


RACE = """
    import os, sys
    import datagenflow_nb as dgf
    ws = dgf.workspace("store.db")
    job = ws.job(1)
    for line in sys.stdin:
        what = line.strip()
        if what == "cancel":
            print(job.cancel().wait(30).status, flush=True)
            continue
        print("ready", flush=True)
        while not os.path.exists(what):  # the barrier: both look without a pause
            pass
        try:
            job.resume()
        except dgf.JobError as error:
            print(error.message, flush=True)
        else:
            print("has it", flush=True)
            if what == "last":
                print(job.wait(60).status, flush=True)
"""


def test_ten_races(ws: dgf.Workspace, server: OfflineServer, start_script: Start) -> None:
    """Of two processes that resume a dead one's job at once exactly one gets it, every time."""
    server.reset(latency=0.02)
    write_seeds(150)
    process = start_script(RUN)
    until_answered(60, process)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    first = hear_out(server)
    kept = stored_prompts()
    ((runner,),) = look("store.db", "SELECT runner FROM jobs WHERE status = 'running'")
    both = [start_script(RACE, stdin=subprocess.PIPE) for _ in range(2)]

    def tell(one: subprocess.Popen[str], text: str) -> None:
        assert one.stdin is not None
        one.stdin.write(f"{text}\n")
        one.stdin.flush()

    def hear(one: subprocess.Popen[str]) -> str:
        assert one.stdout is not None
        return one.stdout.readline().rstrip("\n")

    for barrier in [*(f"go-{number}" for number in range(9)), "last"]:
        for one in both:
            tell(one, barrier)
            assert hear(one) == "ready"
        Path(barrier).touch()
        said = [hear(one) for one in both]
        assert said.count("has it") == 1, said
        winner = both[said.index("has it")]
        told = said[1 - said.index("has it")]
        assert told.startswith(f"job 1 is running, process {winner.pid} on "), told
        assert told.endswith(" has it: it cannot be resumed meanwhile")
        if barrier == "last":
            assert hear(winner) == "completed"
            break
        tell(winner, "cancel")
        assert hear(winner) == "cancelled"
        with ws.store.write() as connection:  # as the killed process left it
            connection.execute("UPDATE jobs SET status = 'running', runner = ?", [runner])
    second = hear_out(server)
    assert kept.isdisjoint(second)
    assert max(second.values()) == 1
    assert len(set(first) & set(second)) <= CONCURRENCY  # what was in flight at the kill
    assert_whole(ws, ws.job(1), 150)
