"""Budgets: a job stops in time, keeps what it paid for, and goes on with more."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from running import ECHO, ask, finish, look
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb import ConfigError, JobError
from datagenflow_nb.jobs import Job

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"

SEEDS = [{"n": n} for n in range(40)]
SAY = ask("Say: number {{ n }}", model="m")


@dgf.block(outputs=["part"], fan_out=True)
def parts(n):
    """Ten branches."""
    return [{"part": f"{n}.{k}"} for k in range(10)]


def priced(ws: dgf.Workspace, server: OfflineServer, **prices: float) -> None:
    """Give the model of the tests prices per million tokens."""
    ws.add_model("m", endpoint=server.url, model="offline", max_tries=1, timeout=30, **prices)


def tokens(job: Job) -> int:
    """What the job's answered calls took."""
    usage = job.usage
    return int(usage["input_tokens"] + usage["output_tokens"])


def largest_call() -> int:
    """Tokens of the largest answered call."""
    return int(look("store.db", "SELECT max(input_tokens + output_tokens) FROM calls")[0][0])


def nothing_was_repeated(server: OfflineServer, count: int) -> bool:
    """So many requests, all different."""
    log = server.log()
    return bool(log["requests"] == log["distinct_prompts"] == count)


def test_tokens(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Stopped within the budget, of which less than a call is left; more of it finishes the job."""
    server.reset(latency=0.01)
    job = ws.run(SAY, SEEDS, concurrency=4, max_tokens_total=1000)
    finish(job, "stopped")
    used = tokens(job)
    assert 1000 - largest_call() <= used <= 1000 + 4 * largest_call()
    assert server.log()["requests"] == job.usage["calls"] == job.records_generated < 40
    assert server.log()["max_in_flight"] <= 4
    assert job.error is not None
    assert job.error["error"].startswith(
        f"{used:,} of max_tokens_total 1,000 used, a record takes about "
    )
    assert job.error["error"].endswith(
        "; to go on with more: job.resume(max_tokens_total=...), "
        "%dgf resume 1 --max-tokens-total N or dgf resume 1 --max-tokens-total N"
    )
    detail = {name: job.error["detail"][name] for name in ("option", "limit", "used")}
    assert detail == {"option": "max_tokens_total", "limit": 1000, "used": used}
    before = server.log()["requests"]
    for options in ({}, {"max_tokens_total": 1000}, {"concurrency": 2}):
        with pytest.raises(
            ConfigError, match=r"total 1,000, and what comes next takes about \d\d: noth"
        ):
            job.resume(**options)
    assert (server.log()["requests"], job.status) == (before, "stopped")
    finish(job.resume(max_tokens_total=1500), "stopped")
    assert used < tokens(job) <= 1500 + 4 * largest_call()
    finish(job.resume(max_tokens_total=None))
    assert (job.records_generated, job.executions_done) == (40, 40)
    assert nothing_was_repeated(server, 40)
    assert not [finding for finding in ws.examine() if finding.count]


def test_money(ws: dgf.Workspace, server: OfflineServer) -> None:
    """What a call costs is known from its model's prices alone."""
    with pytest.raises(ConfigError, match="max_cost needs prices, and this model has none: 'm'"):
        ws.run(SAY, SEEDS, max_cost=1)
    assert ws.jobs() == []
    priced(ws, server, input_price=1000, output_price=2000)
    job = finish(ws.run(SAY, SEEDS, concurrency=4, max_cost=0.2), "stopped")
    cost = job.usage["cost"]
    assert cost == pytest.approx(
        (1000 * job.usage["input_tokens"] + 2000 * job.usage["output_tokens"]) / 1e6
    )
    (largest,) = look("store.db", "SELECT max(cost) FROM calls")[0]
    assert 0.2 - largest <= cost <= 0.2 + 4 * largest
    with pytest.raises(
        ConfigError, match=r"job 1 has used 0\.\d+ of max_cost 0\.2, and what comes"
    ):
        job.resume()
    finish(job.resume(max_cost=10))
    assert nothing_was_repeated(server, 40)
    assert len(job.records(status="pending")) == 40


def test_money_for_a_model_that_only_code_names(ws: dgf.Workspace, server: OfflineServer) -> None:
    """It is found out when it is asked, before it is."""

    @dgf.block(outputs=["x"])
    async def asking(n, ctx):
        return {"x": (await ctx.llm("m").chat(f"{n}")).text}

    job = finish(ws.run(dgf.Pipeline("code", [asking]), SEEDS, max_cost=1), "stopped")
    assert job.error is not None
    assert job.error["error"].startswith("max_cost needs prices, and this model has none: 'm'")
    assert (job.usage["calls"], server.log()["requests"]) == (0, 0)


def test_money_that_was_spent_unknown(ws: dgf.Workspace, server: OfflineServer) -> None:
    """What earlier calls did cost nobody knows, so no budget can be kept."""
    job = finish(ws.run(SAY, SEEDS, max_records=5), "stopped")
    priced(ws, server, input_price=1, output_price=1)
    with pytest.raises(ConfigError, match="5 of the 5 calls of job 1 so far were made when"):
        job.resume(max_cost=5, max_records=None)
    assert (job.usage["cost"], job.usage["known_cost"], job.usage["unpriced_calls"]) == (None, 0, 5)
    finish(job.resume(max_records=8), "stopped")
    known = job.usage["known_cost"]
    assert 0 < known == look("store.db", "SELECT sum(cost) FROM calls")[0][0]
    assert (job.usage["cost"], job.usage["unpriced_calls"], job.usage["calls"]) == (None, 5, 8)
    assert f"cost {known:.4f} and 5 calls whose price is unknown" in repr(job._repr_html_())
    with pytest.raises(
        ConfigError, match=r"what they did cost \(the others 0\.\d+\) is not known; "
    ):
        job.resume(max_cost=5, max_records=None)
    again = finish(job.rerun(SAY, max_cost=5, max_records=None))
    assert (again.usage["reused"], again.usage["calls"], again.records_generated) == (8, 32, 40)


def test_money_for_the_default_model(
    ws: dgf.Workspace, server: OfflineServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes its prices from a model that is configured as it is, also when it goes on."""
    monkeypatch.setenv("LLM_ENDPOINT", server.url)
    monkeypatch.setenv("LLM_MODEL", "offline")
    space = dgf.workspace("store.db")
    with pytest.raises(ConfigError) as caught:
        space.run(ask("Say {{ n }}"), SEEDS, max_cost=1)
    assert str(caught.value) == (
        f"max_cost needs prices, and this model has none: 'offline at {server.url}'; give them "
        f"per million tokens with ws.add_model('priced', endpoint='{server.url}', "
        "model='offline', input_price=X, output_price=Y) in Python or %dgf model add in a "
        "notebook, or use max_tokens_total"
    )
    job = space.job(finish(space.run(ask("Say {{ n }}"), SEEDS, max_records=1), "stopped").id)
    space.add_model(
        "priced", endpoint=server.url, model="offline", input_price=900, output_price=900
    )
    finish(job.resume(max_records=3), "stopped")
    assert job.usage["unpriced_calls"] == 1
    finish(space.run(ask("Say {{ n }}"), SEEDS, max_cost=0.1), "stopped")
    space.add_model("other", endpoint=server.url, model="offline", input_price=1, output_price=1)
    with pytest.raises(ConfigError, match="max_cost needs prices"):  # which of them, nobody says
        space.run(ask("Say {{ n }}"), SEEDS, max_cost=1)


def test_tokens_in_the_middle_of_a_document(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Branches of a fan-out that were not begun go on where they parted."""
    server.reset(latency=0.01)
    pipe = dgf.Pipeline("parts", [
        {"type": "TextGenerator", "config": {"user_prompt": "First {{ n }}", "model": "m"}},
        parts,
        {"type": "TextGenerator", "id": "b", "config": {"user_prompt": "{{ part }}", "model": "m"}},
    ])  # fmt: skip
    job = finish(ws.run(pipe, SEEDS[:3], concurrency=4, max_tokens_total=1000), "stopped")
    assert 0 < job.records_generated < 30
    assert tokens(job) <= 1000 + 4 * largest_call()
    finish(job.resume(max_tokens_total=100_000))
    assert (job.records_generated, job.executions_done) == (30, 3)
    assert nothing_was_repeated(server, 33)
    assert sorted(job.records()["part"]) == sorted(f"{n}.{k}" for n in range(3) for k in range(10))
    assert not [finding for finding in ws.examine() if finding.count]


def test_every_call_fails(ws: dgf.Workspace, server: OfflineServer) -> None:
    """What was set aside for them is free again, and nobody waits for ever."""
    priced(ws, server, input_price=1, output_price=1)
    server.reset(rate_500=1.0)
    budgets: dict[str, Any] = {"max_tokens_total": 1000, "max_cost": 1, "max_seconds": 600}
    job = finish(ws.run(SAY, SEEDS, concurrency=16, stop_early=False, **budgets))
    assert (job.records_failed, tokens(job)) == (40, 0)
    server.reset(rate_500=0.0)
    finish(job.retry_failed(), "stopped")
    assert 0 < job.records_generated < 40
    with pytest.raises(ConfigError, match=r"%dgf retry 1 --max-tokens-total N or dgf retry 1 "):
        job.retry_failed()
    finish(job.resume(max_tokens_total=None))
    assert (job.records_failed, job.records_generated) == (0, 40)


def test_calls_made_at_once(ws: dgf.Workspace, server: OfflineServer) -> None:
    """One block asks twenty times at once; no more calls than workers are in flight."""
    server.reset(latency=0.02)

    @dgf.block(outputs=["x"])
    async def gathers(n, ctx):
        asked = (ctx.llm("m").chat(f"{n} {k}") for k in range(20))
        return {"x": len(await asyncio.gather(*asked))}

    job = ws.run(
        dgf.Pipeline("gathers", [gathers]), SEEDS[:3], concurrency=2, max_tokens_total=1000
    )
    finish(job, "stopped")
    assert server.log()["max_in_flight"] <= 2
    assert tokens(job) <= 1000 + 2 * largest_call()
    finish(job.resume(max_tokens_total=None))
    assert nothing_was_repeated(server, 60)


@pytest.mark.parametrize("concurrency", [1, 7, 32])
def test_records(ws: dgf.Workspace, server: OfflineServer, concurrency: int) -> None:
    """Exactly so many, also where documents are split; the rest waits."""
    pipe = dgf.Pipeline("parts", [
        parts,
        {"type": "TextGenerator", "config": {"user_prompt": "{{ part }}", "model": "m"}},
    ])  # fmt: skip
    job = ws.run(pipe, SEEDS[:4], concurrency=concurrency, max_records=13)
    finish(job, "stopped")
    assert (job.records_generated, len(job.records())) == (13, 13)
    assert server.log()["requests"] == 13
    assert job.error is not None
    assert job.error["error"].startswith("13 of max_records 13 used; to go on with more: job.res")
    with pytest.raises(ConfigError, match="job 1 has used 13 of max_records 13: nothing was"):
        job.resume()
    finish(job.resume(max_records=14), "stopped")
    assert (job.records_generated, server.log()["requests"]) == (14, 14)
    finish(job.resume(max_records=40))  # it is done: nothing stopped it
    assert (job.records_generated, job.executions_done) == (40, 4)
    assert nothing_was_repeated(server, 40)


def test_records_count_without_failed_and_filtered_ones(ws: dgf.Workspace) -> None:
    """Every other seed fails."""

    @dgf.block(outputs=["half"])
    def halve(n):
        if n % 2:
            raise ValueError(n)
        return {"half": n // 2}

    job = finish(ws.run(dgf.Pipeline("halves", [halve]), SEEDS, max_records=10), "stopped")
    assert (job.records_generated, len(job.records(status="pending"))) == (10, 10)
    assert 8 <= job.records_failed <= 11


def test_time(ws: dgf.Workspace) -> None:
    """A job that asks nothing stops too; the time of all its runners counts."""

    @dgf.block(outputs=["x"])
    async def slow(n):
        await asyncio.sleep(0.05)
        return {"x": n}

    job = ws.run(dgf.Pipeline("slow", [slow]), SEEDS * 100, concurrency=2, max_seconds=0.5)
    finish(job, "stopped")
    done = job.executions_done
    assert 2 <= done < 4000
    assert job.error is not None
    assert job.error["detail"]["option"] == "max_seconds"
    assert job.error["detail"]["used"] >= 0.5
    with pytest.raises(ConfigError, match=r"of max_seconds 0\.5 s: nothing was started"):
        job.resume()
    finish(job.resume(max_seconds=0.9), "stopped")
    assert done < job.executions_done < 4000
    assert (job.row.seconds or 0) >= 0.9


def test_time_ends_calls_that_would_come(ws: dgf.Workspace, server: OfflineServer) -> None:
    """The call in flight when time is up is awaited and kept, and no other is made."""
    server.reset(latency=0.4)
    job = finish(ws.run(SAY, SEEDS, concurrency=2, max_seconds=0.2), "stopped")
    assert job.records_generated == server.log()["requests"]
    assert job.records_generated in (1, 2)  # the second worker may have come too late


def test_wrong_budgets(ws: dgf.Workspace) -> None:
    """Nothing is started and nothing is stored."""
    for name, value, expected in (
        ("max_tokens_total", 0, "a whole number, 1 or more"),
        ("max_tokens_total", 1.5, "a whole number, 1 or more"),
        ("max_records", True, "a whole number, 1 or more"),
        ("max_cost", -1, "a number above 0"),
        ("max_cost", float("nan"), "a number above 0"),
        ("max_seconds", float("inf"), "a number above 0"),
        ("max_seconds", "60", "a number above 0"),
    ):
        with pytest.raises(ConfigError) as caught:
            ws.run(ECHO, SEEDS, **{name: value})
        assert str(caught.value) == f"{name} is {value!r}, expected {expected}"
    assert ws.jobs() == []
    job = finish(ws.run(ECHO, SEEDS, max_cost=1, max_records=1000))
    with pytest.raises(JobError, match="job 1 is completed, there is nothing to resume"):
        job.resume(max_records=2000)
