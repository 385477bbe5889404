"""Records for tests of what reads them: made by hand, or written to and read from a real store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datagenflow_nb.records import Seed, Step, replay
from datagenflow_nb.storage.jobs import EXECUTION_SHIFT, JobTable
from datagenflow_nb.storage.journal import call_row, execution_row, record_row, step_row
from datagenflow_nb.storage.records import Record, RecordTable
from datagenflow_nb.storage.review import ReviewTable
from datagenflow_nb.storage.store import Store
from datagenflow_nb.storage.writer import CALLS, EXECUTIONS, RECORDS, STEPS, Writer

__all__ = ["NOW", "Filled", "Result", "fill_store", "make_record", "make_step", "put_results"]

NOW = "2026-11-23T10:00:00.000Z"


def make_step(index: int, fields: dict[str, Any], **values: Any) -> Step:
    """A step of the block ``b<index>`` that set ``fields``."""
    values = {"block_id": f"b{index}", "block_type": f"B{index}", "execution_time": 0.5} | values
    return Step(index, set=fields, **values)


def make_record(
    id: int = 1,
    metadata: Mapping[str, Any] | None = None,
    outputs: Mapping[str, Any] | None = None,
    **values: Any,
) -> Record:
    """A record of one step that set ``outputs``, of which the last is the record's output."""
    metadata = dict(metadata or {})
    steps = [make_step(0, dict(outputs))] if outputs else []
    state = replay(metadata, steps)
    output_field = next(reversed(outputs), None) if outputs else None
    fixed: dict[str, Any] = {
        "job_id": 1,
        "execution_id": id,
        "seed_index": id - 1,
        "repetition": 0,
        "branch": "",
        "attempt": 1,
        "status": "pending",
        "reason": None,
        "output_field": output_field,
        "model": "offline",
        "verdict": None,
        "note": None,
        "tags": [],
        "reviewer": None,
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
        "trace_id": f"trace-{id}",
        "metadata": metadata,
        "state": state,
        "original": {},
        "outputs": {name: state[name] for name in outputs or {}},
        "output": state[output_field] if output_field else None,
        "steps": steps,
        "_table": None,
    }
    return Record(id=id, **fixed | values)


@dataclass
class Result:
    """One execution for ``fill_store``: a seed, the steps, and the branches that became records."""

    metadata: dict[str, Any]
    steps: list[Step] = field(default_factory=list)
    branches: Sequence[str] = ("",)
    output_field: str | None = None
    status: str = "pending"
    reason: str | None = None


@dataclass
class Filled:
    """A store with one job and the doors to its records."""

    store: Store
    job_id: int
    records: RecordTable
    review: ReviewTable


def fill_store(path: Path, results: Sequence[Result], until: int | None = None) -> Filled:
    """A new store with one job that gave ``results``, the first of them or all.

    Written like a job writes.
    """
    store = Store(path)
    jobs = JobTable(store)
    job_id = jobs.create(
        pipeline_name="demo", definition="{}", options={}, random_seed=1, token="here"
    )
    jobs.add_seeds(job_id, (Seed(result.metadata) for result in results))
    records = RecordTable(store)
    filled = Filled(store, job_id, records, ReviewTable(store, records))
    put_results(filled, results[:until])
    return filled


def put_results(filled: Filled, results: Sequence[Result], first: int = 0) -> None:
    """Write results of the seeds from ``first`` on."""
    job_id = filled.job_id
    writer = Writer(filled.store)
    writer.open_job(job_id, "here")
    for index, result in enumerate(results, first):
        key = (job_id << EXECUTION_SHIFT) + index
        rows = [
            (
                EXECUTIONS,
                execution_row(key, job_id, index, 0, 1, "done", None, f"trace-{index}", NOW, NOW),
            )
        ]
        for step in result.steps:
            rows += [(CALLS, call_row(key, step.branch, call, NOW)) for call in step.calls]
            rows.append((STEPS, step_row(key, step)))
        for branch in result.branches:
            row = record_row(
                job_id, key, index, 0, branch, result.status, result.reason, result.output_field,
                "offline", None, NOW,
            )  # fmt: skip
            rows.append((RECORDS, row))
        writer.put(job_id, rows)
    writer.stop()
