"""What a query asks of the records themselves, as SQL, and what it asks of their fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..query import FieldFilter, RecordQuery, state_field
from ..records import encode
from .values import STABLE, holds, value_of

__all__ = ["is_field", "is_indexable", "is_plain", "records_where"]


def is_indexable(column: str) -> bool:
    """Whether an index may hold the column: what people change by deciding is always read."""
    return is_field(column) or column in STABLE


def is_field(column: str) -> bool:
    """Whether the column is out of a record's state."""
    return column == "output" or state_field(column) is not None


def is_plain(query: RecordQuery) -> bool:
    """Whether the query asks for nothing of the records themselves but the status."""
    asked = RecordQuery(
        tags=query.tags, reviewer=query.reviewer, is_edited=query.is_edited,
        has_note=query.has_note, verdict=query.verdict, reason=query.reason, ids=query.ids,
        current_only=query.current_only,
        where=tuple(part for part in query.where if not is_field(part.field)),
    )  # fmt: skip
    return asked == RecordQuery()


def records_where(
    job_id: int, query: RecordQuery, statuses: Sequence[str] | None, wanted: Iterable[int] | None
) -> tuple[str, dict[str, Any]]:
    """``records r`` with the conditions that need no field, for after FROM."""
    source = "records r"
    conditions = ["r.job_id = :job"]
    parameters: dict[str, Any] = {"job": job_id}
    if wanted is not None:
        source = "json_each(:wanted) w CROSS JOIN records r ON r.id = w.value"
        parameters["wanted"] = encode(sorted(wanted))
    elif query.ids is not None:
        source = (
            "json_each(:runs) w CROSS JOIN records r ON r.id BETWEEN "
            "json_extract(w.value, '$[0]') AND json_extract(w.value, '$[1]')"
        )
    if query.ids is not None:
        parameters["runs"] = encode(query.ids)
        if wanted is not None:
            conditions.append(
                "EXISTS (SELECT 1 FROM json_each(:runs) i WHERE r.id BETWEEN "
                "json_extract(i.value, '$[0]') AND json_extract(i.value, '$[1]'))"
            )
    # What few records have is looked up by that: the sign keeps SQLite from the other indexes.
    is_rare = query.is_edited or query.has_note or query.tags or query.reviewer is not None
    sign = "+" if is_rare else ""
    if query.current_only:
        conditions.append(f"{sign}r.is_current = 1")
    if statuses is not None:
        conditions.append(f"{sign}r.status IN (SELECT value FROM json_each(:statuses))")
        parameters["statuses"] = encode(statuses)
    if query.tags:
        conditions.append(
            "r.tags IS NOT NULL AND NOT EXISTS (SELECT 1 FROM json_each(:tags) g "
            "WHERE g.value NOT IN (SELECT value FROM json_each(r.tags)))"
        )
        parameters["tags"] = encode(query.tags)
    for name in ("reviewer", "verdict"):
        if getattr(query, name) is not None:
            conditions.append(f"r.{name} = :{name}")
            parameters[name] = getattr(query, name)
    if query.is_edited is not None:
        conditions.append(f"r.edits IS {'NOT ' if query.is_edited else ''}NULL")
    if query.has_note is not None:
        has_note = "r.note IS NOT NULL AND r.note <> ''"
        conditions.append(has_note if query.has_note else f"NOT ({has_note})")
    own = [part for part in query.where if not is_field(part.field)]
    if query.reason:
        own.append(FieldFilter("reason", "contains", query.reason))
    for number, condition in enumerate(own):
        value, _ = value_of(condition.field)
        is_so, given = holds(condition, value, f"given_{number}")
        conditions.append(is_so)
        parameters |= given
    return f"{source} WHERE {' AND '.join(conditions)}", parameters
