"""What a record's trace can be asked for in the browser: its attempts, and one more of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from ..jobs import Job
from ..storage.actions import Author
from ..storage.current import log_exchange, make_current
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
    author : callable, optional
        Who acts, in a review that can take back which records are current.
    exchanged : callable, optional
        Is told which records gave way to which, in the order of their branches.
    """

    def __init__(
        self,
        workspace: Workspace,
        author: Callable[[], Author] | None = None,
        exchanged: Callable[[list[int], list[int]], None] | None = None,
    ) -> None:
        self._workspace = workspace
        self._author = author
        self._exchanged = exchanged
        #: What runs again: the record, and which ones were current before.
        self._begun: list[tuple[Record, list[int]]] = []
        self._lock = threading.Lock()
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
        with self._lock:
            before = self._current(record)
            plan.start()
            self._begun.append((record, before))
        return self._state(values)

    def settle(self) -> None:
        """Note what has run again since: an act like others, which is taken back in its turn."""
        with self._lock:
            for one in list(self._begun):
                record, before = one
                if self._job(record).row.status in ACTIVE:
                    continue
                self._begun.remove(one)
                self._note(record, before, is_logged=False)

    def _note(self, record: Record, before: list[int], *, is_logged: bool) -> None:
        now = self._current(record)
        on = [key for key in now if key not in before]
        off = [key for key in before if key not in now]
        if not on:
            return
        if self._author is not None and not is_logged:
            log_exchange(self._workspace.store, record.job_id, on, off, self._author())
        if self._exchanged is not None:
            self._exchanged(off, on)

    def _current(self, record: Record) -> list[int]:
        """The current records of its seed, in the order of their branches."""
        rows = self._workspace.store.rows(
            "SELECT id FROM records WHERE job_id = ? AND seed_index = ? AND repetition = ? "
            "AND is_current = 1 ORDER BY branch, id",
            [record.job_id, record.seed_index, record.repetition],
        )
        return [row[0] for row in rows]

    def _state(self, values: dict[str, Any]) -> dict[str, Any]:
        """How the job of the record is, and which record stands in its place."""
        self.settle()
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
        record = self._record(values)
        if self._author is None:
            self._workspace.make_current(record.id)
        else:
            self.settle()
            before = self._current(record)
            make_current(self._workspace.store, record.id, self._author())
            self._note(record, before, is_logged=True)
        return self.trace(values)

    def _record(self, values: dict[str, Any]) -> Record:
        return self._records.get(values["id"])

    def _job(self, record: Record) -> Job:
        return self._workspace.job(record.job_id)
