"""A simulated clock, a server, and callers that want more than it takes."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from datagenflow_nb.llm.pace import Pace, Sent


@dataclass
class Server:
    """What a server does with a request; each field may be changed while the world runs.

    Attributes
    ----------
    capacity : int or None
        Requests worked on at once, the others wait.
    knee : int or None
        Requests at once beyond which each takes longer, by the square.
    spread : float
        Standard deviation of the latency's logarithm.
    refused : float
        Share that is refused by chance.
    """

    latency: float = 0.1
    max_concurrent: int | None = None
    capacity: int | None = None
    knee: int | None = None
    spread: float = 0.0
    refused: float = 0.0
    retry_after: float | None = None
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    at_once: int = 0
    most_at_once: int = 0
    _free: list[float] = field(default_factory=list)

    def take(self, now: float) -> float | None:
        """Seconds until the answer; None: refused."""
        if self.max_concurrent is not None and self.at_once >= self.max_concurrent:
            return None
        if self.chance.random() < self.refused:
            return None
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        latency = self.latency * math.exp(self.spread * self.chance.gauss(0, 1))
        if self.knee is not None:
            latency *= max(1.0, self.at_once / self.knee) ** 2
        if self.capacity is None:
            return latency
        while self._free and self._free[0] <= now:
            heapq.heappop(self._free)
        full = len(self._free) >= self.capacity
        begun = heapq.heappop(self._free) if full else now
        heapq.heappush(self._free, begun + latency)
        return begun + latency - now


@dataclass
class Outcome:
    """What came of it."""

    seconds: float
    refused: int
    pace: Pace
    limits: list[int]


def run(
    server: Server,
    concurrency: int,
    calls: int,
    *,
    pace: Pace | None = None,
    change: Callable[[float, Server], None] | None = None,
    most_events: int = 1_000_000,
) -> Outcome:
    """``calls`` calls, ``concurrency`` of them at any time; ``change`` may alter the server."""
    pace = pace or Pace()
    numbers = itertools.count()
    events: list[tuple[float, int, str, list[int], Sent | None]] = []
    now, left, done, refused = 0.0, calls, 0, 0
    queue = deque([0] for _ in range(min(concurrency, left)))
    left -= len(queue)
    wakes_at = math.inf
    limits: list[int] = []
    for _ in range(most_events):
        while queue:
            wait = pace.wait(now, pace.in_flight + len(queue))
            if wait > 0:
                if now + wait < wakes_at:
                    wakes_at = now + wait
                    heapq.heappush(events, (wakes_at, next(numbers), "wake", [], None))
                break
            call = queue.popleft()
            sent = pace.send(now)
            # The first requests race each other to the server.
            delay = server.chance.random() * 0.02 if now == 0.0 else 0.0
            heapq.heappush(events, (now + delay, next(numbers), "arrive", call, sent))
        assert events, "stuck: nothing is under way, and nothing will be sent"
        now, _, what, call, taken = heapq.heappop(events)
        if change is not None:
            change(now, server)
        if taken is None:
            wakes_at = math.inf
            continue
        if what == "arrive":
            latency = server.take(now)
            what = "refused" if latency is None else "answered"
            when = now + (0.002 if latency is None else latency)
            heapq.heappush(events, (when, next(numbers), what, call, taken))
            continue
        if what == "answered":
            server.at_once -= 1
            done += 1
            pace.answered(taken, now, pace.in_flight + len(queue))
            if left:
                left -= 1
                queue.append([0])
        else:
            refused += 1
            call[0] += 1
            pace.refused(taken, now, call[0], server.chance.random(), server.retry_after)
            queue.appendleft(call)
        assert 1 <= pace.limit <= max(32, concurrency)
        assert 0 <= pace.in_flight <= concurrency
        if not limits or limits[-1] != pace.limit:
            limits.append(pace.limit)
        if done == calls:
            return Outcome(now, refused, pace, limits)
    raise AssertionError(f"not done within {most_events} events: {done} of {calls}, at {now} s")
