"""Records and their traces, rebuilt on reading from the seed and what each step changed."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import StoreError
from ..records import Step, decode, replay
from .journal import call_from_row, step_from_row
from .store import Store

__all__ = ["OUTCOMES", "REVIEW_STATUSES", "Record", "RecordTable"]

REVIEW_STATUSES = ("pending", "accepted", "rejected")
OUTCOMES = ("failed", "filtered")
_PAGE = 500

_SELECT = (
    "SELECT r.*, e.trace_id, e.attempt, s.metadata FROM records r "
    "JOIN executions e ON e.id = r.execution_id JOIN jobs j ON j.id = r.job_id "
    "JOIN seeds s ON s.job_id = j.root_job_id AND s.seed_index = r.seed_index "
)


@dataclass(frozen=True, slots=True)
class Record:
    """The stored result of one branch of an execution.

    Attributes
    ----------
    metadata : dict
        The seed's fields.
    state : dict
        All fields: the seed's, the blocks', edits applied.
    original : dict
        What the edited fields were before.
    outputs : dict
        The part of ``state`` that blocks set or people edited.
    output : JSON value
        The field ``output_field`` names; None for a failed or filtered record.
    steps : list of Step
        The steps on the branch's path, without their calls.
    """

    id: int
    job_id: int
    execution_id: int
    seed_index: int
    repetition: int
    branch: str
    attempt: int
    status: str
    reason: str | None
    output_field: str | None
    model: str | None
    verdict: str | None
    note: str | None
    tags: list[str]
    reviewer: str | None
    version: int
    created_at: str
    updated_at: str
    trace_id: str
    metadata: dict[str, Any] = field(repr=False)
    state: dict[str, Any] = field(repr=False)
    original: dict[str, Any] = field(repr=False)
    outputs: dict[str, Any] = field(repr=False)
    output: Any = field(repr=False)
    steps: list[Step] = field(repr=False)


class RecordTable:
    """Reading records."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, record_id: int) -> Record:
        """One record.

        Raises
        ------
        StoreError
            When there is no such record.
        """
        found = self._read("WHERE r.id = ?", [record_id])
        if not found:
            count, last = self._store.rows("SELECT count(*), max(id) FROM records")[0]
            there = f"{count} records, the last is {last}" if count else "no records"
            raise StoreError(
                f"there is no record {record_id} in {self._store.path.name}; there are {there}",
                {"record_id": record_id},
            )
        return found[0]

    def many(self, record_ids: Sequence[int]) -> list[Record]:
        """The records of these ids that exist, in order of their ids."""
        found: list[Record] = []
        for start in range(0, len(record_ids), _PAGE):
            part = record_ids[start : start + _PAGE]
            marks = ",".join("?" * len(part))
            found += self._read(f"WHERE r.id IN ({marks}) ORDER BY r.id", part)
        return found

    def page(
        self,
        *,
        job_id: int | None = None,
        statuses: Sequence[str] | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Record]:
        """Records in order of their ids."""
        where, parameters = _filter(job_id, statuses)
        clause = f"{where} ORDER BY r.id LIMIT ? OFFSET ?"
        return self._read(clause, [*parameters, -1 if limit is None else limit, offset])

    def stream(
        self, *, job_id: int | None = None, statuses: Sequence[str] | None = None
    ) -> Iterator[Record]:
        """All matching records in order of their ids, some hundred in memory at a time."""
        last = 0
        while True:
            where, parameters = _filter(job_id, statuses, "r.id > ?")
            page = self._read(f"{where} ORDER BY r.id LIMIT ?", [last, *parameters, _PAGE])
            if not page:
                return
            last = page[-1].id
            yield from page

    def count(self, job_id: int | None = None) -> dict[str, int]:
        """Number of current records by status."""
        where, parameters = _filter(job_id, None)
        rows = self._store.rows(
            f"SELECT r.status, count(*) FROM records r {where} GROUP BY r.status", parameters
        )
        return {row[0]: row[1] for row in rows}

    def steps_with_calls(self, record: Record) -> list[Step]:
        """The record's steps, each with the calls it made."""
        calls = defaultdict(list)
        rows = self._store.rows(
            "SELECT * FROM calls WHERE execution_id = ? ORDER BY block_id, number",
            [record.execution_id],
        )
        for row in rows:
            calls[row["block_id"], row["branch"]].append(call_from_row(row))
        for step in record.steps:
            # A block that fanned out made its calls before the branches parted.
            parent = step.branch.rpartition(".")[0]
            own = calls.get((step.block_id, step.branch))
            step.calls = own or calls.get((step.block_id, parent), [])
        return record.steps

    def _read(self, clause: str, parameters: Sequence[Any]) -> list[Record]:
        rows = self._store.rows(_SELECT + clause, parameters)
        steps = self._steps({row["execution_id"] for row in rows})
        return [_build(row, steps[row["execution_id"]]) for row in rows]

    def _steps(self, executions: set[int]) -> dict[int, dict[str, list[Step]]]:
        """Steps by execution and branch."""
        found: dict[int, dict[str, list[Step]]] = defaultdict(lambda: defaultdict(list))
        keys = sorted(executions)
        for start in range(0, len(keys), _PAGE):
            part = keys[start : start + _PAGE]
            marks = ",".join("?" * len(part))
            for row in self._store.rows(
                f"SELECT * FROM steps WHERE execution_id IN ({marks}) ORDER BY execution_id, step",
                part,
            ):
                found[row["execution_id"]][row["branch"]].append(step_from_row(row))
        return found


