"""Reviewing in a workspace: sessions, their log, and taking actions back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..jobs import JobRoom
from ..reviews import (
    PairExport,
    Pairing,
    ReviewSession,
    export_pairs,
    login_name,
    pair_attempts,
    pair_jobs,
)
from ..storage.actions import Action, Author
from ..storage.choices import Choice, ChoiceTable
from ..storage.records import RecordTable
from ..storage.review import ReviewTable
from ..storage.review_log import review_log
from ..storage.review_values import check_reviewer
from ..storage.store import Store
from ..whole import check_whole

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ReviewFace"]


class ReviewFace:
    """The part of a workspace that reviewers work with."""

    store: Store
    _jobs: JobRoom
    _records: RecordTable
    _review: ReviewTable
    _choices: ChoiceTable

    def review_session(
        self, job_id: int | None = None, reviewer: str | None = None
    ) -> ReviewSession:
        """Begin to review: actions that can be undone and redone in order.

        Parameters
        ----------
        job_id : int, optional
            The job that is reviewed; None: any records.
        reviewer : str, optional
            None: the login name.

        Raises
        ------
        JobError
            When there is no such job, with the numbers there are.
        ValidationError
            When the reviewer's name is none.
        """
        job = None if job_id is None else self._jobs.get(job_id).id
        return ReviewSession(self._review, self._choices, job, reviewer)

    def review_log(self, job_id: int | None = None) -> pd.DataFrame:
        """Who did what, when, to how many records; see ``frames.log_frame`` for the columns.

        Parameters
        ----------
        job_id : int, optional
            Only this job's records; None: of all jobs.

        Raises
        ------
        JobError
            When there is no such job, with the numbers there are.
        """
        from ..frames import log_frame

        job = None if job_id is None else self._jobs.get(job_id).id
        return log_frame(review_log(self.store, job))

    def undo_action(self, action_id: int) -> Action:
        """Take an action of any session back; ``review_log`` has its number.

        Each record gets what it had before. One that was changed since is left, and counted in
        ``skipped``.

        Raises
        ------
        ValidationError
            When there is no such action, or it cannot be undone, as a deletion cannot.
        """
        return self._review.undo(check_whole(action_id, "action"), self._author(None))

    def pairs(self, left_job: int, right_job: int | None = None) -> Pairing:
        """The records of two jobs over the same seeds, or of two attempts of one job, side by side.

        Parameters
        ----------
        right_job : int, optional
            None: each latest record of the left job with the one of the attempt before.

        Returns
        -------
        Pairing
            ``pairs`` of record ids, and what has no partner, with the reason.

        Raises
        ------
        JobError
            When there is no such job, with the numbers there are.
        ValidationError
            When there is nothing to compare.
        """
        left = self._jobs.get(left_job).id
        right = left if right_job is None else self._jobs.get(right_job).id
        if left == right:
            return pair_attempts(self.store, left)
        return pair_jobs(self.store, left, right)

    def choose(
        self,
        left: int,
        right: int,
        choice: str,
        *,
        reviewer: str | None = None,
        note: str | None = None,
    ) -> Action:
        """Say which of two records of the same seed is the better one; the last choice counts.

        Parameters
        ----------
        left, right : int
            Record ids.
        choice : str
            ``left``, ``right``, ``tie`` or ``neither``.
        reviewer : str, optional
            None: the login name.

        Raises
        ------
        ValidationError
            For an unknown choice, two records of different seeds, and a better one that holds no
            result.
        StoreError
            When there is no such record.
        """
        return self._choices.choose(left, right, choice, self._author(reviewer), note)

    def choices(self, left_job: int, right_job: int | None = None) -> pd.DataFrame:
        """What was chosen between records of two jobs; see ``frames.choices_frame``.

        Parameters
        ----------
        right_job : int, optional
            None: between records of the left job.

        Raises
        ------
        JobError
            When there is no such job, with the numbers there are.
        """
        from ..frames import choices_frame

        return choices_frame(self._between(left_job, right_job))

    def export_pairs(
        self,
        path: str | Path,
        left_job: int,
        right_job: int | None = None,
        *,
        format: str | None = None,
        prompt: str | None = None,
    ) -> PairExport:
        """Write the choices of a better one as preference pairs: ``prompt, chosen, rejected``.

        Parameters
        ----------
        path : path
            A file of JSON lines or Parquet, by its ending or by ``format``.
        prompt : str, optional
            A template over the seed's fields. None: the messages the model was asked with, when
            those of all pairs are known and the same on both sides; else the seed's fields.

        Raises
        ------
        ValidationError
            When there is no pair to export; no file is touched.
        ConfigError
            For an unknown format, or a path that cannot be one.
        JobError
            When there is no such job, with the numbers there are.
        """
        choices = self._between(left_job, right_job)
        return export_pairs(self._records, choices, path, format=format, prompt=prompt)

    def _between(self, left_job: int, right_job: int | None) -> list[Choice]:
        left = self._jobs.get(left_job).id
        right = left if right_job is None else self._jobs.get(right_job).id
        return self._choices.between(left, right)

    def _author(self, reviewer: str | None) -> Author:
        name = login_name() if reviewer is None else check_reviewer(reviewer)
        return Author(name, self._review.session)
