"""The records of a selection, read when it was made some time ago."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..query import RecordQuery
from ..records import encode
from .id_runs import pairs_of
from .records import Record, RecordTable
from .selection import SelectionTable
from .store import Store

__all__ = ["PAGE", "pages_of"]

#: Records read at a time.
PAGE = 500


def pages_of(
    store: Store, query: RecordQuery, ids: Sequence[int]
) -> Iterator[tuple[Sequence[int], list[Record]]]:
    """The records of these ids in this order, ``PAGE`` ids at a time, as (ids, records).

    What the query asked for may have been changed since it gave the ids: it is asked again in the
    same moment as a page is read, and what does not match any more is left out.
    """
    records, selection = RecordTable(store), SelectionTable(store)
    for start in range(0, len(ids), PAGE):
        part = ids[start : start + PAGE]
        with store.snapshot():
            jobs = store.column(
                "SELECT DISTINCT job_id FROM records WHERE id IN (SELECT value FROM json_each(?))",
                [encode([*part])],
            )
            asked = jobs if query.job_ids is None else {*jobs} & {*query.job_ids}
            still = replace(query, job_ids=tuple(asked), ids=pairs_of(part), sort=())
            found = {record.id: record for record in records.many(selection.ids(still))}
        yield part, [found[key] for key in part if key in found]
