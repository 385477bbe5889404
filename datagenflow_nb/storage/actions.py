"""What one action changed: the rows of ``review_actions``, written so that it can be taken back.

An action keeps, by groups of records to which the same happened, what was before and what it set.
Each record names, for its decision, its edits, its note and its tags apart, the action that changed
them last. Taking back gives a record its earlier values and the name of the earlier action, and
touches only what still names this one: what somebody else has done since stays. So a chain of
actions can be taken back in order, and done again.

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
from .current_rows import swap_current
from .id_runs import OF_RUNS, Runs, count_of, runs_text

__all__ = [
    "GONE",
    "MARKS",
    "Action",
    "Author",
    "Group",
    "Touched",
    "do_again",
    "marks_of",
    "take_back",
    "touched",
    "write_action",
]

#: Actions that are kept for the log alone.
_FINAL = {
    "delete": "deleted records are gone with their traces",
}
GONE = "not there any more"

#: A column of ``records`` that actions change -> the column that names the last one.
MARKS = {
    "status": "last_action",
    "reviewer": "last_action",
    "edits": "last_edit",
    "note": "last_note",
    "tags": "last_tagging",
}


#: What it names the last action of, in words.
_PARTS = {
    "last_action": "decision",
    "last_edit": "edit",
    "last_note": "note",
    "last_tagging": "tags",
}


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
        Why -> number of records that were left as they are; taken back, also those of which a part
        was.
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
    lasts : sequence of int or None
        The actions that had changed them last, by ``marks_of`` the columns.
    """

    job_id: int
    before: Sequence[Any]
    after: Sequence[Any]
    lasts: Sequence[int | None]
    runs: Runs


@dataclass(frozen=True, slots=True)
class Touched:
    """What an action touches in a group of records: columns, and what names the last action."""

    columns: list[str]
    marks: list[str]
    before: list[Any]
    after: list[Any]
    lasts: list[int | None]


def marks_of(columns: Sequence[str]) -> list[str]:
    """What names the last actions of these columns."""
    return list(dict.fromkeys(MARKS[name] for name in columns))


def touched(
    columns: Sequence[str], before: Sequence[Any], after: Sequence[Any], lasts: Sequence[int | None]
) -> Touched:
    """Of the action's columns those that it changes; all, when it confirms what was there."""
    changed = {
        MARKS[name] for name, old, new in zip(columns, before, after, strict=True) if old != new
    }
    marks = marks_of(columns)
    active = [mark for mark in marks if mark in changed] or marks
    places = [place for place, name in enumerate(columns) if MARKS[name] in active]
    return Touched(
        [columns[place] for place in places],
        active,
        [before[place] for place in places],
        [after[place] for place in places],
        [last for mark, last in zip(marks, lasts, strict=True) if mark in active],
    )


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
    return _swap(connection, _rows(connection, action_id), author, is_undo=True)


def do_again(connection: sqlite3.Connection, action_id: int, author: Author) -> Action:
    """Do what was taken back, where nobody has decided since.

    Raises
    ------
    ValidationError
        As ``take_back``.
    """
    return _swap(connection, _rows(connection, action_id), author, is_undo=False)


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
    action_id, now = rows[0]["group_id"], utc_now()
    skipped: Counter[str] = Counter()
    counts: dict[int, int] = {}
    for row in rows:
        stored = decode(row["before"])
        if row["action"] == "current":
            on, off = stored["on"], stored["off"]
            on, off = (off, on) if is_undo else (on, off)
            why = swap_current(connection, row["job_id"], on, off)
            counts[row["id"]] = row["count"] if why is None else 0
            skipped += Counter({} if why is None else {why: row["count"]})
        elif row["action"] != "choose":
            counts[row["id"]], left = _swap_groups(connection, action_id, stored, now, is_undo)
            skipped += left
        elif stored:
            why = swap_choice(connection, stored, action_id, is_undo=is_undo)
            # The other job has a line of it, too.
            counts.update((line["id"], int(why is None)) for line in rows)
            skipped += Counter([] if why is None else [why])
    for row_key, count in counts.items():
        # Undone as long as a record is.
        connection.execute(
            # A record of which a part was left before is no second one.
            "UPDATE review_actions SET undone = max(0, min(count, undone + ?1)), "
            "undone_at = CASE WHEN undone + ?1 > 0 THEN iif(?1 > 0, ?2, undone_at) END, "
            "undone_by = CASE WHEN undone + ?1 > 0 THEN iif(?1 > 0, ?3, undone_by) END "
            "WHERE id = ?4",
            [count if is_undo else -count, now, author.reviewer, row_key],
        )
    total = (
        max(counts.values(), default=0) if rows[0]["action"] == "choose" else sum(counts.values())
    )
    what = rows[0]["what"]
    if rows[0]["action"] == "current" and total:
        what = _is_current_told(on)
    what = f"{'undone' if is_undo else 'redone'}: {what}"
    return Action(action_id if total else None, what, total, dict(+skipped))


