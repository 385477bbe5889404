"""Where a job's texts are indexed, and how they are forgotten with it.

Each job has tables of its own. FTS5 keeps the words of what is deleted one by one until its parts
are merged, and they would have to be told once more to be found at all; a table is emptied at once.
"""

from __future__ import annotations

import contextlib
import sqlite3

from ..records import encode
from .words import TOKENIZE

__all__ = [
    "COLUMNS", "RULES", "forget_records", "forget_texts", "make_text_tables", "text_tables",
]  # fmt: skip

#: Told in an index: what it holds was made by these rules. One of others is as none.
RULES = 1
COLUMNS = f"text, content='', columnsize=0, {TOKENIZE}"


def text_tables(job_id: int) -> tuple[str, str]:
    """The table of the texts as they were made, and that of edited records."""
    return f"record_texts_{job_id}", f"record_edit_texts_{job_id}"


def make_text_tables(connection: sqlite3.Connection, job_id: int) -> None:
    """Begin the index of a job's texts, if it is there and has none."""
    made = connection.execute(
        "INSERT OR IGNORE INTO review_texts (job_id, indexed_to, changed_to, rules) "
        "SELECT id, 0, 0, ? FROM jobs WHERE id = ?",
        [RULES, job_id],
    ).rowcount
    if made:
        texts, edits = text_tables(job_id)
        connection.execute(f"CREATE VIRTUAL TABLE IF NOT EXISTS {texts} USING fts5({COLUMNS})")
        connection.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {edits} USING fts5(text, {TOKENIZE})"
        )


def forget_texts(connection: sqlite3.Connection, job_id: int) -> None:
    """Drop the index of a job's texts; it is made anew when it is wanted."""
    if not connection.execute(
        "DELETE FROM review_texts WHERE job_id = ? RETURNING 1", [job_id]
    ).fetchall():
        return
    texts, edits = text_tables(job_id)
    connection.execute(f"INSERT INTO {texts} ({texts}) VALUES ('delete-all')")
    connection.execute(f"DELETE FROM {edits}")
    connection.execute(f"INSERT INTO {edits} ({edits}) VALUES ('rebuild')")
    for table in (texts, edits):
        # While this connection reads on anywhere, no table can be dropped: an empty one stays.
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute(f"DROP TABLE {table}")


def forget_records(connection: sqlite3.Connection, job_id: int, ids: list[int]) -> None:
    """Leave nothing in a job's indexes of what these records hold."""
    reached = connection.execute(
        "SELECT indexed_to FROM review_texts WHERE job_id = ?", [job_id]
    ).fetchone()
    if reached is not None and min(ids) <= reached[0]:
        forget_texts(connection, job_id)
    fields = "field_id IN (SELECT id FROM review_fields WHERE job_id = ?)"
    # The order is made anew out of the values: a place in it is found by those of others.
    connection.execute(f"DELETE FROM review_orders WHERE {fields}", [job_id])
    connection.execute(
        f"DELETE FROM review_values WHERE {fields} "
        "AND record_id IN (SELECT value FROM json_each(?))",
        [job_id, encode(ids)],
    )
