"""Making the indexes that selections read, a little at a time.

Each function is an iterator that has written a little when it goes on: the lock is held for some
hundredths of a second, so that decisions and jobs get on between. What is expensive is read before,
into temporary tables. How far an index reaches is written with what it gained, so that it goes on
where it was left, by whichever process.
"""

from __future__ import annotations

import sqlite3
import time
from array import array
from collections.abc import Iterator
from typing import Any

from ..records import encode
from .field_index import FieldIndex, Reach
from .orders import Order
from .search import text_of
from .store import Store
from .text_tables import RULES, make_text_tables, text_tables
from .values import KEY, cut, value_of

__all__ = ["FRESH", "index_column", "index_texts"]

#: Fresh records that are not worth going on for: reading them takes some hundredths of a second.
FRESH = 500
#: Seconds that a transaction should take.
_SECONDS = 0.02
#: Record ids looked through at once, at first and at most.
_WINDOW = 500
_WIDEST = 20_000
#: The same for texts, and the characters that go into the index at once.
_TEXT_WINDOW = 1_000
_CHARACTERS = 600_000

_NEXT = (
    "SELECT min(id) FROM (SELECT min(id) AS id FROM records WHERE job_id = :job AND is_current = 0 "
    "AND id > :after UNION ALL SELECT min(id) FROM records WHERE job_id = :job "
    "AND is_current = 1 AND id > :after)"
)
_WINDOW_OF = (
    "FROM records r WHERE r.job_id = :job AND r.is_current IN (0, 1) AND r.id BETWEEN :first "
    "AND :last"
)
_CHANGES = (
    "SELECT id, record_id FROM review_changes WHERE job_id = ? AND id > ? ORDER BY id LIMIT 500"
)


def index_column(store: Store, job_id: int, column: str, *, with_order: bool) -> Iterator[None]:
    """Bring the values of a column up to date, and their order."""
    fields = FieldIndex(store)
    if fields.reach(job_id, column) is None:
        with store.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO review_fields "
                "(job_id, field, indexed_to, changed_to, rules) "
                "SELECT id, ?, 0, (SELECT coalesce(max(id), 0) FROM review_changes), ? FROM jobs "
                "WHERE id = ?",
                [column, RULES, job_id],
            )
        yield
    yield from _add_values(store, job_id, column, fields)
    yield from _change_values(store, job_id, column, fields)
    if with_order:
        yield from _put_in_order(store, job_id, column, fields)


