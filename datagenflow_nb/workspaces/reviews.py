"""Reviewing in a workspace: sessions, their log, and taking actions back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import ValidationError
from ..jobs import JobRoom
from ..records import decode
from ..reviews import (
    Agreement,
    AutoReview,
    Judge,
    ReviewSession,
    agreement,
    auto_review,
    check_layout,
    login_name,
)
from ..storage.actions import Action, Author
from ..storage.choices import ChoiceTable
from ..storage.current import make_current
from ..storage.layouts import LayoutTable
from ..storage.library import PipelineTable
from ..storage.records import Record, RecordTable
from ..storage.review import ReviewTable
from ..storage.review_log import review_log
from ..storage.review_values import check_reviewer
from ..storage.store import Store
from ..whole import check_whole, told

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
    _layouts: LayoutTable
    _pipelines: PipelineTable

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
        return ReviewSession(self._review, self._choices, self._checked(job_id), reviewer)

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

        return log_frame(review_log(self.store, self._checked(job_id)))

    def make_current(self, record_id: int) -> Record:
        """Have another attempt of a record be the current one: what a run from a block replaced.

        The one that was it stays, with its trace and its decision, and can be made current again.
        Where an attempt that began before a fan-out is undone, or done again, the records of its
        other branches go with it. ``record.attempts()`` lists what there is.

        Parameters
        ----------
        record_id : int
            The record that shall be current; nothing happens when it is.

        Raises
        ------
        ValidationError
            When the id is no whole number.
        StoreError
            When there is none of that number.
        JobError
            While a runner has its job.
        """
        make_current(self.store, record_id, Author(login_name(), self._review.session))
        return self._records.get(record_id)

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

    def auto_review(
        self,
        job_id: int | None = None,
        rule: str | None = None,
        *,
        dry: bool = True,
        progress: Callable[[int], None] | None = None,
    ) -> AutoReview:
        """Ask a rule about the pending records, and decide by it unless ``dry``.

        What it decides is one action of the reviewer ``rule: <expression>``, which ``undo_action``
        takes back. Records about which it can say nothing stay pending, and are counted with the
        reason; so do those that somebody has changed meanwhile.

        Parameters
        ----------
        job_id : int, optional
            Only this job's records.
        rule : str, optional
            An expression as in ``accept_when``, such as ``"score > 0.7 and valid"``, over the
            record's fields, edits applied. None: what each record's own job said.
        dry : bool
            Only tell what would be done.
        progress : callable, optional
            Is told now and then how many records were looked at.

        Raises
        ------
        TemplateError
            When the rule does not parse.
        JobError
            When there is no such job, with the numbers there are.
        """
        return auto_review(
            self._review, Judge(rule), self._author(None), job_id=self._checked(job_id), dry=dry,
            progress=progress,
        )  # fmt: skip

    def agreement(
        self,
        job_id: int | None = None,
        rule: str | None = None,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> Agreement:
        """How often a rule decides as people did: counts, percent, Cohen's kappa.

        Only records count that a person decided on; see ``auto_review`` for the parameters.

        Raises
        ------
        TemplateError
            When the rule does not parse.
        JobError
            When there is no such job, with the numbers there are.
        """
        return agreement(self._review, Judge(rule), job_id=self._checked(job_id), progress=progress)

    def layout(self, pipeline_name: str) -> dict[str, Any]:
        """How records of this pipeline are shown: ``columns, primary, secondary, hidden``.

        What ``set_layout`` stored, else the ``field_layout`` of the saved pipeline; empty lists
        without either. The pipeline need not be saved, and need not exist.

        Raises
        ------
        ValidationError
            When the ``field_layout`` of the saved pipeline is none.
        """
        stored = self._layouts.get(pipeline_name)
        if stored is None:
            stored = self._field_layout(pipeline_name)
        return check_layout(stored)

    def set_layout(self, pipeline_name: str, layout: Mapping[str, Any] | None) -> None:
        """Store how records of this pipeline are shown, in every kernel.

        Parameters
        ----------
        layout : mapping or None
            ``columns``: in their order, each ``{"name", "width"?, "is_hidden"?, "is_pinned"?}``;
            ``primary``, ``secondary``, ``hidden``: field names. None: as if it had never been set.

        Raises
        ------
        ValidationError
            For an unknown key and a value of another kind; nothing is stored.
        """
        if not isinstance(pipeline_name, str) or not pipeline_name:
            raise ValidationError(f"pipeline name {told(pipeline_name)} is no name")
        self._layouts.set(pipeline_name, None if layout is None else check_layout(layout))

    def _field_layout(self, pipeline_name: str) -> dict[str, Any]:
        for saved in self._pipelines.list():
            if saved.name == pipeline_name:
                return decode(saved.definition).get("field_layout") or {}
        return {}

    def _checked(self, job_id: int | None) -> int | None:
        """The number of a job there is, or None for all jobs."""
        return None if job_id is None else self._jobs.get(job_id).id

    def _author(self, reviewer: str | None) -> Author:
        name = login_name() if reviewer is None else check_reviewer(reviewer)
        return Author(name, self._review.session)
