"""Full-text search over what seeds, blocks and people wrote into records.

The index has the texts of records as they were made, and beside them those of edited records with
what they were edited to, so that both are found. What came after it is searched by a temporary
index with the same rules for words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from ..errors import ValidationError
from ..whole import told
from .field_index import Fresh, fresh_since, just
from .store import Store

__all__ = ["TextIndex", "match_of", "text_of"]

#: Characters of a text that is shared by the branches of an execution, by which each is found.
SHARED = 10_000

_WORDS = re.compile(r'"([^"]*)(?:"|$)|([^\s"]+)')
_ATOMS = (
    "(SELECT group_concat({0}, char(10)) FROM json_tree({1}) a "
    "WHERE a.type IN ('text', 'integer', 'real'))"
)
_SHARED = f"substr(a.atom, 1, {SHARED})"
_SEED = (
    "(SELECT {0} FROM jobs j JOIN seeds s ON s.job_id = j.root_job_id WHERE j.id = r.job_id "
    "AND s.seed_index = r.seed_index)"
)
_TABLE = "fts5(text, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2')"


def text_of(*, with_edits: bool = True) -> str:
    """All texts of a record, over ``records r``: its seed's, its steps', its edits'."""
    seed = _SEED.format(
        f"CASE r.branch WHEN '' THEN {_ATOMS.format('a.atom', 's.metadata')} "
        f"ELSE {_ATOMS.format(_SHARED, 's.metadata')} END"
    )
    own = (
        f"(SELECT group_concat({_ATOMS.format('a.atom', 't.changes')}, char(10)) FROM steps t "
        "WHERE t.execution_id = r.execution_id AND t.branch = r.branch)"
    )
    above = (
        f"(SELECT group_concat({_ATOMS.format(_SHARED, 't.changes')}, char(10)) FROM steps t "
        "WHERE t.execution_id = r.execution_id AND t.branch IN (WITH RECURSIVE part(p) AS ("
        "SELECT rtrim(rtrim(r.branch, '0123456789'), '.') UNION ALL "
        "SELECT rtrim(rtrim(p, '0123456789'), '.') FROM part WHERE p <> '') SELECT p FROM part))"
    )
    edits = f"CASE WHEN r.edits IS NOT NULL THEN {_ATOMS.format('a.atom', 'r.edits')} END"
    parts = [seed, own, f"CASE r.branch WHEN '' THEN '' ELSE {above} END"]
    if with_edits:
        parts.append(edits)
    return " || char(10) || ".join(f"coalesce({part}, '')" for part in parts)


def match_of(search: str) -> str:
    """What is typed as what FTS5 takes: words, ``begin*`` and ``"a phrase"``, nothing else.

    Raises
    ------
    ValidationError
        When nothing in it is a word.
    """
    parts = []
    for phrase, word in _WORDS.findall(search.replace("\0", " ")):
        text = phrase or word
        if any(unicodedata.category(letter)[0] in "LN" for letter in text):
            is_begin = bool(word) and word.endswith("*")
            parts.append(f'"{text.rstrip("*") if is_begin else text}"{" *" if is_begin else ""}')
    if not parts:
        raise ValidationError(
            f"search {told(search)} has no word; words are of letters and digits, and signs are "
            "found by a condition on a field that contains them"
        )
    return " ".join(parts)


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
        row = self._store.row(
            "SELECT indexed_to, changed_to FROM review_texts WHERE job_id = ?", [job_id]
        )
        found: set[int] = set()
        fresh = Fresh(-1, [])
        if row is not None:
            fresh = fresh_since(self._store, job_id, *row)
            for table in ("record_texts", "record_edit_texts"):
                ids = self._store.column(
                    f"SELECT rowid FROM {table} WHERE {table} MATCH ? AND rowid BETWEEN ? AND ?",
                    [wanted, *ends],
                )
                found.update(ids)
        found.update(self._in_fresh(job_id, fresh, wanted))
        return found

    def _in_fresh(self, job_id: int, fresh: Fresh, wanted: str) -> list[int]:
        records, parameters = fresh.records()
        with self._store.reading() as connection:
            connection.execute("DROP TABLE IF EXISTS temp.fresh_texts")
            connection.execute(f"CREATE VIRTUAL TABLE temp.fresh_texts USING {_TABLE}")
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
