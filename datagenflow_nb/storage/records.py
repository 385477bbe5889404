"""Records and their traces, rebuilt on reading from the seed and what each step changed."""

from __future__ import annotations

import itertools
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import StoreError, ValidationError
from ..query import OUTCOMES, REVIEW_STATUSES
from ..records import Call, Step, Trace, build_trace, decode, encode, replay
from ..whole import as_whole, row_id, told
from .attempts import paths_to
from .current import Attempt, attempts_of
from .journal import STEP_COLUMNS, call_from_row, step_from_row
from .store import Store

if TYPE_CHECKING:
    from ..displays.listing import Listing

__all__ = ["OUTCOMES", "REVIEW_STATUSES", "Reason", "Record", "RecordTable", "split_fields"]

_PAGE = 500
#: Where ``_SELECT`` has the execution's number and the branch.
_EXECUTION = 2
_BRANCH = 5

#: The columns ``_build`` takes, in its order.
_SELECT = (
    "SELECT r.id, r.job_id, r.execution_id, r.seed_index, r.repetition, r.branch, e.attempt, "
    "r.status, r.reason, r.output_field, r.model, r.verdict, r.note, r.tags, r.reviewer, "
    "r.version, r.created_at, r.updated_at, e.trace_id, s.metadata, r.edits FROM records r "
    "JOIN executions e ON e.id = r.execution_id JOIN jobs j ON j.id = r.job_id "
    "JOIN seeds s ON s.job_id = j.root_job_id AND s.seed_index = r.seed_index "
)


