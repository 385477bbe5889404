"""What the limits per minute of its models make of a job's time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..displays.estimate import Figure
from ..displays.text import duration
from ..errors import ConfigError
from ..llm.catalog import Models

__all__ = ["least_seconds", "within_limits"]

_MINUTE = 60


def least_seconds(amount: float, per_minute: int | None) -> float:
    """Seconds that so many requests or tokens take at least: a minute's worth goes at once."""
    if per_minute is None:
        return 0.0
    return float(_MINUTE * max(0, math.ceil(amount / per_minute) - 1))


def within_limits(
    seconds: Figure, calls: Figure, tokens: Figure, usage: Mapping[str, Any], models: Models
) -> tuple[Figure, str | None]:
    """The time, no less than ``requests_per_minute`` and ``tokens_per_minute`` allow, and a note.

    Each model has the share of the calls and tokens that it had so far. Failed tries count against
    the limits as well and are not foreseen.

    Parameters
    ----------
    usage : mapping
        What the job has used, by model too.
    """
    least, low, high, note = seconds.value, seconds.low, seconds.high, None
    if least is None:
        return seconds, None
    for name, used in usage.get("models", {}).items():
        try:
            config = models.resolve(name)
        except ConfigError as error:
            return seconds, f"The limits of model {name!r} are not known: {error.message}"
        amounts = (
            ("requests_per_minute", calls, used["calls"]),
            ("tokens_per_minute", tokens, used["input_tokens"] + used["output_tokens"]),
        )
        for option, figure, sampled in amounts:
            limit = getattr(config, option)
            at_low, at_value, at_high = (
                least_seconds(sampled * _growth(figure, bound), limit)
                for bound in (figure.low, figure.value, figure.high)
            )
            if at_value > least:
                least, told = at_value, duration(at_value)
                note = f"At {option} {limit:,} of model {name!r} it takes {told} at least."
            if low is not None and high is not None:
                low, high = max(low, at_low), max(high, at_high)
    return Figure(seconds.sampled, least, low, high), note


def _growth(figure: Figure, bound: float | None) -> float:
    """How many times what was used so far."""
    whole = figure.value if bound is None else bound
    return whole / figure.sampled if whole and figure.sampled else 1.0
