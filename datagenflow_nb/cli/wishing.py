"""What becomes of a wish that a job's runner, in whichever process, has been told."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..jobs import Job
    from ..storage.jobs import JobRow

__all__ = ["PATIENCE", "outcome"]

#: Seconds a command waits for the runner to obey, and between its looks.
PATIENCE = 5.0
_PERIOD = 0.05


def outcome(job: Job, until: tuple[str, ...] = ()) -> JobRow:
    """The job's row when it has ended or its status is one of ``until``, or it takes too long."""
    from ..storage.jobs import ACTIVE

    deadline = time.monotonic() + PATIENCE
    while True:
        row = job.row
        if row.status not in ACTIVE or row.status in until or time.monotonic() > deadline:
            return row
        time.sleep(_PERIOD)
