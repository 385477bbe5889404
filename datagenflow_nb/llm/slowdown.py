"""Whether a server does less in all when it is asked more at once, and how much is best then."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import Literal

__all__ = ["Slowdown"]

#: A lower number of calls at once must once have got more done by this factor before it is tried.
_SUSPICION = 1.1
#: How much more another number must get done to be kept: fewer at once, and more, which was asked.
_GAIN, _GAIN_UP = 1.05, 1.02
#: Answers by which a number at once is judged.
_FEWEST, _MOST = 16, 64
#: A first look: after so few, when a lower number seems to have got much more done.
_GLANCE, _CLEARLY = 8, 1.6
#: Seconds until the next trials, after trials in vain; twice as long each time, and never less than
#: so many times what a trial took.
_REST, _LONGEST_REST, _REST_SHARE = 4.0, 60.0, 10.0

#: Answers that take so many times as long as the first ones did (their median) make half as many at
#: once worth a trial.
_SLOWER = 3.0

_Step = Literal["half", "down", "up"]


@dataclass(slots=True)
class _Seen:
    """How long answers took at about one number of calls at once."""

    count: int = 0
    level: float = 0.0
    latency: float = 0.0

    def add(self, level: int, latency: float) -> None:
        self.count += 1
        weight = max(1 / self.count, 1 / 16)
        self.level += weight * (level - self.level)
        self.latency += weight * (latency - self.latency)

    @property
    def rate(self) -> float:
        """Answers a second (Little's law)."""
        return self.level / max(self.latency, 1e-9)


@dataclass(frozen=True, slots=True)
class _Trial:
    """Another number at once, against what was before; judged by as many answers."""

    step: _Step
    before: int
    rate: float
    needs: int
    begun_at: float


class Slowdown:
    """Finds the best number of calls at once where more of them get less done in all.

    Every answer says how long it took at how many at once, and so what that number gets done: n at
    once that take s seconds each are n / s answers a second. Where a lower number has got clearly
    more done it is tried, and kept only if it does so again: answers that take longer for another
    reason, such as longer prompts, look the same until then. From there it climbs by eighths, and
    tries both sides again now and then.

    Attributes
    ----------
    is_active : bool
        Fewer at once have turned out to get more done.
    """

    def __init__(self) -> None:
        self.is_active = False
        self._seen: dict[int, _Seen] = {}
        self._first: list[float] = []
        self._epoch = 1
        self._count = 0
        self._level = 0.0
        self._latency = 0.0
        self._trial: _Trial | None = None
        self._next: _Step | None = None
        self._in_vain = 0
        self._eighths = 1
        self._rest = _REST
        self._looks_at = 0.0

    @property
    def first_latency(self) -> float:
        """Seconds that the first answers took, their median."""
        return median(self._first)

    @property
    def holds(self) -> bool:
        """Nobody else should raise the limit."""
        return self.is_active or self._trial is not None

    def epoch(self, level: int, limit: int) -> int:
        """The epoch that a call sent now belongs to; -1: too few at once to judge the limit by.

        0 before the first answer: who knows in which order the first ones reach the server.
        """
        if not self._first:
            return 0
        return self._epoch if 4 * level >= 3 * limit else -1

    def restart(self) -> None:
        """The limit was changed for another reason."""
        self._trial = self._next = None
        self._next_epoch()

    def learn(self, now: float, level: int, epoch: int, latency: float, limit: int) -> int:
        """An answer came to a call that was sent as one of ``level``; the limit from now on."""
        if len(self._first) < _GLANCE:
            self._first.append(latency)
        if epoch != 0:
            self._seen.setdefault(_bin(level), _Seen()).add(level, latency)
        if epoch != self._epoch:
            return limit
        self._count += 1
        self._level += level
        self._latency += latency
        if self._count == _GLANCE and self._trial is None and not self.is_active:
            return self._suspect(now, limit, _CLEARLY) if now >= self._looks_at else limit
        needs = max(_FEWEST, min(_MOST, limit)) if self._trial is None else self._trial.needs
        return self._judge(now, limit) if self._count >= needs else limit

    @property
    def _rate(self) -> float:
        return self._level / max(self._latency, 1e-9)

    def _judge(self, now: float, limit: int) -> int:
        if self._trial is not None:
            return self._decide(self._trial, now, limit)
        if self._next is not None:
            return self._try(self._next, now, limit)
        if now >= self._looks_at:
            if self.is_active:
                return self._try("up", now, limit)
            limit = self._suspect(now, limit, _SUSPICION)
        if self._trial is None:
            self._next_epoch()
        return limit

    def _suspect(self, now: float, limit: int, factor: float) -> int:
        best = self._best_below(limit, 3)
        if best is not None and best.rate > factor * self._rate:
            return self._try("half", now, limit, round(best.level))
        if self._latency > _SLOWER * self._count * self.first_latency:
            return self._try("half", now, limit)
        return limit

    def _decide(self, trial: _Trial, now: float, limit: int) -> int:
        if self._rate > (_GAIN_UP if trial.step == "up" else _GAIN) * trial.rate:
            self.is_active = True
            self._in_vain, self._rest = 0, _REST
            self._eighths = min(2 * self._eighths, 8) if trial.step == "up" else 1
            return self._try(trial.step, now, limit)
        self._trial, self._eighths = None, 1
        if not self.is_active:  # what was seen before belongs to other times
            self._first = [self._latency / self._count] * _GLANCE
            self._seen = {b: seen for b, seen in self._seen.items() if b >= _bin(limit)}
        elif trial.step == "half":
            self._next = "down"
        elif not self._in_vain:
            self._in_vain = 1
            self._next = "down" if trial.step == "up" else "up"
        self._next_epoch()
        if self._next is None:
            self._in_vain = 0
            self._looks_at = now + max(self._rest, _REST_SHARE * (now - trial.begun_at))
            self._rest = min(2 * self._rest, _LONGEST_REST)
        return trial.before

    def _try(self, step: _Step, now: float, limit: int, least: int = 1) -> int:
        self._trial = _Trial(step, limit, self._rate, self._count, now)
        self._next = None
        self._next_epoch()
        size = max(1, self._eighths * limit // 8)
        if step == "up":
            return limit + size
        if step == "half":
            size = limit - max(1, min(3 * limit // 4, max(limit // 2, least)))
        self._seen.pop(_bin(max(1, limit - size)), None)
        return max(1, limit - size)

    def _next_epoch(self) -> None:
        self._epoch += 1
        self._count, self._level, self._latency = 0, 0.0, 0.0

    def _best_below(self, level: int, fewest: int) -> _Seen | None:
        here = _bin(level)
        below = [seen for b, seen in self._seen.items() if b < here and seen.count >= fewest]
        return max(below, key=lambda seen: seen.rate, default=None)


def _bin(level: int) -> int:
    """Half octaves."""
    return int(2 * math.log2(level))
