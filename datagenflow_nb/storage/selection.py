"""Which records a query selects: their ids in order, computed once and paged by who asked."""

from __future__ import annotations

import itertools
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ..query import RecordQuery, Sort
from ..records import encode
from ..whole import LARGEST
from .asking import is_field, is_indexable, is_plain, records_where
from .field_index import FieldIndex
from .fields import FieldInfo, fields_of
from .indexer import WORDS, Indexer, IndexState, Want
from .orders import Key
from .records import Record, RecordTable
from .search import TextIndex
from .store import Store
from .values import value_of

__all__ = ["SMALL", "SelectionTable"]

_Read = TypeVar("_Read")

#: Records up to which a job is searched and sorted without an index.
SMALL = 1_000
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
        self._indexer = Indexer(store)
        self._kept: deque[tuple[Any, tuple[int, int], set[int]]] = deque(maxlen=2)
        #: What was read of jobs when the store had this mark.
        self._read: tuple[Any, dict[tuple[str, int], Any]] = (None, {})

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
                counts = self._count_in(job_id, query, wanted)
            else:
                where, parameters = records_where(job_id, query, None, wanted)
                rows = self._store.rows(
                    f"SELECT r.status, count(*) FROM {where} GROUP BY r.status", parameters
                )
                counts = {row[0]: row[1] for row in rows}
            for status, count in counts.items():
                found[status] = found.get(status, 0) + count
        return {status: count for status, count in found.items() if count}

    def fields(self, job_ids: Sequence[int] | None = None) -> list[FieldInfo]:
        """The fields of the records of these jobs, or of all, as some records of each show."""
        found: list[Record] = []
        for job_id in self._jobs(job_ids):
            first, last = self._fields.ends(job_id)
            step = max(1, (last - first) // _SAMPLE)
            rows = self._store.rows(
                "SELECT DISTINCT (SELECT min(r.id) FROM records r WHERE r.job_id = ? "
                "AND r.is_current = 1 AND r.id >= k.value) FROM json_each(?) k",
                [job_id, encode([*range(first, last + 1, step)])],
            )
            found += RecordTable(self._store).many([row[0] for row in rows])
        return fields_of(found)

    def prepare(self, query: RecordQuery, *, words: bool = False) -> list[IndexState]:
        """Begin to make what the query is answered out of at once, beside everything else.

        Until then it is answered as well, only slower.

        Parameters
        ----------
        words : bool
            The index of the texts, too, though the query has no search.
        """
        wants = self._wants(query, words)
        states = [self._indexer.state(want) for want in wants]
        if not self._store.is_read_only:
            missing = zip(wants, states, strict=True)
            self._indexer.want([want for want, state in missing if not state.is_ready])
        return states

    def wait(self) -> None:
        """Return when all that was begun by ``prepare`` is made."""
        self._indexer.wait()

    def _wants(self, query: RecordQuery, words: bool) -> list[Want]:
        columns = {part.field: False for part in query.where if is_field(part.field)}
        columns |= {part.column: True for part in query.sort if is_indexable(part.column)}
        if words or query.search:
            columns[WORDS] = False
        if not columns:
            return []
        return [
            Want(job_id, column, with_order)
            for job_id in self._jobs(query.job_ids)
            if self._fields.count_fresh(job_id, 0, LARGEST, SMALL + 1) > SMALL
            for column, with_order in columns.items()
        ]

    def _count_in(self, job_id: int, query: RecordQuery, wanted: set[int]) -> dict[str, int]:
        """By status, those of ``wanted``; what most have is what is left."""
        *rare, most = sorted(self._statuses(job_id).items(), key=lambda item: item[1])
        found = {name: len(self._with(job_id, query, (name,), wanted)) for name, _ in rare}
        total = len(self._with(job_id, query, None, wanted))
        return found | {most[0]: total - sum(found.values())}

    def _statuses(self, job_id: int) -> dict[str, int]:
        return self._once("statuses", job_id, self._count_statuses)

    def _once(self, what: str, job_id: int, read: Callable[[int], _Read]) -> _Read:
        """Read it, unless that was done and nothing was written since; not to be changed."""
        mark = self._store.mark()
        at, known = self._read
        if mark is None or at != mark:
            known = {}
            self._read = (mark, known)
        if (what, job_id) not in known:
            known[what, job_id] = read(job_id)
        found: _Read = known[what, job_id]
        return found

    def _count_statuses(self, job_id: int) -> dict[str, int]:
        rows = self._store.rows(
            "SELECT status, count(*) FROM records WHERE job_id = ? AND is_current = 1 "
            "GROUP BY status",
            [job_id],
        )
        return {row[0]: row[1] for row in rows}

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
        """Records that have the words and for whose fields the conditions hold; None: any.

        The last ones are kept: the same words and conditions come again with another status or
        order. Only new records and edits change what they find.
        """
        conditions = tuple(part for part in query.where if is_field(part.field))
        if not query.search and not conditions:
            return None
        few = None
        if query.ids is not None and sum(b - a + 1 for a, b in query.ids) <= SMALL:
            few = [number for a, b in query.ids for number in range(a, b + 1)]
        key = (job_id, query.search, conditions, None if few is None else query.ids)
        stamp = self._fields.stamp(job_id)
        for kept, at, found in list(self._kept):
            if kept == key and at == stamp:
                return found
        sets = []
        if query.search:
            ends = self._fields.ends(job_id)
            sets.append(self._texts.matching(job_id, query.search, ends, few))
        sets += [self._fields.matching(job_id, condition, few) for condition in conditions]
        found = set.intersection(*sorted(sets, key=len))
        self._kept.append((key, stamp, found))
        return found

    def _with(
        self,
        job_id: int,
        query: RecordQuery,
        statuses: Sequence[str] | None,
        wanted: set[int] | None,
    ) -> array[int]:
        if wanted is None and is_plain(query):
            return self._of_statuses(job_id, statuses)
        if wanted is None or len(wanted) <= _FEW:
            where, parameters = records_where(job_id, query, statuses, wanted)
            ids = self._store.column(f"SELECT r.id FROM {where} ORDER BY r.id", parameters)
            return array("q", ids)
        return array("q", filter(wanted.__contains__, self._with(job_id, query, statuses, None)))

    def _of_statuses(self, job_id: int, statuses: Sequence[str] | None) -> array[int]:
        """The current records of a job that have one of these statuses."""
        if statuses is None:
            return self._all(job_id)[:]
        counts = self._statuses(job_id)
        others = counts.keys() - {*statuses}
        count = sum(counts[name] for name in others)
        is_few = count < sum(counts.values()) - count
        ids = self._store.column(
            "SELECT id FROM records WHERE job_id = ? AND is_current = 1 "
            "AND status IN (SELECT value FROM json_each(?))",
            [job_id, encode([*(others if is_few else statuses)])],
        )
        if is_few:
            return array("q", itertools.filterfalse(set(ids).__contains__, self._all(job_id)))
        ids.sort()
        return array("q", ids)

    def _all(self, job_id: int) -> array[int]:
        """All current records of a job."""
        return self._once("ids", job_id, self._in_runs)

    def _in_runs(self, job_id: int) -> array[int]:
        first, last = self._fields.ends(job_id)
        select = "WHERE r.job_id = :job AND r.is_current = 1 AND r.id BETWEEN "
        starts = list(range(first, last + 1, _RUN))
        counts = self._store.column(
            f"SELECT (SELECT count(*) FROM records r {select} k.value AND k.value + {_RUN - 1}) "
            "FROM json_each(:starts) k ORDER BY k.key",
            {"job": job_id, "starts": encode(starts)},
        )
        ids: array[int] = array("q")
        for start, count in zip(starts, counts, strict=True):
            if count == _RUN:
                ids.extend(range(start, start + _RUN))
            elif count:
                some = self._store.column(
                    f"SELECT r.id FROM records r {select} :first AND :last ORDER BY r.id",
                    {"job": job_id, "first": start, "last": start + _RUN - 1},
                )
                ids.extend(some)
        return ids

    def _sorted(self, query: RecordQuery, parts: dict[int, array[int]]) -> array[int]:
        if len(parts) == 1 and len(query.sort) == 1:
            ((job_id, ids),) = parts.items()
            found = self._by_order(job_id, ids, query.sort[0])
            if found is None:
                found = self._by_column(job_id, ids, query)
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

    def _by_column(self, job_id: int, ids: array[int], query: RecordQuery) -> array[int] | None:
        """In order of one of the columns that every record has."""
        (sort,) = query.sort
        if len(ids) <= _FEW or is_field(sort.column):
            return None
        value, _ = value_of(sort.column)
        direction = "DESC" if sort.is_descending else "ASC"
        everything = self._store.column(
            f"SELECT r.id FROM records r WHERE r.job_id = ? AND r.is_current IN (1, ?) "
            f"ORDER BY {value} {direction} NULLS LAST, r.id {direction}",
            [job_id, 1 if query.current_only else 0],
        )
        if len(everything) != len(ids):
            return array("q", filter(set(ids).__contains__, everything))
        return array("q", everything)

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
