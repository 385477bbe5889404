"""Cancelling starts no further model call: the server's log is the witness."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
from typing import Any

import pytest
from running import ask, finish, look, wait_until
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb import runtime
from datagenflow_nb.jobs import Job

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"


class Gate:
    """Where blocks wait until the test has cancelled their job."""

    def __init__(self) -> None:
        self._arrived = threading.Semaphore(0)
        self._opened = threading.Event()

    def wait(self) -> None:
        """Wait, in a thread."""
        self._arrived.release()
        assert self._opened.wait(60)

    async def passed(self) -> None:
        """Wait, on the loop."""
        self._arrived.release()
        await asyncio.to_thread(self._opened.wait, 60)

    def cancel(self, job: Job, waiting: int) -> None:
        """Cancel when so many wait, then let them go on."""
        for _ in range(waiting):
            assert self._arrived.acquire(timeout=60)
        live = job._live(job.id)
        assert live is not None
        job.cancel()
        wait_until(live.runner.steering.stopping.is_set, "the runner to obey")
        self._opened.set()


@pytest.fixture
def gate() -> Gate:
    """A gate that is closed."""
    return Gate()


def executions() -> list[str]:
    """The status of every stored execution."""
    return [status for (status,) in look("store.db", "SELECT status FROM executions ORDER BY id")]


def calls() -> list[tuple[Any, ...]]:
    """(answered?, error) of every stored call."""
    return look("store.db", "SELECT answer IS NOT NULL, error FROM calls")


def healthy(ws: dgf.Workspace) -> bool:
    """Whether the store's own examination finds nothing."""
    return not [finding for finding in ws.examine() if finding.count]


def asking_again(gate: Gate) -> dict[str, Any]:
    """Blocks that ask, wait for the test, and want to ask again, each in its way."""

    @dgf.block(outputs=["x"])
    async def plain(n, ctx):
        await ctx.llm("m").chat(f"first {n}")
        await gate.passed()
        return {"x": (await ctx.llm("m").chat(f"second {n}")).text}

    @dgf.block(outputs=["x"])
    async def catches_errors(n, ctx):
        await ctx.llm("m").chat(f"first {n}")
        await gate.passed()
        for _ in range(3):
            with contextlib.suppress(Exception):
                await ctx.llm("m").chat(f"second {n}")
        return {"x": "without"}

    @dgf.block(outputs=["x"])
    async def catches_everything(n, ctx):
        await ctx.llm("m").chat(f"first {n}")
        await gate.passed()
        with contextlib.suppress(BaseException):
            await ctx.llm("m").chat(f"second {n}")
        raise ValueError("cannot go on")

    @dgf.block(outputs=["x"])
    async def gathers(n, ctx):
        await ctx.llm("m").chat(f"first {n}")
        await gate.passed()
        more = (ctx.llm("m").chat(f"second {n} {k}") for k in range(3))
        answers = await asyncio.gather(*more, return_exceptions=True)
        return {"x": len(answers)}

    @dgf.block(outputs=["x"])
    async def groups(n, ctx):
        await ctx.llm("m").chat(f"first {n}")
        await gate.passed()
        async with asyncio.TaskGroup() as group:
            for k in range(3):
                group.create_task(ctx.llm("m").chat(f"second {n} {k}"))
        return {"x": n}

    @dgf.block(outputs=["x"])
    async def one_by_one(n, ctx):
        await ctx.llm("m").chat(f"first {n}")
        await gate.passed()
        tasks = [asyncio.create_task(ctx.llm("m").chat(f"second {n} {k}")) for k in range(3)]
        return {"x": [(await task).text for task in tasks]}

    @dgf.block(outputs=["x"])
    def sync(n, ctx):
        asyncio.run(ctx.llm("m").chat(f"first {n}"))
        gate.wait()
        try:
            asyncio.run(ctx.llm("m").chat(f"second {n}"))
        except Exception:  # noqa: BLE001 - what is tested
            return {"x": "without"}
        return {"x": "with"}

    return {
        "plain": plain, "catches_errors": catches_errors, "gathers": gathers, "groups": groups,
        "catches_everything": catches_everything, "one_by_one": one_by_one, "sync": sync,
    }  # fmt: skip


