"""The job as users hold it; its row in the store is the only truth about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from ..errors import DataGenFlowError, JobError, ValidationError
from ..pipeline import open_widget
from ..records import Trace
from ..storage.control import ControlTable
from ..storage.course import Course, CourseTable
from ..storage.glances import GlanceTable
from ..storage.jobs import JobRow, JobTable
from ..storage.log import LogLine, LogTable
from ..storage.records import Record, RecordTable
from .again import Again
from .estimating import Estimable
from .exporting import export_selected
from .failures import causes_of, failures_of
from .from_block import PlanAgain, RunsAgain
from .glance import Glance
from .reporting import Reportable
from .rerun import Plan, Rerunnable
from .selecting import Chosen, Selecting, query_of, split_options
from .statuses import statuses_to_export
from .usage import usage_told
from .ways import ways_on
from .wishes import Live

if TYPE_CHECKING:
    import pandas as pd

    from ..displays.estimate import Estimate
    from ..displays.failures import FailureList
    from ..displays.listing import Listing
    from ..export import ExportResult
    from ..reports import DatasetReport
    from .failures import Failure

__all__ = ["Job"]


class Job(Estimable, Rerunnable, RunsAgain, Reportable):
    """A stored run of a pipeline over seeds.

    Properties are read from the store each time, so that they are true for jobs of any process.
    """

    def __init__(
        self,
        job_id: int,
        table: JobTable,
        control: ControlTable,
        records: RecordTable,
        log: LogTable,
        courses: CourseTable,
        glances: GlanceTable,
        live: Callable[[int], Live | None],
        again: Again,
        plan: Plan,
        plan_again: PlanAgain,
        estimate: Callable[[int], Estimate],
        report: Callable[..., DatasetReport],
    ) -> None:
        self.id = job_id
        self._table = table
        self._control = control
        self._records = records
        self._log = log
        self._courses = courses
        self._glances = glances
        self._live = live
        self._again = again
        self._plan = plan
        self._plan_again = plan_again
        self._estimate = estimate
        self._report = report

    def __repr__(self) -> str:
        try:
            row = self.row
        except DataGenFlowError as error:  # deleted, or its store was closed
            return f"Job({self.id}: {error.message})"
        counts = f"{row.records_generated} records"
        if row.records_failed:
            counts += f", {row.records_failed} failed"
        if row.records_filtered:
            counts += f", {row.records_filtered} filtered"
        models = ", ".join(row.options.get("models") or [])
        answered = f", model {models}" if models else ""
        return f"Job({row.id}: {row.pipeline_name!r} {row.status}, {counts}{answered})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[Path, int]:
        return self._table.path, self.id

    def _repr_html_(self) -> str:
        from ..displays.job import job_html
        from ..displays.log import LAST_LINES
        from ..displays.pace import Pace

        try:
            row = self.row
        except DataGenFlowError as error:  # deleted, or its store is gone: a display does not raise
            return error._repr_html_()
        causes = self.reasons() if row.records_failed else []
        log = (self.log_lines, self._log.lines(self.id, LAST_LINES))
        return job_html(row, Pace(elapsed=row.seconds), causes=causes, log=log)

    @property
    def row(self) -> JobRow:
        """Everything the store knows about the job, now."""
        return self._table.get(self.id)

    @property
    def total(self) -> int:
        """Number of executions the seeds ask for."""
        return self.row.total or 0

    @property
    def executions_done(self) -> int:
        """Number of executions that have ended, well or not."""
        return self.row.executions_done

    @property
    def records_generated(self) -> int:
        """Number of records that neither failed nor were filtered."""
        return self.row.records_generated

    @property
    def records_accepted(self) -> int:
        """Number of records that ``accept_when`` accepted, whatever a reviewer decides."""
        return self.row.records_accepted

    @property
    def records_failed(self) -> int:
        """Number of failed records."""
        return self.row.records_failed

    @property
    def records_filtered(self) -> int:
        """Number of filtered records."""
        return self.row.records_filtered

    @property
    def usage(self) -> dict[str, Any]:
        """``{"input_tokens", "output_tokens", "calls", "cost"}`` of all answered calls, and the
        same by block and by model: ``{"blocks": {id: {...}}, "models": {name: {...}}}``.

        Where ``cost`` is None since some calls' models had no prices, ``unpriced_calls`` says how
        many these are and ``known_cost`` what the others did cost."""
        return usage_told(self.row.usage)

    @property
    def current_blocks(self) -> list[tuple[str, int]]:
        """(block id, branches in it now), in the pipeline's order.

        Of a job of another process as of its latest sign of life, as ``waiting``.
        """
        live = self._live(self.id)
        if live is not None:
            return live.runner.current_blocks()
        return list(self._courses.now(self.id).blocks)

    @property
    def waiting(self) -> str | None:
        """Why its calls wait, for another try or for the store; None when none does."""
        live = self._live(self.id)
        if live is not None:
            return live.runner.ledger.waiting
        return self._courses.now(self.id).waiting

    @property
    def course(self) -> Course:
        """How it went over time: some moments, evenly spread, under all its runners."""
        live = self._live(self.id)
        return self._courses.get(self.id) if live is None else live.runner.chronicle.course

    def glance(self, log_width: int = 10) -> Glance:
        """Short looks at its failures, newest records, blocks' times and log, for displays.

        Parameters
        ----------
        log_width : int
            Lines of the log.
        """
        return Glance(self._glances, self.id, log_width)

    @property
    def error(self) -> dict[str, Any] | None:
        """Why the job failed or was stopped, or its retry was of no use; or None."""
        return self.row.error

    @property
    def random_seed(self) -> int:
        """What the job's random numbers are drawn from."""
        return self.row.random_seed

    def reasons(self, status: str = "failed") -> list[tuple[str, int]]:
        """Why records failed (or were filtered): (reason, how many), most frequent first.

        Reasons that differ in numbers and quoted texts alone count as one, ``…`` in their place.
        """
        causes = causes_of(self._records, self.row.id, status)
        return [(cause.message, cause.count) for cause in causes]

    def failures(self, limit: int = 20) -> FailureList[Failure]:
        """Why records failed: a cause after the other, most frequent first, each with an example.

        Parameters
        ----------
        limit : int
            Causes; how many more there are is told.

        Raises
        ------
        JobError
            When the job was deleted.
        ValidationError
            When ``limit`` is no number of causes.
        """
        if type(limit) is not int or limit < 1:
            raise ValidationError(f"limit is {limit!r}, expected a number of causes, 1 or more")
        return failures_of(self._records, self.id, limit, ways_on(self.row).retry)

    @property
    def last_failure(self) -> str | None:
        """Why the latest failed record failed; None when none has."""
        return self._records.last_reason(self.id)

    @property
    def log_lines(self) -> int:
        """How many lines the job's log has."""
        return self._log.count(self.id)

    def log(self, limit: int | None = None) -> Listing[LogLine]:
        """What the job's blocks printed and logged, in order.

        Parameters
        ----------
        limit : int, optional
            Only the last so many lines.

        Raises
        ------
        JobError
            When the job was deleted.
        ValidationError
            When ``limit`` is no number of lines.
        """
        if limit is not None and (type(limit) is not int or limit < 0):
            raise ValidationError(f"limit is {limit!r}, expected a number of lines, 0 or more")
        from .listing import log_listing

        return log_listing(self.id, self._log.lines(self._table.get(self.id).id, limit))

    def delete(self) -> None:
        """Delete the job with its seeds, records, traces and log.

        Raises
        ------
        JobError
            While it runs, cancel it and wait first; while a re-run needs its answers.
        """
        self._table.delete(self.id)

    def record(self, record_id: int) -> Record:
        """One of the job's records.

        Raises
        ------
        JobError
            When the record is another job's.
        """
        record = self._records.get(record_id)
        if record.job_id != self.id:
            raise JobError(f"record {record_id} belongs to job {record.job_id}, not to {self.id}")
        return record

    def trace(self, record_id: int) -> Trace:
        """The full trace of one record, calls included; see ``records.build_trace``."""
        return self.record(record_id).trace

    def records(
        self,
        status: str | Sequence[str] | None = None,
        flat: bool = True,
        **selection: Unpack[Selecting],
    ) -> pd.DataFrame:
        """The job's records; see ``frames.records_frame`` for the columns.

        Parameters
        ----------
        status : str or list of str, optional
            Only records of these statuses.
        flat : bool
            One column per field of the state.
        **selection
            ``search``, ``where``, ``tags``, ``reviewer``, ``ids``, ``edited``, ``all_attempts`` and
            ``sort``; see ``jobs.selecting.Selecting``.

        Raises
        ------
        ValidationError
            For an unknown status, and a selection that says nothing.
        JobError
            When the job was deleted.
        """
        from ..frames import records_frame

        query = query_of(self.row.id, status, selection, ("status", "flat"))
        return records_frame(Chosen(self._records.store, query)(), flat=flat)

    def review(self, status: str | Sequence[str] | None = None) -> Any:
        """Review the job's records in a table: decide, edit, filter, export.

        Parameters
        ----------
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
            When the job was deleted.
        """
        return open_widget("review of a job", *self._key, status)

    def compare(self, other: Job | int | None = None, *, blind: bool = False) -> Any:
        """Put the job's records beside those of another one with the same seeds, and choose.

        Parameters
        ----------
        other : Job or int, optional
            The job on the right. None: each latest record beside the one of the attempt before.
        blind : bool
            Which side is whose is hidden, and changes from pair to pair.

        Returns
        -------
        datagenflow_nb.widgets.compare.widget.CompareWidget

        Raises
        ------
        JobError
            When there is no such job.
        ValidationError
            When there is nothing to compare.
        """
        right = other.id if isinstance(other, Job) else other
        return open_widget("comparison", *self._key, right, blind)

    def traces(self) -> pd.DataFrame:
        """A row per step of every record; see ``frames.traces_frame`` for the columns."""
        from ..frames import traces_frame

        return traces_frame(self._records.stream_traces(job_id=self.row.id))

    def export(
        self, path: str | Path, status: str | Sequence[str] | None = None, **options: Any
    ) -> ExportResult:
        """Write the job's records to a file.

        Parameters
        ----------
        path : path
            ``.jsonl``, ``.csv`` or ``.parquet``.
        status : str or list of str, optional
            Default: pending and accepted.
        **options
            ``format``, ``flat``, ``defuse_formulas``, ``review``; see ``export.export_records``.
            And what narrows the records down and orders them, as for ``records``.

        Raises
        ------
        ValidationError
            For an unknown status, and a list of none.
        ConfigError
            For an unknown option or format, and a path that cannot be one.
        JobError
            When the job was deleted.
        """
        selection, options = split_options(options)
        query = query_of(self.row.id, statuses_to_export(status), selection)
        return export_selected(self._records, query, path, options)
