"""What the commands say of a job that runs on without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .follow import db_argument, job_summary
from .output import emit, emit_json

if TYPE_CHECKING:
    from ..storage.jobs import JobRow
    from ..workspaces import Workspace

__all__ = ["detach_option", "tell_detached", "tell_follow"]

detach_option = click.option(
    "--detach",
    is_flag=True,
    help="Run it in a process of its own, and end when that has begun. Linux and macOS.",
)


def tell_detached(workspace: Workspace, row: JobRow, *, as_json: bool) -> None:
    """Say that the job runs on its own, and how to get at it."""
    if as_json:
        emit_json(job_summary(workspace, row, row.seconds or 0.0))
        return
    from ..storage.lease import runner_told

    place = f" in {runner_told(row.runner)}" if row.runner is not None else ""
    emit(f"Job {row.id} {row.status}{place}")
    emit(tell_follow(workspace, row))
    if row.runner is not None:  # it has not ended already
        emit(f"To stop it: dgf cancel {row.id}{db_argument(workspace)}")


def tell_follow(workspace: Workspace, row: JobRow) -> str:
    """How to follow a job that runs."""
    return f"To follow it: dgf job {row.id}{db_argument(workspace)}"