@pytest.mark.parametrize(
    "kind",
    [
        "plain",
        "catches_errors",
        "catches_everything",
        "gathers",
        "groups",
        "one_by_one",
        "sync",
    ],
)
def test_no_call_after_cancel(
    ws: dgf.Workspace,
    server: OfflineServer,
    gate: Gate,
    kind: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A branch that would need another call ends without a record, whatever its block catches."""
    pipe = dgf.Pipeline("p", [asking_again(gate)[kind]])
    job = dgf.run(pipe, [{"n": n} for n in range(9)], concurrency=4)
    gate.cancel(job, waiting=4)
    finish(job, "cancelled")
    assert server.log()["requests"] == 4
    assert calls() == [(1, None)] * 4
    assert executions() == ["cancelled"] * 4
    assert (job.executions_done, job.records_failed, ws.record_counts()) == (0, 0, {})
    assert job.usage["calls"] == 4
    assert healthy(ws)
    gc.collect()
    assert caplog.messages == []


def test_branches_that_need_no_call_finish(
    ws: dgf.Workspace, server: OfflineServer, gate: Gate
) -> None:
    """What is asked already becomes a record; only the branch with a call to make does not."""

    @dgf.block(outputs=["seen"])
    async def look_at(assistant):
        await gate.passed()
        return {"seen": True}

    first = {"type": "TextGenerator", "id": "one", "config": {"user_prompt": "Say {{ n }}"}}
    second = {
        "type": "TextGenerator", "id": "two", "when": "n == 2",
        "config": {"user_prompt": "More: {{ n }}"},
    }  # fmt: skip
    last = {"type": "Output", "config": {"template": "{{ n }}"}}
    pipe = dgf.Pipeline("p", [first, look_at, second, last])
    job = dgf.run(pipe, [{"n": n} for n in range(9)], model="m", concurrency=4)
    gate.cancel(job, waiting=4)
    finish(job, "cancelled")
    assert server.log()["requests"] == 4
    assert calls() == [(1, None)] * 4
    assert sorted(executions()) == ["cancelled", "completed", "completed", "completed"]
    assert sorted(job.records()["output"]) == ["0", "1", "3"]
    assert (job.executions_done, job.records_generated, job.records_failed) == (3, 3, 0)
    assert healthy(ws)


def test_parted_branches(ws: dgf.Workspace, server: OfflineServer, gate: Gate) -> None:
    """Of a fan-out some branches end with a record, the execution ends as cancelled."""

    @dgf.block(outputs=["k"], fan_out=True)
    async def part(n):
        return [{"k": k} for k in range(12)]

    @dgf.block(outputs=["text"])
    async def maybe_ask(k, ctx):
        text = (await ctx.llm("m").chat(f"first {k}")).text
        await gate.passed()
        return {"text": (await ctx.llm("m").chat("more")).text if k % 2 else text}

    job = dgf.run(dgf.Pipeline("p", [part, maybe_ask]), [{"n": 1}, {"n": 2}], concurrency=4)
    gate.cancel(job, waiting=4)
    finish(job, "cancelled")
    assert server.log()["requests"] == 4
    assert calls() == [(1, None)] * 4
    assert executions() == ["cancelled"]
    assert sorted(job.records()["branch"]) == ["0", "2"]
    assert (job.executions_done, job.records_generated, job.records_failed) == (0, 2, 0)
    assert healthy(ws)


@pytest.mark.parametrize("form", ["gather", "group"])
def test_answers_in_flight_are_awaited(
    ws: dgf.Workspace, server: OfflineServer, gate: Gate, form: str
) -> None:
    """A refused call does not take along the calls the same block has in flight."""
    server.reset(latency=0.3)

    @dgf.block(outputs=["x"])
    async def two_at_once(n, ctx):
        async def later():
            await gate.passed()
            await ctx.llm("m").chat(f"refused {n}")

        if form == "gather":
            await asyncio.gather(ctx.llm("m").chat(f"slow {n}"), later())
        else:
            async with asyncio.TaskGroup() as group:
                group.create_task(ctx.llm("m").chat(f"slow {n}"))
                group.create_task(later())
        return {"x": n}

    job = dgf.run(dgf.Pipeline("p", [two_at_once]), [{"n": n} for n in range(4)], concurrency=2)
    gate.cancel(job, waiting=2)
    finish(job, "cancelled")
    assert server.log()["by_outcome"] == {"ok": 2}
    assert calls() == [(1, None)] * 2
    assert executions() == ["cancelled"] * 2
    assert ws.record_counts() == {}
    assert healthy(ws)


def test_no_correction_after_cancel(ws: dgf.Workspace, server: OfflineServer) -> None:
    """An answer that breaks the schema is kept; sending it back would be another call."""
    server.reset(latency=0.5, rate_invalid_json=1.0)
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    block = {
        "type": "StructuredGenerator",
        "config": {"json_schema": schema, "prompt": "Say {{ n }}", "corrections": 5},
    }
    job = dgf.run({"name": "p", "blocks": [block]}, [{"n": 1}], model="m")
    wait_until(lambda: server.log()["max_in_flight"], "the first call")
    finish(job.cancel(), "cancelled")
    assert server.log()["requests"] == len(calls()) < 6
    assert [answered for answered, _ in calls()] == [1] * len(calls())
    assert (executions(), ws.record_counts()) == (["cancelled"], {})


def test_cancel_ends_waiting_for_another_try(ws: dgf.Workspace, server: OfflineServer) -> None:
    """A server that says "later" does not hold a cancelled job, and its calls are no failures."""
    server.reset(rate_429=1.0, retry_after=60.0)
    ws.add_model("patient", endpoint=server.url, model="m", max_wait=600, max_tries=100)
    seeds = [{"n": n} for n in range(8)]
    job = ws.run(ask("{{ n }}"), seeds, model="patient", concurrency=4)
    wait_until(lambda: server.log()["requests"] == 4, "four calls to be told to wait")
    finish(job.cancel(), "cancelled", timeout=10)
    assert server.log()["requests"] == 4
    assert (job.reasons(), ws.record_counts(), job.records_failed) == ([], {}, 0)
    assert executions() == ["cancelled"] * 4
    errors = [error for _, error in calls()]
    assert len(errors) == 4
    assert all(error.endswith("; stopped before the next try") for error in errors)
    assert look("store.db", "SELECT DISTINCT json_array_length(tries) FROM calls") == [(1,)]
    assert healthy(ws)


def test_cancel_among_failing_tries(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Half of the requests are told to wait: no record fails because the job was cancelled."""
    server.reset(rate_429=0.5, retry_after=0.0, latency=0.02)
    ws.add_model("patient", endpoint=server.url, model="m", max_wait=600, max_tries=100)
    more = {"type": "TextGenerator", "config": {"user_prompt": "On: {{ assistant }}"}}
    seeds = [{"n": n} for n in range(2000)]
    job = ws.run(ask("{{ n }}", more), seeds, model="patient", concurrency=16)
    wait_until(lambda: job.records_generated >= 10, "first records")
    finish(job.cancel(), "cancelled")
    log = server.log()
    assert ws.record_counts() == {"pending": job.records_generated}
    assert job.records_failed == 0
    assert job.executions_done == job.records_generated == executions().count("completed")
    assert set(executions()) == {"completed", "cancelled"}
    assert sum(answered for answered, _ in calls()) == log["by_outcome"]["ok"]
    (tries,) = look("store.db", "SELECT sum(json_array_length(tries)) FROM calls")[0]
    assert tries == log["requests"]
    assert healthy(ws)


def test_no_request_after_the_wish_is_seen(
    ws: dgf.Workspace, server: OfflineServer, start_script: Any
) -> None:
    """A throttled job that another process cancels sends nothing more within two looks at its row.

    A second is two looks. They are counted by a task on the job's own loop, so that a slow machine
    slows both.
    """
    server.reset(latency=0.05, max_concurrent=4, retry_after=0.05)
    ws.add_model("busy", endpoint=server.url, model="m", max_wait=600, max_tries=1000)
    more = {"type": "TextGenerator", "config": {"user_prompt": "On: {{ assistant }}"}}
    seeds = [{"n": n} for n in range(2000)]
    job = ws.run(ask("{{ n }}", more), seeds, model="busy", concurrency=24)
    wait_until(lambda: job.records_generated >= 10, "first records")

    async def watch() -> None:
        while look("store.db", "SELECT status, control FROM jobs") == [("running", None)]:
            await asyncio.sleep(0.01)
        for _ in range(2):
            await asyncio.sleep(0.5)
            await asyncio.to_thread(look, "store.db", "SELECT control FROM jobs")
        server.reset()  # what is in flight is not counted again

    watched = runtime.submit(watch())
    script = 'import datagenflow_nb as dgf; dgf.workspace("store.db").job(1).cancel()'
    assert start_script(script).communicate(timeout=60) == ("", "")
    watched.result(60)
    finish(job, "cancelled")
    assert server.log()["distinct_prompts"] == 0
    assert job.records_failed == 0
    assert healthy(ws)


def test_cancel_from_another_process(
    ws: dgf.Workspace, server: OfflineServer, start_script: Any
) -> None:
    """A block that would ask for ever is stopped through the job's row."""

    @dgf.block(outputs=["x"])
    async def ask_for_ever(n, ctx):
        while True:
            await ctx.llm("m").chat(f"again {n}")

    job = dgf.run(dgf.Pipeline("p", [ask_for_ever]), [{"n": n} for n in range(3)])
    wait_until(lambda: server.log()["requests"] >= 6, "some calls")
    script = """
        import datagenflow_nb as dgf
        job = dgf.workspace("store.db").job(1).cancel().wait(30)
        print(job.status)
    """
    assert start_script(script).communicate(timeout=60) == ("cancelled\n", "")
    finish(job, "cancelled")
    assert calls() == [(1, None)] * server.log()["requests"]
    assert (executions(), ws.record_counts()) == (["cancelled"] * 3, {})
    assert healthy(ws)
