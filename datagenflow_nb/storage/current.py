"""The attempts of a record, and which of them is the current one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from ..errors import JobError, StoreError, ValidationError
from ..records import decode, utc_now
from ..whole import as_whole, row_id, told
from .actions import Author, write_action
from .attempts import is_below
from .current_rows import exchange, refuse_running
from .store import Store

__all__ = [
    "Attempt",
    "attempts_of",
    "exchanged_by",
    "log_exchange",
    "make_current",
    "refuse_split_apart",
]

_ATTEMPTS = (
    "SELECT r.id, e.attempt, r.branch, r.status, r.reason, r.is_current, r.reviewer, r.note, "
    "r.created_at, e.from_block, e.from_branch, "
    "(SELECT o.attempt FROM executions o WHERE o.id = e.from_execution) FROM executions e "
    "JOIN records r ON r.execution_id = e.id WHERE e.job_id = ? AND e.seed_index = ? "
    "AND e.repetition = ? ORDER BY e.attempt, r.id"
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One of the records that came of the same place: seed, repetition and branch.

    Attributes
    ----------
    record_id : int
    attempt : int
        From 1.
    is_current : bool
        It is the one that frames, counts and exports hold.
    from_block : str or None
        It ran again from this block; None: from the beginning, or as a retry of what had failed.
    from_branch : str or None
        The branch on which it then went on.
    origin : int or None
        The attempt whose steps and calls it took over.
    """

    record_id: int
    attempt: int
    branch: str
    status: str
    reason: str | None
    is_current: bool
    reviewer: str | None
    note: str | None
    created_at: str
    from_block: str | None
    from_branch: str | None
    origin: int | None = None

    @property
    def why(self) -> str:
        """Why there is this attempt."""
        if self.from_block is not None:
            return f"again from {self.from_block}"
        return "first" if self.attempt == 1 else "retried"

    @property
    def scope(self) -> str:
        """The branch whose records this attempt made anew."""
        return self.branch if self.from_branch is None else self.from_branch


_FIELDS = [item.name for item in fields(Attempt)]


def attempts_of(
    store: Store, job_id: int, seed_index: int, repetition: int, branch: str
) -> list[Attempt]:
    """The records of a branch, of those it parted from and of those that parted from it."""
    return [
        attempt
        for attempt in _all(store.rows(_ATTEMPTS, [job_id, seed_index, repetition]))
        if _is_related(attempt.branch, branch)
    ]


def refuse_split_apart(
    store: Store, place: tuple[int, int, int], record_id: int, branch: str
) -> None:
    """Raise when the branch is of another split of the seed than the current records are.

    What came of running it again would stand beside them.

    Parameters
    ----------
    place : (job, seed, repetition)
    branch : str
        On which the record would go on.

    Raises
    ------
    JobError
    """
    found = list(_all(store.rows(_ATTEMPTS, place)))
    wanted = next((one for one in found if one.record_id == record_id), None)
    if wanted is None or wanted.is_current or not branch:
        return
    changed = {key for ids in changes_for(wanted, found) for key in ids}
    others = [
        one for one in found if one.record_id in changed and not _is_related(one.branch, branch)
    ]
    if others:
        raise JobError(
            f"record {record_id} is of a split of its seed that gave way to another one, and its "
            "branch alone cannot run again: two splits would be mixed; bring that split back first "
            f"(ws.make_current({record_id}), or 'Make this the current one' in its trace), or run "
            "a record of the current split again",
            {"record_id": record_id, "branch": branch},
        )


def make_current(store: Store, record_id: int, author: Author) -> list[int]:
    """Have the record be the current one of its branch again; those that gave way to it.

    Where an attempt before a fan-out is undone, or done again, its other branches go with it.

    Raises
    ------
    ValidationError, StoreError
        When there is no such record.
    JobError
        While a runner has the job.
    """
    if as_whole(record_id) is None:
        raise ValidationError(f"record id {told(record_id)} is no whole number")
    key = row_id(record_id)
    with store.write() as connection:
        row = connection.execute(
            "SELECT job_id, seed_index, repetition, is_current FROM records WHERE id = ?", [key]
        ).fetchone()
        if row is None:
            raise StoreError(
                f"there is no record {told(record_id)}; nothing was changed",
                {"record_id": told(record_id) if key is None else key},
            )
        job_id, seed_index, repetition, is_current = row
        if is_current:
            return []
        refuse_running(connection, job_id)
        found = list(_all(connection.execute(_ATTEMPTS, [job_id, seed_index, repetition])))
        on, off = changes_for(next(one for one in found if one.record_id == key), found)
        now = utc_now()
        exchange(connection, job_id, on, off, now)
        _log(connection, "made current", job_id, on, off, author, now)
    return off


