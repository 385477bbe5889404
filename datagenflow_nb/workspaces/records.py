"""The records of a workspace: looking, deciding, editing, exporting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, cast

from ..jobs import JobRoom
from ..jobs.exporting import export_selected
from ..jobs.selecting import Chosen, Selecting, query_of, split_options
from ..jobs.statuses import as_statuses, statuses_to_export
from ..pipeline import open_widget
from ..records import Trace
from ..storage.id_runs import check_ids
from ..storage.records import Record, RecordTable
from ..storage.review import USER, ReviewTable
from ..storage.review_values import check_fields, check_reviewer
from ..whole import check_whole

if TYPE_CHECKING:
    import pandas as pd

    from ..export import ExportResult
    from ..reports import DatasetReport
    from ..reports.survey import Progress

__all__ = ["RecordFace"]


class RecordFace:
    """The part of a workspace that holds records."""

    _jobs: JobRoom
    _records: RecordTable
    _review: ReviewTable

    def records(
        self,
        job_id: int | None = None,
        status: str | Sequence[str] | None = None,
        limit: int | None = None,
        offset: int = 0,
        flat: bool = True,
        **selection: Unpack[Selecting],
    ) -> pd.DataFrame:
        """Records as a DataFrame; see ``frames.records_frame`` for the columns.

        Parameters
        ----------
        job_id : int, optional
            Only this job's.
        status : str or list of str, optional
            Only these statuses.
        limit, offset : int
            A page of them; None: all.
        flat : bool
            One column per field of the state.
        **selection
            ``search``, ``where``, ``tags``, ``reviewer``, ``ids``, ``edited``, ``all_attempts`` and
            ``sort``; see ``jobs.selecting.Selecting``. Without ``sort`` in order of their ids.

        Raises
        ------
        ValidationError
            For an unknown status, a selection that says nothing, and a limit or offset that is no
            whole number.
        JobError
            When there is no such job, with the numbers there are.
        """
        from ..frames import records_frame

        others = ("job_id", "status", "limit", "offset", "flat")
        query = query_of(self._job_id(job_id), status, selection, others)
        limit = None if limit is None else check_whole(limit, "limit")
        offset = check_whole(offset, "offset")
        part = slice(offset, None if limit is None else offset + limit)
        return records_frame(Chosen(self._records.store, query, part=part)(), flat=flat)

    def record(self, record_id: int) -> Record:
        """One record.

        Raises
        ------
        ValidationError
            When the id is no whole number.
        StoreError
            When there is none of that number.
        """
        return self._records.get(record_id)

    def trace(self, record_id: int) -> Trace:
        """The full trace of a record, calls included; see ``records.build_trace``."""
        return self._records.get(record_id).trace

    def traces(self, job_id: int | None = None) -> pd.DataFrame:
        """A row per step; see ``frames.traces_frame`` for the columns.

        Raises
        ------
        JobError
            When there is no such job, with the numbers there are.
        """
        from ..frames import traces_frame

        found = self._records.stream_traces(job_id=self._job_id(job_id))
        return traces_frame(found)

    def record_counts(self, job_id: int | None = None) -> dict[str, int]:
        """Number of records by status.

        Raises
        ------
        JobError
            When there is no such job, with the numbers there are.
        """
        return self._records.count(self._job_id(job_id))

    def update_record(
        self,
        record_id: int,
        *,
        status: str | None = None,
        output: Any = ...,
        fields: Mapping[str, Any] | None = None,
        note: str | None = None,
        version: int | None = None,
        reviewer: str | None = None,
    ) -> Record:
        """Decide on a record or edit it; the original values are kept.

        Parameters
        ----------
        status : str, optional
            ``pending``, ``accepted`` or ``rejected``.
        output : JSON value, optional
            Writes the field the record's output comes from.
        fields : dict, optional
            Other fields to edit.
        note : str, optional
        version : int, optional
            Of the record as you read it. None: whatever somebody has changed since is overwritten;
            it stays in the log, and can be taken back.
        reviewer : str, optional
            Who decides; ``user`` when left out.

        Raises
        ------
        ConflictError
            When the record is not of that version any more; nothing is changed.
        ValidationError
            For an id that is no whole number, an unknown status or field, or a failed or filtered
            record; nothing is changed.
        StoreError
            When there is no such record.
        """
        (record_id,) = check_ids([record_id])
        edits = {} if fields is None else dict(check_fields(fields))
        if output is not ...:
            edits["output"] = output
        self._review.update(
            {record_id: edits},
            status=status,
            note=note,
            reviewer=USER if reviewer is None else check_reviewer(reviewer),
            versions=None if version is None else {record_id: check_whole(version, "version")},
        )
        return self._records.get(record_id)

    def update_records(
        self,
        records: pd.DataFrame | Iterable[int],
        *,
        status: str | None = None,
        note: str | None = None,
    ) -> int:
        """Decide on many records, or write an edited DataFrame back; all or nothing.

        Parameters
        ----------
        records : record ids, or DataFrame as ``records()`` gives it
            A frame's edited fields and statuses are written; what did not change is left alone.
        status : str, optional
            For all of them.
        note : str, optional
            For all of them.

        Returns
        -------
        int
            Number of records that changed.

        Raises
        ------
        ValidationError, StoreError
            As ``update_record``; nothing is changed.
        """
        edits: dict[int, dict[str, Any]] = {}
        statuses: dict[int, str] = {}
        versions: dict[int, int] = {}
        ids: Any = records
        if hasattr(records, "columns"):
            from ..frames import read_edits

            frame = cast("pd.DataFrame", records)

            def current(ids: Sequence[int]) -> list[Record]:
                found = self._records.many(ids)
                versions.update((record.id, record.version) for record in found)
                return found

            edits, statuses = read_edits(frame, current)
            ids = frame["id"]
        changes = {record_id: edits.get(record_id, {}) for record_id in check_ids(ids)}
        decided = statuses if status is None else dict.fromkeys(changes, status)
        # What was compared with the frame must be what is changed, should another be as fast.
        read = {record_id: versions[record_id] for record_id in {*edits, *statuses}}
        return self._review.update(changes, status=decided, note=note, versions=read)

    def review(self, job_id: int | None = None, status: str | Sequence[str] | None = None) -> Any:
        """Review records in a table: decide, edit, filter, export.

        Parameters
        ----------
        job_id : int, optional
            Only this job's.
        status : str or list of str, optional
            Only records of these statuses, to begin with.

        Returns
        -------
        datagenflow_nb.widgets.review.widget.ReviewWidget

        Raises
        ------
        ValidationError
            For an unknown status.
        JobError
            When there is no such job, with the numbers there are.
        """
        return open_widget("review", self, job_id, status)

    def delete_records(
        self,
        record_ids: Iterable[int] | None = None,
        *,
        job_id: int | None = None,
        status: str | Sequence[str] | None = None,
    ) -> int:
        """Delete records with their traces; the number deleted.

        Parameters
        ----------
        record_ids : record ids, optional
            Only these; those that do not exist are left out.
        job_id : int, optional
            Only this job's.
        status : str or list of str, optional
            Only of these statuses.

        Raises
        ------
        ValidationError
            When nothing says which ones, for ids that are none, and for an unknown status.
        JobError
            When there is no such job, with the numbers there are.
        """
        statuses = as_statuses(status)
        ids = None if record_ids is None else check_ids(record_ids)
        return self._review.delete(record_ids=ids, job_id=self._job_id(job_id), status=statuses)

    def export(
        self,
        path: str | Path,
        *,
        job_id: int | None = None,
        status: str | Sequence[str] | None = None,
        **options: Any,
    ) -> ExportResult:
        """Write records to a file; see ``Job.export`` for the options.

        Raises
        ------
        JobError
            When there is no such job, with the numbers there are; no file is touched.
        """
        selection, options = split_options(options)
        query = query_of(self._job_id(job_id), statuses_to_export(status), selection)
        return export_selected(self._records, query, path, options)

    def report(
        self,
        job_id: int | None = None,
        status: str | Sequence[str] | None = None,
        *,
        fields: str | Sequence[str] | None = None,
        sample: int | None = None,
        progress: Progress | None = None,
        **selection: Unpack[Selecting],
    ) -> DatasetReport:
        """What the records of a job, or of all jobs, are like; see ``Job.report``.

        Raises
        ------
        JobError
            When there is no such job, with the numbers there are.
        """
        only = None if job_id is None else [self._jobs.get(job_id).id]
        return self._jobs.report(
            only, status=status, fields=fields, sample=sample, progress=progress, **selection
        )

    def _job_id(self, job_id: int | None) -> int | None:
        """The number of a job there is, or None for those of all jobs."""
        return None if job_id is None else self._jobs.get(job_id).id