def _filter(
    job_id: int | None, statuses: Sequence[str] | None, first: str = ""
) -> tuple[str, list[Any]]:
    conditions = [*([first] if first else []), "r.is_current = 1"]
    parameters: list[Any] = []
    if job_id is not None:
        conditions.append("r.job_id = ?")
        parameters.append(job_id)
    if statuses is not None:
        conditions.append(f"r.status IN ({','.join('?' * len(statuses))})")
        parameters.extend(statuses)
    return "WHERE " + " AND ".join(conditions), parameters


def _build(row: sqlite3.Row, by_branch: dict[str, list[Step]]) -> Record:
    metadata = decode(row["metadata"])
    steps = _on_path(row["branch"], by_branch)
    computed = replay(metadata, steps)
    edits = {} if row["edits"] is None else decode(row["edits"])
    state = computed | edits
    touched = {name for step in steps for name in step.set} | set(edits)
    is_result = row["status"] not in OUTCOMES
    return Record(
        id=row["id"],
        job_id=row["job_id"],
        execution_id=row["execution_id"],
        seed_index=row["seed_index"],
        repetition=row["repetition"],
        branch=row["branch"],
        attempt=row["attempt"],
        status=row["status"],
        reason=row["reason"],
        output_field=row["output_field"],
        model=row["model"],
        verdict=row["verdict"],
        note=row["note"],
        tags=[] if row["tags"] is None else decode(row["tags"]),
        reviewer=row["reviewer"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        trace_id=row["trace_id"],
        metadata=metadata,
        state=state,
        original={name: computed.get(name) for name in edits},
        outputs={name: value for name, value in state.items() if name in touched},
        output=state.get(row["output_field"]) if is_result and row["output_field"] else None,
        steps=steps,
    )


def _on_path(branch: str, by_branch: dict[str, list[Step]]) -> list[Step]:
    """The steps of ``"3.0"``: those of ``""``, then of ``"3"``, then of ``"3.0"``."""
    steps = list(by_branch.get("", ()))
    if branch:
        parts = branch.split(".")
        for depth in range(1, len(parts) + 1):
            steps.extend(by_branch.get(".".join(parts[:depth]), ()))
    return steps
