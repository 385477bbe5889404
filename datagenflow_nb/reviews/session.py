"""One reviewer at work: every action is stored at once, and can be undone and redone in order."""

from __future__ import annotations

import getpass
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from ..storage.actions import Action, Author
from ..storage.choices import ChoiceTable
from ..storage.id_runs import Runs, check_ids, runs_of
from ..storage.review import ReviewTable, new_session
from ..storage.review_log import actions_of
from ..storage.review_values import check_reviewer, check_tags
from ..whole import as_whole, check_whole
from .rules import AutoReview, Judge, Progress, auto_review

__all__ = ["ReviewSession", "login_name"]


class ReviewSession:
    """What one reviewer does, here and now.

    Actions are stored before their method returns. ``undo`` and ``redo`` go through all of them, in
    order; what another session has decided since is left alone. A session of the same reviewer in
    another kernel is another one.

    Parameters
    ----------
    review : ReviewTable
    choices : ChoiceTable
    job_id : int or None
        The job that is reviewed.
    reviewer : str or None
        None: the login name.

    Raises
    ------
    ValidationError
        When the reviewer's name is none.
    """

    def __init__(
        self,
        review: ReviewTable,
        choices: ChoiceTable,
        job_id: int | None = None,
        reviewer: str | None = None,
    ) -> None:
        self.job_id = job_id
        self._review = review
        self._choices = choices
        name = login_name() if reviewer is None else check_reviewer(reviewer)
        self.author = Author(name, new_session())
        self._lock = threading.Lock()
        self._done: list[int] = []
        self._undone: list[int] = []
        self._latest = 0

    def __repr__(self) -> str:
        return f"ReviewSession(job_id={self.job_id}, reviewer={self.reviewer!r})"

    @property
    def reviewer(self) -> str:
        """Who decides."""
        return self.author.reviewer

    @property
    def can_undo(self) -> bool:
        """Whether there is an action to undo."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is an action to redo; the next action ends that."""
        return bool(self._undone)

    def set_status(self, ids: int | Iterable[int], status: str) -> Action:
        """Decide on one record or on many, in one transaction.

        Parameters
        ----------
        ids : record id, or several in any form
        status : str
            ``pending``, ``accepted`` or ``rejected``.

        Returns
        -------
        Action
            Of many records, those that hold no result are skipped and counted.

        Raises
        ------
        ValidationError
            For an unknown status, ids that are none, and a single record that holds no result.
        StoreError
            For a single record that does not exist.
        """
        with self._lock:
            return self._noted(self._review.set_status(_runs(ids), status, self.author))

    def edit(self, record_id: int, version: int, fields: Mapping[str, Any]) -> Action:
        """Edit fields of a record; their original values are kept.

        Parameters
        ----------
        version : int
            Of the record as it was read.
        fields : mapping
            ``output`` writes the field the record's output comes from.

        Raises
        ------
        ConflictError
            When somebody has changed the record since; nothing is overwritten.
        ValidationError
            For an unknown field, or a value JSON cannot hold.
        StoreError
            When there is no such record.
        """
        version = check_whole(version, "version")
        with self._lock:
            return self._noted(self._review.edit(record_id, version, fields, self.author))

    def note(self, ids: int | Iterable[int], text: str | None) -> Action:
        """Write a note to records, failed ones too; an empty one removes it.

        Raises
        ------
        ValidationError
            When it is no text, and for ids that are none.
        StoreError
            For a single record that does not exist.
        """
        with self._lock:
            return self._noted(self._review.note(_runs(ids), text, self.author))

    def tag(
        self,
        ids: int | Iterable[int],
        add: Iterable[str] = (),
        remove: Iterable[str] = (),
    ) -> Action:
        """Add tags to records, failed ones too, and remove others.

        Raises
        ------
        ValidationError
            When a tag is no text of 1 to 40 characters in one line, and for ids that are none.
        StoreError
            For a single record that does not exist.
        """
        adding, removing = check_tags(add), check_tags(remove)
        with self._lock:
            return self._noted(self._review.tag(_runs(ids), adding, removing, self.author))

    def choose(self, left: int, right: int, choice: str, note: str | None = None) -> Action:
        """Say which of two records of the same seed is the better one; the last choice counts.

        Parameters
        ----------
        left, right : int
            Record ids.
        choice : str
            ``left``, ``right``, ``tie`` or ``neither``.

        Raises
        ------
        ValidationError
            For an unknown choice, two records of different seeds, and a better one that holds no
            result.
        StoreError
            When there is no such record.
        """
        with self._lock:
            return self._noted(self._choices.choose(left, right, choice, self.author, note))

    def auto_review(
        self,
        rule: str | None = None,
        *,
        ids: Iterable[int] | None = None,
        dry: bool = True,
        progress: Progress | None = None,
    ) -> AutoReview:
        """Ask a rule about pending records, and decide by it unless ``dry``, as one action.

        Parameters
        ----------
        rule : str, optional
            An expression as in ``accept_when``; None: what each record's own job said.
        ids : record ids, optional
            Only these; None: those of the session's job, or all.
        progress : callable, optional
            Is told now and then how many records were looked at.

        Raises
        ------
        TemplateError
            When the rule does not parse.
        ValidationError
            For ids that are none.
        """
        runs = None if ids is None else _runs(ids)
        judge = Judge(rule)
        job_id = self.job_id
        result = auto_review(
            self._review, judge, self.author, job_id=job_id, runs=runs, dry=dry, progress=progress
        )
        if result.action is not None:
            with self._lock:
                self._noted(result.action)
        return result

    def undo(self) -> Action | None:
        """Take the last action back; None when there is none.

        Each record gets what it had before. One that somebody else has changed since is left, and
        counted in ``skipped``.
        """
        with self._lock:
            self._catch_up()
            if not self._done:
                return None
            action = self._review.undo(self._done[-1], self.author)
            self._undone.append(self._done.pop())
            return action

    def redo(self) -> Action | None:
        """Do again what was undone last; None when there is nothing.

        Records that somebody else has changed since are left, and counted in ``skipped``.
        """
        with self._lock:
            self._catch_up()
            if not self._undone:
                return None
            action = self._review.redo(self._undone[-1], self.author)
            self._done.append(self._undone.pop())
            return action

    def _noted(self, action: Action) -> Action:
        if action.id is not None:
            self._catch_up()
        return action

    def _catch_up(self) -> None:
        """Note what was stored: also by a method that was interrupted, as by Ctrl-C, before it
        could say so."""
        stored = actions_of(self._review.store, self.author.session, self._latest)
        if stored:
            self._done += stored
            self._undone.clear()
            self._latest = stored[-1]


def login_name() -> str:
    """Who is logged in; ``user`` where nobody has a name."""
    try:
        return check_reviewer(getpass.getuser())
    except (KeyError, OSError):  # a container's process whose user is in no list
        return "user"


def _runs(ids: Any) -> Runs:
    number = as_whole(ids)
    return runs_of(check_ids(ids) if number is None else [number])
