"""A choice between two records as a row, written and taken back.

The two are ordered by their ids, so that a pair has one row whichever stood on the left.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from ..records import utc_now

__all__ = ["put_choice", "read_choice", "swap_choice"]

#: What a choice holds, as an action keeps it.
_VALUES = ("choice", "reviewer", "note")


def read_choice(connection: sqlite3.Connection, low: int, high: int) -> dict[str, Any] | None:
    """``choice``, ``reviewer``, ``note`` and ``last_action``; None where nobody has chosen."""
    row = connection.execute(
        f"SELECT {', '.join(_VALUES)}, last_action FROM choices WHERE low_record_id = ? "
        "AND high_record_id = ?",
        [low, high],
    ).fetchone()
    return None if row is None else dict(row)


def put_choice(
    connection: sqlite3.Connection,
    pair: tuple[int, int],
    values: dict[str, Any] | None,
    action_id: int | None,
) -> None:
    """Write the pair's choice; None removes it."""
    connection.execute(
        "DELETE FROM choices WHERE low_record_id = ? AND high_record_id = ?", [*pair]
    )
    if values is not None:
        connection.execute(
            "INSERT INTO choices (low_record_id, high_record_id, choice, reviewer, note, "
            "last_action, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [*pair, *(values[name] for name in _VALUES), action_id, utc_now()],
        )


def swap_choice(
    connection: sqlite3.Connection, stored: dict[str, Any], action_id: int, *, is_undo: bool
) -> str | None:
    """Put the pair's earlier choice back, or the later one; why not, when it was left alone.

    ``stored`` has ``pair``, and ``before`` and ``after`` as ``read_choice`` gives them.
    """
    low, high = stored["pair"]
    before, after = stored["before"], {**stored["after"], "last_action": action_id}
    expected, becomes = (after, before) if is_undo else (before, after)
    found = read_choice(connection, low, high)
    if _last(found) == _last(becomes):
        return f"{'undone' if is_undo else 'done'} already"
    if _last(found) != _last(expected):
        return "undone since" if found is None else f"changed since by {found['reviewer']}"
    (there,) = connection.execute(
        "SELECT count(*) FROM records WHERE id IN (?, ?)", [low, high]
    ).fetchone()
    if there < 2:
        return "not there any more"
    put_choice(connection, (low, high), becomes, _last(becomes))
    return None


def _last(values: dict[str, Any] | None) -> int | None:
    return None if values is None else values["last_action"]
