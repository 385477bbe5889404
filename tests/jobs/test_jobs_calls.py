"""Calls that are cut off or come too late: what was sent is never passed over in silence."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from running import finish, look, wait_until
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb import runtime

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"

CUT = "cancelled before an answer came; the server may have counted it"


def calls() -> list[tuple[Any, ...]]:
    """(block, answered?, error) of every stored call."""
    return look("store.db", "SELECT block_id, answer IS NOT NULL, error FROM calls")


def test_call_that_its_block_gives_up(ws: dgf.Workspace, server: OfflineServer) -> None:
    """It was sent, so it is in the journal and in the trace beside the one that was answered."""
    server.reset(rate_hang=1.0)

    @dgf.block(outputs=["x"])
    async def impatient(n, ctx):
        try:
            await asyncio.wait_for(ctx.llm("m").chat("slow"), 0.1)
        except TimeoutError:
            return {"x": "gave up"}

    job = finish(dgf.run(dgf.Pipeline("p", [impatient]), [{"n": 1}]))
    assert calls() == [("impatient", 0, CUT)]
    assert look("store.db", "SELECT json_extract(tries, '$[0].error') FROM calls") == [
        ("cancelled",)
    ]
    (step,) = job.trace(1)
    assert [call["error"] for call in step["calls"]] == [CUT]
    assert (job.usage["calls"], job.records_generated) == (0, 1)


@pytest.mark.parametrize("kind", ["async", "sync", "task"])
def test_call_that_is_dropped(ws: dgf.Workspace, server: OfflineServer, kind: str) -> None:
    """cancel(now=True) waits for no answer, and stores that there was a call."""
    server.reset(rate_hang=1.0)

    @dgf.block(outputs=["x"])
    async def awaits(n, ctx):
        return {"x": (await ctx.llm("m").chat(f"{n}")).text}

    @dgf.block(outputs=["x"])
    def in_thread(n, ctx):
        return {"x": asyncio.run(ctx.llm("m").chat(f"{n}")).text}

    @dgf.block(outputs=["x"])
    async def in_task(n, ctx):
        task = asyncio.create_task(ctx.llm("m").chat(f"{n}"))
        return {"x": (await asyncio.shield(task)).text}

    block = {"async": awaits, "sync": in_thread, "task": in_task}[kind]
    job = dgf.run(dgf.Pipeline("p", [block]), [{"n": n} for n in range(5)], concurrency=2)
    wait_until(lambda: server.log()["max_in_flight"] == 2, "two calls")
    finish(job.cancel(now=True), "cancelled", timeout=10)
    assert [(answered, error) for _, answered, error in calls()] == [(0, CUT)] * 2
    assert look("store.db", "SELECT status FROM executions") == [("cancelled",)] * 2
    assert ws.record_counts() == {}
    assert not [finding for finding in ws.examine() if finding.count]


def unawaited(tasks: list[Any]) -> Any:
    """A block that leaves its call behind."""

    @dgf.block(outputs=["x"])
    async def leave(n, ctx):
        tasks.append(asyncio.create_task(ctx.llm("m").chat("late")))
        await asyncio.sleep(0)  # the task starts
        return {"x": 1}

    return leave


async def result_of(task: Any) -> Any:
    """What became of a task of the loop thread."""
    (outcome,) = await asyncio.gather(task, return_exceptions=True)
    return outcome


def test_answer_after_its_block(ws: dgf.Workspace, server: OfflineServer) -> None:
    """While the execution goes on it is stored as the call of the block that made it."""
    server.reset(latency=0.2)
    tasks: list[Any] = []

    @dgf.block(outputs=["y"])
    async def wait_for_it(x):
        return {"y": (await tasks[0]).model}

    job = finish(dgf.run(dgf.Pipeline("p", [unawaited(tasks), wait_for_it]), [{"n": 1}]))
    assert job.records()["y"].tolist() == ["offline"]
    assert calls() == [("leave", 1, None)]
    assert job.usage["calls"] == server.log()["requests"] == 1


def test_answer_after_its_execution(
    ws: dgf.Workspace, server: OfflineServer, caplog: pytest.LogCaptureFixture
) -> None:
    """There is no place for it any more: it is logged with what to do."""
    server.reset(latency=1.0)
    tasks: list[Any] = []
    finish(dgf.run(dgf.Pipeline("p", [unawaited(tasks)]), [{"n": 1}]))
    with caplog.at_level(logging.WARNING, "datagenflow_nb"):
        answer = runtime.run(result_of(tasks[0]))
    assert answer.model == "offline"
    assert [record.getMessage() for record in caplog.records] == [
        "job 1: an answer of model 'm' to block 'leave' came after its execution had ended and is "
        "not stored; await every call inside execute"
    ]
    assert calls() == []


def test_answer_after_its_pipeline(
    ws: dgf.Workspace, server: OfflineServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Outside a job, too, an answer that may be in no trace is not passed over."""
    server.reset(latency=1.0)
    tasks: list[Any] = []
    dgf.Pipeline("p", [unawaited(tasks)]).execute_sync({"n": 1})
    with caplog.at_level(logging.WARNING, "datagenflow_nb"):
        answer = runtime.run(result_of(tasks[0]))
    assert answer.model == "offline"
    assert [record.getMessage() for record in caplog.records] == [
        "block 'leave': an answer of model 'm' came after execute had ended and may be missing "
        "from the trace; await every call inside execute"
    ]


def test_call_after_its_block(ws: dgf.Workspace, server: OfflineServer) -> None:
    """A call that is made when its block has ended is refused before anything is sent."""
    go, tasks = asyncio.Event(), []

    @dgf.block(outputs=["x"])
    async def leave(n, ctx):
        async def later():
            await go.wait()
            await ctx.llm("m").chat("late")

        tasks.append(asyncio.create_task(later()))
        return {"x": 1}

    @dgf.block(outputs=["y"])
    async def open_it(x):
        go.set()
        return {"y": str(await result_of(tasks[0]))}

    job = finish(dgf.run(dgf.Pipeline("p", [leave, open_it]), [{"n": 1}]))
    assert job.records()["y"].tolist() == [
        "block 'leave' (leave) asked a model after its execute had ended, nothing was sent; await "
        "every call inside execute, also of tasks made with asyncio.create_task, and take "
        "ctx.llm() anew each time"
    ]
    assert (server.log()["requests"], calls()) == (0, [])


def test_dropped_thread_asks_no_more(ws: dgf.Workspace, server: OfflineServer) -> None:
    """A sync block that lives on after cancel(now=True) makes no call."""
    go, refused = asyncio.Event(), []

    @dgf.block(outputs=["x"])
    def lives_on(n, ctx):
        waiting = asyncio.run_coroutine_threadsafe(go.wait(), runtime.loop())
        started.append(n)
        waiting.result(60)
        try:
            asyncio.run(ctx.llm("m").chat("more"))
        except dgf.BlockExecutionError as error:
            refused.append(error.message)

    started: list[int] = []
    job = dgf.run(dgf.Pipeline("p", [lives_on]), [{"n": 1}])
    wait_until(lambda: started, "the block")
    finish(job.cancel(now=True), "cancelled", timeout=10)
    runtime.loop().call_soon_threadsafe(go.set)
    wait_until(lambda: refused, "the refusal")
    assert "asked a model after its execute had ended, nothing was sent" in refused[0]
    assert server.log()["requests"] == 0
