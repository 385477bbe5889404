"""Several jobs at once, in one process and in two; blocks and values nobody would wish for."""

from __future__ import annotations

import asyncio
import threading
import tracemalloc
from typing import Any

import pytest
from running import ECHO, ask, finish, look, wait_until
from servers import OfflineServer

import datagenflow_nb as dgf

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"


def pipeline(*blocks: Any) -> dgf.Pipeline:
    """A pipeline of these blocks."""
    return dgf.Pipeline("test", list(blocks))


def test_sync_blocks_stall_nobody(ws: dgf.Workspace) -> None:
    """While 64 sync blocks wait in their threads, other jobs run from start to end."""
    waiting, leave = threading.Semaphore(0), threading.Event()

    @dgf.block(outputs=["x"])
    def hang(n):
        waiting.release()
        leave.wait(60)
        return {"x": n}

    @dgf.block(outputs=["y"])
    def double(n):
        return {"y": 2 * n}

    stuck = dgf.run(pipeline(hang), [{"n": n} for n in range(64)], concurrency=64)
    try:
        for _ in range(64):
            assert waiting.acquire(timeout=30)
        numbers = [{"n": n} for n in range(300)]
        assert finish(dgf.run(ECHO, numbers), timeout=30).records_generated == 300
        assert finish(dgf.run(pipeline(double), numbers), timeout=30).records_generated == 300
        assert stuck.status == "running"
    finally:
        leave.set()
    assert finish(stuck).records_generated == 64


def test_threads_of_asyncio_stall_nobody(ws: dgf.Workspace) -> None:
    """Blocks that fill asyncio's own few threads keep no other job from its seeds and its end."""
    leave = threading.Event()
    started = threading.Semaphore(0)

    @dgf.block(outputs=["x"])
    async def hang(n):
        started.release()
        await asyncio.to_thread(leave.wait, 60)
        return {"x": n}

    stuck = dgf.run(pipeline(hang), [{"n": n} for n in range(64)], concurrency=64)
    try:
        for _ in range(64):
            assert started.acquire(timeout=30)
        numbers = [{"n": n} for n in range(300)]
        assert finish(dgf.run(ECHO, numbers), timeout=30).records_generated == 300
    finally:
        leave.set()
    assert finish(stuck).records_generated == 64


def test_sync_blocks_ask_models_on_loops_of_their_own(ws: dgf.Workspace) -> None:
    """Beside async blocks; every call goes through the job's one journal."""

    class Twice(dgf.BaseBlock):
        name = "Twice"
        outputs = ["one", "two"]

        def execute(self, data, ctx):
            one = asyncio.run(ctx.llm().chat(f"One {data['n']}"))
            two = asyncio.run(ctx.llm().chat(f"Two {data['n']}"))
            return {"one": one.text, "two": two.text}

    @dgf.block(outputs=["three"])
    async def once(n, ctx):
        return {"three": (await ctx.llm().chat(f"Three {n}")).text}

    job = dgf.run(pipeline(Twice(), once), [{"n": n} for n in range(60)], concurrency=16)
    assert finish(job, timeout=60).records_generated == 60
    assert job.usage["calls"] == 180
    assert all(job.records()["one"])


