"""Which limits keep a job within bounds."""

from __future__ import annotations

from ..storage.jobs import JobRow
from .steering import Limit

__all__ = ["limits_of"]


def limits_of(job: JobRow) -> list[Limit]:
    """The limits of a job, new for each of its runners."""
    return []