def _is_current_told(ids: Sequence[int]) -> str:
    if len(ids) == 1:
        return f"record {ids[0]} is the current one again"
    return f"records {', '.join(map(str, ids))} are the current ones again"


def _swap_groups(
    connection: sqlite3.Connection, action_id: int, stored: Any, now: str, is_undo: bool
) -> tuple[int, Counter[str]]:
    """Records of one job: how many were changed, and why others, or parts of them, were left."""
    count, skipped = 0, Counter[str]()
    for before, after, lasts, runs in stored["groups"]:
        part = touched(stored["columns"], before, after, lasts)
        own = [action_id] * len(part.marks)
        swap = (
            _Part(part.columns, part.marks, part.before, own, part.lasts)
            if is_undo
            else _Part(part.columns, part.marks, part.after, part.lasts, own)
        )
        done = _swap_whole(connection, swap, runs, now)
        if (wanted := count_of(runs)) > done:
            partly, left = _left(connection, swap, runs, wanted - done)
            if partly:
                _swap_parts(connection, swap, runs, now)
            if already := left.pop("already"):
                left["undone already" if is_undo else "done already"] = already
            skipped += left
            done += partly
        count += done
    return count, skipped


@dataclass(frozen=True, slots=True)
class _Part:
    """What is swapped in records: ``values`` of columns, where the marks say ``named``; they say
    ``becomes`` then."""

    columns: list[str]
    marks: list[str]
    values: Sequence[Any]
    named: Sequence[int | None]
    becomes: Sequence[int | None]


def _swap_whole(connection: sqlite3.Connection, part: _Part, runs: Runs, now: str) -> int:
    """The records of which nothing was changed since; their number."""
    setting = ", ".join(f"{name} = ?" for name in (*part.columns, *part.marks))
    naming = " AND ".join(f"{mark} IS ?" for mark in part.marks)
    return connection.execute(
        f"UPDATE records SET {setting}, version = version + 1, updated_at = ? "
        f"WHERE {naming} AND id IN (SELECT r.id FROM {OF_RUNS})",
        [*part.values, *part.becomes, now, *part.named, runs_text(runs)],
    ).rowcount


def _swap_parts(connection: sqlite3.Connection, part: _Part, runs: Runs, now: str) -> None:
    """Of the others what was not changed since."""
    names = dict(zip(part.marks, part.named, strict=True))
    setting, parameters = [], []
    for name, value in zip(part.columns, part.values, strict=True):
        setting.append(f"{name} = iif({MARKS[name]} IS ?, ?, {name})")
        parameters += [names[MARKS[name]], value]
    for mark, value in zip(part.marks, part.becomes, strict=True):
        setting.append(f"{mark} = iif({mark} IS ?, ?, {mark})")
        parameters += [names[mark], value]
    naming = " OR ".join(f"{mark} IS ?" for mark in part.marks)
    connection.execute(
        f"UPDATE records SET {', '.join(setting)}, version = version + 1, updated_at = ? "
        f"WHERE ({naming}) AND id IN (SELECT r.id FROM {OF_RUNS})",
        [*parameters, now, *part.named, runs_text(runs)],
    )


def _left(
    connection: sqlite3.Connection, part: _Part, runs: Runs, left: int
) -> tuple[int, Counter[str]]:
    """Of how many records a part can be swapped, and why others and other parts are left; records
    that were swapped say ``becomes`` now, as do those that did already."""
    states, joins = [], []
    for place, mark in enumerate(part.marks):
        states.append(f"CASE WHEN r.{mark} IS ? THEN 'named' WHEN r.{mark} IS ? THEN 'becomes' END")
        states.append(f"a{place}.reviewer")
        joins.append(
            f"LEFT JOIN review_actions AS a{place} ON a{place}.group_id = r.{mark} "
            f"AND a{place}.job_id = r.job_id"
        )
    marks = [value for pair in zip(part.named, part.becomes, strict=True) for value in pair]
    found: Counter[str] = Counter()
    partly = there = 0
    for *row, count in connection.execute(
        f"SELECT {', '.join(states)}, count(*) FROM {OF_RUNS} {' '.join(joins)} "
        f"GROUP BY {', '.join(map(str, range(1, len(states) + 1)))}",
        [*marks, runs_text(runs)],
    ):
        there += count
        state = dict(zip(part.marks, row[::2], strict=True))
        if "named" in state.values():
            partly += count
        others = {
            mark: who
            for (mark, is_known), who in zip(state.items(), row[1::2], strict=True)
            if is_known is None
        }
        if not others:
            continue
        people = dict.fromkeys(who for who in others.values() if who is not None)
        why = f"changed since by {', '.join(people)}" if people else "undone since"
        if len(others) < len(part.marks):
            why = f"the {' and '.join(_PARTS[mark] for mark in others)}: {why}"
        found[why] += count
        left -= count if "named" not in state.values() else 0
    found[GONE] = count_of(runs) - there
    found["already"] = left - partly - found[GONE]
    return partly, found
