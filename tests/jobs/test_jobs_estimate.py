"""Estimates: some executions are run, and tell what all will take."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import ECHO, ask, finish, look
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb import ConfigError, JobError
from datagenflow_nb.jobs.extrapolation import Range, positions, t_quantile, total_of
from datagenflow_nb.jobs.rates import least_seconds

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"

SEEDS = [{"n": n} for n in range(40)]
SAY = ask("Say: number {{ n }}", model="m")


def priced(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Give the model of the tests prices per million tokens."""
    ws.add_model("m", endpoint=server.url, model="offline", input_price=1000, output_price=2000)


def test_estimate(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Eight of forty; the job that is resumed asks for the other 32 and nothing else."""
    priced(ws, server)
    found = ws.estimate(SAY, SEEDS, executions=8, concurrency=4)
    assert (found.executions, found.total, found.is_exact) == (8, 40, False)
    assert server.log()["requests"] == 8
    job = ws.job(found.job_id)
    assert (job.status, job.records_generated) == ("stopped", 8)
    assert job.error is not None
    assert job.error["error"] == (
        "estimate: 8 of 40 executions were run; for the others: job.resume(), %dgf resume 1 or "
        "dgf resume 1"
    )
    assert sorted(job.records()["n"]) == [2, 7, 12, 17, 22, 27, 32, 37]
    sums = look("store.db", "SELECT sum(input_tokens), sum(output_tokens), sum(cost) FROM calls")
    sampled = (found.input_tokens.sampled, found.output_tokens.sampled, found.cost.sampled)
    assert sampled == (sums[0][0], sums[0][1], pytest.approx(sums[0][2]))
    for figure in (found.output_tokens, found.cost, found.seconds):
        assert figure.sampled is not None and figure.value is not None
        assert figure.low is not None and figure.high is not None
        assert figure.value == pytest.approx(5 * figure.sampled)
        assert figure.sampled <= figure.low <= figure.value <= figure.high
    assert (found.calls.value, found.calls.low, found.calls.high) == (40, None, None)
    assert "no spread seen in 8" in found.text() and "exact" not in found.text()
    text = found.text()
    assert text.startswith("Estimate from 8 of 40 executions (job 1)\n")
    assert "time at concurrency 4" in text
    assert text.endswith("What was run is kept; %dgf resume 1 or dgf resume 1 runs the rest.")
    finish(job.resume())
    assert (job.records_generated, job.executions_done) == (40, 40)
    log = server.log()
    assert log["requests"] == log["distinct_prompts"] == 40
    truth = job.usage["output_tokens"]
    assert found.output_tokens.value == pytest.approx(truth, rel=0.3)


def test_all_of_them(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Nothing is left to be estimated: the job is completed."""
    found = ws.estimate(SAY, SEEDS[:5], executions=9)
    job = ws.job(1)
    assert (job.status, found.executions, found.is_exact) == ("completed", 5, True)
    usage = job.usage
    for figure, used in (
        (found.input_tokens, usage["input_tokens"]), (found.output_tokens, usage["output_tokens"]),
        (found.calls, 5),
    ):  # fmt: skip
        assert (figure.sampled, figure.value, figure.low, figure.high) == (used, used, used, used)
    assert found.text().count("exact") == 4  # all but the cost
    assert found.cost.value is None  # the model has no prices
    assert found.notes == (
        "The cost is not known: prices are missing (m); "
        "%dgf model add NAME ... --input-price X --output-price X",
    )
    assert "nothing is left to be estimated" in found.text()


def test_one(ws: dgf.Workspace, server: OfflineServer) -> None:
    """There is no interval, and it is said."""
    found = ws.estimate(SAY, SEEDS, executions=1)
    assert (found.calls.value, found.calls.low, found.calls.high) == (40, None, None)
    assert "One execution says nothing about how much they differ: no interval." in found.text()
    assert "<table" in found._repr_html_()


def test_documents_and_repetitions(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Branches count for their execution; a step before a fan-out counts once."""

    @dgf.block(outputs=["part"], fan_out=True)
    async def parts(n, ctx):
        await ctx.llm("m").chat(f"first {n} {ctx.random.random()}")
        return [{"part": f"{n}.{k}"} for k in range(n)]

    blocks = [parts, {"type": "TextGenerator", "config": {"user_prompt": "{{ part }}"}}]
    seeds = [{"metadata": {"n": n}, "repetitions": 5} for n in (1, 3)]
    found = ws.estimate(dgf.Pipeline("parts", blocks), seeds, executions=4, model="m")
    assert (found.executions, found.total) == (4, 10)
    made = look("store.db", "SELECT seed_index, repetition FROM executions ORDER BY id")
    assert made == [(0, 1), (0, 3), (1, 1), (1, 3)]
    # Two calls of the first seed's executions, four of the second's.
    assert (found.calls.sampled, found.calls.value) == (12, 30)
    half = t_quantile(3) * 10 * math.sqrt(4 / 3) / 2 * math.sqrt(0.6)
    assert found.calls.low == pytest.approx(max(12, 30 - half))
    assert found.calls.high == pytest.approx(30 + half)
    ran = look("store.db", "SELECT sum(t) FROM (SELECT max(execution_time) AS t FROM steps WHERE "
               "step = 0 GROUP BY execution_id UNION ALL SELECT execution_time FROM steps WHERE "
               "step > 0)")[0][0]  # fmt: skip
    assert found.seconds.sampled == pytest.approx(ran / 20)


def test_budget_and_failures(ws: dgf.Workspace, server: OfflineServer) -> None:
    """It tells from what there is; of nothing it tells nothing."""
    found = ws.estimate(SAY, SEEDS, executions=20, max_records=5)
    assert found.executions == 5
    assert found.notes[-1].startswith("5 of 20 were run: 5 of max_records 5 used; to go on with")
    server.reset(rate_500=1.0)
    priced(ws, server)
    ws.add_model("m", endpoint=server.url, model="offline", max_tries=1)
    found = ws.estimate(SAY, SEEDS, executions=3)
    assert (found.executions, found.failed, found.calls.value) == (3, 3, None)
    assert (found.calls.sampled, found.seconds.value, found.seconds.low) == (0, None, None)
    assert found.notes[0].startswith("3 of 3 executions failed: model 'm'"), found.notes
    assert found.notes[0].endswith("What the others will take cannot be told from these.")
    with pytest.raises(JobError, match="job 3 is stopped and none of its executions has ended, so"):
        ws.estimate(SAY, SEEDS, executions=3, max_seconds=1e-9)


def test_some_fail(ws: dgf.Workspace, server: OfflineServer) -> None:
    """They are counted, with their cause; what a retry asks counts for the same execution."""
    flaky = {"fails": True}

    @dgf.block(outputs=["m"])
    async def half(n, ctx):
        await ctx.llm("m").chat(f"number {n}")
        if flaky["fails"] and n == 12:
            raise ValueError("no twelve")
        return {"m": n}

    found = ws.estimate(dgf.Pipeline("half", [half]), SEEDS, executions=8)
    assert (found.executions, found.failed, found.missing) == (8, 1, 0)
    assert found.notes[0] == (
        "1 of 8 executions failed: block 'half' (half) raised ValueError: no twelve. "
        "The figures count them as they are."
    )
    assert (found.calls.sampled, found.calls.value) == (8, 40)


def test_limits_per_minute(ws: dgf.Workspace, server: OfflineServer) -> None:
    """A time that the model's limits do not allow is not told: 600 calls take 19 minutes."""
    seeds = [{"n": n} for n in range(600)]
    for name, limits in (("m", {"requests_per_minute": 30}), ("t", {"tokens_per_minute": 5_000})):
        ws.add_model(name, endpoint=server.url, model="offline", **limits)
    found = ws.estimate(SAY, seeds, executions=6)
    assert found.seconds.value == 19 * 60
    assert found.seconds.low == found.seconds.high == 19 * 60
    assert found.notes[-1] == "At requests_per_minute 30 of model 'm' it takes 19:00 min at least."
    found = ws.estimate(ask("Say: number {{ n }}", model="t"), seeds, executions=2)
    assert found.input_tokens.value is not None and found.output_tokens.value is not None
    used = found.input_tokens.value + found.output_tokens.value
    assert found.seconds.value == 60 * (math.ceil(used / 5_000) - 1) > 0
    assert "At tokens_per_minute 5,000 of model 't' it takes " in found.notes[-1]
    ws.delete_model("t")


@pytest.mark.parametrize(
    ("amount", "limit", "seconds"),
    [(30, 30, 0), (31, 30, 60), (600, 30, 1140), (5, None, 0), (0, 1, 0)],
)
def test_least_seconds(amount: float, limit: int | None, seconds: float) -> None:
    """A minute's worth goes at once, each further one takes a minute."""
    assert least_seconds(amount, limit) == seconds


def test_what_cannot_be(ws: dgf.Workspace) -> None:
    """Nothing is started: it costs money."""
    with pytest.raises(TypeError, match="executions"):
        ws.estimate(ECHO, SEEDS)  # type: ignore[call-arg] # what is tested
    wrong: tuple[Any, ...] = (0, -1, True, "5", 2.0)
    for count in wrong:
        with pytest.raises(
            ConfigError, match="expected a whole number, 1 or more: how many to run"
        ):
            ws.estimate(ECHO, SEEDS, executions=count)
    with pytest.raises(ConfigError, match="an estimate is about one pass over the seeds"):
        ws.estimate({**ECHO, "accept_when": "n"}, SEEDS, executions=2, target_accepted=3)
    assert ws.jobs() == []


@pytest.mark.parametrize(
    ("degrees", "quantile"), [(1, 12.706), (10, 2.228), (30, 2.042), (40, 2.021), (100, 1.984)]
)
def test_quantiles(degrees: int, quantile: float) -> None:
    """As the tables have them."""
    assert t_quantile(degrees) == pytest.approx(quantile, abs=6e-4)


def test_intervals() -> None:
    """By hand: mean 4, deviation 2, of ten: 40 +- 4.303 * 10 * 2 / sqrt(3) * sqrt(0.7)."""
    found = total_of([2, 4, 6], 10)
    assert found.value == 40
    assert found.high == pytest.approx(40 + 41.57, abs=0.01)
    assert found.low == 12  # what is used already, for less it cannot be
    assert total_of([5, 5], 4) == Range(20, None, None)
    assert total_of([7], 3) == Range(21, None, None)
    assert total_of([1, 2], 2) == Range(3, 3, 3)


@given(count=st.integers(1, 60), more=st.integers(0, 1_000))
def test_positions(count: int, more: int) -> None:
    """Each once, in order, within bounds, and no gap is more than one larger than another."""
    total = count + more
    found = positions(count, total)
    assert len(set(found)) == count and found == sorted(found)
    assert found[0] >= 0 and found[-1] < total
    gaps = [after - before for before, after in itertools.pairwise(found)]
    assert not gaps or max(gaps) - min(gaps) <= 1
