"""Running the edited pipeline as a job."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import JobError
from ..pipeline import Pipeline
from .editor_seeds import seeds_of

if TYPE_CHECKING:
    from ..workspaces import Workspace

__all__ = ["EditorRun"]


class EditorRun:
    """Starts jobs, tells how they are, stops them."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def start(self, pipeline: Pipeline, values: Mapping[str, Any]) -> dict[str, Any]:
        """Start a job over the seeds of ``{"kind", "text", "options"}``; its ``state``.

        Raises
        ------
        DataGenFlowError
            As ``Workspace.run``; then nothing was started.
        """
        seeds, _ = seeds_of(values)
        given = values.get("options")
        options = dict(given) if isinstance(given, Mapping) else {}
        return self.state(self._workspace.run(pipeline, seeds, **options).id)

    def stop(self, job_id: Any) -> dict[str, Any]:
        """Cancel a job, if it has not ended; answers in flight are kept."""
        with contextlib.suppress(JobError):  # it has ended in this moment; its state says how
            self._workspace.job(job_id).cancel()
        return self.state(job_id)

    def state(self, job_id: Any) -> dict[str, Any]:
        """``{"job", "status", "total", "done", "records", "failed", "error"}``.

        Raises
        ------
        JobError
            When there is no such job.
        """
        row = self._workspace.job(job_id).row
        return {
            "job": row.id,
            "status": row.status,
            "total": row.total,
            "done": row.executions_done,
            "records": row.records_generated,
            "failed": row.records_failed,
            "error": None if row.error is None else row.error.get("error"),
        }
