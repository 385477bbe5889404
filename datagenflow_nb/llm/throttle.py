"""The gate that every try of a model's calls passes: how many at once, and when."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import random
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from ..records import encode
from .base import EndpointError, ModelConfig, usage_of
from .pace import Pace, Sent
from .quota import Need, Quota, Spent

__all__ = ["Caller", "Gate", "Pass", "Place", "gate_of"]

#: Tokens of an answer before any has been seen, where the request sets no limit.
_GUESS = 500
#: What a server with too much to do answers, 429 aside.
_OVERLOADED = (503, 529)

_NOTHING = Need()

_numbers = itertools.count()
#: Endpoints that have answered anything in this process.
_heard: set[str | None] = set()
#: Clients and futures belong to a loop, and so does what waits for them: one for all jobs, and one
#: for each ``debug``.
_gates: weakref.WeakKeyDictionary[
    asyncio.AbstractEventLoop, dict[tuple[str | None, str, str], Gate]
] = weakref.WeakKeyDictionary()


@dataclass(slots=True)
class Caller:
    """One call, over all its tries.

    Attributes
    ----------
    rank : int
        Its place among those that wait: in the order in which calls came.
    since : float
        When it came.
    refusals : int
        How often it was refused in a row.
    """

    need: Need
    max_wait: float
    rank: int
    since: float
    refusals: int = 0


@dataclass(slots=True)
class Pass:
    """The right to one try; ``Gate.leave`` gives it back."""

    sent: Sent
    spent: Spent | None


#: Done when its caller's turn has come.
Place = asyncio.Future[Pass]


class Gate:
    """Lets calls of one model through, first come, first served; on one event loop.

    Attributes
    ----------
    pace : Pace
        What was learnt of the server.
    refusals : int
        Tries that it has refused as too many (429).
    """

    def __init__(self, config: ModelConfig) -> None:
        self.pace = Pace()
        self.refusals = 0
        self._model = config.name
        self._endpoint = config.endpoint
        self._quota = Quota()
        self._queue: list[tuple[int, int, Caller, Place]] = []
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None
        self._cause: EndpointError | None = None
        self._is_used_up = False
        self._quota_until = 0.0
        self._answer_tokens: float = _GUESS

    @property
    def limit(self) -> int:
        """Calls at once allowed now."""
        return self.pace.limit

    @property
    def in_flight(self) -> int:
        """Calls under way."""
        return self.pace.in_flight

    @property
    def waiting(self) -> int:
        """Calls that wait for their turn."""
        return self._waiting

    @property
    def has_answered(self) -> bool:
        """Somebody has answered at the endpoint, if only to refuse."""
        return self._endpoint in _heard

    def told(self) -> str | None:
        """Why calls wait here, for people; None: there are just more than are allowed at once.

        Called from any thread.
        """
        cause = self._cause
        why = "" if cause is None else f": {cause.status or cause.kind} {cause.message}"
        if self.pace.paused_until > perf_counter():
            return f"model {self._model!r} pauses for {math.ceil(self.pace.pause_seconds)} s{why}"
        if self._is_used_up:
            seconds = math.ceil(max(0.0, self._quota_until - perf_counter()))
            told = f"model {self._model!r}: this minute's requests or tokens are used up"
            return f"{told}, more in {seconds} s"
        if self.pace.slowdown.is_active:
            return f"model {self._model!r}: {self.limit} at once, more would be slower in all"
        return f"model {self._model!r}: {self.limit} at once allowed now{why}" if why else None

    def caller(self, config: ModelConfig, body: Mapping[str, Any]) -> Caller:
        """A call that wants to be made."""
        need = _NOTHING
        if config.tokens_per_minute is not None:
            tokens = self._estimate(body)
            need = Need(tokens, config.requests_per_minute, config.tokens_per_minute)
        elif config.requests_per_minute is not None:
            need = Need(0, config.requests_per_minute)
        return Caller(need, config.max_wait, next(_numbers), perf_counter())

    def enter(self, caller: Caller) -> Pass | None:
        """The pass for a try that may be made at once; None: line up."""
        now = perf_counter()
        if self._waiting or self._wait(now, caller.need) > 0:
            return None
        return self._let_through(now, caller)

    def line_up(self, caller: Caller) -> Place:
        """A place in the queue: its result is used, or it is given to ``withdraw``.

        Its exception is an ``EndpointError`` when the server has refused every call for as long as
        the caller's model has patience.
        """
        place: Place = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queue, (caller.rank, next(_numbers), caller, place))
        self._waiting += 1
        self._serve()
        return place

    def withdraw(self, place: Place) -> None:
        """The caller waits no more, or makes no use of its turn."""
        if not place.done() or place.cancelled():
            place.cancel()
            self._waiting -= 1
        elif place.exception() is None:
            taken = place.result()
            self._settle(taken, 0)
            self.pace.ended()
        self._serve()

    def answered(self, caller: Caller, taken: Pass, answer: dict[str, Any]) -> None:
        """A try was answered."""
        caller.refusals = 0
        _heard.add(self._endpoint)
        self.pace.answered(taken.sent, perf_counter(), self.pace.in_flight + self._waiting)
        if taken.spent is not None:
            usage = usage_of(answer)
            self._answer_tokens += 0.1 * (usage.output_tokens - self._answer_tokens)
            self._settle(taken, usage.input_tokens + usage.output_tokens)
        if self._waiting:
            self._serve()

    def failed(self, caller: Caller, taken: Pass, error: EndpointError) -> bool:
        """A try has failed; whether it counts among the call's tries.

        A refusal (429) does not while others of ours are under way or were answered meanwhile: then
        there were only too many at once.
        """
        now = perf_counter()
        counts = True
        if error.status is not None:
            _heard.add(self._endpoint)
        if error.kind == "rate_limit":
            self._cause = error
            self.refusals += 1
            caller.refusals += 1
            counts = self.pace.refused(
                taken.sent, now, caller.refusals, random.random(), error.retry_after
            )
            self._settle(taken, 0)
            if counts:
                caller.rank = next(_numbers)  # the next one may have more luck
                self._lose_patience(error)
        elif error.status in _OVERLOADED or error.kind == "timeout":
            self._cause = error
            self.pace.overloaded(taken.sent, now, error.retry_after)
        else:
            self.pace.ended()
        self._serve()
        return counts

    def dropped(self) -> None:
        """A try was cancelled, or something of ours has failed."""
        self.pace.ended()
        self._serve()

    def is_hopeless(self, caller: Caller) -> bool:
        """The server refuses everything, and will be asked again only when patience is over."""
        barred = self.pace.barred_since
        if barred is None:
            return False
        return self.pace.paused_until - max(barred, caller.since) > caller.max_wait

    def _lose_patience(self, error: EndpointError) -> None:
        for _, _, caller, place in self._queue:
            if not place.done() and self.is_hopeless(caller):
                self._waiting -= 1
                # A new one each: tracebacks are added to the one that is raised.
                place.set_exception(EndpointError(error.kind, error.message, status=error.status))

    def _serve(self) -> None:
        now = perf_counter()
        while self._queue:
            caller, place = self._queue[0][2:]
            if not place.done():
                seconds = self._wait(now, caller.need)
                if seconds > 0:
                    self._look_again(seconds)
                    return
                self._waiting -= 1
                place.set_result(self._let_through(now, caller))
            heapq.heappop(self._queue)

    def _wait(self, now: float, need: Need) -> float:
        seconds = self.pace.wait(now, self.pace.in_flight + self._waiting + 1)
        if need is _NOTHING:
            return seconds
        quota = self._quota.wait(now, need)
        self._is_used_up = quota > 0
        self._quota_until = now + quota
        return max(seconds, quota)

    def _let_through(self, now: float, caller: Caller) -> Pass:
        spent = None if caller.need is _NOTHING else self._quota.add(now, caller.need)
        return Pass(self.pace.send(now), spent)

    def _settle(self, taken: Pass, tokens: int) -> None:
        if taken.spent is not None:
            self._quota.settle(perf_counter(), taken.spent, tokens)

    def _look_again(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if seconds < math.inf:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._serve)

    def _estimate(self, body: Mapping[str, Any]) -> int:
        """Tokens a request may take: 4 characters each, and its ``max_tokens`` or what is usual."""
        most = body.get("max_tokens") or body.get("max_completion_tokens")
        answer = most if isinstance(most, int) else self._answer_tokens
        return len(encode(dict(body))) // 4 + round(answer)


def gate_of(config: ModelConfig) -> Gate | None:
    """The gate of a model on the running loop; models of the same id, endpoint and key share it.

    None: the embedded model, which needs none.
    """
    if config.is_offline:
        return None
    gates = _gates.setdefault(asyncio.get_running_loop(), {})
    key = (*config.client_key, config.model)
    gate = gates.get(key)
    if gate is None:
        gate = gates[key] = Gate(config)
    return gate
