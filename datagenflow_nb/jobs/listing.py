"""Jobs as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..displays.listing import Listing
from .job import Job

__all__ = ["job_listing"]

_HEADERS = ("ID", "Status", "Done", "Total", "Records", "Failed", "Filtered", "Started", "Model",
            "Pipeline")  # fmt: skip


def job_listing(jobs: Iterable[Job]) -> Listing[Job]:
    """The jobs with what the store knows of them when the table is shown."""
    return Listing(jobs, _HEADERS, _cells, title="Jobs", empty="No jobs yet.")


def _cells(job: Job) -> tuple[Any, ...]:
    row = job.row
    return (
        row.id,
        row.status,
        row.executions_done,
        row.total or 0,
        row.records_generated,
        row.records_failed,
        row.records_filtered,
        (row.started_at or row.created_at)[:16].replace("T", " "),
        ", ".join(row.options.get("models") or []),
        row.pipeline_name,
    )
