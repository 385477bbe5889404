"""Reviewing in a workspace: sessions, their log, and taking actions back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..jobs import JobRoom
from ..reviews import ReviewSession, login_name
from ..storage.actions import Action, Author
from ..storage.records import RecordTable
from ..storage.review import ReviewTable
from ..storage.review_log import review_log
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
        return ReviewSession(self._review, job, reviewer)

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
        author = Author(login_name(), self._review.session)
        return self._review.undo(check_whole(action_id, "action"), author)
