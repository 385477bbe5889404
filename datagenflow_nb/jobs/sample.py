"""Some executions of a job, evenly spread over all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..storage.jobs import JobRow, JobTable
from ..storage.resume import Progress, ResumeTable
from .extrapolation import positions
from .feed import Page, ResumedFeed, SeedPage

__all__ = ["SampleFeed"]


class SampleFeed(ResumedFeed):
    """So many of the executions, those that have ended left out; all when there are no more."""

    def __init__(self, table: JobTable, job: JobRow, resume: ResumeTable, count: int) -> None:
        super().__init__(table, job, resume)
        total = job.total or 0
        self._wanted = iter(positions(min(count, total), total))
        self._next = next(self._wanted, None)
        self._passed = 0

    def _missing(self, page: SeedPage, progress: Progress) -> Page:
        for begun in progress.begun.values():
            yield from begun
        rows = progress.rows
        for index, repetition, metadata in self._chosen(page):
            if index not in rows or not rows[index][repetition]:
                yield self._begin(index, repetition, metadata)

    def _chosen(self, page: SeedPage) -> Iterator[tuple[int, int, dict[str, Any]]]:
        for seed_index, repetitions, metadata in page:
            while self._next is not None and self._next < self._passed + repetitions:
                repetition = self._next - self._passed
                self._next = next(self._wanted, None)
                yield seed_index, repetition, metadata
            self._passed += repetitions