def _add_values(store: Store, job_id: int, column: str, fields: FieldIndex) -> Iterator[None]:
    value, parameters = value_of(column)
    width = _WINDOW
    while (reach := fields.reach(job_id, column)) is not None:
        window = _window(store, job_id, reach.indexed_to, width)
        if window is None:
            return
        # The condition keeps SQLite from making the value for each place where cut() has it.
        _stage(
            store,
            f"SELECT id, {cut('value')} FROM (SELECT r.id AS id, {value} AS value {_WINDOW_OF} "
            "LIMIT -1) WHERE id > 0",
            parameters | window,
        )
        began = time.monotonic()
        with store.write() as connection:
            if _is_at(connection, reach):
                connection.execute(
                    "INSERT INTO review_values (field_id, record_id, value) "
                    "SELECT ?, s.id, s.value FROM temp.staged s JOIN records r ON r.id = s.id "
                    "ORDER BY s.id",
                    [reach.id],
                )
                connection.execute(
                    "UPDATE review_fields SET indexed_to = (SELECT max(id) FROM temp.staged) "
                    "WHERE id = ?",
                    [reach.id],
                )
        if time.monotonic() - began < _SECONDS:
            width = min(width * 2, _WIDEST)
        else:
            width = max(width // 2, _WINDOW)
        yield


def _change_values(store: Store, job_id: int, column: str, fields: FieldIndex) -> Iterator[None]:
    value, parameters = value_of(column)
    while (reach := fields.reach(job_id, column)) is not None:
        changes = store.rows(_CHANGES, [job_id, reach.changed_to])
        if not changes:
            return
        ids = encode([row["record_id"] for row in changes])
        _stage(
            store,
            f"SELECT id, {cut('value')} FROM (SELECT r.id AS id, {value} AS value FROM records r "
            "WHERE r.id IN (SELECT value FROM json_each(:ids)) LIMIT -1) WHERE id > 0",
            parameters | {"ids": ids},
        )
        with store.write() as connection:
            if _is_at(connection, reach):
                connection.execute(
                    "INSERT OR REPLACE INTO review_values (field_id, record_id, value) "
                    "SELECT ?, s.id, s.value FROM temp.staged s JOIN records r ON r.id = s.id "
                    "WHERE s.id <= ?",
                    [reach.id, reach.indexed_to],
                )
                connection.execute(
                    "UPDATE review_fields SET changed_to = ? WHERE id = ?",
                    [changes[-1]["id"], reach.id],
                )
        yield


def _put_in_order(store: Store, job_id: int, column: str, fields: FieldIndex) -> Iterator[None]:
    reach = fields.reach(job_id, column)
    if reach is None:
        return
    row = store.row("SELECT indexed_to, changed_to FROM review_orders WHERE field_id = ?",
                    [reach.id])  # fmt: skip
    if row is not None and (row[0], row[1]) == (reach.indexed_to, reach.changed_to):
        return
    order = None
    if row is not None and fields.count_fresh(job_id, row[0], row[1], 10 * FRESH) < 10 * FRESH:
        order = fields.order(job_id, column, until=reach.indexed_to)
    if order is None:
        order = _sorted(store, reach)
    with store.write() as connection:
        if _is_at(connection, reach):
            connection.execute(
                "INSERT OR REPLACE INTO review_orders (field_id, indexed_to, changed_to, filled, "
                "record_ids) VALUES (?, ?, ?, ?, ?)",
                [reach.id, reach.indexed_to, reach.changed_to, order.filled, order.blob()],
            )
    yield


def _sorted(store: Store, reach: Reach) -> Order:
    ids: array[int] = array("q")
    filled = 0
    for record_id, is_filled in store.each(
        "SELECT record_id, value IS NOT NULL FROM review_values WHERE field_id = ? "
        f"AND record_id <= ? ORDER BY value IS NULL, {KEY.format('value')}, record_id",
        [reach.id, reach.indexed_to],
    ):
        ids.append(record_id)
        filled += is_filled
    return Order(ids, filled)


def index_texts(store: Store, job_id: int) -> Iterator[None]:
    """Bring the index of a job's texts up to date."""
    with store.write() as connection:
        make_text_tables(connection, job_id)
    yield
    yield from _add_texts(store, job_id)
    yield from _change_texts(store, job_id)


def _add_texts(store: Store, job_id: int) -> Iterator[None]:
    text = text_of(with_edits=False)
    table, _ = text_tables(job_id)
    while True:
        marks = _text_marks(store, job_id)
        window = None if marks is None else _window(store, job_id, marks[0], _TEXT_WINDOW)
        if marks is None or window is None:
            return
        at = marks[0]
        _stage(store, f"SELECT r.id, {text} {_WINDOW_OF}", window)
        sizes = store.rows("SELECT id, length(value) FROM temp.staged ORDER BY id")
        while sizes:
            count = size = 0
            while count < len(sizes) and (not count or size < _CHARACTERS):
                size += sizes[count][1]
                count += 1
            until = sizes[count - 1][0]
            with store.write() as connection:
                moved = connection.execute(
                    "UPDATE review_texts SET indexed_to = ? WHERE job_id = ? AND indexed_to = ?",
                    [until, job_id, at],
                ).rowcount
                if not moved:
                    break
                connection.execute(
                    f"INSERT INTO {table} (rowid, text) SELECT s.id, s.value FROM temp.staged s "
                    "JOIN records r ON r.id = s.id WHERE s.id > ? AND s.id <= ?",
                    [at, until],
                )
            at, sizes = until, sizes[count:]
            yield


def _change_texts(store: Store, job_id: int) -> Iterator[None]:
    _, table = text_tables(job_id)
    while (marks := _text_marks(store, job_id)) is not None:
        changes = store.rows(_CHANGES, [job_id, marks[1]])
        if not changes:
            return
        ids = encode([row["record_id"] for row in changes])
        _stage(
            store,
            f"SELECT r.id, {text_of()} FROM records r WHERE r.edits IS NOT NULL "
            "AND r.id IN (SELECT value FROM json_each(:ids))",
            {"ids": ids},
        )
        with store.write() as connection:
            moved = connection.execute(
                "UPDATE review_texts SET changed_to = ? WHERE job_id = ? AND changed_to = ?",
                [changes[-1]["id"], job_id, marks[1]],
            ).rowcount
            if moved:
                connection.execute(
                    f"DELETE FROM {table} WHERE rowid IN (SELECT value FROM json_each(?))",
                    [ids],
                )
                connection.execute(
                    f"INSERT INTO {table} (rowid, text) SELECT s.id, s.value "
                    "FROM temp.staged s JOIN records r ON r.id = s.id"
                )
        yield


def _text_marks(store: Store, job_id: int) -> tuple[int, int] | None:
    row = store.row(
        "SELECT indexed_to, changed_to FROM review_texts WHERE job_id = ? AND rules = ?",
        [job_id, RULES],
    )
    return None if row is None else (row[0], row[1])


def _window(store: Store, job_id: int, after: int, width: int) -> dict[str, Any] | None:
    """The next ids to look through, from the next record on; None when there is none."""
    row = store.row(_NEXT, {"job": job_id, "after": after})
    if row is None or row[0] is None:
        return None
    return {"job": job_id, "first": row[0], "last": row[0] + width - 1}


def _stage(store: Store, select: str, parameters: dict[str, Any]) -> None:
    """Put ids and values into a temporary table, without a lock."""
    with store.reading() as connection:
        connection.execute("CREATE TEMP TABLE IF NOT EXISTS staged (id INTEGER PRIMARY KEY, value)")
        connection.execute("DELETE FROM temp.staged")
        connection.execute(f"INSERT OR IGNORE INTO temp.staged (id, value) {select}", parameters)


def _is_at(connection: sqlite3.Connection, reach: Reach) -> bool:
    """Whether nobody else has brought the index on, and its job is still there."""
    row = connection.execute(
        "SELECT id, indexed_to, changed_to FROM review_fields WHERE id = ?", [reach.id]
    ).fetchone()
    return row is not None and Reach(*row) == reach
