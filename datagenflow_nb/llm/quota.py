"""Requests and tokens of the last minute, against what a model's configuration allows."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

__all__ = ["Need", "Quota", "Spent"]

_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Need:
    """What one request may take, and the limits that its model's configuration sets.

    Attributes
    ----------
    tokens : int
        An estimate until the answer says how many they were.
    requests_per_minute, tokens_per_minute : int or None
        None: no limit.
    """

    tokens: int = 0
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


@dataclass(slots=True)
class Spent:
    """A request of the last minute."""

    at: float
    tokens: int


class Quota:
    """What was sent within the last 60 seconds; whatever the server's minute is, it fits.

    Attributes
    ----------
    tokens : int
        Of the last minute, estimates of what is in flight included.
    """

    def __init__(self) -> None:
        self.tokens = 0
        self._spent: deque[Spent] = deque()

    def wait(self, now: float, need: Need) -> float:
        """Seconds until ``need`` fits. What is more than a minute's tokens fits when alone."""
        self._forget(now)
        wait = 0.0
        if need.requests_per_minute is not None:
            surplus = len(self._spent) + 1 - need.requests_per_minute
            if surplus > 0:
                wait = self._spent[surplus - 1].at + _MINUTE - now
        if need.tokens_per_minute is not None:
            surplus = self.tokens + need.tokens - need.tokens_per_minute
            for spent in self._spent:
                if surplus <= 0:
                    break
                surplus -= spent.tokens
                wait = max(wait, spent.at + _MINUTE - now)
        return max(0.0, wait)

    def add(self, now: float, need: Need) -> Spent:
        """A request is sent."""
        spent = Spent(now, need.tokens)
        self._spent.append(spent)
        self.tokens += need.tokens
        return spent

    def settle(self, now: float, spent: Spent, tokens: int) -> None:
        """So many tokens it was."""
        self._forget(now)
        if spent.at > now - _MINUTE:
            self.tokens += tokens - spent.tokens
        spent.tokens = tokens

    def _forget(self, now: float) -> None:
        while self._spent and self._spent[0].at <= now - _MINUTE:
            self.tokens -= self._spent.popleft().tokens
