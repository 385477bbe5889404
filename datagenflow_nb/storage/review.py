"""What people do to records: each change is kept with what was there before."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import ValidationError
from ..records import decode, encode
from .actions import Action, Author, do_again, take_back, write_action
from .changes import Change, Found, apply_changes
from .id_runs import Runs, count_of, runs_of
from .records import RecordTable
from .review_update import Update
from .review_values import (
    DECISION,
    check_fields,
    check_note,
    check_status,
    check_version,
    deciding,
    edited,
)
from .store import Store
from .text_tables import forget_records

__all__ = ["USER", "ReviewTable", "new_session"]

#: Who decides in code that says no name.
USER = "user"


def new_session() -> str:
    """What tells one kernel's review from another's."""
    return secrets.token_hex(8)


class ReviewTable:
    """Changing and deleting records, and taking it back.

    Attributes
    ----------
    store : Store
    records : RecordTable
    session : str
        Of what is done without an author.
    """

    def __init__(self, store: Store, records: RecordTable) -> None:
        self.store = store
        self.records = records
        self.session = new_session()

    def set_status(self, runs: Runs, status: str, author: Author) -> Action:
        """Decide on records; those that hold no result are skipped.

        Raises
        ------
        ValidationError
            For an unknown status; for a single record without a result.
        StoreError
            For a single record that does not exist.
        """
        check_status(status)
        change = Change(runs, DECISION, deciding(status, author.reviewer))
        return self._apply("status", status, [change], author)

    def sort_out(
        self, by_status: Mapping[str, Runs], until: str, what: str, author: Author
    ) -> Action:
        """Give records these statuses that are pending, and that nobody has changed since."""
        changes = [
            Change(runs, DECISION, deciding(status, author.reviewer, "pending"), until=until)
            for status, runs in by_status.items()
        ]
        with self.store.write() as connection:
            return apply_changes(connection, "rule", what, changes, author)

    def note(self, runs: Runs, text: str | None, author: Author) -> Action:
        """Write a note to records of any status; an empty one removes it.

        Raises
        ------
        ValidationError
            When it is no text.
        StoreError
            For a single record that does not exist.
        """
        note = check_note(text)
        what = "note removed" if note is None else "note"
        return self._apply("note", what, [Change(runs, ("note",), lambda _: (note,))], author)

    def tag(self, runs: Runs, add: Sequence[str], remove: Sequence[str], author: Author) -> Action:
        """Add tags to records of any status, and remove others.

        Raises
        ------
        StoreError
            For a single record that does not exist.
        """

        def after(found: Found) -> tuple[Any, ...]:
            tags = set() if found.values[0] is None else set(decode(found.values[0]))
            tags = (tags | set(add)) - set(remove)
            return (encode(sorted(tags)) if tags else None,)

        what = " ".join(["tags", *(f"+{tag}" for tag in add), *(f"-{tag}" for tag in remove)])
        return self._apply("tag", what, [Change(runs, ("tags",), after)], author)

    def edit(
        self, record_id: int, version: int, fields: Mapping[str, Any], author: Author
    ) -> Action:
        """Edit fields of a record that still is of this version.

        Raises
        ------
        ConflictError
            When it is not: somebody else was faster.
        ValidationError
            For fields that are no mapping, an unknown one, or a value JSON cannot hold.
        StoreError
            When there is no such record.
        """
        fields = check_fields(fields)
        with self.store.write() as connection:
            record = self.records.get(record_id)
            check_version(connection, record, version, fields)
            edits = edited(record, fields)
            what = f"edited {', '.join(fields)}"
            change = Change(runs_of([record.id]), ("edits",), lambda _: (edits,))
            return apply_changes(connection, "edit", what, [change], author, is_strict=True)

    def update(
        self,
        changes: Mapping[int, Mapping[str, Any]],
        *,
        status: str | Mapping[int, str] | None = None,
        note: str | None = None,
        reviewer: str = USER,
        versions: Mapping[int, int] | None = None,
    ) -> int:
        """Change several records in one transaction; the number that really changed.

        Parameters
        ----------
        changes : mapping
            Record id -> fields to edit; an edited ``output`` writes the field it comes from.
        status : str or mapping, optional
            ``pending``, ``accepted`` or ``rejected``, for all of them or by record id.
        note : str, optional
            For all of them; an empty one removes theirs.
        versions : mapping, optional
            Of which version records must be.

        Raises
        ------
        ConflictError
            When one is of another version; nothing is changed.
        ValidationError
            For an unknown status or field, or a value JSON cannot hold; nothing is changed.
        StoreError
            When a record does not exist; nothing is changed.
        """
        update = Update(changes, status, note, reviewer)
        with self.store.write() as connection:
            records = {record.id: record for record in self.records.many(update.to_read(versions))}
            for record_id, version in (versions or {}).items():
                if record_id in records:
                    check_version(connection, records[record_id], version, changes[record_id])
            wishes = update.wishes(records)
            author = Author(reviewer, self.session)
            return apply_changes(
                connection, "update", update.told(), wishes, author, is_strict=True
            ).count

    def undo(self, action_id: int, author: Author) -> Action:
        """Take an action back where nobody has changed the record since.

        Raises
        ------
        ValidationError
            When there is no such action, or it cannot be taken back.
        """
        with self.store.write() as connection:
            return take_back(connection, action_id, author)

    def redo(self, action_id: int, author: Author) -> Action:
        """Do again what was taken back, where nobody has changed the record since.

        Raises
        ------
        ValidationError
            As ``undo``.
        """
        with self.store.write() as connection:
            return do_again(connection, action_id, author)

    def delete(
        self,
        *,
        record_ids: Sequence[int] | None = None,
        job_id: int | None = None,
        status: str | Sequence[str] | None = None,
        reviewer: str = USER,
    ) -> int:
        """Delete records with their traces; the number deleted.

        Parameters
        ----------
        record_ids, job_id, status : optional
            Only those records, that job's, those of this status or of these; all of it has to hold.

        Raises
        ------
        ValidationError
            When nothing says which ones: all records are never deleted by leaving something out.
        """
        conditions: list[str] = []
        parameters: list[Any] = []
        if record_ids is not None:
            # One parameter however many there are: their number is limited.
            conditions.append("id IN (SELECT value FROM json_each(?))")
            parameters.append(encode([int(record_id) for record_id in record_ids]))
        if job_id is not None:
            conditions.append("job_id = ?")
            parameters.append(job_id)
        if status is not None:
            conditions.append("status IN (SELECT value FROM json_each(?))")
            parameters.append(encode([status] if isinstance(status, str) else list(status)))
        if not conditions:
            raise ValidationError(
                "delete_records needs record ids, job_id= or status=; to delete everything, delete "
                "the jobs"
            )
        where = " AND ".join(conditions)
        with self.store.write() as connection:
            found = connection.execute(
                f"SELECT job_id, id, execution_id FROM records WHERE {where}", parameters
            ).fetchall()
            ids: dict[int, list[int]] = {}
            for row in found:
                ids.setdefault(row["job_id"], []).append(row["id"])
            if ids:
                by_job = [(job, len(own), {"runs": runs_of(own)}) for job, own in ids.items()]
                author = Author(reviewer, self.session)
                write_action(connection, "delete", "deleted", author, by_job)
            for job, own in ids.items():
                forget_records(connection, job, own)
            deleted = connection.execute(f"DELETE FROM records WHERE {where}", parameters).rowcount
            # A trace is shared by the branches of an execution: it goes with the last of them.
            for execution in {row["execution_id"] for row in found}:
                connection.execute(
                    "DELETE FROM executions WHERE id = ? AND status <> 'running' AND NOT EXISTS "
                    "(SELECT 1 FROM records WHERE execution_id = executions.id)",
                    [execution],
                )
        return deleted

    def _apply(self, kind: str, what: str, changes: list[Change], author: Author) -> Action:
        """A single record that cannot be changed is an error, one of many is counted."""
        is_single = sum(count_of(change.runs) for change in changes) == 1
        with self.store.write() as connection:
            return apply_changes(connection, kind, what, changes, author, is_strict=is_single)
