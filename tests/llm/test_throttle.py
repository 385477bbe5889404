"""The gate of a model, in front of a real server."""

from __future__ import annotations

import asyncio
import re
import time

import pytest
from aiohttp import web
from llm.scripted import Calls, Reply, chat, model_at, models_at, scripted
from servers import OfflineServer

from datagenflow_nb.errors import ModelError
from datagenflow_nb.llm.base import OFFLINE, EndpointError, ModelConfig
from datagenflow_nb.llm.catalog import Models
from datagenflow_nb.llm.dry import DryModels
from datagenflow_nb.llm.throttle import Gate, gate_of

CONFIG = ModelConfig("m", "id", "http://127.0.0.1:9/v1")


async def ask_all(models: Models, count: int) -> list[Calls]:
    """So many calls at once; each has its answer."""
    journals = [Calls() for _ in range(count)]

    async def ask(number: int) -> None:
        model = models.open("tested", journal=journals[number], variation="", block="b")
        await model.chat(f"Say number {number}.")

    await asyncio.gather(*(ask(number) for number in range(count)))
    return journals


@pytest.mark.asyncio
async def test_too_many_at_once_are_no_tries(server: OfflineServer) -> None:
    """Eight are taken at once: 100 calls that may be tried but once all succeed."""
    server.reset(max_concurrent=8, latency=0.2)  # what a call takes apart from that counts little
    async with models_at(server.url, max_tries=1) as models:
        journals = await ask_all(models, 100)
        gate = gate_of(models.resolve("tested"))
    assert gate is not None
    assert 4 <= gate.limit <= 9
    assert (gate.in_flight, gate.waiting) == (0, 0)
    log = server.log()
    assert log["by_outcome"]["ok"] == 100
    assert log["requests"] == sum(len(calls[0].tries) for calls in journals) < 250


@pytest.mark.asyncio
async def test_all_calls_pause() -> None:
    """What one call is told holds for all: nothing arrives before the time is over."""
    arrived: list[float] = []
    replies = [Reply({"error": {"message": "later"}}, 429, {"Retry-After": "0.5"}), chat("hi")]

    async def answer(request: web.Request) -> web.Response:
        arrived.append(time.perf_counter())
        reply = replies[min(len(arrived) - 1, 1)]
        return web.json_response(reply.body, status=reply.status, headers=reply.headers)

    async with scripted(handler=answer) as one, models_at(one.url, max_tries=2) as models:
        first = models.open("tested", journal=None, variation="", block="b")
        task = asyncio.create_task(first.chat("hi"))
        gate = gate_of(models.resolve("tested"))
        assert gate is not None
        while gate.told() is None:
            await asyncio.sleep(0)
        assert gate.told() == "model 'tested' pauses for 1 s: 429 later"
        await asyncio.gather(task, ask_all(models, 5))
    assert len(arrived) == 7
    assert min(arrived[1:]) - arrived[0] >= 0.5


@pytest.mark.asyncio
async def test_everything_is_refused() -> None:
    """When patience is over, calls that wait fail, too, and say so."""
    refused = Reply({"error": {"message": "not today"}}, 429, {"Retry-After": "30"})
    async with scripted(refused) as server, models_at(server.url, max_wait=20.0) as models:
        opened = [models.open("tested", journal=None, variation="", block="b") for _ in range(40)]
        outcomes = await asyncio.gather(
            *(model.chat("hi") for model in opened), return_exceptions=True
        )
    assert {type(outcome) for outcome in outcomes} == {ModelError}
    assert all("429 not today (after" in str(outcome) for outcome in outcomes)
    assert len(server.bodies) <= 40


