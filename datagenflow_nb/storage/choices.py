"""Which of two records of the same seed is the better one."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from ..errors import ValidationError, suggest
from .actions import Action, Author, write_action
from .choice_rows import put_choice, read_choice
from .records import OUTCOMES, Record, RecordTable
from .review_values import check_note
from .store import Store

__all__ = ["CHOICES", "Choice", "ChoiceTable"]

CHOICES = ("left", "right", "tie", "neither")
_SIDES = {"left": "low", "right": "high"}
_TURNED = {"left": "right", "right": "left"}
_ALL = (
    "SELECT c.low_record_id, c.high_record_id, c.choice, c.reviewer, c.note, c.updated_at, "
    "l.job_id AS low_job, h.job_id AS high_job, l.seed_index AS low_seed, "
    "h.seed_index AS high_seed, l.repetition AS low_repetition, h.repetition AS high_repetition, "
    "l.branch AS low_branch, h.branch AS high_branch "
    "FROM choices AS c JOIN records AS l ON l.id = c.low_record_id "
    "JOIN records AS h ON h.id = c.high_record_id WHERE (l.job_id = ?1 AND h.job_id = ?2) "
    "OR (l.job_id = ?2 AND h.job_id = ?1)"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One pair and what was chosen.

    Attributes
    ----------
    left, right : int
        Record ids.
    choice : str
        ``left``, ``right``, ``tie`` or ``neither``.
    seed_index, repetition, branch
        Of the left record.
    left_out : str or None
        Why it counts no more; None: its records stand side by side now.
    """

    left: int
    right: int
    choice: str
    seed_index: int
    repetition: int
    branch: str
    reviewer: str
    note: str | None
    updated_at: str
    left_out: str | None = None

    @property
    def better(self) -> int | None:
        """The record that was chosen; None for a tie and neither."""
        return {"left": self.left, "right": self.right}.get(self.choice)

    @property
    def worse(self) -> int | None:
        """The record that was not chosen; None for a tie and neither."""
        return {"left": self.right, "right": self.left}.get(self.choice)


class ChoiceTable:
    """The choices of a store."""

    def __init__(self, store: Store, records: RecordTable) -> None:
        self._store = store
        self._records = records

    def choose(
        self, left: int, right: int, choice: str, author: Author, note: str | None = None
    ) -> Action:
        """Choose between two records; the last choice of a pair counts.

        Raises
        ------
        ValidationError
            For an unknown choice, two records of different seeds or one and the same, and a better
            one that holds no result.
        StoreError
            When there is no such record.
        """
        if choice not in CHOICES:
            raise ValidationError(
                f"choice {choice!r} is unknown; {suggest(str(choice), CHOICES)}",
                {"choice": choice, "choices": list(CHOICES)},
            )
        note = check_note(note)
        with self._store.write() as connection:
            first, second = self._records.get(left), self._records.get(right)
            _check_pair(first, second, choice)
            is_turned = first.id > second.id
            pair = (second.id, first.id) if is_turned else (first.id, second.id)
            side = _TURNED.get(choice, choice) if is_turned else choice
            values = {
                "choice": _SIDES.get(side, side), "reviewer": author.reviewer, "note": note,
            }  # fmt: skip
            what = f"{choice} of {first.id} and {second.id}"
            before = read_choice(connection, *pair)
            is_same = before is not None and values.items() <= before.items()
            if is_same and self._is_own(connection, before, author):
                return Action(None, what, 0)
            stored = {"pair": pair, "before": before, "after": values}
            # In the logs of both jobs, once with what was before.
            jobs = dict.fromkeys((first.job_id, second.job_id))
            by_job = [(job_id, 1, stored if job_id == first.job_id else {}) for job_id in jobs]
            action_id = write_action(connection, "choose", what, author, by_job)
            put_choice(connection, pair, values, action_id)
        return Action(action_id, what, 1)

    def between(self, left_job: int, right_job: int) -> list[Choice]:
        """What was chosen between records of these jobs, by the left one's seeds.

        Of one job with itself, the record that was made earlier is the left one.
        """
        found = (_oriented(row, left_job) for row in self._store.rows(_ALL, [left_job, right_job]))
        return sorted(found, key=lambda one: (one.seed_index, one.left, one.right))

    def _is_own(
        self, connection: sqlite3.Connection, found: dict[str, Any] | None, author: Author
    ) -> bool:
        row = connection.execute(
            "SELECT session FROM review_actions WHERE group_id = ?",
            [None if found is None else found["last_action"]],
        ).fetchone()
        return row is not None and row[0] == author.session


def _oriented(row: sqlite3.Row, left_job: int) -> Choice:
    """The choice as it is seen from this job."""
    left, right = ("low", "high") if row["low_job"] == left_job else ("high", "low")
    names = {left: "left", right: "right"}
    return Choice(
        row[f"{left}_record_id"], row[f"{right}_record_id"],
        names.get(row["choice"], row["choice"]), row[f"{left}_seed"], row[f"{left}_repetition"],
        row[f"{left}_branch"], row["reviewer"], row["note"], row["updated_at"],
    )  # fmt: skip


def _check_pair(left: Record, right: Record, choice: str) -> None:
    if left.id == right.id:
        raise ValidationError(f"record {left.id} is one and the same: choose between two")
    if left.metadata != right.metadata:
        raise ValidationError(
            f"records {left.id} and {right.id} are of different seeds: which is the better one "
            "says nothing",
            {"left": left.id, "right": right.id},
        )
    for record in {"left": [left], "right": [right], "tie": [left, right]}.get(choice, []):
        if record.status in OUTCOMES:
            raise ValidationError(
                f"record {record.id} is {record.status} ({record.reason}): it holds no result to "
                "prefer",
                {"record_id": record.id, "status": record.status},
            )
