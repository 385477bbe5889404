"""How fast something goes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["Pace", "Speed"]

#: Seconds over which the rate is taken.
_WINDOW = 10.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a job goes, as far as that is known.

    Attributes
    ----------
    executions, records : float
        Per second; 0 when unknown.
    elapsed : float or None
        Seconds the job took, once it has ended.
    blocks : sequence of (block, branches in it now)
    """

    executions: float = 0.0
    records: float = 0.0
    elapsed: float | None = None
    blocks: Sequence[tuple[str, int]] = field(default=())


class Speed:
    """Things per second over the last seconds."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def at(self, now: float, count: int, *, is_paused: bool = False) -> float:
        """The rate when ``count`` things are done at ``now`` (s, monotonic); 0 when unknown.

        A pause has none, and is no part of the rate that follows.
        """
        if is_paused:
            self._marks.clear()
        self._marks.append((now, count))
        while len(self._marks) > 2 and now - self._marks[1][0] >= _WINDOW:
            self._marks.popleft()
        then, before = self._marks[0]
        return (count - before) / (now - then) if now > then else 0.0