#: By what failed: the block, what is known of its error, the reason.
_REASONS = (
    "SELECT t.block_id, json_extract(t.error, '$.type', '$.detail.kind', "
    "'$.detail.status', '$.detail.model') AS error, substr(r.reason, 1, ?) AS told, count(*), "
    "min(r.id) FROM records r LEFT JOIN steps t ON t.execution_id = r.execution_id "
    "AND t.branch = r.branch AND t.error IS NOT NULL "
    "WHERE r.job_id = ? AND r.status = ? AND r.is_current = 1 GROUP BY t.block_id, 2, told"
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why records failed or were filtered.

    Attributes
    ----------
    block_id : str or None
        The block that failed.
    error : str or None
        Type, kind, status and model of its error, as JSON.
    record_id : int
        The first of the ``count`` records.
    """

    block_id: str | None
    error: str | None
    reason: str
    count: int
    record_id: int


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
    _table: RecordTable = field(repr=False, compare=False)

    @property
    def trace(self) -> Trace:
        """What happened, step by step, calls included; see ``records.build_trace``."""
        return build_trace(self.metadata, self._table.steps_with_calls(self))

    def text(self, width: int = 100) -> str:
        """The record with its trace, for reading: lines of at most ``width`` columns."""
        from ..displays.trace import trace_text

        return trace_text(self.trace, width, title=self.title, seed=self.metadata)

    @property
    def store_path(self) -> Path:
        """The file that holds it."""
        return self._table.path

    def attempts(self) -> Listing[Attempt]:
        """All records of this place, this one too: the first and what was made beside it since."""
        from ..displays.listing import Listing

        return Listing(
            self._table.attempts(self),
            ("record", "attempt", "branch", "status", "current", "why", "made", "reason"),
            lambda one: (
                one.record_id, one.attempt, one.branch, one.status,
                "yes" if one.is_current else "", one.why, one.created_at, one.reason or "",
            ),
            title=f"Attempts of record {self.id}",
        )  # fmt: skip

    @property
    def title(self) -> str:
        """Which record it is, and what became of it, on one line."""
        branch = f", branch {self.branch}" if self.branch else ""
        reason = f" ({self.reason})" if self.reason else ""
        return (
            f"Record {self.id} (seed {self.seed_index}, repetition {self.repetition}{branch}): "
            f"{self.status}{reason}"
        )

    def _repr_html_(self) -> str:
        from ..displays.trace import trace_html

        model = f"model {self.model}" if self.model else ""
        return trace_html(self.trace, title=self.title, about=model, seed=self.metadata)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.text())


def split_fields(record: Record) -> tuple[dict[str, Any], dict[str, Any]]:
    """The record's seed fields and block outputs, edits in the half the field belongs to.

    An edited field that no block set is a seed field and appears in the first; one that a block set
    (be it over a seed field) in the second. The seed as it was stored is ``record.metadata``.
    """
    if not record.original:
        return record.metadata, record.outputs
    computed = {name for step in record.steps for name in step.set}
    edited = {name: record.state[name] for name in record.original if name not in computed}
    outputs = {name: value for name, value in record.outputs.items() if name not in edited}
    return record.metadata | edited, outputs


class RecordTable:
    """Reading records."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.path = store.path

    @property
    def store(self) -> Store:
        """Where they are."""
        return self._store

    def get(self, record_id: int) -> Record:
        """One record.

        Raises
        ------
        ValidationError
            When the id is no whole number.
        StoreError
            When there is no such record.
        """
        if as_whole(record_id) is None:
            raise ValidationError(f"record id {told(record_id)} is no whole number")
        key = row_id(record_id)
        found = self._read("WHERE r.id = ?", [key])
        if not found:
            count, last = self._store.rows("SELECT count(*), max(id) FROM records")[0]
            there = f"{count} records, the last is {last}" if count else "no records"
            raise StoreError(
                f"there is no record {told(record_id)} in {self._store.path.name}; "
                f"there are {there}",
                {"record_id": told(record_id) if key is None else key},
            )
        return found[0]

    def many(self, record_ids: Sequence[int]) -> list[Record]:
        """The records of these ids that exist, in order of their ids."""
        found: list[Record] = []
        wanted = [key for key in map(row_id, record_ids) if key is not None]
        for start in range(0, len(wanted), _PAGE):
            part = wanted[start : start + _PAGE]
            marks = ",".join("?" * len(part))
            found += self._read(f"WHERE r.id IN ({marks}) ORDER BY r.id", part)
        return found

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

    def attempts(self, record: Record) -> list[Attempt]:
        """All records of the record's place, oldest first."""
        return attempts_of(
            self._store, record.job_id, record.seed_index, record.repetition, record.branch
        )

    def count(self, job_id: int | None = None) -> dict[str, int]:
        """Number of current records by status."""
        where, parameters = _filter(job_id, None)
        rows = self._store.rows(
            f"SELECT r.status, count(*) FROM records r {where} GROUP BY r.status", parameters
        )
        return {row[0]: row[1] for row in rows}

    def reasons(self, job_id: int, status: str, most: int) -> Iterator[Reason]:
        """Why records are ``failed`` or ``filtered``, in any order.

        Reasons are cut after ``most`` characters and one more.
        """
        for row in self._store.each(_REASONS, [most + 1, job_id, status]):
            block_id, error, reason, count, record_id = row
            yield Reason(block_id, error, reason or "", count, record_id)

    def last_reason(self, job_id: int) -> str | None:
        """Why the latest failed record of the job failed; None when there is none."""
        row = self._store.row(
            "SELECT reason FROM records WHERE job_id = ? AND status = 'failed' AND is_current = 1 "
            "ORDER BY id DESC LIMIT 1",
            [job_id],
        )
        return None if row is None else row[0]

    def steps_with_calls(self, record: Record) -> list[Step]:
        """The record's steps, each with the calls it made."""
        self._add_calls([record])
        return record.steps

    def many_with_calls(self, record_ids: Sequence[int]) -> list[Record]:
        """As ``many``, each step with the calls it made."""
        records = self.many(record_ids)
        self._add_calls(records)
        return records

    def stream_traces(self, *, job_id: int | None = None) -> Iterator[tuple[Record, list[Step]]]:
        """Every record with its steps and their calls, some hundred in memory at a time."""
        records = self.stream(job_id=job_id)
        while page := list(itertools.islice(records, _PAGE)):
            self._add_calls(page)
            yield from ((record, record.steps) for record in page)

    def _add_calls(self, records: Sequence[Record]) -> None:
        calls: dict[tuple[int, str, str], list[Call]] = defaultdict(list)
        paths = [(record.execution_id, record.branch) for record in records]
        for row in self._rows_of("SELECT t.*", "calls", paths, "block_id, number"):
            calls[row["execution_id"], row["block_id"], row["branch"]].append(call_from_row(row))
        for record in records:
            for step in record.steps:
                # A block that fanned out made its calls before the branches parted.
                parent = step.branch.rpartition(".")[0]
                own = calls.get((record.execution_id, step.block_id, step.branch))
                step.calls = own or calls.get((record.execution_id, step.block_id, parent), [])

    def _read(self, clause: str, parameters: Sequence[Any]) -> list[Record]:
        rows = self._store.rows(_SELECT + clause, parameters)
        steps: dict[int, dict[str, list[Step]]] = defaultdict(lambda: defaultdict(list))
        select = f"SELECT t.execution_id, {STEP_COLUMNS}"
        paths = [(row[_EXECUTION], row[_BRANCH]) for row in rows]
        for execution, branch, *rest in self._rows_of(select, "steps", paths, "step"):
            steps[execution][branch].append(step_from_row((branch, *rest)))
        return [_build(row, steps[row[_EXECUTION]], self) for row in rows]

    def _rows_of(
        self, select: str, table: str, paths: Sequence[tuple[int, str]], order: str
    ) -> Iterator[sqlite3.Row]:
        """Rows on the paths of these branches only: an execution may have thousands of others."""
        keys = {(execution, part) for execution, branch in paths for part in paths_to(branch)}
        wanted = sorted(keys)
        for start in range(0, len(wanted), _PAGE):
            # One parameter however many there are; CROSS JOIN: look each up in the table's index.
            yield from self._store.rows(
                f"{select} FROM json_each(?) AS k CROSS JOIN {table} AS t "
                "ON t.execution_id = json_extract(k.value, '$[0]') "
                f"AND t.branch = json_extract(k.value, '$[1]') ORDER BY k.key, {order}",
                [encode(wanted[start : start + _PAGE])],
            )


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


def _build(row: sqlite3.Row, by_branch: dict[str, list[Step]], table: RecordTable) -> Record:
    *head, tags, reviewer, version, created_at, updated_at, trace_id, metadata_text, edited = row
    record_id, job_id, execution_id, seed_index, repetition, branch, attempt, status = head[:8]
    reason, output_field, model, verdict, note = head[8:]
    metadata = decode(metadata_text)
    steps = _on_path(branch, by_branch)
    computed = replay(metadata, steps)
    edits = {} if edited is None else decode(edited)
    state = computed | edits
    touched = set(edits).union(*(step.set for step in steps))
    is_result = status not in OUTCOMES and output_field is not None
    return Record(
        id=record_id,
        job_id=job_id,
        execution_id=execution_id,
        seed_index=seed_index,
        repetition=repetition,
        branch=branch,
        attempt=attempt,
        status=status,
        reason=reason,
        output_field=output_field,
        model=model,
        verdict=verdict,
        note=note,
        tags=[] if tags is None else decode(tags),
        reviewer=reviewer,
        version=version,
        created_at=created_at,
        updated_at=updated_at,
        trace_id=trace_id,
        metadata=metadata,
        state=state,
        original={name: computed.get(name) for name in edits},
        outputs={name: value for name, value in state.items() if name in touched},
        output=state.get(output_field) if is_result else None,
        steps=steps,
        _table=table,
    )


def _on_path(branch: str, by_branch: dict[str, list[Step]]) -> list[Step]:
    """The steps of ``"3.0"``: those of ``""``, then of ``"3"``, then of ``"3.0"``."""
    return [step for part in paths_to(branch) for step in by_branch.get(part, ())]
