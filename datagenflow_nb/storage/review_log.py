"""Who did what to which records, oldest first."""

from __future__ import annotations

from dataclasses import dataclass

from .store import Store

__all__ = ["LogEntry", "actions_of", "review_log"]

_LOG = (
    "SELECT group_id, min(created_at), reviewer, action, what, "
    "CASE action WHEN 'choose' THEN 1 ELSE sum(count) END, sum(skipped), "
    "CASE action WHEN 'choose' THEN max(undone) ELSE sum(undone) END, max(undone_at), "
    "max(undone_by), session FROM review_actions {where} GROUP BY group_id ORDER BY group_id"
)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One action.

    Attributes
    ----------
    id : int
        What ``undo_action`` takes.
    kind : str
        ``status``, ``edit``, ``note``, ``tag``, ``update``, ``rule``, ``choose``, ``current`` or
        ``delete``.
    what : str
        In words.
    count, skipped : int
        Records that were changed, and left as they were; of the job that was asked for.
    undone : int
        Of the changed ones those that were taken back; others had been changed since.
    undone_at, undone_by : str or None
    session : str or None
        None: stored by an older version.
    """

    id: int
    created_at: str
    reviewer: str
    kind: str
    what: str
    count: int
    skipped: int
    undone: int
    undone_at: str | None
    undone_by: str | None
    session: str | None

    @property
    def can_undo(self) -> bool:
        """Whether it is there to be taken back."""
        return self.kind != "delete" and self.session is not None and self.undone_at is None


def review_log(store: Store, job_id: int | None = None) -> list[LogEntry]:
    """All actions on records of the job, or of all jobs."""
    where, parameters = ("", []) if job_id is None else ("WHERE job_id = ?", [job_id])
    return [LogEntry(*row) for row in store.rows(_LOG.format(where=where), parameters)]


def actions_of(store: Store, session: str, after: int) -> list[int]:
    """The session's actions after that one that are not undone, oldest first."""
    rows = store.rows(
        "SELECT DISTINCT group_id FROM review_actions WHERE id > ?1 AND group_id > ?1 "
        "AND session = ?2 AND undone_at IS NULL ORDER BY group_id",
        [after, session],
    )
    return [row[0] for row in rows]
