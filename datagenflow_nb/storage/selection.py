"""Which records a query selects: their ids in order, computed once and paged by who asked."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from ..query import FieldFilter, RecordQuery, Sort, state_field
from ..records import encode
from .field_index import FieldIndex
from .fields import FieldInfo, fields_of
from .orders import Key
from .records import Record, RecordTable
from .search import TextIndex
from .store import Store
from .values import STABLE, holds, value_of

__all__ = ["SelectionTable"]

#: Selected records that are looked up one by one rather than picked out of all.
_FEW = 30_000
#: Ids that are counted at once: where all are wanted, none needs to be read.
_RUN = 8_192

#: Records of a job that show its fields.
_SAMPLE = 100


class SelectionTable:
    """Selecting among a store's records."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._fields = FieldIndex(store)
        self._texts = TextIndex(store)

    def ids(self, query: RecordQuery) -> array[int]:
        """The records of the query in its order, as of now.

        Raises
        ------
        ValidationError
            For a search without a word.
        """
        jobs = self._jobs(query.job_ids)
        parts = [self._of_job(job_id, query, query.statuses) for job_id in jobs]
        if query.sort:
            return self._sorted(query, dict(zip(jobs, parts, strict=True)))
        if len(parts) == 1:
            return parts[0]
        return array("q", sorted(itertools.chain.from_iterable(parts)))

    def counts(self, query: RecordQuery) -> dict[str, int]:
        """Number of records by status, whatever statuses the query has; none that is 0."""
        found: dict[str, int] = {}
        for job_id in self._jobs(query.job_ids):
            wanted = self._candidates(job_id, query)
            if wanted is not None and len(wanted) > _FEW:
                rows = self._count_in(job_id, query, wanted)
            else:
                where, parameters = _where(job_id, query, None, wanted)
                rows = [
                    (row[0], row[1])
                    for row in self._store.rows(
                        f"SELECT r.status, count(*) FROM {where} GROUP BY r.status", parameters
                    )
                ]
            for status, count in rows:
                found[status] = found.get(status, 0) + count
        return {status: count for status, count in found.items() if count}

    def fields(self, job_ids: Sequence[int] | None = None) -> list[FieldInfo]:
        """The fields of the records of these jobs, or of all, as some records of each show."""
        found: list[Record] = []
        for job_id in self._jobs(job_ids):
            first, last = self._ends(job_id)
            step = max(1, (last - first) // _SAMPLE)
            rows = self._store.rows(
                "SELECT DISTINCT (SELECT min(r.id) FROM records r WHERE r.job_id = ? "
                "AND r.is_current = 1 AND r.id >= k.value) FROM json_each(?) k",
                [job_id, encode([*range(first, last + 1, step)])],
            )
            found += RecordTable(self._store).many([row[0] for row in rows])
        return fields_of(found)

    def _count_in(self, job_id: int, query: RecordQuery, wanted: set[int]) -> list[tuple[str, int]]:
        statuses = [
            row[0]
            for row in self._store.rows(
                "SELECT DISTINCT status FROM records WHERE job_id = ?", [job_id]
            )
        ]
        return [(status, len(self._with(job_id, query, (status,), wanted))) for status in statuses]

    def _jobs(self, job_ids: Sequence[int] | None) -> list[int]:
        if job_ids is not None:
            return list(dict.fromkeys(job_ids))
        return [row[0] for row in self._store.rows("SELECT id FROM jobs ORDER BY id")]

    def _of_job(
        self, job_id: int, query: RecordQuery, statuses: Sequence[str] | None
    ) -> array[int]:
        """The records of one job, in order of their ids."""
        return self._with(job_id, query, statuses, self._candidates(job_id, query))

    def _candidates(self, job_id: int, query: RecordQuery) -> set[int] | None:
        """Records that have the words and for whose fields the conditions hold; None: any."""
        sets = []
        if query.search:
            first, last = self._ends(job_id)
            sets.append(self._texts.matching(job_id, query.search, first, last))
        for condition in query.where:
            if _is_field(condition.field):
                sets.append(self._fields.matching(job_id, condition))
        return set.intersection(*sorted(sets, key=len)) if sets else None

    def _with(
        self,
        job_id: int,
        query: RecordQuery,
        statuses: Sequence[str] | None,
        wanted: set[int] | None,
    ) -> array[int]:
        if wanted is None and _is_plain(query):
            if statuses is None:
                return self._in_runs(job_id, None)
            parts = [part for name in set(statuses) if (part := self._in_runs(job_id, name))]
            if len(parts) == 1:
                return parts[0]
            return array("q", sorted(itertools.chain.from_iterable(parts)))
        if wanted is None or len(wanted) <= _FEW:
            where, parameters = _where(job_id, query, statuses, wanted)
            rows = self._store.rows(f"SELECT r.id FROM {where} ORDER BY r.id", parameters)
            return array("q", (row[0] for row in rows))
        return array("q", filter(wanted.__contains__, self._with(job_id, query, statuses, None)))

    def _ends(self, job_id: int) -> tuple[int, int]:
        """The first and the last id of a job's records; (0, -1) when it has none."""
        row = self._store.row(
            "SELECT min(a), max(b) FROM (SELECT min(id) AS a, max(id) AS b FROM records "
            "WHERE job_id = ?1 AND is_current = 0 UNION ALL SELECT min(id), max(id) FROM records "
            "WHERE job_id = ?1 AND is_current = 1)",
            [job_id],
        )
        return (0, -1) if row is None or row[0] is None else (row[0], row[1])

    def _in_runs(self, job_id: int, status: str | None) -> array[int]:
        """All current records of a job, or those of one status."""
        first, last = self._ends(job_id)
        of_status = "" if status is None else " AND r.status = :status"
        select = f"WHERE r.job_id = :job AND r.is_current = 1{of_status} AND r.id BETWEEN "
        parameters = {"job": job_id, "status": status}
        starts = list(range(first, last + 1, _RUN))
        counts = self._store.rows(
            f"SELECT (SELECT count(*) FROM records r {select} k.value AND k.value + {_RUN - 1}) "
            "FROM json_each(:starts) k ORDER BY k.key",
            parameters | {"starts": encode(starts)},
        )
        ids = array("q")
        for start, (count,) in zip(starts, counts, strict=True):
            if count == _RUN:
                ids.extend(range(start, start + _RUN))
            elif count:
                rows = self._store.rows(
                    f"SELECT r.id FROM records r {select} :first AND :last ORDER BY r.id",
                    parameters | {"first": start, "last": start + _RUN - 1},
                )
                ids.extend(row[0] for row in rows)
        return ids

    def _sorted(self, query: RecordQuery, parts: dict[int, array[int]]) -> array[int]:
        if len(parts) == 1 and len(query.sort) == 1:
            ((job_id, ids),) = parts.items()
            found = self._by_order(job_id, ids, query.sort[0])
            if found is not None:
                return found
        return self._by_keys(query.sort, parts)

    def _by_order(self, job_id: int, ids: array[int], sort: Sort) -> array[int] | None:
        if len(ids) <= _FEW or not is_indexable(sort.column):
            return None
        order = self._fields.order(job_id, sort.column)
        if order is None:
            return None
        everything = order.in_direction(is_descending=sort.is_descending)
        if len(everything) == len(ids):  # and has them all
            return everything
        return array("q", filter(set(ids).__contains__, everything))

    def _by_keys(self, sorts: Sequence[Sort], parts: dict[int, array[int]]) -> array[int]:
        """In order of values that are read; what is equal follows the ids in the last direction."""
        ids = sorted(itertools.chain.from_iterable(parts.values()))
        if sorts[-1].is_descending:
            ids.reverse()
        for sort in reversed(sorts):
            keys: dict[int, Any] = {}
            for job_id, part in parts.items():
                some = part if len(part) <= _FEW else None
                keys.update(self._fields.keys(job_id, sort.column, some))
            filled = [number for number in ids if keys.get(number) is not None]
            missing = [number for number in ids if keys.get(number) is None]
            filled.sort(key=lambda number: Key.of(keys[number]), reverse=sort.is_descending)
            ids = filled + missing
        return array("q", ids)


def is_indexable(column: str) -> bool:
    """Whether an index may hold the column: what people change by deciding is always read."""
    return _is_field(column) or column in STABLE


def _is_field(column: str) -> bool:
    return column == "output" or state_field(column) is not None


def _is_plain(query: RecordQuery) -> bool:
    """Whether the query asks for nothing of the records themselves but the status."""
    asked = RecordQuery(
        tags=query.tags, reviewer=query.reviewer, is_edited=query.is_edited,
        has_note=query.has_note, verdict=query.verdict, reason=query.reason, ids=query.ids,
        current_only=query.current_only,
        where=tuple(part for part in query.where if not _is_field(part.field)),
    )  # fmt: skip
    return asked == RecordQuery()


def _where(
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
    if query.current_only:
        conditions.append("r.is_current = 1")
    if statuses is not None:
        conditions.append("r.status IN (SELECT value FROM json_each(:statuses))")
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
    own = [part for part in query.where if not _is_field(part.field)]
    if query.reason:
        own.append(FieldFilter("reason", "contains", query.reason))
    for number, condition in enumerate(own):
        value, _ = value_of(condition.field)
        is_so, given = holds(condition, value, f"given_{number}")
        conditions.append(is_so)
        parameters |= given
    return f"{source} WHERE {' AND '.join(conditions)}", parameters
