"""Tries and waits: what is repeated, how often, and after which pause."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from llm.scripted import Calls, Reply, chat, failure, model_at, raw_server, scripted
from servers import OfflineServer, closed_port

from datagenflow_nb.errors import ModelError
from datagenflow_nb.llm import retry
from datagenflow_nb.llm.base import EndpointError, ModelConfig
from datagenflow_nb.llm.pace import LONGEST_PAUSE
from datagenflow_nb.llm.retry import ask_with_tries, wait_before
from datagenflow_nb.llm.turns import Turns
from datagenflow_nb.records import Call

NOW = {"Retry-After": "0"}  # the server asks for no pause, so that tests need none


def busy(retry_after: float | None = None) -> EndpointError:
    """A 429."""
    return EndpointError("rate_limit", "slow down", status=429, retry_after=retry_after)


@pytest.mark.parametrize(
    ("number", "chance", "wait"),
    [
        (2, 0.0, 0.25), (2, 0.5, 0.375), (3, 0.0, 0.5), (4, 0.0, 1.0), (7, 0.0, 8.0),
        (8, 0.0, 10.0), (9, 0.0, 10.0), (5_000, 0.5, 15.0),
    ],
)  # fmt: skip
def test_waits_double_up_to_twenty_seconds(number: int, chance: float, wait: float) -> None:
    """Half of it fixed, half of it chance."""
    assert wait_before(number, busy(), chance) == wait


@pytest.mark.parametrize(
    ("asked", "wait"), [(0.0, 0.025), (3.0, 3.025), (60.0, 60.025), (3_600.0, 60.025)]
)
def test_server_asks_for_a_pause(asked: float, wait: float) -> None:
    """Granted, up to a minute, with a little chance so that not all come back together."""
    assert wait_before(2, busy(asked), 0.0) == pytest.approx(wait)


@given(
    st.integers(2, 10_000),
    st.none() | st.floats(0, 1e9),
    st.floats(0, 1, exclude_max=True),
)
def test_waits_are_bounded(number: int, asked: float | None, chance: float) -> None:
    """Never negative, never endless, never before the server's time."""
    wait = wait_before(number, busy(asked), chance)
    if asked is None:
        assert 0 < wait <= 20
    else:
        assert min(asked, LONGEST_PAUSE) <= wait <= LONGEST_PAUSE + 2


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 422, 501, 302])
async def test_what_cannot_succeed_is_asked_once(status: int) -> None:
    """One request at the server, one try in the journal."""
    journal = Calls()
    async with (
        scripted(failure(status, "no")) as server,
        model_at(server.url, journal, max_tries=8) as model,
    ):
        with pytest.raises(ModelError, match=r"\(after 1 try\)") as caught:
            await model.chat("hi")
    assert len(server.bodies) == 1
    assert caught.value.detail["tries"] == 1
    assert caught.value.detail["status"] == status
    assert [[one["status"] for one in call.tries] for call in journal] == [[status]]


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
async def test_what_may_succeed_is_asked_again(status: int) -> None:
    """Every try is in the journal with its status and message, the call counts once."""
    journal = Calls()
    bad = Reply({"error": {"message": "busy"}}, status, NOW)
    async with (
        scripted(bad, bad, chat("at last")) as server,
        model_at(server.url, journal, max_tries=8) as model,
    ):
        assert (await model.chat("hi")).text == "at last"
    assert len(server.bodies) == 3
    (call,) = journal
    assert [(one["status"], one["error"]) for one in call.tries] == [
        (status, "busy"), (status, "busy"), (200, None),
    ]  # fmt: skip
    assert all(one["latency"] >= 0 for one in call.tries)
    assert call.latency >= sum(one["latency"] for one in call.tries)
    assert (call.error, call.usage.calls) == (None, 1)


@pytest.mark.asyncio
async def test_tries_come_to_an_end() -> None:
    """max_tries, not one more; the error is the last try's and says how many there were."""
    journal = Calls()
    async with (
        scripted(Reply({"error": {"message": "still busy"}}, 429, NOW)) as server,
        model_at(server.url, journal, max_tries=4) as model,
    ):
        with pytest.raises(ModelError, match=r"429 still busy \(after 4 tries\); lower the conc"):
            await model.chat("hi")
    assert len(server.bodies) == 4
    assert len(journal[0].tries) == 4
    assert journal[0].error == "still busy"


@pytest.mark.asyncio
async def test_no_try_starts_after_max_wait() -> None:
    """A server that wants a longer pause than there is time is not waited for."""
    async with (
        scripted(Reply({}, 429, {"Retry-After": "30"})) as server,
        model_at(server.url, max_tries=8, max_wait=20.0) as model,
    ):
        with pytest.raises(ModelError, match=r"after 1 try"):
            await model.chat("hi")
    assert len(server.bodies) == 1


@pytest.mark.asyncio
async def test_lost_connections_are_tried_again() -> None:
    """A reset may be the proxy's restart."""
    journal = Calls()
    async with (
        raw_server(b"", reset=True) as url,
        model_at(url, journal, max_tries=2) as model,
    ):
        with pytest.raises(ModelError, match="check that the server runs"):
            await model.chat("hi")
    assert [one["status"] for one in journal[0].tries] == [None, None]


