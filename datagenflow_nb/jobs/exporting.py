"""The records that a query selects, as a file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..displays.commands import quoted
from ..query import RecordQuery
from ..storage.records import RecordTable
from .selecting import Chosen, Selecting
from .statuses import DEFAULT_EXPORT

if TYPE_CHECKING:
    from ..export import ExportResult

__all__ = ["export_selected", "selected_by"]


def export_selected(
    records: RecordTable,
    query: RecordQuery,
    path: str | os.PathLike[str],
    options: Mapping[str, Any],
    ids: Sequence[int] | None = None,
) -> ExportResult:
    """Write the records of the query to a file.

    What is decided on or edited meanwhile is in the file as it is when it is read, and not at all
    when the query does not hold for it any more.

    Parameters
    ----------
    ids : sequence of int, optional
        What the query gave before.

    Raises
    ------
    ConfigError
        As ``export.export_with``.
    """
    from ..export import export_with

    chosen = Chosen(records.store, query, ids)
    done = export_with(chosen, path, options, ("status", *Selecting.__annotations__))
    none = "" if done.records else _why_none(records, query)
    return replace(done, left_out=chosen.left_out, none=none)


def selected_by(query: RecordQuery) -> str:
    """The words that select, but for statuses; empty when there are none."""
    plain = replace(query, statuses=DEFAULT_EXPORT, sort=())
    return " ".join(map(quoted, plain.options()))


def _why_none(records: RecordTable, query: RecordQuery) -> str:
    """Which words select none of the records there are."""
    jobs = query.job_ids
    counts: dict[str, int] = {}
    for job_id in (None,) if jobs is None else jobs:
        for status, count in records.count(job_id).items():
            counts[status] = counts.get(status, 0) + count
    told = ", ".join(f"{count:,} {status}" for status, count in sorted(counts.items()))
    where = "The store" if jobs is None else f"Job {', '.join(map(str, jobs))}"
    words = selected_by(query)
    statuses = " or ".join(query.statuses or ())
    if not counts:
        return f"{where} has no records; the file is empty."
    if sum(counts.get(name, 0) for name in query.statuses or counts) == 0:
        return f"{where} has {told}, none {statuses}: --status chooses; the file is empty."
    of = f"none that is {statuses} and" if query.statuses else "none"
    return f"{where} has {told}, but {of} selected by {words}; the file is empty."
