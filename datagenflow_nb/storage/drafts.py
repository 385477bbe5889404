"""What was edited and not saved: a row per editor, so that none writes over another's."""

from __future__ import annotations

from dataclasses import dataclass

from ..records import utc_now
from .lease import may_live
from .store import Store

__all__ = ["Draft", "DraftTable"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A definition that is not saved.

    Attributes
    ----------
    id : str
        The editor's.
    origin : str
        What was opened: the name under which it is looked for again.
    owner : str
        The process that edits it, as ``storage.lease.new_token`` names it.
    definition : str
        JSON; it need not be a pipeline.
    base_version : int or None
        The stored version that the edits began from.
    """

    id: str
    origin: str
    owner: str
    definition: str
    base_version: int | None
    updated_at: str = ""


class DraftTable:
    """The drafts of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, draft: Draft) -> None:
        """Write it, over an earlier one of the same editor."""
        with self._store.write() as connection:
            connection.execute(
                "INSERT INTO drafts (id, origin, owner, definition, base_version, updated_at) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET owner = excluded.owner, "
                "definition = excluded.definition, base_version = excluded.base_version, "
                "updated_at = excluded.updated_at",
                [
                    draft.id, draft.origin, draft.owner, draft.definition, draft.base_version,
                    utc_now(),
                ],
            )  # fmt: skip

    def drop(self, draft_id: str) -> None:
        """Forget it, if it is there."""
        if self._store.row("SELECT 1 FROM drafts WHERE id = ?", [draft_id]) is not None:
            with self._store.write() as connection:
                connection.execute("DELETE FROM drafts WHERE id = ?", [draft_id])

    def left(self, origin: str, own: str) -> list[Draft]:
        """Drafts of that origin that no other living process edits, the latest first.

        Parameters
        ----------
        own : str
            The asking process; it knows itself which of its own are being edited.
        """
        rows = self._store.rows(
            "SELECT id, origin, owner, definition, base_version, updated_at FROM drafts "
            "WHERE origin = ? ORDER BY updated_at DESC",
            [origin],
        )
        drafts = [Draft(*row) for row in rows]
        return [draft for draft in drafts if draft.owner == own or not may_live(draft.owner)]
