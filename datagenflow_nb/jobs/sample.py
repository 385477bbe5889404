"""Some executions of a new job, evenly spread over all of them."""

from __future__ import annotations

from collections.abc import Iterator

from ..engine import Execution
from ..storage.jobs import JobRow, JobTable
from .extrapolation import positions
from .feed import Feed, Page, SeedPage

__all__ = ["SampleFeed"]


class SampleFeed(Feed):
    """So many of the executions; all when there are no more."""

    def __init__(self, table: JobTable, job: JobRow, count: int) -> None:
        super().__init__(table, job)
        total = job.total or 0
        self._wanted = iter(positions(min(count, total), total))
        self._next = next(self._wanted, None)
        self._passed = 0

    def pages(self) -> Iterator[Page]:
        for page in self._table.seed_pages(self._job):
            yield self._chosen(page)

    def _chosen(self, page: SeedPage) -> Iterator[Execution]:
        for seed_index, repetitions, metadata in page:
            while self._next is not None and self._next < self._passed + repetitions:
                repetition = self._next - self._passed
                self._next = next(self._wanted, None)
                yield self._begin(seed_index, repetition, metadata)
            self._passed += repetitions
