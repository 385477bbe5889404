"""What a record's trace can be asked for in the browser: its attempts, and one more of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..jobs import Job
from ..storage.jobs import ACTIVE
from ..storage.records import Record, RecordTable
from ..workspaces import Workspace
from .bridge import Action
from .trace_document import attempt_of, record_document

__all__ = ["TraceActs"]


class TraceActs:
    """Actions of whatever widget shows the traces of records.

    Nothing is asked of a model that was not planned, told and confirmed before: ``run_again`` takes
    the number of calls that the person has seen, and refuses when it is another by now.

    Parameters
    ----------
    workspace : Workspace
        Whose records they are.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._records = RecordTable(workspace.store)

    def actions(self) -> Mapping[str, Action]:
        """By name."""
        return {
            "trace": self.trace,
            "plan_again": self._plan,
            "run_again": self._run,
            "again": self._state,
            "stop_again": self._stop,
            "make_current": self._make_current,
        }

    def trace(self, values: dict[str, Any]) -> dict[str, Any]:
        """The trace of a record, with all attempts there are."""
        record = self._record(values)
        attempts = [attempt_of(one) for one in self._records.attempts(record)]
        return record_document(record) | {"record_id": record.id, "attempts": attempts}

    def _plan(self, values: dict[str, Any]) -> dict[str, Any]:
        record = self._record(values)
        return self._job(record).plan_run_again(record.id, str(values.get("block"))).to_dict()

    def _run(self, values: dict[str, Any]) -> dict[str, Any]:
        record = self._record(values)
        plan = self._job(record).plan_run_again(record.id, str(values.get("block")))
        if str(plan) != values.get("told"):
            return {"plan": plan.to_dict()}  # it is another by now: to be confirmed anew
        plan.start()
        return self._state(values)

    def _state(self, values: dict[str, Any]) -> dict[str, Any]:
        """How the job of the record is, and which record stands in its place."""
        record = self._record(values)
        row = self._job(record).row
        attempts = self._records.attempts(record)
        current = next((one for one in reversed(attempts) if one.is_current), None)
        return {
            "job_id": row.id,
            "status": row.status,
            "is_running": row.status in ACTIVE,
            "current": None if current is None else current.record_id,
            "record_status": None if current is None else current.status,
            "reason": None if current is None else current.reason,
            "error": None if row.error is None else row.error.get("error"),
        }

    def _stop(self, values: dict[str, Any]) -> None:
        self._job(self._record(values)).cancel()

    def _make_current(self, values: dict[str, Any]) -> dict[str, Any]:
        self._workspace.make_current(self._record(values).id)
        return self.trace(values)

    def _record(self, values: dict[str, Any]) -> Record:
        return self._records.get(values["id"])

    def _job(self, record: Record) -> Job:
        return self._workspace.job(record.job_id)
