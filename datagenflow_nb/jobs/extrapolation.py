"""From some executions to all of them: totals and how far they may be off."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

__all__ = ["Range", "positions", "t_quantile", "total_of"]

#: 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom.
#: Source: https://www.itl.nist.gov/div898/handbook/eda/section3/eda3672.htm
_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
      2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
      2.052, 2.048, 2.045, 2.042)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Range:
    """A value and the bounds of its 95 % interval; None: nothing is known about these."""

    value: float
    low: float | None
    high: float | None


def positions(count: int, total: int) -> list[int]:
    """``count`` of the numbers from 0 to ``total`` - 1, evenly spread, each once."""
    return [(2 * number + 1) * total // (2 * count) for number in range(count)]


def t_quantile(degrees: int) -> float:
    """The 97.5 % quantile of Student's t, to three digits.

    Beyond the table by the expansion around the normal quantile: M. Abramowitz, I. A. Stegun,
    Handbook of Mathematical Functions, 26.7.5.
    """
    if degrees <= len(_T):
        return _T[degrees - 1]
    z = NormalDist().inv_cdf(0.975)
    return z + (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)


def total_of(sample: Sequence[float], total: int) -> Range:
    """The sum over all ``total`` of which ``sample`` is some, with its 95 % interval.

    The mean times the total, plus and minus Student's t times its standard error with the finite
    population correction: W. G. Cochran, Sampling Techniques, 3rd ed. 1977, 2.5 to 2.8. What the
    sample took is taken already, so the interval does not begin below it. Of a single one, and of
    some that do not differ, there is no interval: they do not tell how much others do. Of all there
    is nothing to be uncertain about.
    """
    count = len(sample)
    value = fmean(sample) * total
    if count >= total:
        return Range(math.fsum(sample), math.fsum(sample), math.fsum(sample))
    if count == 1:
        return Range(value, None, None)
    spread = stdev(sample)
    if spread == 0:
        return Range(value, None, None)
    error = total * spread / math.sqrt(count) * math.sqrt(1 - count / total)
    half = t_quantile(count - 1) * error
    return Range(value, max(math.fsum(sample), value - half), value + half)