@pytest.mark.asyncio
async def test_requests_per_minute(server: OfflineServer) -> None:
    """Three a minute: the fourth waits, and its cancelling leaves no trace at the server."""
    journal = Calls()
    async with models_at(server.url, requests_per_minute=3) as models:
        await ask_all(models, 3)
        model = models.open("tested", journal=journal, variation="", block="b")
        task = asyncio.create_task(model.chat("one more"))
        gate = gate_of(models.resolve("tested"))
        assert gate is not None
        while not gate.waiting:
            await asyncio.sleep(0)
        told, _, seconds = (gate.told() or "").rpartition(", more in ")
        assert told == "model 'tested': this minute's requests or tokens are used up"
        assert 1 <= int(seconds.removesuffix(" s")) <= 60
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert gate.waiting == 0
    assert (server.log()["requests"], journal) == (3, [])


@pytest.mark.asyncio
async def test_tokens_per_minute(server: OfflineServer) -> None:
    """What answers took is counted: after a few calls the minute is used up."""
    async with models_at(server.url, tokens_per_minute=2_000) as models:
        tasks = [asyncio.create_task(ask_all(models, 1)) for _ in range(300)]
        gate = gate_of(models.resolve("tested"))
        assert gate is not None
        while gate.in_flight or not gate.waiting:
            await asyncio.sleep(0.001)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert 3 < server.log()["requests"] < 100


@pytest.mark.asyncio
async def test_first_come_first_served() -> None:
    """Turns come in the order of the calls, those of calls that were refused included."""
    gate = Gate(CONFIG)
    gate.pace.limit = 1
    gate.pace.answered_at = 0.0
    callers = [gate.caller(CONFIG, {}) for _ in range(4)]
    taken = gate.enter(callers[0])
    assert taken is not None
    assert gate.enter(callers[1]) is None
    second, third, fourth = (gate.line_up(caller) for caller in callers[1:])
    again = gate.line_up(callers[0])
    gate.withdraw(second)
    gate.dropped()
    assert [place.done() for place in (again, third, fourth)] == [True, False, False]
    gate.withdraw(again)  # its turn goes on to the next
    assert [place.done() for place in (third, fourth)] == [True, False]
    assert (gate.in_flight, gate.waiting) == (1, 1)


@pytest.mark.asyncio
async def test_who_shares_a_gate() -> None:
    """Names of the same model do; another key, another id and the embedded model do not."""
    shared = gate_of(CONFIG)
    assert gate_of(ModelConfig("other name", "id", CONFIG.endpoint)) is shared
    assert gate_of(ModelConfig("m", "id", CONFIG.endpoint, api_key="k" * 20)) is not shared
    assert gate_of(ModelConfig("m", "other", CONFIG.endpoint)) is not shared
    assert gate_of(ModelConfig(OFFLINE, OFFLINE)) is None


@pytest.mark.asyncio
async def test_dry_calls_pass_no_gate() -> None:
    """They teach nothing about a server that they never ask."""
    async with models_at(CONFIG.endpoint or "") as models:
        model = DryModels(models).open("tested", journal=None, variation="", block="b")
        await model.chat("hi")
        gate = gate_of(models.resolve("tested"))
    assert gate is not None
    assert not gate.has_answered


@pytest.mark.asyncio
async def test_limit_is_told() -> None:
    """How many at once are allowed now, and why."""
    gate = Gate(CONFIG)
    assert gate.told() is None
    callers = [gate.caller(CONFIG, {}) for _ in range(32)]
    passes = [gate.enter(caller) for caller in callers]
    busy = EndpointError("rate_limit", "at most 6", status=429)
    for caller, taken in list(zip(callers, passes, strict=True))[:26]:
        assert taken is not None
        gate.failed(caller, taken, busy)
    assert re.fullmatch(r"model 'm': 16 at once allowed now: 429 at most 6", str(gate.told()))


@pytest.mark.asyncio
async def test_model_that_answers_again() -> None:
    """A call whose model was overloaded gets its answer, with every try in the trace."""
    journal = Calls()
    late = Reply({"error": {"message": "full"}}, 503, {"Retry-After": "0.05"})
    async with (
        scripted(late, late, chat("at last")) as one,
        model_at(one.url, journal, max_tries=8) as model,
    ):
        assert (await model.chat("hi")).text == "at last"
    assert [each["status"] for each in journal[0].tries] == [503, 503, 200]