@pytest.mark.asyncio
@pytest.mark.parametrize(("is_awaited", "tries"), [(True, 2), (False, 4)])
async def test_nobody_is_there(
    monkeypatch: pytest.MonkeyPatch, is_awaited: bool, tries: int
) -> None:
    """A mistyped endpoint is told soon: after two tries to whoever waits, after four to a job."""
    monkeypatch.setattr(retry, "_FIRST_WAIT", 0.0)
    async with model_at(f"http://127.0.0.1:{closed_port()}/v1", max_tries=8) as model:
        model.is_awaited = is_awaited
        with pytest.raises(ModelError, match="check that the server runs") as caught:
            await model.chat("hi")
    assert caught.value.detail["tries"] == tries


@pytest.mark.asyncio
async def test_server_that_was_there_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job outlasts a restart: with a server that has answered before, all tries are made."""
    monkeypatch.setattr(retry, "_FIRST_WAIT", 0.0)
    async with contextlib.AsyncExitStack() as stack:
        async with scripted(chat("hello")) as server:
            model = await stack.enter_async_context(model_at(server.url, max_tries=8))
            await model.chat("hi")
        with pytest.raises(ModelError, match=r"after 8 tries"):
            await model.chat("hi")


@pytest.mark.asyncio
async def test_server_that_is_busy_is_waited_for() -> None:
    """Where there is a server, all tries are made for whoever waits, too."""
    busy_now = Reply({"error": {"message": "busy"}}, 503, NOW)
    async with (
        scripted(busy_now, busy_now, chat("at last")) as server,
        model_at(server.url, max_tries=8) as model,
    ):
        model.is_awaited = True
        assert (await model.chat("hi")).text == "at last"


@pytest.mark.asyncio
async def test_waits_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each wait says for which model, which try is next, and why."""
    monkeypatch.setattr(retry, "_FIRST_WAIT", 0.0)
    told: list[tuple[str, str]] = []

    class Noted(Calls):
        async def pause(self, seconds: float, model: str, reason: str) -> bool:
            told.append((model, reason))
            return True

    bad = Reply({"error": {"message": "broken"}}, 500)
    async with (
        scripted(bad, bad, chat("at last")) as server,
        model_at(server.url, Noted(), max_tries=8) as model,
    ):
        await model.chat("hi")
    assert told == [
        (model.name, "waiting to try again (2 of 8): broken"),
        (model.name, "waiting to try again (3 of 8): broken"),
    ]


@pytest.mark.asyncio
async def test_each_try_has_its_time() -> None:
    """A server that hangs once costs one try."""
    arrived = 0

    async def hang_once(request: web.Request) -> web.Response:
        nonlocal arrived
        arrived += 1
        if arrived == 1:
            await asyncio.Event().wait()
        return web.json_response(chat("awake").body)

    journal = Calls()
    async with (
        scripted(handler=hang_once) as server,
        model_at(server.url, journal, max_tries=2, timeout=0.2) as model,
    ):
        assert (await model.chat("hi")).text == "awake"
    first, second = journal[0].tries
    assert first["status"] is None
    assert "no answer" in first["error"]
    assert second["status"] == 200


@pytest.mark.asyncio
async def test_server_that_trickles_is_given_up() -> None:
    """A byte now and then is no answer; the time is for the whole of it."""

    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.01)

    async with scripted(handler=trickle) as server, model_at(server.url, timeout=0.2) as model:
        with pytest.raises(
            ModelError, match=r"no answer within 0\.2 s .*raise the model's timeout"
        ):
            await model.chat("hi")


@pytest.mark.asyncio
async def test_cancelled_call_is_not_repeated() -> None:
    """Cancelling is the caller's wish; the call was sent and may be on the bill, so it is noted."""
    arrived = asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError

    journal = Calls()
    async with (
        scripted(handler=hang) as server,
        model_at(server.url, journal, max_tries=5) as model,
    ):
        task = asyncio.create_task(model.chat("hi"))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(server.bodies) == 1
    (call,) = journal
    assert call.error == "cancelled before an answer came; the server may have counted it"
    assert [(one["status"], one["error"]) for one in call.tries] == [(None, "cancelled")]
    assert (call.answer, call.usage.calls) == (None, 0)


@pytest.mark.asyncio
async def test_other_errors_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no failure of the endpoint is nobody's to repeat."""
    config = ModelConfig("m", "m", "http://x/v1")

    async def broken() -> dict[str, Any]:
        raise KeyError("ours")

    ask: Callable[[], Awaitable[dict[str, Any]]] = broken
    tries: list[dict[str, Any]] = []
    with pytest.raises(KeyError):
        await ask_with_tries(ask, config, tries, Turns(None, config, None, Call("b", 0, "m", {})))
    assert tries == []


@pytest.mark.asyncio
async def test_many_calls_through_many_faults(
    server: OfflineServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fifth of the requests fails in one way or another; every call gets its answer."""
    monkeypatch.setattr(retry, "_FIRST_WAIT", 0.01)
    server.reset(rate_429=0.08, rate_500=0.06, rate_reset=0.06, retry_after=0.0)
    journals = [Calls() for _ in range(150)]
    async with model_at(server.url, max_tries=12) as model:

        async def ask(number: int) -> str:
            one = type(model)(
                model.config, model.endpoint, model.dialect, "b", journals[number], ""
            )
            return (await one.chat(f"Tell me about number {number}.")).text

        answers = await asyncio.gather(*(ask(number) for number in range(150)))
    assert all(answers)
    assert [len(journal) for journal in journals] == [1] * 150
    log = server.log()
    tries = sum(len(journal[0].tries) for journal in journals)
    assert log["requests"] == tries
    assert log["by_outcome"]["ok"] == 150
    assert set(log["by_outcome"]) == {"ok", "429", "500", "reset"}
