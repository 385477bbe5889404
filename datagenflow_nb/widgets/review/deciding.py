"""What is done to records in the review: each act is stored before it is answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...errors import ValidationError
from ...reviews import ReviewSession
from ...storage.actions import Action, Author
from ...storage.current import exchanged_by
from ...storage.records import RecordTable
from ...storage.review_values import check_reviewer
from ..numbers import read_json
from .rows import full_record, row_of
from .selections import Selections

__all__ = ["Deciding"]

#: Records whose new state an answer holds; of more the browser asks for what it shows.
_TOLD = 50


class Deciding:
    """The acts of one review, in one session that can be undone from end to end."""

    def __init__(
        self, session: ReviewSession, records: RecordTable, selections: Selections
    ) -> None:
        self._session = session
        self._records = records
        self._selections = selections

    @property
    def reviewer(self) -> str:
        """Who acts; may be set, what was done can still be undone."""
        return self._session.reviewer

    @reviewer.setter
    def reviewer(self, name: str) -> None:
        self._session.author = Author(check_reviewer(name), self._session.author.session)

    def decide(self, values: dict[str, Any]) -> dict[str, Any]:
        """Give records a status."""
        ids = self.meant(values)
        one = ids[0] if len(ids) == 1 else ids
        return self.told(self._session.set_status(one, str(values.get("status"))), ids)

    def note(self, values: dict[str, Any]) -> dict[str, Any]:
        """Write a note to records; an empty one removes it."""
        ids = self.meant(values)
        return self.told(self._session.note(ids, values.get("text")), ids)

    def tag(self, values: dict[str, Any]) -> dict[str, Any]:
        """Add tags to records, and remove others."""
        ids = self.meant(values)
        add, remove = values.get("add") or [], values.get("remove") or []
        return self.told(self._session.tag(ids, add, remove), ids)

    def edit(self, values: dict[str, Any]) -> dict[str, Any]:
        """Edit fields of the record as it was read, each given as JSON text; the whole record is in
        the answer."""
        record = self._records.get(values["id"])
        fields = {
            name: read_json(text, f"record {record.id}, field {name!r}: what was typed")
            for name, text in dict(values.get("fields") or {}).items()
        }
        done = self._session.edit(record.id, values["version"], fields)
        return self.told(done, [record.id]) | {"record": full_record(self._records.get(record.id))}

    def undo(self, _: dict[str, Any]) -> dict[str, Any]:
        """Take the last act back."""
        return self._told_back(self._session.undo())

    def redo(self, _: dict[str, Any]) -> dict[str, Any]:
        """Do again what was taken back last."""
        return self._told_back(self._session.redo())

    def _told_back(self, action: Action | None) -> dict[str, Any]:
        """Where records are current again that others had replaced, they take the rows."""
        if action is not None and action.id is not None:
            gone, back = exchanged_by(self._records.store, action.id)
            self._selections.exchange(gone, back)
        return self.told(action, [])

    def meant(self, values: dict[str, Any]) -> list[int]:
        """The records a request is about: by id, or by runs of positions in a selection."""
        if "ids" in values:
            return [int(key) for key in values["ids"]]
        ids = list(self._of_runs(values))
        if not ids:
            raise ValidationError("no records are selected; nothing was changed")
        return ids

    def _of_runs(self, values: dict[str, Any]) -> Iterator[int]:
        ids = self._selections.shown(values.get("selection")).ids
        for first, last in values.get("runs") or []:
            yield from ids[first : last + 1]

    def told(self, action: Action | None, ids: list[int]) -> dict[str, Any]:
        """An act as the browser is told of it, with these records as they are now."""
        changed = self._records.many(ids) if len(ids) <= _TOLD else []
        return {
            "action": None if action is None else action.to_dict(),
            "rows": [row_of(record, []) for record in changed],
            **self.can(),
        }

    def can(self) -> dict[str, bool]:
        """Whether there is something to undo, and to redo."""
        return {"can_undo": self._session.can_undo, "can_redo": self._session.can_redo}
