"""What the card of a record asks for beside the record."""

from __future__ import annotations

from collections.abc import Sequence

from ...storage.store import Store
from .selections import Selection

__all__ = ["position_of", "used_tags"]


def used_tags(store: Store, job_ids: Sequence[int] | None) -> list[str]:
    """The tags that records of these jobs, or of all, have, in the order of the alphabet."""
    jobs = [] if job_ids is None else list(job_ids)
    of = "" if job_ids is None else f"AND r.job_id IN ({','.join('?' * len(jobs))})"
    rows = store.rows(
        "SELECT DISTINCT tag.value FROM records r, json_each(r.tags) tag "
        f"WHERE r.tags IS NOT NULL {of} ORDER BY tag.value COLLATE NOCASE",
        jobs,
    )
    return [row[0] for row in rows]


def position_of(selection: Selection, record_id: int) -> int | None:
    """Where a record stands in a selection; None: it is not in it."""
    try:
        return selection.ids.index(record_id)
    except ValueError:
        return None
