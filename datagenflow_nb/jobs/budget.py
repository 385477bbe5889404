"""What may be spent, what was, and what calls in flight may take: the arithmetic alone."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum

__all__ = ["Answer", "Budget"]


class Answer(Enum):
    """Whether a call may be made."""

    GO = "go"
    WAIT = "wait"  # ask again when a call has ended
    STOP = "stop"  # no call that ends can change it


@dataclass(slots=True)
class _Kind:
    """Calls of one kind: what the answered ones took, and how many others are and were there."""

    answered: int = 0
    amount: float = 0.0
    failed: int = 0
    in_flight: int = 0


class Budget:
    """Lets calls be made as long as what they are expected to take fits in.

    What a call takes is known when it has been answered. Until then what answered calls of its kind
    took on average is set aside for it; of a kind that has not been answered yet, a guess.

    * A call that does not fit in waits until nothing is in flight. Then it stops the job, for what
      is left is not worth an overshoot of a call; only one of a kind that has not been answered yet
      is made, alone: its guess may be far too high.
    * Of a kind whose guess may be far too low, one call goes ahead; one more with each that fails.
    * Not more calls are in flight than there are workers, so that guesses that are too low exceed
      the limit by one call per worker at most, whatever their sizes.

    Parameters
    ----------
    limit : float
        Of all runners of the job together.
    used : float
        By earlier runners.
    most : int
        Calls in flight.

    Attributes
    ----------
    needed : float
        What the call that was last asked about is expected to take.
    """

    def __init__(self, limit: float, used: float, most: int) -> None:
        self.limit = limit
        self.used = used
        self.needed = 0.0
        self._most = most
        self._kinds: dict[Hashable, _Kind] = {}
        self._in_flight: dict[int, tuple[Hashable, float]] = {}
        self._misfit: int | None = None

    @property
    def in_flight(self) -> int:
        """Calls that were let go and have not ended."""
        return len(self._in_flight)

    @property
    def is_tight(self) -> bool:
        """A call does not fit in while others are in flight: nothing more should be begun."""
        return self._misfit is not None

    def ask(self, key: int, kind: Hashable, guess: Callable[[], tuple[float, bool]]) -> Answer:
        """Whether the call ``key`` may be made; after ``GO`` it is in flight until ``end``.

        Parameters
        ----------
        guess : callable
            What the call may take, and whether it cannot take much more; called for a kind that
            has not been answered yet.
        """
        known = self._kinds.setdefault(kind, _Kind())
        is_bound = True
        if known.answered:
            self.needed = known.amount / known.answered
        else:
            self.needed, is_bound = guess()
        if len(self._in_flight) >= self._most:
            return Answer.WAIT
        if not is_bound and known.in_flight > known.failed:
            return Answer.WAIT
        aside = sum(amount for _, amount in self._in_flight.values())
        if self.used >= self.limit or self.used + aside + self.needed > self.limit:
            if self._in_flight:
                self._misfit = key
                return Answer.WAIT
            if known.answered or self.used >= self.limit:
                return Answer.STOP
        if self._misfit == key:
            self._misfit = None
        self._in_flight[key] = kind, self.needed
        known.in_flight += 1
        return Answer.GO

    def end(self, key: int, amount: float | None) -> None:
        """The call has ended and took ``amount``; None: it was not answered."""
        kind, _ = self._in_flight.pop(key)
        known = self._kinds[kind]
        known.in_flight -= 1
        if amount is None:
            known.failed += 1
        else:
            known.answered += 1
            known.amount += amount
            self.used += amount
        if not self._in_flight:
            self._misfit = None
