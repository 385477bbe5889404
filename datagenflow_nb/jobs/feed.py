"""What a runner works through: the executions of a new job, or what is missing of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..engine import Execution
from ..records import new_trace_id
from ..storage.jobs import EXECUTION_SHIFT, JobRow, JobTable
from ..storage.resume import Begun, Past, Progress, ResumeTable
from ..storage.reuse import ReuseTable

__all__ = ["AttemptsFeed", "Feed", "FromBlockFeed", "Page", "RerunFeed", "ResumedFeed", "RetryFeed"]

#: Executions to begin with, and those that have begun under an earlier runner.
Page = Iterator[Execution | Begun]
SeedPage = list[tuple[int, int, dict[str, Any]]]


class Feed:
    """All executions of a new job."""

    def __init__(self, table: JobTable, job: JobRow) -> None:
        self._table = table
        self._job = job
        self._next_key = job.id << EXECUTION_SHIFT

    def pages(self) -> Iterator[Page]:
        """Some at a time; each page is read from the file when it is asked for."""
        for page in self._table.seed_pages(self._job):
            yield self._all(page)

    def past(self, begun: Begun) -> Past:
        """What an execution that has begun has in the store."""
        raise NotImplementedError(f"execution {begun.key} of a new job")

    def unfinished(self) -> list[Begun]:
        """What has a row and has not ended; of a new job nothing that its runner does not have."""
        return []

    def execution(self, begun: Begun) -> Execution:
        """An execution that has begun, as the engine takes it."""
        return self._execution(
            begun.key, begun.trace_id, begun.seed_index, begun.repetition, begun.metadata,
            begun.attempt,
        )  # fmt: skip

    def _all(
        self, page: SeedPage, is_missing: Callable[[int, int], bool] | None = None
    ) -> Iterator[Execution]:
        """One at a time: a single seed may ask for a million."""
        for seed_index, repetitions, metadata in page:
            for repetition in range(repetitions):
                if is_missing is None or is_missing(seed_index, repetition):
                    yield self._begin(seed_index, repetition, metadata)

    def _begin(self, seed_index: int, repetition: int, metadata: dict[str, Any]) -> Execution:
        self._next_key += 1
        return self._execution(self._next_key, new_trace_id(), seed_index, repetition, metadata)

    def _execution(
        self,
        key: int,
        trace_id: str,
        seed_index: int,
        repetition: int,
        metadata: dict[str, Any],
        attempt: int = 1,
    ) -> Execution:
        return Execution(
            metadata=metadata,
            trace_id=trace_id,
            random_seed=self._job.random_seed,
            seed_index=seed_index,
            repetition=repetition,
            attempt=attempt,
            job_id=self._job.id,
            key=key,
        )


class ResumedFeed(Feed):
    """What has not ended of a job, those that have begun before the others of their page."""

    def __init__(self, table: JobTable, job: JobRow, resume: ResumeTable) -> None:
        super().__init__(table, job)
        self._resume = resume

    def pages(self) -> Iterator[Page]:
        self._next_key = self._resume.last_key(self._job.id)
        for page in self._table.seed_pages(self._job):
            yield self._missing(page, self._resume.progress(self._job.id, page))

    def past(self, begun: Begun) -> Past:
        return self._resume.past(self._job.id, begun)

    def unfinished(self) -> list[Begun]:
        return [begun for page in self._resume.unfinished(self._job) for begun in page]

    def _missing(self, page: SeedPage, progress: Progress) -> Page:
        for begun in progress.begun.values():
            yield from begun
        rows = progress.rows
        yield from self._all(
            page, lambda index, repetition: index not in rows or not rows[index][repetition]
        )


class RerunFeed(ResumedFeed):
    """What is missing of a job that re-runs another one, each with what was answered there."""

    def __init__(
        self, table: JobTable, job: JobRow, resume: ResumeTable, reuse: ReuseTable, parent_id: int
    ) -> None:
        super().__init__(table, job, resume)
        self._reuse = reuse
        self._parent_id = parent_id

    def past(self, begun: Begun) -> Past:
        past = super().past(begun)
        if begun.attempt == 1:  # a further attempt asks anew
            past.elsewhere.extend(
                self._reuse.answers(self._parent_id, begun.seed_index, begun.repetition)
            )
        return past

    def _missing(self, page: SeedPage, progress: Progress) -> Page:
        for work in super()._missing(page, progress):
            # A new one begins as if it had begun before, with nothing stored but the answers.
            yield work if isinstance(work, Begun) else Begun(
                work.key, work.seed_index, work.repetition, work.attempt, work.trace_id,
                work.metadata,
            )  # fmt: skip


class AttemptsFeed(ResumedFeed):
    """The further attempts of a job that have not ended, and nothing else."""

    def pages(self) -> Iterator[Page]:
        for page in self._resume.attempts(self._job):
            yield iter(page)


class RetryFeed(ResumedFeed):
    """Of these the retries of what failed."""

    def pages(self) -> Iterator[Page]:
        for page in self._resume.attempts(self._job, only_retries=True):
            yield iter(page)


class FromBlockFeed(ResumedFeed):
    """The one attempt of a record that runs again, whatever else of the job waits."""

    def __init__(
        self, table: JobTable, job: JobRow, resume: ResumeTable, seed_index: int, repetition: int
    ) -> None:
        super().__init__(table, job, resume)
        self._wanted = (seed_index, repetition)

    def pages(self) -> Iterator[Page]:
        for page in self._resume.attempts(self._job):
            yield (one for one in page if self._is_wanted(one))

    def unfinished(self) -> list[Begun]:
        return [one for one in super().unfinished() if self._is_wanted(one)]

    def _is_wanted(self, begun: Begun) -> bool:
        return (begun.seed_index, begun.repetition) == self._wanted