def log_exchange(store: Store, job_id: int, on: list[int], off: list[int], author: Author) -> None:
    """Note that records gave way to new ones, so that it can be taken back in its turn."""
    with store.write() as connection:
        _log(connection, "ran again, current", job_id, on, off, author, utc_now())


def exchanged_by(store: Store, action_id: int) -> tuple[list[int], list[int]]:
    """Of an action that has been taken back, or done again: records that gave way, and to which.

    None, when it is no exchange.
    """
    row = store.row(
        "SELECT before, undone FROM review_actions WHERE group_id = ? AND action = 'current'",
        [action_id],
    )
    if row is None:
        return [], []
    stored = decode(row[0])
    return (stored["on"], stored["off"]) if row[1] else (stored["off"], stored["on"])


def _log(
    connection: sqlite3.Connection, what: str, job_id: int, on: list[int], off: list[int],
    author: Author, now: str,
) -> None:  # fmt: skip
    write_action(
        connection, "current", f"{what}: {', '.join(map(str, on))}", author,
        [(job_id, len(on) + len(off), {"on": on, "off": off})], now=now,
    )  # fmt: skip


def changes_for(wanted: Attempt, all_: Sequence[Attempt]) -> tuple[list[int], list[int]]:
    """The records that become current with ``wanted``, and those that are it no longer.

    All records of attempts that began above it, where such a one is current or is wanted, are
    exchanged together: else branches of two ways to split the same thing would stand side by side.
    """
    scope = min(_scopes(wanted, all_), key=len)
    inside = [one for one in all_ if is_below(one.branch, scope)]
    # An attempt that made all of the branch anew after the wanted one is what it shall replace.
    undone = {
        one.attempt
        for one in all_
        if one.attempt > wanted.attempt
        and one.from_branch is not None
        and is_below(wanted.branch, one.from_branch)
    }
    for one in sorted(all_, key=lambda each: each.attempt):
        if one.origin in undone:  # it goes on from what is undone
            undone.add(one.attempt)
    rest = [one for one in inside if one.attempt not in undone and one is not wanted]
    chosen: list[Attempt] = []
    covered: list[str] = []
    for one in [wanted, *_of_same(wanted, rest), *sorted(rest, key=lambda each: -each.attempt)]:
        is_own = one.attempt == wanted.attempt and one.from_branch is not None
        if one in chosen or (not is_own and any(_is_related(one.branch, path) for path in covered)):
            continue
        chosen.append(one)
        covered.append(one.branch)
        if one.from_branch is not None:
            covered.append(one.from_branch)
    keep = {one.record_id for one in chosen}
    on = sorted(one.record_id for one in chosen if not one.is_current)
    off = sorted(one.record_id for one in inside if one.is_current and one.record_id not in keep)
    return on, off


def _of_same(wanted: Attempt, rest: Iterable[Attempt]) -> list[Attempt]:
    """The other records of an attempt that made a whole branch anew."""
    if wanted.from_branch is None:
        return []
    return [one for one in rest if one.attempt == wanted.attempt]


def _scopes(wanted: Attempt, all_: Iterable[Attempt]) -> list[str]:
    """Branches whose records have to be exchanged together with the wanted one."""
    scopes = [wanted.branch, wanted.scope]
    for one in all_:
        is_over = one.from_branch is not None and is_below(wanted.branch, one.from_branch)
        if one.is_current and (is_over or _is_related(one.branch, wanted.branch)):
            scopes.append(one.scope)
            scopes.append(one.branch)
    return scopes


def _is_related(one: str, other: str) -> bool:
    """Whether one is the other, or parted from it."""
    return is_below(one, other) or is_below(other, one)


def _all(rows: Iterable[Any]) -> Iterable[Attempt]:
    for row in rows:
        values: dict[str, Any] = dict(zip(_FIELDS, row, strict=True))
        yield Attempt(**{**values, "is_current": bool(values["is_current"])})
