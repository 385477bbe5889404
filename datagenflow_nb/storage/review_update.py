"""One update of several records: fields, statuses and a note, as a caller or a frame gives them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from .changes import Change, Found
from .id_runs import runs_of
from .records import Record
from .review_values import DECISION, check_note, check_status, deciding, edited

__all__ = ["Update"]


class Update:
    """What shall become of which records.

    Parameters
    ----------
    changes : mapping
        Record id -> fields to edit.
    status : str or mapping or None
        For all of them, or by record id.
    note : str or None
        For all of them.

    Raises
    ------
    ValidationError
        For an unknown status, and a note that is no text.
    """

    def __init__(
        self,
        changes: Mapping[int, Mapping[str, Any]],
        status: str | Mapping[int, str] | None,
        note: str | None,
        reviewer: str,
    ) -> None:
        given = status if isinstance(status, Mapping) else dict.fromkeys(changes, status)
        self._statuses = {key: wanted for key, wanted in given.items() if wanted is not None}
        for wanted in set(self._statuses.values()):
            check_status(wanted)
        self._has_note = note is not None
        self._note = check_note(note)
        self._fields = {record_id: fields for record_id, fields in changes.items() if fields}
        self._ids = {*changes, *given}
        self._reviewer = reviewer
        #: The columns that it may change.
        self.columns = (
            *(DECISION if self._statuses else ()),
            *(("edits",) if self._fields else ()),
            *(("note",) if self._has_note else ()),
        )
        self._edits: dict[int, str | None] = {}

    def to_read(self, versions: Mapping[int, int] | None) -> list[int]:
        """The records that ``wishes`` needs, and those that must be of some version."""
        return sorted({*self._fields, *(versions or ())})

    def wishes(self, records: Mapping[int, Record]) -> list[Change]:
        """The changes; those of records that nobody decides on are apart from the others.

        Raises
        ------
        ValidationError
            For an unknown field, or a value JSON cannot hold.
        """
        self._edits = {
            record_id: edited(records[record_id], fields)
            for record_id, fields in self._fields.items()
            if record_id in records
        }
        by_status: dict[str | None, list[int]] = {}
        for record_id in self._ids:
            by_status.setdefault(self._statuses.get(record_id), []).append(record_id)
        return [
            Change(runs_of(ids), self.columns, self._after(wanted), by_id=bool(self._fields))
            for wanted, ids in by_status.items()
        ]

    def told(self) -> str:
        """What it does, in words."""
        fields = dict.fromkeys(name for fields in self._fields.values() for name in fields)
        parts = [status for status, _ in Counter(self._statuses.values()).most_common()]
        if fields:
            parts.append(f"edited {', '.join(fields)}")
        if self._has_note:
            parts.append("note removed" if self._note is None else "note")
        return "; ".join(parts)

    def _after(self, wanted: str | None) -> Any:
        decide = None if wanted is None else deciding(wanted, self._reviewer)

        def after(found: Found) -> tuple[Any, ...] | str | None:
            if decide is None and found.id not in self._edits and not self._has_note:
                return None
            new = dict(zip(self.columns, found.values, strict=True))
            if decide is not None:
                decided = decide(Found(found.id, found.status, found.values[: len(DECISION)]))
                if isinstance(decided, str):
                    return decided
                new.update(zip(DECISION, decided, strict=True))
            if found.id in self._edits:
                new["edits"] = self._edits[found.id]
            if self._has_note:
                new["note"] = self._note
            return tuple(new.values())

        return after
