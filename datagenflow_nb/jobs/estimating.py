"""The part of a job that tells what all of it will take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..displays.estimate import Estimate
from ..displays.sample import interrupted_told, sample_missing
from ..errors import ConfigError, JobError
from ..storage.jobs import ACTIVE, JobRow
from .again import Resumable

__all__ = ["Estimable"]


class Estimable(Resumable):
    """A job that ``ws.estimate`` has begun is taken up where it was stopped."""

    _estimate: Callable[[int], Estimate]

    def estimate(self, *, run_missing: bool = True, **options: Any) -> Estimate:
        """What the whole job will take, told from its executions that have ended.

        Of an estimate that was stopped its missing executions are run first, and no others. One
        that runs is waited for. Of any other job nothing is run.

        Parameters
        ----------
        run_missing : bool
            Whether they are; without it, it is told from what there is.
        **options
            As for ``resume``, where something is run.

        Raises
        ------
        JobError
            When no execution has ended, and for a job with ``target_accepted``.
        ConfigError
            For options where nothing is run, and as for ``resume``.
        KeyboardInterrupt
            After an interrupt, when the job was cancelled and has ended; it says what was paid.
        """
        row = self._estimated()
        if run_missing:
            runs = self.run_sample(**options)
        else:
            _refuse(row, options)
            runs = row.options.get("sample") is not None and row.status in ACTIVE
        if runs:
            try:
                self.wait_or_cancel()
            except KeyboardInterrupt:
                raise KeyboardInterrupt(self._interrupted()) from None
        return self._estimate(self.id)

    def run_sample(self, **options: Any) -> bool:
        """Run what is missing of an estimate; whether it runs now. Returns at once.

        Parameters
        ----------
        **options
            As for ``resume``, where something is run.

        Raises
        ------
        JobError
            For a job with ``target_accepted``.
        ConfigError
            As for ``estimate``.
        """
        row = self._estimated()
        if row.status in ACTIVE and not row.is_paused:
            _refuse(row, options)
            return row.options.get("sample") is not None
        if sample_missing(row):
            self.resume(**options)
            return True
        _refuse(row, options)
        return False

    def _estimated(self) -> JobRow:
        row = self._table.get(self.id)
        if row.options.get("target_accepted") is not None:
            raise JobError(
                f"job {row.id} goes through its seeds until enough is accepted; an estimate is "
                "about one pass over them",
                {"job_id": row.id},
            )
        return row

    def _interrupted(self) -> str:
        row = self._table.get(self.id)
        told = interrupted_told(row)
        return f"{told}\n\n{self._estimate(row.id).text()}" if row.executions_done else told


def _refuse(job: JobRow, options: dict[str, Any]) -> None:
    if options:
        raise ConfigError(
            f"of job {job.id} nothing is started for an estimate, so {', '.join(options)} cannot "
            "be told",
            {"job_id": job.id, "options": list(options)},
        )
