"""A runner's notes on how its job goes, now and then: never in the way of the work itself."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from ..errors import StoreError
from ..llm.catalog import Models
from ..llm.throttle import Gate, gate_of
from ..storage.course import Course, CourseTable, Moment, Now
from ..storage.lease import Lease
from .ledger import Ledger
from .steering import Steering

__all__ = ["Chronicle"]

_log = logging.getLogger("datagenflow_nb")

#: Seconds between looks.
_PERIOD = 1.0


class Chronicle:
    """Looks at a running job every second and has it stored with the runner's signs of life.

    Parameters
    ----------
    course : Course
        The notes of the job's earlier runners, which are gone on with.
    lease : Lease
        The runner's hold on its job.
    blocks : callable
        The blocks that branches are in now.
    models : Models
        What the job's blocks ask, by ``names``.
    workers : int
        More calls are never under way at once.
    """

    def __init__(
        self,
        table: CourseTable,
        course: Course,
        lease: Lease,
        ledger: Ledger,
        steering: Steering,
        blocks: Callable[[], list[tuple[str, int]]],
        models: Models,
        names: list[str | None],
        workers: int,
    ) -> None:
        self._table = table
        self._lease = lease
        self._ledger = ledger
        self._steering = steering
        self._blocks = blocks
        self._models = models
        self._names = names
        self._workers = workers
        self._gates: list[Gate] = []
        self._refused = 0
        self.course = course

    def open(self) -> None:
        """Begin to take notes. On the loop thread, as ``close``."""
        configs = map(self._models.resolve, self._names)
        found = {gate for config in configs if (gate := gate_of(config)) is not None}
        self._gates = list(found)
        last = self.course.moments[-1:]
        self._refused = (last[0].refused if last else 0) - self._refusals()
        self._note()
        self._lease.keep = self.keep

    async def follow(self) -> None:
        """Go on taking notes, until it is cancelled."""
        while True:
            await asyncio.sleep(_PERIOD)
            if self.course.is_due(time.time()):
                self._note()

    def close(self) -> None:
        """Take the last note."""
        self._note()
        self._lease.keep = None

    def keep(self) -> None:
        """Store the notes; a job never ends because that fails. Called from any thread."""
        try:
            now = Now(self._blocks(), self._ledger.waiting)
            self._table.keep(self._lease.job_id, self._lease.token, self.course, now)
        except StoreError as error:
            # The writer meets the same with the job's rows, and tells it where it matters.
            _log.debug("job %d: its course is not kept: %s", self._lease.job_id, error.message)

    def _note(self) -> None:
        ledger = self._ledger
        allowed = None
        if self._gates:
            allowed = min(self._workers, sum(gate.limit for gate in self._gates))
        records = ledger.generated + ledger.failed + ledger.filtered
        self.course.add(
            Moment(
                round(time.time(), 1), ledger.done, records, ledger.failed,
                self._steering.in_flight, allowed, self._refused + self._refusals(),
            )
        )  # fmt: skip

    def _refusals(self) -> int:
        return sum(gate.refusals for gate in self._gates)
