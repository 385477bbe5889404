"""An estimate that was stopped is taken up: its own executions first, then all others."""

from __future__ import annotations

import pytest
from running import ECHO, ask, finish
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb import ConfigError, JobError

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"

SEEDS = [{"metadata": {"n": n}, "repetitions": 2} for n in range(20)]
SAY = ask("Say: number {{ n }} {{ 1 }}", model="m")


def test_estimate_of_a_job(ws: dgf.Workspace, server: OfflineServer) -> None:
    """A budget stopped it; with more the missing ones run, then figures are told for nothing."""
    found = ws.estimate(SAY, SEEDS, executions=8, max_records=3, concurrency=1)
    job = ws.job(found.job_id)
    assert (found.executions, found.missing, server.log()["requests"]) == (3, 5, 3)
    assert "runs the missing 5." in found.text()
    assert "; paid so far: 3 calls, " in found.notes[-1]
    told = job.estimate(run_missing=False)
    assert (told.executions, told.missing) == (3, 5)
    with pytest.raises(ConfigError, match="has used 3 of max_records 3: nothing was started"):
        job.estimate()
    found = job.estimate(max_records=None)
    assert (found.executions, found.missing, job.status) == (8, 0, "stopped")
    assert server.log()["requests"] == 8
    assert job.estimate() == found
    with pytest.raises(ConfigError, match="of job 1 nothing is started for an estimate, so conc"):
        job.estimate(concurrency=2)
    assert server.log()["requests"] == 8
    made = job.records()[["seed_index", "repetition"]].sort_values(["seed_index", "repetition"])
    gaps = [5 * k + 2 for k in range(8)]
    assert [2 * seed + turn for seed, turn in made.itertuples(index=False)] == gaps
    finish(job.resume())
    assert (job.records_generated, server.log()["requests"]) == (40, 40)
    assert job.estimate().is_exact


def test_retry_keeps_an_estimate(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Retrying what failed in one that is incomplete does not make resuming it run the rest."""
    flaky = {"fails": True}

    @dgf.block(outputs=["m"])
    async def half(n, ctx):
        await ctx.llm("m").chat(f"number {n} {ctx.random.random()}")
        if flaky["fails"]:
            raise ValueError("not yet")
        return {"m": n}

    pipeline = dgf.Pipeline("half", [half])
    found = ws.estimate(pipeline, SEEDS, executions=4, concurrency=1, max_tokens_total=1)
    job = ws.job(found.job_id)
    assert (found.executions, found.failed, found.missing) == (1, 1, 3)
    flaky["fails"] = False
    job.retry_failed(max_tokens_total=None, wait=True)
    assert (job.status, job.executions_done, job.records_generated) == ("stopped", 1, 1)
    assert job.estimate(run_missing=False).failed == 0
    job.resume(wait=True)
    assert (job.status, job.executions_done) == ("stopped", 4)
    assert server.log()["requests"] == 5


def test_other_jobs(ws: dgf.Workspace) -> None:
    """Of what is no estimate nothing is run; that it is no sample is said."""
    job = ws.run(ECHO, [{"n": n} for n in range(9)], max_records=4, concurrency=1, wait=True)
    found = job.estimate()
    assert (found.executions, found.total, found.missing) == (4, 9, 0)
    assert found.notes[-1].startswith("These were no sample: they came first")
    assert job.executions_done == 4
    wanted = ws.run({**ECHO, "accept_when": "n"}, [{"n": 1}], target_accepted=2, wait=True)
    with pytest.raises(JobError, match="an estimate is about one pass over them"):
        wanted.estimate()