def test_two_jobs_at_once(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Both complete, each with its own records and counts."""
    server.reset(latency=0.02)
    one = dgf.run(ask("One {{ n }}"), [{"n": n} for n in range(100)], model="m", concurrency=8)
    two = dgf.run(ask("Two {{ n }}"), [{"n": n} for n in range(150)], model="m", concurrency=8)
    assert {one.status, two.status} <= {"running", "completed"}
    assert (finish(one).records_generated, finish(two).records_generated) == (100, 150)
    assert (one.usage["calls"], two.usage["calls"]) == (100, 150)
    assert set(one.records()["user"].str[:3]) == {"One"}
    assert ws.record_counts(two.id) == {"pending": 150}
    assert ws.record_counts() == {"pending": 250}


def test_two_processes_at_once(ws: dgf.Workspace, start_script: Any) -> None:
    """Both write to one store: no lost write, no locked database."""
    script = f"""
        import datagenflow_nb as dgf
        ws = dgf.workspace("store.db")
        input()
        for _ in range(2):
            job = dgf.run({ECHO!r}, [{{"n": n}} for n in range(200)], concurrency=4, wait=True)
            ids = job.records()["id"].tolist()
            ws.update_records(ids, status="accepted")
            print(job.status, job.records_generated, len(ids))
    """
    processes = [start_script(script, stdin=-1) for _ in range(2)]
    results = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        results.append(process.communicate(timeout=60))
    assert results == [("completed 200 200\n" * 2, "")] * 2
    assert [job.records_generated for job in ws.jobs()] == [200] * 4
    assert ws.record_counts() == {"accepted": 800}
    assert look("store.db", "PRAGMA integrity_check") == [("ok",)]
    assert not [finding for finding in ws.examine() if finding.count]


def test_job_of_another_process(ws: dgf.Workspace, start_script: Any) -> None:
    """It can be watched and waited for from here."""
    process = start_script(
        f"""
        import datagenflow_nb as dgf
        dgf.workspace("store.db")
        dgf.run({ECHO!r}, [{{"n": n}} for n in range(300)])
        job = dgf.workspace().job(1)
        input()
        job.wait()
        """,
        stdin=-1,
    )
    wait_until(lambda: look("store.db", "SELECT 1 FROM jobs WHERE total > 0"), "the seeds", process)
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert finish(ws.job(1)).records_generated == 300
    assert process.communicate(timeout=30) == ("", "")


def test_two_workspaces_on_one_store(ws: dgf.Workspace) -> None:
    """A job started through one is seen, awaited and cancelled through the other."""

    @dgf.block(outputs=["x"])
    async def hang(n):
        await asyncio.Event().wait()

    other = dgf.Workspace(ws.settings)
    try:
        finish(other.run(ECHO, [{"n": 1}, {"n": 2}]))
        assert ws.job(1).records()["output"].tolist() == ["1!", "2!"]
        running = ws.run(pipeline(hang), {"n": 1})
        other.job(running.id).cancel(now=True).wait(10)
        assert running.status == "cancelled"
    finally:
        other.close()


def test_a_thousand_branches(ws: dgf.Workspace) -> None:
    """What precedes the fan-out is held and stored once, not a thousand times."""

    @dgf.block(outputs=["part"], fan_out=True)
    async def split(text):
        return [{"part": number} for number in range(1000)]

    @dgf.block(outputs=["y"])
    async def keep(part):
        return {"y": part}

    seeds = {"text": "x" * 1_000_000}
    finish(dgf.run(ECHO, {"n": 1}))  # what is loaded on first use is not counted
    tracemalloc.start()
    try:
        job = finish(dgf.run(pipeline(split, keep), seeds, concurrency=64))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert job.records_generated == 1000
    assert peak < 30_000_000
    assert ws.store.path.stat().st_size < 5_000_000


def test_large_and_odd_values(ws: dgf.Workspace) -> None:
    """5 MB of text, 10,000 fields, half a surrogate pair, deep nesting: stored as they were."""
    deep: Any = 0
    for _ in range(300):
        deep = [deep]
    odd = {
        "large": "ä" * 5_000_000,
        "half": "a\ud83db\x00c",
        "\udfff": {"\ud800": 1},
        "deep": deep,
        "big": 2**70,
        "small": 5e-324,
        "": "no name",
    }

    @dgf.block(outputs=["*"])
    async def fields(n):
        return {f"field {number}": number for number in range(10_000)} if n else odd

    job = finish(dgf.run(pipeline(fields), [{"n": 0}, {"n": 1}]))
    assert ws.record_counts() == {"pending": 2}
    by_seed = {record.seed_index: record for record in map(ws.record, (1, 2))}
    assert by_seed[0].outputs == odd
    assert len(by_seed[1].outputs) == 10_000
    assert len(job.trace(by_seed[1].id)[0]["output"]) == 10_000
    assert job.records(flat=False).shape[0] == 2


def test_half_a_surrogate_pair(ws: dgf.Workspace, server: OfflineServer) -> None:
    """In a seed, a prompt, an answer and a reason it costs no record and no job."""

    @dgf.block(outputs=["x"])
    async def judge(n):
        return dgf.Drop(f"because of {n}") if "drop" in n else {"x": n}

    seeds = [{"n": "\ud83d"}, {"n": "drop \ud83d"}]
    finish(dgf.run(pipeline(*ask("Say: {{ n }}")["blocks"], judge), seeds, model="m"))
    by_seed = {record.seed_index: record for record in map(ws.record, (1, 2))}
    assert (by_seed[0].status, by_seed[0].state["user"]) == ("pending", "Say: \ud83d")
    assert (by_seed[1].status, by_seed[1].reason) == ("filtered", "because of drop \\ud83d")
    calls = ws.trace(by_seed[0].id)[0]["calls"]
    assert calls[0]["request"]["messages"] == [{"role": "user", "content": "Say: \ud83d"}]


@pytest.mark.parametrize("concurrency", [1, 4096])
def test_extreme_concurrency(ws: dgf.Workspace, concurrency: int) -> None:
    """One worker, or more than there are executions."""
    job = dgf.run(ECHO, [{"n": n} for n in range(500)], concurrency=concurrency)
    assert finish(job).records_generated == 500


def test_job_started_by_a_block(ws: dgf.Workspace) -> None:
    """From a sync block, which has a thread of its own, a job can be run and awaited."""

    @dgf.block(outputs=["inner"])
    def nest(n):
        return {"inner": dgf.run(ECHO, {"n": n}, wait=True).records()["output"].tolist()}

    job = finish(dgf.run(pipeline(nest), [{"n": 1}, {"n": 2}]))
    assert sorted(job.records()["inner"].tolist()) == [["1!"], ["2!"]]
    assert len(ws.jobs()) == 3
