"""What can go wrong on the offline server on purpose, and the log that bears witness of it."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from ..errors import ConfigError, suggest
from .offline_text import Draw

__all__ = ["Faults", "Log"]

_RATES = ("429", "500", "reset", "hang", "invalid_json", "truncated")
_MAX_ENTRIES = 10_000
_PROMPT_CHARS = 200


@dataclass(frozen=True, slots=True)
class Faults:
    """Delays and faults of the offline server.

    A fault is drawn from (``seed``, request, how-manyth time this request was asked), so the same
    requests meet the same faults in whatever order they come, and a second try may succeed.

    Attributes
    ----------
    latency : float
        Seconds before an answer; the median when ``latency_sigma`` is above 0.
    latency_sigma : float
        Standard deviation of the latency's logarithm.
    rate_429, rate_500, rate_reset, rate_hang : float
        Shares of requests, 0 to 1, that get the status, a connection reset, or no answer for
        ``hang`` seconds. All rates together are at most 1.
    rate_invalid_json : float
        Share of JSON answers cut in the middle with ``finish_reason`` ``stop``.
    rate_truncated : float
        Share of answers cut in the middle with ``finish_reason`` ``length``.
    retry_after : float or None
        Seconds in the ``Retry-After`` header of a 429; None: no header.
    hang : float
        Seconds.
    unsupported_formats : frozenset of str
        Types of ``response_format`` answered with 400, as older servers do.
    max_concurrent : int or None
        Requests at once beyond which there is a 429; None: no limit.
    capacity : int or None
        Requests worked on at once; further ones wait for theirs, so latency grows. None: all.
    knee : int or None
        Requests at once beyond which each takes longer, by the square of how many times as many
        there are, so that less gets done in all; None: no such number.
    api_key : str or None
        The only key accepted; None: any, or none.
    seed : int
        Another seed draws other faults.

    Raises
    ------
    ConfigError
        For a value out of its range.
    """

    latency: float = 0.0
    latency_sigma: float = 0.0
    rate_429: float = 0.0
    rate_500: float = 0.0
    rate_reset: float = 0.0
    rate_hang: float = 0.0
    rate_invalid_json: float = 0.0
    rate_truncated: float = 0.0
    retry_after: float | None = None
    hang: float = 600.0
    unsupported_formats: frozenset[str] = frozenset()
    max_concurrent: int | None = None
    capacity: int | None = None
    knee: int | None = None
    api_key: str | None = field(default=None, repr=False)
    seed: int = 0

    def __post_init__(self) -> None:
        rates = {f"rate_{name}": getattr(self, f"rate_{name}") for name in _RATES}
        for name, value in rates.items():
            if not 0 <= value <= 1:
                raise ConfigError(f"{name} is a share from 0 to 1, not {value!r}")
        if sum(rates.values()) > 1 + 1e-9:
            raise ConfigError(f"the rates add up to {sum(rates.values()):.3g}, more than 1")
        for name in ("latency", "latency_sigma", "hang"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} is 0 or more, not {getattr(self, name)!r}")
        for name in ("max_concurrent", "capacity", "knee"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise ConfigError(f"{name} is 1 or more, not {getattr(self, name)!r}")

    def change(self, values: dict[str, Any]) -> Faults:
        """These faults with some values replaced; an unknown name is a ``ConfigError``."""
        known = [item.name for item in dataclasses.fields(self)]
        for name in values:
            if name not in known:
                raise ConfigError(f"unknown fault {name!r}; {suggest(name, known)}")
        if "unsupported_formats" in values:
            formats = frozenset(values["unsupported_formats"])
            values = {**values, "unsupported_formats": formats}
        try:
            return dataclasses.replace(self, **values)
        except TypeError as exc:  # a text where a number belongs
            raise ConfigError(f"a fault has a value of the wrong type: {exc}") from exc

    def to_dict(self) -> dict[str, Any]:
        """Everything but the key."""
        values = dataclasses.asdict(self)
        del values["api_key"]
        values["unsupported_formats"] = sorted(self.unsupported_formats)
        return values

    def draw(self, digest: bytes, number: int) -> str:
        """The outcome of the ``number``-th request with this digest: ``ok`` or a fault's name."""
        share = Draw(digest).unit(f"fault {self.seed} {number}")
        for name in _RATES:
            share -= getattr(self, f"rate_{name}")
            if share < 0:
                return name
        return "ok"

    def delay(self, digest: bytes, number: int, at_once: int) -> float:
        """Seconds this answer takes, of a request that came as one of so many at once."""
        slower = 1.0 if self.knee is None else max(1.0, at_once / self.knee) ** 2
        return slower * self._latency(digest, number)

    def _latency(self, digest: bytes, number: int) -> float:
        if not self.latency or not self.latency_sigma:
            return self.latency
        draw = Draw(digest)
        radius = math.sqrt(-2 * math.log(1 - draw.unit(f"radius {self.seed} {number}")))
        normal = radius * math.cos(2 * math.pi * draw.unit(f"angle {self.seed} {number}"))
        return self.latency * math.exp(self.latency_sigma * normal)


class Log:
    """What was asked and how it ended; it holds no key, only whether one was sent."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.asked: Counter[bytes] = Counter()
        self.prompts: set[bytes] = set()
        self.entries: deque[dict[str, Any]] = deque(maxlen=_MAX_ENTRIES)
        self.in_flight = 0
        self.max_in_flight = 0

    def enter(self) -> None:
        """A request came in."""
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)

    def leave(self) -> None:
        """A request is over, however it ended."""
        self.in_flight -= 1

    def count(self, digest: bytes) -> int:
        """How often this request was asked before; counts it."""
        number = self.asked[digest]
        self.asked[digest] = number + 1
        return number

    def add(
        self, digest: bytes, prompt: str, outcome: str, *, authorization: bool, secrets: list[str]
    ) -> None:
        """Note one outcome; ``secrets`` are blanked in the prompt."""
        for secret in secrets:
            prompt = prompt.replace(secret, "***")
        self.outcomes[outcome] += 1
        self.entries.append(
            {
                "digest": digest.hex(),
                "prompt": prompt[:_PROMPT_CHARS],
                "outcome": outcome,
                "authorization": authorization,
            }
        )

    def report(self) -> dict[str, Any]:
        """The log as ``GET /__log`` answers it."""
        return {
            "requests": sum(self.outcomes.values()),
            "by_outcome": dict(self.outcomes),
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
            "distinct_prompts": len(self.prompts),
            "entries": list(self.entries),
        }

    def clear(self) -> None:
        """Forget everything but what is still in flight."""
        self.outcomes.clear()
        self.asked.clear()
        self.prompts.clear()
        self.entries.clear()
        self.max_in_flight = self.in_flight
