"""Jobs, and the log of one, as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..displays.listing import Listing
from ..displays.reached import reached
from ..displays.usage import cost_told, tokens_told
from ..errors import DataGenFlowError
from ..storage.log import LogLine
from .job import Job

__all__ = ["job_listing", "log_listing"]

_HEADERS = ("ID", "Status", "Done", "Total", "Records", "Failed", "Filtered", "Tokens", "Cost",
            "Started", "Model", "Pipeline")  # fmt: skip


def job_listing(jobs: Iterable[Job]) -> Listing[Job]:
    """The jobs with what the store knows of them when the table is shown."""
    return Listing(jobs, _HEADERS, _cells, title="Jobs", empty="No jobs yet.")


def log_listing(job_id: int, lines: Iterable[LogLine]) -> Listing[LogLine]:
    """What the job's blocks printed and logged, line by line."""
    return Listing(
        lines,
        ("Time", "Block", "Level", "Message"),
        _line_cells,
        title=f"Log of job {job_id}",
        empty=f"The log of job {job_id} is empty: its blocks printed and logged nothing.",
    )


def _line_cells(line: LogLine) -> tuple[str, str, str, str]:
    time = line.created_at[:19].replace("T", " ")
    return time, line.block_id or "-", line.level, line.message


def _cells(job: Job) -> tuple[Any, ...]:
    try:
        row = job.row
    except DataGenFlowError:  # deleted since, or its store is gone
        return (job.id, "out of sight", *[None] * (len(_HEADERS) - 2))
    rerun = row.options.get("rerun")
    return (
        row.id,
        row.status,
        *reached(row),
        row.records_generated,
        row.records_failed,
        row.records_filtered,
        *_spent(row.usage),
        (row.started_at or row.created_at)[:16].replace("T", " "),
        ", ".join(row.options.get("models") or []),
        f"{row.pipeline_name} (rerun of {rerun['of']})" if rerun else row.pipeline_name,
    )


def _spent(usage: Mapping[str, Any]) -> tuple[str, str]:
    """Tokens and cost; of a job that has made no call, neither."""
    if not usage.get("calls"):
        return "-", "-"
    cost = "unknown" if usage["cost"] is None else cost_told(usage)  # the known part is too wide
    return tokens_told(usage), cost or "0"
