"""From stored jobs to the report on their records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

from ..errors import ValidationError
from ..records import Usage, utc_now
from ..storage.jobs import ACTIVE, JobRow, JobTable
from ..storage.records import OUTCOMES, RecordTable
from ..storage.store import Store
from ..whole import told
from .causes import Causes
from .exporting import selected_by
from .failures import causes_of, error_kind
from .naming import check_columns
from .selecting import Selecting, query_of
from .statuses import statuses_to_export
from .usage import merged_usage, usage_told

if TYPE_CHECKING:
    from ..reports import DatasetReport
    from ..reports.survey import Progress, Survey

__all__ = ["ReportFace", "Reportable"]

#: Causes of failures, and of what was filtered, that are told.
_CAUSES = 20


class Reportable:
    """The part of a job that tells what its records are like."""

    id: int
    _report: Callable[..., DatasetReport]

    def report(
        self,
        status: str | Sequence[str] | None = None,
        *,
        fields: str | Sequence[str] | None = None,
        sample: int | None = None,
        progress: Progress | None = None,
        **selection: Unpack[Selecting],
    ) -> DatasetReport:
        """What the job's records are like: fields, duplicates, coverage, failures, cost.

        Parameters
        ----------
        status : str or list of str, optional
            Default: pending and accepted, as for an export.
        fields : str or list of str, optional
            Only these fields.
        sample : int, optional
            Read only so many records, drawn at random, the same each time.
        progress : callable, optional
            Told (records read, records to read) now and then.
        **selection
            ``search``, ``where``, ``tags``, ``reviewer``, ``ids``, ``edited`` and ``all_attempts``;
            see ``jobs.selecting.Selecting``.

        Raises
        ------
        ValidationError
            For an unknown status or field, a list of none, and a sample that is no number of
            records.
        JobError
            When the job was deleted.
        """
        return self._report(
            [self.id], status=status, fields=fields, sample=sample, progress=progress, **selection
        )


class ReportFace:
    """The part of the job room that reports."""

    table: JobTable
    records: RecordTable
    _store: Store

    def report(
        self,
        job_ids: Sequence[int] | None = None,
        *,
        status: str | Sequence[str] | None = None,
        fields: str | Sequence[str] | None = None,
        sample: int | None = None,
        progress: Progress | None = None,
        **selection: Unpack[Selecting],
    ) -> DatasetReport:
        """The report on the records of these jobs; None: of all. See ``Job.report``."""
        from ..reports import survey

        statuses = statuses_to_export(status, "selects nothing to report on")
        names = _names(fields)
        query = query_of(None, statuses, selection, ("status", "fields", "sample"))
        if sample is not None and (type(sample) is not int or sample < 1):
            raise ValidationError(
                f"sample is {told(sample)}, expected a number of records, 1 or more"
            )
        jobs = (
            self.table.list() if job_ids is None else [self.table.get(job_id) for job_id in job_ids]
        )
        check_columns(self._store, replace(query, job_ids=tuple(job.id for job in jobs)))
        found = survey(
            self._store, self.records, [job.id for job in jobs], query,
            fields=names, sample=sample, progress=progress,
        )  # fmt: skip
        return self._told(jobs, statuses, selected_by(query), sample, found, is_all=job_ids is None)

    def _told(
        self,
        jobs: Sequence[JobRow],
        statuses: list[str],
        selected: str,
        sample: int | None,
        found: Survey,
        *,
        is_all: bool,
    ) -> DatasetReport:
        from ..reports import DatasetReport
        from ..reports.notes import notes_of
        from ..reports.warnings import warnings_of

        which = " or ".join(statuses)
        usual = None if selected or set(statuses) <= set(OUTCOMES) else which
        told = f"{which} and selected by {selected}" if selected else which
        counts = _counts(self.records, jobs)
        failures = self._causes(jobs, "failed")
        usage = merged_usage([usage_told(job.usage) for job in jobs])
        running = [job for job in jobs if job.status in ACTIVE]
        return DatasetReport(
            title="Dataset report of all jobs" if is_all else f"Dataset report of {_jobs(jobs)}",
            jobs=[
                {
                    "id": job.id,
                    "pipeline": job.pipeline_name,
                    "status": job.status,
                    "models": list(job.options.get("models") or []),
                }
                for job in jobs
            ],
            created_at=utc_now(),
            statuses=statuses,
            selected=selected,
            counts=counts,
            records=found.records,
            matching=found.matching,
            sample=sample,
            warnings=[*map(_running, running), *warnings_of(found, usual, counts, failures)],
            notes=notes_of(found, told),
            fields=found.fields,
            coverage=found.coverage,
            failures=failures,
            filtered=self._causes(jobs, "filtered"),
            usage={name: value for name, value in usage.items() if name not in _PARTS},
            blocks=self._blocks(jobs, usage.get("blocks", {})),
            models=self._models(jobs, usage.get("models", {})),
        )

    def _causes(self, jobs: Sequence[JobRow], status: str) -> list[dict[str, Any]]:
        """Why records failed, or were filtered."""
        causes = Causes()
        for job in jobs:
            causes_of(self.records, job.id, status, causes)
        total = sum(cause.count for cause in causes)
        return [
            {
                "count": cause.count,
                "share": cause.count / total,
                "block": cause.about[0],
                "error": error_kind(cause.about[1]),
                "message": cause.message,
                "record_id": cause.first,
            }
            for cause in list(causes)[:_CAUSES]
        ]

    def _blocks(
        self, jobs: Sequence[JobRow], usage: Mapping[str, Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        from ..storage.overall import BlockTime, block_times

        times: dict[str, BlockTime] = {}
        for job in jobs:
            for name, time in block_times(self._store, job.id).items():
                known = times.setdefault(name, BlockTime())
                known.runs += time.runs
                known.seconds += time.seconds
        return [
            {"id": name, "runs": time.runs, "seconds": time.seconds, **_used(usage.get(name))}
            for name, time in times.items()
        ]

    def _models(
        self, jobs: Sequence[JobRow], usage: Mapping[str, Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        from ..storage.overall import model_times

        seconds: dict[str, float] = {}
        answers: dict[str, int] = {}
        for job in jobs:
            for name, (count, total) in model_times(self._store, job.id).items():
                seconds[name] = seconds.get(name, 0.0) + total
                answers[name] = answers.get(name, 0) + count
        return [
            {
                "name": name,
                **_used(figures),
                "seconds": seconds[name] / answers[name] if answers.get(name) else None,
            }
            for name, figures in usage.items()
        ]


_PARTS = ("blocks", "models")
_NO_CALLS = dict.fromkeys(Usage().to_dict())


def _used(figures: Mapping[str, Any] | None) -> dict[str, Any]:
    """The figures of calls; None where there were none."""
    return _NO_CALLS if figures is None else {name: figures[name] for name in _NO_CALLS}


def _names(fields: str | Sequence[str] | None) -> list[str] | None:
    if fields is None or isinstance(fields, str):
        return None if fields is None else [fields]
    if isinstance(fields, Iterable):
        names = list(fields)
        if names and all(isinstance(name, str) for name in names):
            return names
    raise ValidationError(f"fields is {told(fields)}, expected names of fields, such as ['output']")


def _counts(table: RecordTable, jobs: Sequence[JobRow]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for job in jobs:
        for status, count in table.count(job.id).items():
            counts[status] = counts.get(status, 0) + count
    return counts


def _jobs(jobs: Sequence[JobRow]) -> str:
    if len(jobs) == 1:
        return f"job {jobs[0].id} ({jobs[0].pipeline_name})"
    return f"jobs {', '.join(str(job.id) for job in jobs)}"


def _running(job: JobRow) -> str:
    of = "" if job.total is None else f" of {job.total:,}"
    return (
        f"Job {job.id} is {job.status}: {job.executions_done:,}{of} "
        f"{'execution has' if job.total == 1 else 'executions have'} ended; this is about the "
        "records there are so far."
    )
