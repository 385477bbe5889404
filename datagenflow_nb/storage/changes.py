"""Changing records in one transaction, many of them by a statement, with what was before."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import StoreError, ValidationError
from ..records import utc_now
from ..whole import LARGEST, told
from .actions import GONE, Action, Author, Group, marks_of, touched, write_action
from .id_runs import OF_RUNS, Runs, add_to, count_of, runs_text

__all__ = ["Change", "Found", "apply_changes"]


@dataclass(frozen=True, slots=True)
class Found:
    """What a record holds before a change.

    Attributes
    ----------
    id : int
        Of the first of the records, when they are told by their values alone.
    values : tuple
        Of the change's columns.
    """

    id: int
    status: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What shall become of some records.

    Attributes
    ----------
    runs : Runs
    columns : sequence of str
        The columns of ``records`` that it may change.
    after : callable
        Gives their new values, says why the record is left as it is, or None when nothing is asked
        of it.
    by_id : bool
        The new values depend on which record it is, not on its status and values alone.
    until : str or None
        Only records that were not changed since then.
    """

    runs: Runs
    columns: tuple[str, ...]
    after: Callable[[Found], tuple[Any, ...] | str | None]
    by_id: bool = False
    until: str | None = None


@dataclass(slots=True)
class _Alike:
    """Records that a change sees as one."""

    first: int
    runs: Runs = field(default_factory=list)


def apply_changes(
    connection: sqlite3.Connection,
    kind: str,
    what: str,
    changes: Sequence[Change],
    author: Author,
    *,
    is_strict: bool = False,
) -> Action:
    """Change records and log it as one action; the caller holds the write transaction.

    A record that has the new values already counts as changed when somebody else gave them: who
    decides the same decides too, and taking back the other's action must not undo it.

    Parameters
    ----------
    is_strict : bool
        A record that cannot be changed is an error.

    Raises
    ------
    StoreError, ValidationError
        For such a record.
    """
    groups: list[Group] = []
    skipped: Counter[str] = Counter()
    sessions = _Sessions(connection, author.session)
    for change in changes:
        found = 0
        marks = marks_of(change.columns)
        for (job_id, status, *rest), alike in _alike(connection, change, marks):
            count = count_of(alike.runs)
            found += count
            lasts, before = rest[: len(marks)], tuple(rest[len(marks) :])
            after = change.after(Found(alike.first, status, before))
            if isinstance(after, str):
                skipped[after] += count
                if is_strict:
                    raise _refused(connection, alike.first)
            elif after is not None and (after != before or not sessions.are_own(lasts)):
                groups.append(Group(job_id, before, after, lasts, alike.runs))
        missing = count_of(change.runs) - found
        if missing and is_strict:
            raise _missing(connection, change.runs)
        skipped[GONE if change.until is None else "changed meanwhile"] += missing
    skipped = +skipped
    if not groups:
        return Action(None, what, 0, dict(skipped))
    columns, now = changes[0].columns, utc_now()
    action_id = write_action(
        connection, kind, what, author, _by_job(columns, groups), skipped.total(), now
    )
    _write(connection, columns, groups, action_id, now)
    return Action(action_id, what, sum(count_of(group.runs) for group in groups), dict(skipped))


def _alike(
    connection: sqlite3.Connection, change: Change, marks: Sequence[str]
) -> Iterator[tuple[tuple[Any, ...], _Alike]]:
    """The records of a change, those with the same values together."""
    columns = "".join(f", r.{name}" for name in (*marks, *change.columns))
    until = "" if change.until is None else " WHERE r.updated_at <= ?"
    cursor = connection.cursor()
    cursor.row_factory = None
    found: dict[tuple[Any, ...], _Alike] = {}
    for row in cursor.execute(
        f"SELECT r.id, r.job_id, r.status{columns} FROM {OF_RUNS}{until}",
        [runs_text(change.runs), *([] if change.until is None else [change.until])],
    ):
        key = row if change.by_id else row[1:]
        alike = found.get(key)
        if alike is None:
            alike = found[key] = _Alike(row[0])
        add_to(alike.runs, row[0])
    for key, alike in found.items():
        yield (key[1:] if change.by_id else key), alike


def _by_job(
    columns: Sequence[str], groups: Sequence[Group]
) -> Iterator[tuple[int, int, dict[str, Any]]]:
    jobs: dict[int, list[Group]] = defaultdict(list)
    for group in groups:
        jobs[group.job_id].append(group)
    for job_id, own in sorted(jobs.items()):
        stored = [[group.before, group.after, group.lasts, group.runs] for group in own]
        yield (
            job_id,
            sum(count_of(group.runs) for group in own),
            {"columns": columns, "groups": stored},
        )


def _write(
    connection: sqlite3.Connection,
    columns: Sequence[str],
    groups: Sequence[Group],
    action_id: int,
    now: str,
) -> None:
    """A statement for all records that get the same values."""
    becoming: dict[tuple[tuple[str, ...], tuple[Any, ...]], Runs] = defaultdict(list)
    for group in groups:
        part = touched(columns, group.before, group.after, group.lasts)
        names = (*part.columns, *part.marks)
        becoming[names, (*part.after, *[action_id] * len(part.marks))] += group.runs
    for (names, values), runs in becoming.items():
        changes = ", ".join(f"{name} = ?" for name in names)
        connection.execute(
            f"UPDATE records SET {changes}, version = version + 1, updated_at = ? "
            f"WHERE id IN (SELECT r.id FROM {OF_RUNS})",
            [*values, now, runs_text(sorted(runs))],
        )


class _Sessions:
    """Whose the actions are that changed records last."""

    def __init__(self, connection: sqlite3.Connection, own: str) -> None:
        self._connection = connection
        self._own = own
        self._known: dict[int | None, bool] = {None: True}

    def are_own(self, action_ids: Sequence[int | None]) -> bool:
        """Whether nobody else's action is among the last ones."""
        return all(self._is_own(action_id) for action_id in action_ids)

    def _is_own(self, action_id: int | None) -> bool:
        if action_id not in self._known:
            row = self._connection.execute(
                "SELECT session FROM review_actions WHERE group_id = ?", [action_id]
            ).fetchone()
            self._known[action_id] = row is None or row[0] == self._own
        return self._known[action_id]


def _refused(connection: sqlite3.Connection, record_id: int) -> ValidationError:
    row = connection.execute(
        "SELECT status, reason FROM records WHERE id = ?", [record_id]
    ).fetchone()
    return ValidationError(
        f"record {record_id} is {row['status']} ({row['reason']}): it holds no result to "
        "review; nothing was changed",
        {"record_id": record_id, "status": row["status"]},
    )


def _missing(connection: sqlite3.Connection, runs: Runs) -> StoreError:
    there = connection.execute(f"SELECT r.id FROM {OF_RUNS}", [runs_text(runs)])
    found = {row[0] for row in there}
    lost = next(
        number for first, last in runs for number in range(first, last + 1) if number not in found
    )
    return StoreError(
        f"there is no record {told(lost)}; nothing was changed",
        {"record_id": lost if -LARGEST <= lost <= LARGEST else told(lost)},
    )
