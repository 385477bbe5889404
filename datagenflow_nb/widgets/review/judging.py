"""Deciding by a rule in the review: tried first, then done as one act."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ...reviews import ReviewSession
from .deciding import Deciding
from .selections import Selections

if TYPE_CHECKING:
    from ...workspaces import Workspace

__all__ = ["Judging"]

#: Seconds between two tellings of how many records were looked at.
_EVERY = 0.2


class Judging:
    """What a rule would do, how often it agrees with people, and doing it.

    Parameters
    ----------
    show : callable
        Is told how many records were looked at; 0 when it is over.
    """

    def __init__(
        self,
        workspace: Workspace,
        session: ReviewSession,
        deciding: Deciding,
        selections: Selections,
        show: Callable[[int], None],
    ) -> None:
        self._workspace = workspace
        self._session = session
        self._deciding = deciding
        self._selections = selections
        self._show = show
        self._shown_at = 0.0

    def judge(self, values: dict[str, Any]) -> dict[str, Any]:
        """Try a rule on pending records, the selected ones or all, and compare it with people.

        ``until`` of the answer is the last record there was: what came later was not judged.
        """
        until = self._selections.latest_id()
        rule, ids = values.get("rule"), self._ids(values)
        try:
            tried = self._session.auto_review(rule, ids=ids, progress=self._look)
            compared = self._workspace.agreement(self._session.job_id, rule, progress=self._look)
        finally:
            self._show(0)
        return tried.to_dict() | {"until": until, "agreement": compared.to_dict()}

    def sort_out(self, values: dict[str, Any]) -> dict[str, Any]:
        """Decide by the rule on pending records that were judged; one act that can be undone."""
        rule, ids = values.get("rule"), self._ids(values)
        try:
            done = self._session.auto_review(rule, ids=ids, dry=False, progress=self._look)
        finally:
            self._show(0)
        return self._deciding.told(done.action, [])

    def _ids(self, values: dict[str, Any]) -> Sequence[int] | None:
        if "runs" in values:
            return self._deciding.meant(values)
        return self._selections.pending(int(values["until"])) if "until" in values else None

    def _look(self, count: int) -> None:
        if time.monotonic() - self._shown_at >= _EVERY:
            self._shown_at = time.monotonic()
            self._show(count)
