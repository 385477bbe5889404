"""A job that goes through its seeds again and again."""

from __future__ import annotations

from collections.abc import Iterator, Set

from ..engine import Execution
from ..storage.jobs import JobRow, JobTable
from ..storage.resume import ResumeTable
from .feed import Page, ResumedFeed, SeedPage

__all__ = ["PassesFeed"]


class PassesFeed(ResumedFeed):
    """What has begun and not ended, then pass after pass, up to so many executions in all.

    In pass ``p`` a seed that asks for ``r`` repetitions gets the next ``r`` of them, from ``p * r``
    on. What an earlier runner left out is made up for.

    Parameters
    ----------
    most : int
        Executions, those of earlier runners included; further attempts are not counted.
    """

    def __init__(self, table: JobTable, job: JobRow, resume: ResumeTable, most: int) -> None:
        super().__init__(table, job, resume)
        self._most = most
        self._left = 0

    def pages(self) -> Iterator[Page]:
        self._next_key = self._resume.last_key(self._job.id)
        passes = self._resume.passes(self._job)
        for begun in self._resume.unfinished(self._job):
            yield iter(begun)
        self._left = self._most - passes.executions
        number = passes.first
        while self._left > 0:
            for page in self._table.seed_pages(self._job):
                there: Set[tuple[int, int]] = frozenset()
                if number <= passes.last:
                    there = self._resume.repetitions(self._job.id, page, number)
                yield self._pass(page, number, there)
            number += 1

    def _pass(
        self, page: SeedPage, number: int, there: Set[tuple[int, int]]
    ) -> Iterator[Execution]:
        for index, repetitions, metadata in page:
            for repetition in range(number * repetitions, (number + 1) * repetitions):
                if self._left <= 0:
                    return
                if (index, repetition) not in there:
                    self._left -= 1
                    yield self._begin(index, repetition, metadata)
