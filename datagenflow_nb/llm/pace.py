"""How many calls of one model may be under way at once, learnt from how they end."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .slowdown import Slowdown

__all__ = ["LONGEST_PAUSE", "Pace", "Sent"]

#: Calls at once before anything is known.
_START = 32
#: By how much that grows when calls that were sent as the last of so many came back about as fast
#: as the very first ones, and when they did not for three rounds: more at once may be slower in
#: all, which shows meanwhile.
_LEAP, _STEP = 8, 2
#: How many of them say so, and up to how many times as long is about as fast.
_HERALDS, _AS_FAST = 8, 1.5
#: Seconds without a first answer after which it is doubled.
_IMPATIENCE = 1.0
#: Refusals in a row, of one call or of all, that are taken for a limit, not for chance.
_SAME_CALL, _ALL_CALLS = 3, 5
#: Seconds after a cut until more is tried; doubled each time that was too much.
_HOLD, _LONGEST_HOLD = 1.0, 30.0
#: The same where too much costs a pause: so many times as long as that, and at most.
_PRICE, _LONGEST_PRICE = 20.0, 300.0
#: Share of failures (503, timeouts), over some 16 calls, from which there are fewer at once.
_TOO_MANY = 0.3
#: Seconds everything pauses when even a single call is refused twice; doubled each time.
_PAUSE, _LONGEST_OWN_PAUSE = 1.0, 20.0
#: Longest pause a server may ask for, in seconds.
LONGEST_PAUSE = 60.0


@dataclass(slots=True)
class Sent:
    """A call under way: when it was sent, as how manyth at once, in which epoch."""

    at: float
    level: int
    epoch: int


class Pace:
    """The limit of calls at once: up while all goes well, down to what the server takes.

    It starts with 32 and leaps to what is asked for as soon as a full round came back fast.
    A refusal (429) says how many the server has taken: that becomes the limit, though never less
    than half of it at once, and a while later one more is tried, then two, four, ... Refusals by
    chance and answers that take longer do not lower it. Where fewer at once get more done in all,
    ``Slowdown`` finds how many.

    Times are seconds of any steady clock; ``wanted`` is how many calls there are, waiting ones
    included. The limit never exceeds that by its own growth.

    Attributes
    ----------
    limit : int
        Calls at once, 1 or more.
    in_flight : int
        Calls under way.
    paused_until, pause_seconds : float
        Nothing is sent before; how long that pause is in all.
    answered_at, barred_since : float or None
        When the last answer came; since when the server has refused every call.
    """

    def __init__(self) -> None:
        self.limit = _START
        self.in_flight = 0
        self.paused_until = -math.inf
        self.pause_seconds = 0.0
        self.answered_at = -math.inf
        self.barred_since: float | None = None
        self.slowdown = Slowdown()
        self._is_opening = True
        self._opens_at: float | None = None
        self._heralds = 0
        self._herald_seconds = 0.0
        self._cut_at = -math.inf
        self._floor = 1
        self._raised_at: float | None = None
        self._grows_at = -math.inf
        self._hold = _HOLD
        self._step = 1
        self._refusals = 0
        self._failures = 0.0
        self._pause = _PAUSE

    def wait(self, now: float, wanted: int) -> float:
        """Seconds until another call may be sent, 0 for now; inf: some other must end first."""
        if now < self.paused_until:
            return self.paused_until - now
        if self.in_flight < self.limit:
            return 0.0
        if not self._is_opening or self.answered_at > -math.inf:
            return math.inf
        if self._opens_at is None:
            self._opens_at = now + _IMPATIENCE
        if now < self._opens_at:
            return self._opens_at - now
        self._set(min(2 * self.limit, max(wanted, self.limit + 1)))
        return 0.0

    def send(self, now: float) -> Sent:
        """A call is sent."""
        self.in_flight += 1
        return Sent(now, self.in_flight, self.slowdown.epoch(self.in_flight, self.limit))

    def answered(self, sent: Sent, now: float, wanted: int) -> None:
        """It was answered."""
        was_full = sent.level >= self.limit
        self.in_flight -= 1
        self.answered_at, self.barred_since = now, None
        self._refusals, self._pause = 0, _PAUSE
        self._failures *= 15 / 16
        if self._raised_at is not None and was_full and sent.at >= self._raised_at:
            self._raised_at = None  # that was not too much
        latency = now - sent.at
        limit = self.slowdown.learn(now, sent.level, sent.epoch, latency, self.limit)
        if limit != self.limit:
            self._is_opening = False
            self.limit = min(limit, max(wanted, self.limit))
        elif self._is_opening:
            self._open(sent, latency, wanted)
        elif was_full and wanted > self.limit and not self.slowdown.holds:
            self._grow(now, wanted)

    def refused(
        self, sent: Sent, now: float, in_a_row: int, chance: float, retry_after: float | None = None
    ) -> bool:
        """It was refused (429), its call ``in_a_row`` times now; True: that was not due to others.

        Parameters
        ----------
        chance : float
            A random number in [0, 1), for the pause when even a single call is refused again.
        """
        self.in_flight -= 1
        self._refusals += 1
        is_alone = self.in_flight == 0 and self.answered_at < sent.at
        if is_alone and self.barred_since is None:
            self.barred_since = now
        if retry_after:
            self.pause(now, retry_after)
        elif is_alone and in_a_row > 1 and retry_after is None:
            self.pause(now, self._pause * (0.5 + chance / 2))
            self._pause = min(2 * self._pause, _LONGEST_OWN_PAUSE)
        elif in_a_row < _SAME_CALL and self._refusals < _ALL_CALLS:
            return is_alone
        self._cut(sent, now, max(self._half(sent), self.in_flight), retry_after or 0.0)
        return is_alone

    def overloaded(self, sent: Sent, now: float, retry_after: float | None = None) -> None:
        """It failed as on a server with too much to do: 503, or no answer in time."""
        self.in_flight -= 1
        self._failures += (1 - self._failures) / 16
        if retry_after:
            self.pause(now, retry_after)
        if self._failures > _TOO_MANY and sent.at >= self._cut_at:
            self._cut(sent, now, 7 * self.limit // 10)

    def ended(self) -> None:
        """It ended in a way that says nothing about the server's load."""
        self.in_flight -= 1

    def pause(self, now: float, seconds: float) -> None:
        """Send nothing for some seconds, a minute at most."""
        seconds = min(LONGEST_PAUSE, seconds)
        if now + seconds > self.paused_until:
            self.paused_until, self.pause_seconds = now + seconds, seconds

    def _open(self, sent: Sent, latency: float, wanted: int) -> None:
        """Let more through when answers of a full round say so."""
        if sent.epoch <= 0 or self.slowdown.holds:
            return
        self._heralds += 1
        self._herald_seconds += latency
        is_fast = self._herald_seconds < _AS_FAST * self._heralds * self.slowdown.first_latency
        if (self._heralds >= _HERALDS and is_fast) or self._heralds >= 3 * self.limit:
            self._set(min((_LEAP if is_fast else _STEP) * self.limit, max(wanted, self.limit)))
            self._heralds, self._herald_seconds = 0, 0.0

    def _grow(self, now: float, wanted: int) -> None:
        if now < self._grows_at or self._raised_at is not None:
            return
        self._set(min(self.limit + self._step, wanted))
        self._step = min(2 * self._step, self.limit)
        self._raised_at = now

    def _half(self, sent: Sent) -> int:
        """Half of the limit at the beginning of a burst of refusals."""
        if sent.at >= self._cut_at:
            self._floor = self.limit // 2
        return self._floor

    def _cut(self, sent: Sent, now: float, limit: int, pause: float = 0.0) -> None:
        if sent.at >= self._cut_at:  # of those sent before it the last cut is the answer
            was_tried = self._raised_at is not None and sent.at >= self._raised_at
            self._hold = min(2 * self._hold, _LONGEST_HOLD) if was_tried else _HOLD
            self._hold = max(self._hold, min(_PRICE * pause, _LONGEST_PRICE))
            self._cut_at = now
            self._raised_at = None
            self._step = 1
        self._is_opening = False
        self._grows_at = max(now, self.paused_until) + self._hold
        self._set(max(1, min(self.limit, limit)))

    def _set(self, limit: int) -> None:
        if limit != self.limit:
            self.limit = limit
            self._heralds, self._herald_seconds = 0, 0.0
            self._opens_at = None
            self.slowdown.restart()
