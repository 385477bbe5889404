"""Numbers as they come; of very many a random part is kept."""

from __future__ import annotations

import itertools
import math
import random
from array import array

import numpy as np

from .values import Bar, Spread

__all__ = ["MOST_NUMBERS", "Numbers"]

#: Numbers that are kept of one field; quartiles of a random part of so many are off by less than
#: half a percent of the ranks.
MOST_NUMBERS = 100_000
#: Bars of a histogram; numbers that are no more than so many different ones get a bar each.
_BARS, _SINGLE = 20, 12
#: When the highest hundredth reaches so many times further than all others, it is one bar.
_FAR = 3


class Numbers:
    """Takes numbers one by one.

    Beyond ``most`` each further number takes the place of one that is kept, or of none, so that all
    have the same chance to be among them (reservoir sampling, Vitter 1985, algorithm R).
    """

    def __init__(self, most: int = MOST_NUMBERS) -> None:
        self._most = most
        self._random = random.Random(0)
        self._kept = array("d")
        self._count = 0
        self._min, self._max = math.inf, -math.inf
        self._sum = 0.0

    def add(self, number: float) -> None:
        """Count a number, which is neither NaN nor infinite."""
        number = float(number)
        self._count += 1
        self._sum += number
        if number < self._min:
            self._min = number
        if number > self._max:
            self._max = number
        if len(self._kept) < self._most:
            self._kept.append(number)
        elif (place := int(self._random.random() * self._count)) < self._most:
            self._kept[place] = number

    def spread(self) -> Spread | None:
        """How they are distributed; None when there are none."""
        if not self._count:
            return None
        kept = np.sort(np.frombuffer(self._kept, dtype=np.float64))
        lower, median, upper = (_quantile(kept, share) for share in (0.25, 0.5, 0.75))
        mean = self._sum / self._count
        return Spread(
            self._count,
            self._min,
            lower,
            median,
            upper,
            self._max,
            # Rounding takes a mean of equal numbers off them.
            min(max(mean, self._min), self._max) if math.isfinite(mean) else None,
            _bars(kept, self._min, self._max),
            self._count > len(kept),
        )


def _quantile(ordered: np.ndarray, share: float) -> float:
    """Between the two numbers next to it in proportion; never more than a float can hold."""
    place = share * (len(ordered) - 1)
    low = int(place)
    first, second = float(ordered[low]), float(ordered[min(low + 1, len(ordered) - 1)])
    part = place - low
    return first if part == 0 or first == second else first * (1 - part) + second * part


def _bars(ordered: np.ndarray, low: float, high: float) -> list[Bar]:
    single, counts = np.unique(ordered, return_counts=True)
    if len(single) <= _SINGLE:
        return [
            Bar(float(number), float(number), int(count))
            for number, count in zip(single, counts, strict=True)
        ]
    if not math.isfinite(high - low):
        return []
    most = _quantile(ordered, 0.99)
    is_far = high - most > _FAR * (most - low)
    edges = _edges(low, most if is_far else high, is_whole=bool((single % 1 == 0).all()))
    if is_far and high > edges[-1]:
        edges.append(high)
    if any(one >= two for one, two in itertools.pairwise(edges)):
        return []  # closer together than floats are
    found, _ = np.histogram(ordered, bins=edges)
    return [
        Bar(one, two, int(count))
        for (one, two), count in zip(itertools.pairwise(edges), found.tolist(), strict=True)
    ]


def _edges(low: float, high: float, *, is_whole: bool) -> list[float]:
    """Bounds of bars of one width; whole ones for whole numbers, so that none has more of them."""
    if is_whole and high - low < 2**53:
        width = max(1, math.ceil((high - low + 1) / _BARS))
        count = math.ceil((high - low + 1) / width)
        return [low + width * at for at in range(count + 1)]
    return [float(edge) for edge in np.linspace(low, high, _BARS + 1)]
