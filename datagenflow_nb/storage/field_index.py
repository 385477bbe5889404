"""What records hold in one column, out of an index as far as it reaches, else out of their steps.

An index of a job's column is a list of values by record, and the order of these. It reaches to a
record's id, and to a number of ``review_changes``: what came later is *fresh* and read from the
records themselves, so that an answer is right whatever the index holds, and only slower.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..query import FieldFilter
from ..records import encode
from ..whole import LARGEST
from .orders import Key, Order, merged
from .store import Store
from .text_tables import RULES
from .values import KEY, cut, doubt, holds, value_of

__all__ = ["FieldIndex", "Fresh", "Reach", "fresh_since", "just"]


@dataclass(frozen=True, slots=True)
class Reach:
    """How far an index reaches."""

    id: int
    indexed_to: int
    changed_to: int


@dataclass(frozen=True, slots=True)
class Fresh:
    """The records of a job that an index does not know as they are.

    Attributes
    ----------
    after : int
        All with a larger id.
    changed : list of int
        And these.
    """

    after: int
    changed: list[int]

    def records(self, also: Iterable[int] = ()) -> tuple[str, dict[str, Any]]:
        """``records r`` of these and ``also`` of others, for a FROM clause.

        Looked up one by one, wherever in the file they are.
        """
        ids = {*self.changed, *also}
        return (
            "(SELECT n.id FROM records n WHERE n.job_id = :job AND n.is_current IN (0, 1) "
            "AND n.id > :after UNION ALL SELECT value FROM json_each(:ids)) f "
            "CROSS JOIN records r ON r.id = f.id AND r.job_id = :job",
            {"after": self.after, "ids": encode(sorted(ids))},
        )


_EVERYTHING = Fresh(-1, [])


def just(ids: Sequence[int]) -> Fresh:
    """These records and no others."""
    return Fresh(LARGEST, list(ids))


def fresh_since(store: Store, job_id: int, indexed_to: int, changed_to: int) -> Fresh:
    """What came after an index."""
    rows = store.rows(
        "SELECT DISTINCT record_id FROM review_changes WHERE job_id = ? AND id > ? "
        "AND record_id <= ?",
        [job_id, changed_to, indexed_to],
    )
    return Fresh(indexed_to, [row[0] for row in rows])


class FieldIndex:
    """Reading columns of a store's records."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def reach(self, job_id: int, column: str) -> Reach | None:
        """How far the index of a column reaches; None when there is none."""
        row = self._store.row(
            "SELECT id, indexed_to, changed_to FROM review_fields WHERE job_id = ? AND field = ? "
            "AND rules = ?",
            [job_id, column, RULES],
        )
        return None if row is None else Reach(*row)

    def stamp(self, job_id: int) -> tuple[int, int]:
        """What changes when a job gets records or one is edited, and at nothing else."""
        row = self._store.row("SELECT max(id) FROM review_changes WHERE job_id = ?", [job_id])
        return self.ends(job_id)[1], 0 if row is None else row[0] or 0

    def ends(self, job_id: int) -> tuple[int, int]:
        """The first and the last id of a job's records; (0, -1) when it has none."""
        # Each end apart: SQLite looks up one, and reads all records for two.
        ends = [
            f"(SELECT {end}(id) FROM records WHERE job_id = ?1 AND is_current = {is_current})"
            for end in ("min", "max")
            for is_current in (0, 1)
        ]
        row = self._store.row(
            "SELECT min(coalesce({0}, {1}), coalesce({1}, {0})), "
            "max(coalesce({2}, {3}), coalesce({3}, {2}))".format(*ends),
            [job_id],
        )
        return (0, -1) if row is None or row[0] is None else (row[0], row[1])

    def count_fresh(self, job_id: int, indexed_to: int, changed_to: int, most: int) -> int:
        """How much an index that reaches so far does not know, counted up to ``most``."""
        row = self._store.row(
            "SELECT count(*) FROM (SELECT * FROM (SELECT id FROM records WHERE job_id = :job "
            "AND is_current IN (0, 1) AND id > :after LIMIT :most) UNION ALL SELECT * FROM "
            "(SELECT id FROM review_changes WHERE job_id = :job AND id > :changed LIMIT :most))",
            {"job": job_id, "after": indexed_to, "changed": changed_to, "most": most},
        )
        return 0 if row is None else min(int(row[0]), most)

    def matching(
        self, job_id: int, condition: FieldFilter, only: Sequence[int] | None = None
    ) -> set[int]:
        """The records of a job for which the condition holds, earlier attempts included.

        Parameters
        ----------
        only : sequence of int, optional
            Among these, which are few.
        """
        found: set[int] = set()
        fresh, unsure = (_EVERYTHING if only is None else just(only)), set[int]()
        reach = self.reach(job_id, condition.field) if only is None else None
        if reach is not None:
            fresh = fresh_since(self._store, job_id, reach.indexed_to, reach.changed_to)
            is_unsure, parameters = doubt(condition, "v.value", "given")
            is_so, _ = holds(condition, "v.value", "given")
            parameters |= {"field": reach.id, "after": reach.indexed_to}
            source = "FROM review_values v WHERE v.field_id = :field AND v.record_id <= :after"
            if is_unsure is not None:
                select = f"SELECT v.record_id {source} AND {is_unsure}"
                unsure.update(self._store.column(select, parameters))
                is_so = f"{is_so} AND NOT {is_unsure}"
            select = f"SELECT v.record_id {source} AND {is_so}"
            found.update(self._store.column(select, parameters))
            found.difference_update(fresh.changed)
        value, parameters = value_of(condition.field)
        is_so, given = holds(condition, "value", "given")
        records, some = fresh.records(unsure)
        # LIMIT: the value is made once, and not again for each place where the condition has it.
        rows = self._store.rows(
            f"SELECT id FROM (SELECT r.id, {value} AS value FROM {records} LIMIT -1) WHERE {is_so}",
            parameters | given | some | {"job": job_id},
        )
        found.update(row[0] for row in rows)
        return found

    def order(self, job_id: int, column: str, until: int = LARGEST) -> Order | None:
        """All records of a job, with ids up to ``until``, by their values, lowest first.

        None when no order is stored.
        """
        reach = self.reach(job_id, column)
        if reach is None:
            return None
        row = self._store.row("SELECT * FROM review_orders WHERE field_id = ?", [reach.id])
        if row is None:
            return None
        order = Order.read(row["record_ids"], row["filled"])
        fresh = fresh_since(self._store, job_id, row["indexed_to"], row["changed_to"])
        pairs = [pair for pair in self._of_fresh(job_id, column, fresh) if pair[0] <= until]
        if not pairs:
            return order

        with self._store.reading() as connection:

            def key_at(record_id: int) -> Key:
                found = connection.execute(
                    f"SELECT {KEY.format('value')} FROM review_values "
                    "WHERE field_id = ? AND record_id = ?",
                    [reach.id, record_id],
                ).fetchone()
                return Key.of(found[0])

            return merged(order, set(fresh.changed), pairs, key_at)

    def keys(self, job_id: int, column: str, ids: Sequence[int] | None = None) -> dict[int, Any]:
        """The value of records of a job by their ids, texts as bytes; None: of all of them."""
        if ids is not None:
            return dict(self._of_fresh(job_id, column, just(ids)))
        found: dict[int, Any] = {}
        fresh = _EVERYTHING
        reach = self.reach(job_id, column)
        if reach is not None:
            fresh = fresh_since(self._store, job_id, reach.indexed_to, reach.changed_to)
            rows = self._store.rows(
                f"SELECT record_id, {KEY.format('value')} FROM review_values "
                "WHERE field_id = ? AND record_id <= ?",
                [reach.id, reach.indexed_to],
            )
            found = {row[0]: row[1] for row in rows}
        found.update(self._of_fresh(job_id, column, fresh))
        return found

    def _of_fresh(self, job_id: int, column: str, fresh: Fresh) -> list[tuple[int, Any]]:
        value, parameters = value_of(column)
        records, some = fresh.records()
        rows = self._store.rows(
            f"SELECT id, {KEY.format(cut('value'))} FROM (SELECT r.id, {value} AS value "
            f"FROM {records} LIMIT -1) WHERE id > 0",
            parameters | some | {"job": job_id},
        )
        return [tuple(row) for row in rows]
