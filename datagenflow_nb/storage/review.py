"""What people do to records: each change is kept with what was there before."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import StoreError, ValidationError, suggest
from ..records import NotPlain, encode, plain, utc_now
from ..whole import row_id, told
from .records import OUTCOMES, REVIEW_STATUSES, Record, RecordTable
from .store import Store

__all__ = ["ReviewTable"]

_CHANGED = ("status", "edits", "note", "reviewer")


class ReviewTable:
    """Changing and deleting records."""

    def __init__(self, store: Store, records: RecordTable) -> None:
        self._store = store
        self._records = records

    def update(
        self,
        changes: Mapping[int, Mapping[str, Any]],
        *,
        status: str | Mapping[int, str] | None = None,
        note: str | None = None,
        reviewer: str = "user",
    ) -> int:
        """Change several records in one transaction; the number that really changed.

        Parameters
        ----------
        changes : mapping
            Record id -> fields to edit; an edited ``output`` writes the field it comes from.
        status : str or mapping, optional
            ``pending``, ``accepted`` or ``rejected``, for all of them or by record id.
        note : str, optional
            For all of them.

        Raises
        ------
        ValidationError
            For an unknown status or field, or a value JSON cannot hold; nothing is changed.
        StoreError
            When a record does not exist; nothing is changed.
        """
        statuses = status if isinstance(status, Mapping) else dict.fromkeys(changes, status)
        for wanted in set(statuses.values()) - {None}:
            _check_status(wanted)
        if note is not None and not isinstance(note, str):
            raise ValidationError(f"note is {note!r}, expected a text")
        changed = 0
        with self._store.write() as connection:
            now = utc_now()
            before: dict[int, list[dict[str, Any]]] = {}
            edited = [record_id for record_id, fields in changes.items() if fields]
            records = {record.id: record for record in self._records.many(edited)}
            for record_id in sorted({*changes, *statuses}):
                row = self._row(connection, record_id)
                fields, wanted = changes.get(record_id, {}), statuses.get(record_id)
                after = self._changed_row(row, wanted, note, reviewer)
                if fields:
                    after["edits"] = self._edited(records[row["id"]], fields)
                if all(row[key] == after[key] for key in ("status", "edits", "note")):
                    continue
                connection.execute(
                    "UPDATE records SET status = ?, edits = ?, note = ?, reviewer = ?, "
                    "version = version + 1, updated_at = ? WHERE id = ?",
                    [*(after[key] for key in _CHANGED), now, row["id"]],
                )
                saved = {"id": row["id"], **{key: row[key] for key in _CHANGED}}
                before.setdefault(row["job_id"], []).append(saved)
                changed += 1
            for job_id, saved_rows in before.items():
                connection.execute(
                    "INSERT INTO review_actions (job_id, reviewer, action, before, created_at) "
                    "VALUES (?, ?, 'update', ?, ?)",
                    [job_id, reviewer, encode(saved_rows), now],
                )
        return changed

    def delete(
        self,
        *,
        record_ids: Sequence[int] | None = None,
        job_id: int | None = None,
        status: str | Sequence[str] | None = None,
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
        with self._store.write() as connection:
            found = connection.execute(
                f"SELECT job_id, id, execution_id FROM records WHERE {where}", parameters
            ).fetchall()
            ids: dict[int, list[int]] = {}
            for row in found:
                ids.setdefault(row["job_id"], []).append(row["id"])
            connection.executemany(
                "INSERT INTO review_actions (job_id, reviewer, action, before, created_at) "
                "VALUES (?, 'user', 'delete', ?, ?)",
                [(job, encode(records), utc_now()) for job, records in ids.items()],
            )
            deleted = connection.execute(f"DELETE FROM records WHERE {where}", parameters).rowcount
            # A trace is shared by the branches of an execution: it goes with the last of them.
            for execution in {row["execution_id"] for row in found}:
                connection.execute(
                    "DELETE FROM executions WHERE id = ? AND status <> 'running' AND NOT EXISTS "
                    "(SELECT 1 FROM records WHERE execution_id = executions.id)",
                    [execution],
                )
        return deleted

    def _row(self, connection: sqlite3.Connection, record_id: int) -> sqlite3.Row:
        key = row_id(record_id)
        row: sqlite3.Row | None = connection.execute(
            "SELECT * FROM records WHERE id = ?", [key]
        ).fetchone()
        if row is None:
            raise StoreError(
                f"there is no record {told(record_id)}; nothing was changed",
                {"record_id": told(record_id) if key is None else key},
            )
        return row

    def _changed_row(
        self,
        row: sqlite3.Row,
        status: str | None,
        note: str | None,
        reviewer: str,
    ) -> dict[str, Any]:
        if status is not None and row["status"] in OUTCOMES:
            raise ValidationError(
                f"record {row['id']} is {row['status']} ({row['reason']}): it holds no result to "
                "review; nothing was changed",
                {"record_id": row["id"], "status": row["status"]},
            )
        after = {key: row[key] for key in _CHANGED}
        if status is not None:
            after["status"] = status
        if note is not None:
            after["note"] = note
        after["reviewer"] = reviewer
        return after

    def _edited(self, record: Record, fields: Mapping[str, Any]) -> str | None:
        """All edits of the record as JSON; an edit back to the original is none."""
        edits = {name: record.state[name] for name in record.original}
        for name, value in fields.items():
            target = (record.output_field or name) if name == "output" else name
            if target not in record.state:
                raise ValidationError(
                    f"record {record.id} has no field {name!r}; {suggest(name, record.state)}; "
                    "nothing was changed",
                    {"record_id": record.id, "field": name, "fields": sorted(record.state)},
                )
            try:
                edits[target] = plain(value)
            except NotPlain as error:
                raise ValidationError(
                    f"record {record.id}, field {name!r}: {error}; nothing was changed"
                ) from error
        computed = record.state | record.original
        # As texts: to Python True equals 1, and 1 equals 1.0.
        kept = {
            name: value for name, value in edits.items() if encode(value) != encode(computed[name])
        }
        return encode(kept) if kept else None


def _check_status(status: str | None) -> None:
    if status not in REVIEW_STATUSES:
        raise ValidationError(
            f"status {status!r} is no review status; {suggest(str(status), REVIEW_STATUSES)}",
            {"status": status, "statuses": list(REVIEW_STATUSES)},
        )
