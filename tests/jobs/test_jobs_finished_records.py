"""A budget buys finished records, whatever the concurrency and however the calls come and go."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from running import finish
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb.engine import Branch, Execution, Outcome
from datagenflow_nb.errors import Stopped
from datagenflow_nb.jobs.spending import TokenLimit
from datagenflow_nb.jobs.steering import Steering
from datagenflow_nb.records import Call, Step, Usage

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"

SEEDS = [{"n": n} for n in range(60)]


def pipeline(*blocks: Any) -> dgf.Pipeline:
    """Three questions, with blocks behind the first."""
    asks = [
        {"type": "TextGenerator", "id": name, "config": {
            "user_prompt": f"{name}: {'words ' * 60} {{{{ n }}}}", "model": "m"}}
        for name in "abc"
    ]  # fmt: skip
    return dgf.Pipeline("three", [asks[0], *blocks, *asks[1:]])


def used(job: Any) -> int:
    """Tokens of all answered calls."""
    return int(job.usage["input_tokens"] + job.usage["output_tokens"])


@pytest.mark.parametrize("concurrency", [1, 8, 32, 200])
def test_three_calls_a_record(ws: dgf.Workspace, server: OfflineServer, concurrency: int) -> None:
    """What a budget pays for becomes records, and more of it as many more."""
    server.reset(latency=0.01)
    job = ws.run(pipeline(), SEEDS, concurrency=concurrency, max_tokens_total=6000)
    finish(job, "stopped")
    record = used(job) / job.records_generated
    assert record == pytest.approx(549, abs=3)
    assert (job.records_generated, job.usage["calls"]) == (10, 30)
    assert job.error is not None
    assert job.error["error"].startswith(
        f"{used(job):,} of max_tokens_total 6,000 used, a record takes about 549; to go on"
    )
    finish(job.resume(max_tokens_total=9000), "stopped")
    assert (job.records_generated, job.usage["calls"]) == (16, 48)


def test_documents(ws: dgf.Workspace, server: OfflineServer) -> None:
    """No further document is begun before the parts of those under way are paid for."""

    @dgf.block(outputs=["part"], fan_out=True)
    def parts(n):
        return [{"part": f"{n}.{k}"} for k in range(10)]

    server.reset(latency=0.01)
    job = ws.run(pipeline(parts), SEEDS, concurrency=32, max_tokens_total=10_000)
    finish(job, "stopped")  # a document takes 182 + 10 * 367
    assert 24 <= job.records_generated <= 26
    assert 10_000 - used(job) < 2 * 549


def test_rejected_on_the_way(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Those that are dropped after the first call leave more to the others."""

    @dgf.block(outputs=["odd"])
    def odd(n):
        if n % 2 == 0:
            return dgf.Drop("even")
        return {"odd": n}

    server.reset(latency=0.01)
    job = finish(ws.run(pipeline(odd), SEEDS, concurrency=32, max_tokens_total=6000), "stopped")
    assert 6000 - used(job) < 2 * 549
    assert 7 <= job.records_generated <= 8  # 183 tokens for one that is dropped
    assert job.usage["calls"] - job.records_filtered - 3 * job.records_generated in (0, 1, 2)


def test_lock_of_a_block(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Who holds what others wait for may call, although these come first."""
    order = asyncio.Lock()

    @dgf.block(outputs=["x"])
    async def locked(n, ctx):
        async with order:
            await asyncio.sleep(0)
            return {"x": (await ctx.llm("m").chat(f"{n}" * 80)).text}

    job = finish(ws.run(pipeline(locked), SEEDS, concurrency=32, max_tokens_total=6000), "stopped")
    assert job.records_generated >= 5


@dataclass
class Flow:
    """Records that a job makes with a budget, each with what its calls take; no store, no model."""

    limit: float
    workers: int
    records: list[list[float]]
    choices: Any
    finished: int = 0
    spent: float = 0.0
    lost: float = 0.0

    async def run(self) -> None:
        """Work as a runner does, until nothing may begin."""
        limit = TokenLimit(1, self.limit, 0, self.workers)
        steering = Steering([limit])
        waiting = list(enumerate(self.records, 1))

        async def work() -> None:
            while waiting and steering.status is None:
                if not steering.may_begin(0):
                    await steering.until_settled()
                    continue
                await self.make(steering, *waiting.pop(0))

        async with asyncio.timeout(20):
            await asyncio.gather(*(work() for _ in range(self.workers)))

    async def make(self, steering: Steering, key: int, amounts: list[float]) -> None:
        """One record, from its first call to its last."""
        branch = Branch(Execution({}, "", 1, key=key), {})
        steering.enter()
        steering.began(branch)
        paid = 0.0
        try:
            for index, amount in enumerate(amounts):
                call = Call(f"b{index}", 0, "m", {"messages": [], "max_tokens": 1})
                await steering.admit(branch, call)
                for _ in range(self.choices.randrange(6)):
                    await asyncio.sleep(0)
                call.usage = Usage(int(amount), 0, 1)
                self.spent += int(amount)
                paid += int(amount)
                steering.called(call)
                branch.steps.append(Step(index, f"b{index}", "B"))
            steering.ended(branch, Outcome("completed"))
            self.finished += 1
        except Stopped:
            self.lost += paid
        finally:
            steering.leave()


@given(
    amounts=st.lists(st.integers(1, 300), min_size=1, max_size=4),
    workers=st.integers(1, 64),
    limit=st.integers(1, 20_000),
    choices=st.randoms(use_true_random=False),
)
def test_equal_records(amounts: list[float], workers: int, limit: int, choices) -> None:
    """As many as the budget pays for, exactly, whatever the concurrency."""
    flow = Flow(limit, workers, [amounts] * 60, choices)
    asyncio.run(flow.run())
    assert flow.finished >= min(60, limit // sum(amounts))
    assert flow.spent <= limit or flow.finished <= 1


@settings(max_examples=40)
@given(
    scale=st.integers(2, 4),
    workers=st.integers(1, 48),
    limit=st.integers(3_000, 20_000),
    choices=st.randoms(use_true_random=False),
)
def test_unequal_records(scale: int, workers: int, limit: int, choices) -> None:
    """Calls that take up to four times as much as others: little is paid for what stays open."""
    records = [[choices.randint(100, 100 * scale) for _ in range(3)] for _ in range(80)]
    flow = Flow(limit, workers, records, choices)
    asyncio.run(flow.run())
    largest = max(map(sum, records))
    assert flow.lost <= 2 * largest
    assert flow.spent <= limit + workers * 100 * scale
