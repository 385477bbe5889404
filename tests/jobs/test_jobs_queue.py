"""Calls of jobs that wait for their turn at their model's gate."""

from __future__ import annotations

import asyncio

import pytest
from running import ask, finish, look, wait_until
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb.errors import Stopped
from datagenflow_nb.jobs.steering import Steering


def test_cancel_ends_waiting_for_a_turn(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Two calls at once are taken: those in the queue are never sent, and leave no trace."""
    server.reset(max_concurrent=2, latency=0.4)
    seeds = [{"n": n} for n in range(200)]
    job = ws.run(ask("{{ n }}"), seeds, model="m", concurrency=32)
    wait_until(lambda: job.records_generated >= 2, "first records")
    assert str(job.waiting).startswith("model 'm': ")
    assert "429 more than 2 requests at once; slow down" in str(job.waiting)
    finish(job.cancel(), "cancelled", timeout=10)
    log = server.log()
    assert job.waiting is None
    assert job.records_failed == 0
    assert log["by_outcome"]["ok"] == job.records_generated < 20
    (tries,) = look("store.db", "SELECT sum(json_array_length(tries)) FROM calls")[0]
    assert tries == log["requests"]
    assert look("store.db", "SELECT count(*) FROM calls WHERE json_array_length(tries) = 0") == [
        (0,)
    ]


def test_dropping_what_waits_for_a_turn(ws: dgf.Workspace, server: OfflineServer) -> None:
    """A call that was never sent is not said to have been dropped."""
    server.reset(max_concurrent=2, latency=30.0)
    job = ws.run(ask("{{ n }}"), [{"n": n} for n in range(40)], model="m", concurrency=20)
    wait_until(lambda: "429" in str(job.waiting), "calls to be refused")
    finish(job.cancel(now=True), "cancelled", timeout=10)
    tries = look("store.db", "SELECT json_array_length(tries) FROM calls")
    assert len(tries) <= 20
    assert min(count for (count,) in tries) >= 1
    assert server.log()["requests"] <= sum(count for (count,) in tries)


def test_two_jobs_share_a_limit(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Together they ask no more at once than the server takes, and both get all answers."""
    server.reset(max_concurrent=4, latency=0.02)
    jobs = [ws.run(ask("{{ n }}"), [{"n": n} for n in range(60)], model="m") for _ in range(2)]
    for job in jobs:
        finish(job)
        assert (job.records_generated, job.records_failed) == (60, 0)
    log = server.log()
    assert log["by_outcome"]["ok"] == 120
    assert log["requests"] < 300


@pytest.mark.asyncio
async def test_turn_of_a_job_that_is_paused_or_stopped() -> None:
    """A turn that comes during a pause is not used; one of a stopped job never comes."""
    steering = Steering()
    place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(steering.turn(place))
    await asyncio.sleep(0)
    steering.pause()
    place.set_result(None)
    assert await waiting is False
    steering.go_on()
    assert await steering.turn(place) is True
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(steering.turn(never))
    await asyncio.sleep(0)
    steering.stop("cancelled")
    with pytest.raises(Stopped):
        await waiting
    with pytest.raises(Stopped):
        await steering.turn(place)
