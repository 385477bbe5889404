"""Full-text search over what seeds, blocks and people wrote into records.

The index has the texts of records as they were made, and beside them those of edited records with
what they were edited to, so that both are found. What came after it is searched by a temporary
index with the same rules for words.
"""

from __future__ import annotations

from collections.abc import Sequence

from .field_index import Fresh, fresh_since, just
from .store import Store
from .text_tables import COLUMNS, RULES, text_tables
from .words import BOUNDARY, match_of

__all__ = ["TextIndex", "text_of"]

#: Characters of a text that is shared by the branches of an execution, by which each is found.
SHARED = 10_000

_SEED = (
    "(SELECT {0} FROM jobs j JOIN seeds s ON s.job_id = j.root_job_id WHERE j.id = r.job_id "
    "AND s.seed_index = r.seed_index)"
)


def text_of(*, with_edits: bool = True) -> str:
    """All texts of a record, over ``records r``: its seed's, its steps', its edits'."""
    seed = _SEED.format(f"words_of(s.metadata, CASE r.branch WHEN '' THEN -1 ELSE {SHARED} END)")
    own = (
        f"(SELECT group_concat(words_of(t.changes, -1), {BOUNDARY}) FROM steps t "
        "WHERE t.execution_id = r.execution_id AND t.branch = r.branch)"
    )
    above = (
        f"(SELECT group_concat(words_of(t.changes, {SHARED}), {BOUNDARY}) FROM steps t "
        "WHERE t.execution_id = r.execution_id AND t.branch IN (WITH RECURSIVE part(p) AS ("
        "SELECT rtrim(rtrim(r.branch, '0123456789'), '.') UNION ALL "
        "SELECT rtrim(rtrim(p, '0123456789'), '.') FROM part WHERE p <> '') SELECT p FROM part))"
    )
    parts = [seed, own, f"CASE r.branch WHEN '' THEN '' ELSE {above} END"]
    if with_edits:
        parts.append("words_of(r.edits, -1)")
    return f" || {BOUNDARY} || ".join(f"coalesce({part}, '')" for part in parts)


class TextIndex:
    """Searching a store's records."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def matching(
        self, job_id: int, search: str, ends: tuple[int, int], only: Sequence[int] | None = None
    ) -> set[int]:
        """The records of a job that have all the words.

        Parameters
        ----------
        ends : (int, int)
            The first and the last id of the job's records.
        only : sequence of int, optional
            Among these, which are few.
        """
        wanted = match_of(search)
        if only is not None:
            return set(self._in_fresh(job_id, just(only), wanted))
        marks, found = self._in_index(job_id, wanted, ends)
        fresh = Fresh(-1, []) if marks is None else fresh_since(self._store, job_id, *marks)
        found.update(self._in_fresh(job_id, fresh, wanted))
        return found

    def _in_index(
        self, job_id: int, wanted: str, ends: tuple[int, int]
    ) -> tuple[tuple[int, int] | None, set[int]]:
        """How far the index reaches and what it has, as of one moment: it may be dropped."""
        found: set[int] = set()
        with self._store.snapshot() as connection:
            row = connection.execute(
                "SELECT indexed_to, changed_to FROM review_texts WHERE job_id = ? AND rules = ?",
                [job_id, RULES],
            ).fetchone()
            if row is None:
                return None, found
            for table in text_tables(job_id):
                rows = connection.execute(
                    f"SELECT rowid FROM {table} WHERE {table} MATCH ? AND rowid BETWEEN ? AND ?",
                    [wanted, *ends],
                )
                found.update(row[0] for row in rows)
            return (row[0], row[1]), found

    def _in_fresh(self, job_id: int, fresh: Fresh, wanted: str) -> list[int]:
        records, parameters = fresh.records()
        with self._store.reading() as connection:
            connection.execute("DROP TABLE IF EXISTS temp.fresh_texts")
            connection.execute(f"CREATE VIRTUAL TABLE temp.fresh_texts USING fts5({COLUMNS})")
            connection.execute(
                f"INSERT INTO temp.fresh_texts (rowid, text) SELECT r.id, {text_of()} "
                f"FROM {records}",
                parameters | {"job": job_id},
            )
            rows = connection.execute(
                "SELECT rowid FROM temp.fresh_texts WHERE fresh_texts MATCH ?", [wanted]
            ).fetchall()
            connection.execute("DROP TABLE temp.fresh_texts")
        return [row[0] for row in rows]
