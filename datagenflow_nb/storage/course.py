"""How a job went over time: some moments of it, however long it takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..records import decode, encode, utc_now
from .jobs import seconds_between
from .lease import LEASE
from .store import Store

__all__ = ["MOST", "Course", "CourseTable", "Moment", "Now"]

#: Moments that are kept: enough for a chart, small enough to be written every few seconds.
MOST = 200


class Moment(NamedTuple):
    """One look at a job.

    Attributes
    ----------
    at : float
        Seconds since 1970.
    done, records, failed : int
        Executions that have ended, records, and those of them that failed.
    in_flight : int
        Calls that are with their servers.
    allowed : int or None
        Calls at once that its models' servers take at present, as far as that is learnt; None
        where nothing limits them.
    refused : int
        Calls that were refused as too many (429) so far.
    """

    at: float
    done: int
    records: int
    failed: int
    in_flight: int
    allowed: int | None
    refused: int


@dataclass(frozen=True, slots=True)
class Now:
    """What only the process that runs a job knows, as of its latest sign of life.

    Attributes
    ----------
    blocks : sequence of (block, branches in it)
    waiting : str or None
        What its calls wait for.
    """

    blocks: Sequence[tuple[str, int]] = ()
    waiting: str | None = None


class Course:
    """At most ``MOST`` moments, evenly spread over all the time: the longer, the rarer.

    Filled by one thread and read by any.

    Attributes
    ----------
    every : float
        Seconds between two moments.
    """

    def __init__(self, moments: Iterable[Moment] = (), every: float = 1.0) -> None:
        self.every = every
        self._moments = list(moments)

    @property
    def moments(self) -> list[Moment]:
        """A copy of what there is, in order."""
        return list(self._moments)

    def is_due(self, at: float) -> bool:
        """Whether another moment belongs in at that time."""
        # Half a tick early is better than half a tick late: the clock of who asks ticks, too.
        return not self._moments or at - self._moments[-1].at >= self.every - 0.5

    def add(self, moment: Moment) -> None:
        """Add one at the end; when there are too many every other one goes."""
        moments = [*self._moments, moment]
        if len(moments) > MOST:
            # From the end on, so that the newest and, of an odd number, the first stay.
            moments = moments[(len(moments) - 1) % 2 :: 2]
            self.every *= 2
        self._moments = moments

    def to_json(self) -> str:
        """As text, for the store."""
        return encode({"every": self.every, "moments": [list(item) for item in self._moments]})

    @classmethod
    def from_json(cls, text: str) -> Course:
        """What ``to_json`` wrote."""
        told: dict[str, Any] = decode(text)
        return cls((Moment(*values) for values in told["moments"]), told["every"])


class CourseTable:
    """The courses of a store's jobs; their runners write them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, job_id: int) -> Course:
        """How the job went so far; of one from before that was noted, nothing."""
        row = self._store.row("SELECT moments FROM job_course WHERE job_id = ?", [job_id])
        return Course() if row is None else Course.from_json(row[0])

    def now(self, job_id: int) -> Now:
        """What its runner told with its latest sign of life, unless that is too long ago."""
        row = self._store.row(
            "SELECT blocks, waiting, updated_at FROM job_course WHERE job_id = ?", [job_id]
        )
        if row is None or seconds_between(row[2], utc_now()) > LEASE:
            return Now()
        return Now([(str(name), int(count)) for name, count in decode(row[0])], row[1])

    def keep(self, job_id: int, token: str, course: Course, now: Now) -> None:
        """Write them down, unless another runner has the job.

        Raises
        ------
        StoreError
            When that cannot be stored.
        """
        with self._store.write() as connection:
            connection.execute(
                "INSERT INTO job_course (job_id, moments, blocks, waiting, updated_at) "
                "SELECT id, ?, ?, ?, ? FROM jobs WHERE id = ? AND runner = ? "
                "ON CONFLICT(job_id) DO UPDATE SET moments = excluded.moments, "
                "blocks = excluded.blocks, waiting = excluded.waiting, "
                "updated_at = excluded.updated_at",
                [
                    course.to_json(), encode([list(item) for item in now.blocks]), now.waiting,
                    utc_now(), job_id, token,
                ],
            )  # fmt: skip
