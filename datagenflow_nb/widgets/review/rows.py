"""Records as JSON: previews for a table, whole for the one that is looked at.

The browser's side is js/src/shared/record.ts and js/src/review/protocol.ts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ...displays.text import json_start
from ...storage.records import Record

__all__ = ["full_record", "preview", "row_of"]

#: Characters of a value that a table gets.
_PREVIEW = 300
#: Whole numbers beyond are other ones to JavaScript.
_EXACT = 2**53


def row_of(record: Record, fields: Iterable[str]) -> dict[str, Any]:
    """What a table's row shows of a record: previews of these fields, those it has."""
    return {
        "id": record.id,
        "job_id": record.job_id,
        "seed_index": record.seed_index,
        "repetition": record.repetition,
        "branch": record.branch,
        "attempt": record.attempt,
        "status": record.status,
        "reason": None if record.reason is None else record.reason[:_PREVIEW],
        "verdict": record.verdict,
        "reviewer": record.reviewer,
        "note": None if record.note is None else record.note[:_PREVIEW],
        "tags": record.tags,
        "edited": list(record.original),
        "version": record.version,
        "model": record.model,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "values": {
            name: preview(record.state[name]) for name in fields if name in record.state
        },
    }  # fmt: skip


def preview(value: Any) -> Any:
    """A value as a cell shows it: itself when it is short, else ``{"kind", "start", "size"}``.

    ``kind`` is ``text``, ``json`` or ``number``; ``size`` counts a text's characters, a list's
    items, an object's fields; None: of what is shown whole.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        exact = abs(value) <= _EXACT if isinstance(value, int) else math.isfinite(value)
        return value if exact else {"kind": "number", "start": repr(value)[:_PREVIEW], "size": None}
    if isinstance(value, str):
        if len(value) <= _PREVIEW:
            return value
        return {"kind": "text", "start": value[:_PREVIEW], "size": len(value)}
    start, _ = json_start(value, _PREVIEW, None)
    return {"kind": "json", "start": start, "size": len(value)}


def full_record(record: Record) -> dict[str, Any]:
    """A record as ``FullRecord`` of the browser's side."""
    return {
        "id": record.id,
        "job_id": record.job_id,
        "seed_index": record.seed_index,
        "repetition": record.repetition,
        "branch": record.branch,
        "attempt": record.attempt,
        "status": record.status,
        "reason": record.reason,
        "verdict": record.verdict,
        "reviewer": record.reviewer,
        "note": record.note,
        "tags": record.tags,
        "version": record.version,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "model": record.model,
        "output_field": record.output_field,
        "fields": list(record.state),
        "metadata": record.metadata,
        "state": record.state,
        "original": record.original,
    }
