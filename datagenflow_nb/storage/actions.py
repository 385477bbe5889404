"""What one action changed: the rows of ``review_actions``, written so that it can be taken back.

An action keeps, by groups of records to which the same happened, what was before and what it set.
Each record names the action that changed it last (``last_action``). Taking back gives a record its
earlier values and the name of its earlier action, and touches only what still names this one: what
somebody else has decided since stays. So a chain of actions can be taken back in order, and again.

One action over several jobs is a row for each, of one ``group_id``.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import ValidationError
from ..records import decode, encode, utc_now
from ..whole import row_id, told
from .choice_rows import swap_choice
from .id_runs import OF_RUNS, Runs, count_of, runs_text

__all__ = ["Action", "Author", "Group", "do_again", "take_back", "write_action"]

#: Actions that are kept for the log alone.
_FINAL = {
    "delete": "deleted records are gone with their traces",
    "current": "ws.make_current() makes any other attempt the current one",
}
GONE = "not there any more"


@dataclass(frozen=True, slots=True)
class Action:
    """What was done.

    Attributes
    ----------
    id : int or None
        Its number in the log; None when nothing was changed, and so nothing is logged.
    what : str
        In words: ``accepted``, ``edited text``.
    count : int
        Records that were changed.
    skipped : dict of str to int
        Why -> number of records that were left as they are.
    """

    id: int | None
    what: str
    count: int
    skipped: dict[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The four by name."""
        return {
            "id": self.id,
            "what": self.what,
            "count": self.count,
            "skipped": dict(self.skipped),
        }


@dataclass(frozen=True, slots=True)
class Author:
    """Who acts.

    Attributes
    ----------
    reviewer : str
    session : str
        One kernel's review; another kernel of the same reviewer is somebody else.
    """

    reviewer: str
    session: str


@dataclass(slots=True)
class Group:
    """Records of one job to which the same happened.

    Attributes
    ----------
    before, after : sequence
        The values of the action's columns.
    last : int or None
        The action that had changed them last.
    """

    job_id: int
    before: Sequence[Any]
    after: Sequence[Any]
    last: int | None
    runs: Runs


def write_action(
    connection: sqlite3.Connection,
    kind: str,
    what: str,
    author: Author,
    by_job: Iterable[tuple[int, int, Any]],
    skipped: int = 0,
    now: str | None = None,
) -> int:
    """Put an action into the log; its number.

    Parameters
    ----------
    by_job : iterable of (job, number of records, what was before)
    """
    first = None
    for job_id, count, before in by_job:
        cursor = connection.execute(
            "INSERT INTO review_actions (job_id, reviewer, action, before, created_at, group_id, "
            "session, what, count, skipped) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                job_id, author.reviewer, kind, encode(before), now or utc_now(), first,
                author.session, what, count, skipped if first is None else 0,
            ],
        )  # fmt: skip
        if first is None:
            first = cursor.lastrowid
            connection.execute("UPDATE review_actions SET group_id = id WHERE id = ?", [first])
    assert first is not None, "an action is of some job"
    return first


def take_back(connection: sqlite3.Connection, action_id: int, author: Author) -> Action:
    """Give the records what they had before the action.

    Raises
    ------
    ValidationError
        When there is no such action, or it is of a kind that cannot be taken back.
    """
    rows = _rows(connection, action_id)
    done = _swap(connection, rows, author, is_undo=True)
    if done.count:
        connection.execute(
            "UPDATE review_actions SET undone_at = ?, undone_by = ? WHERE group_id = ?",
            [utc_now(), author.reviewer, action_id],
        )
    return done


def do_again(connection: sqlite3.Connection, action_id: int, author: Author) -> Action:
    """Do what was taken back, where nobody has decided since.

    Raises
    ------
    ValidationError
        As ``take_back``.
    """
    rows = _rows(connection, action_id)
    done = _swap(connection, rows, author, is_undo=False)
    if done.count:
        connection.execute(
            "UPDATE review_actions SET undone_at = NULL, undone_by = NULL WHERE group_id = ?",
            [action_id],
        )
    return done


def _rows(connection: sqlite3.Connection, action_id: int) -> list[sqlite3.Row]:
    rows = connection.execute(
        "SELECT * FROM review_actions WHERE group_id = ? ORDER BY id", [row_id(action_id)]
    ).fetchall()
    if not rows:
        raise ValidationError(
            f"there is no review action {told(action_id)}; ws.review_log() lists them",
            {"action_id": told(action_id)},
        )
    kind = rows[0]["action"]
    why = _FINAL.get(kind) or (
        "it was stored by an older version" if rows[0]["session"] is None else None
    )
    if why is not None:
        raise ValidationError(
            f"action {action_id} ({rows[0]['what']}) cannot be undone: {why}",
            {"action_id": action_id, "action": kind},
        )
    return rows


def _swap(
    connection: sqlite3.Connection, rows: Sequence[sqlite3.Row], author: Author, *, is_undo: bool
) -> Action:
    action_id, now, count = rows[0]["group_id"], utc_now(), 0
    skipped: Counter[str] = Counter()
    for row in rows:
        stored = decode(row["before"])
        if row["action"] == "choose":
            if not stored:  # the other job's line of it
                continue
            why = swap_choice(connection, stored, action_id, is_undo=is_undo)
            count += why is None
            skipped += Counter([] if why is None else [why])
            continue
        columns = stored["columns"]
        changes = ", ".join(f"{name} = ?" for name in columns)
        for before, after, last, runs in stored["groups"]:
            values, named, becomes = (
                (before, action_id, last) if is_undo else (after, last, action_id)
            )
            done = connection.execute(
                f"UPDATE records SET {changes}, last_action = ?, version = version + 1, "
                "updated_at = ? WHERE last_action IS ? "
                f"AND id IN (SELECT r.id FROM {OF_RUNS})",
                [*values, becomes, now, named, runs_text(runs)],
            ).rowcount
            count += done
            if (wanted := count_of(runs)) > done:
                skipped += _left(connection, runs, becomes, wanted - done, is_undo)
    what = f"{'undone' if is_undo else 'redone'}: {rows[0]['what']}"
    return Action(action_id if count else None, what, count, dict(skipped))


def _left(
    connection: sqlite3.Connection, runs: Runs, becomes: int | None, left: int, is_undo: bool
) -> Counter[str]:
    """Why records of the runs were not changed; those that were name ``becomes``, as do those that
    were so already."""
    found: Counter[str] = Counter()
    for reviewer, count in connection.execute(
        f"SELECT a.reviewer, count(*) FROM {OF_RUNS} LEFT JOIN review_actions AS a "
        "ON a.group_id = r.last_action AND a.job_id = r.job_id WHERE r.last_action IS NOT ? "
        "GROUP BY a.reviewer",
        [runs_text(runs), becomes],
    ):
        found["undone since" if reviewer is None else f"changed since by {reviewer}"] += count
    (there,) = connection.execute(f"SELECT count(*) FROM {OF_RUNS}", [runs_text(runs)]).fetchone()
    found[GONE] = count_of(runs) - there
    found[f"{'undone' if is_undo else 'done'} already"] = left - found.total()
    return +found
