"""Which review a job, a workspace or a command opens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...jobs.statuses import as_statuses
from ...settings import Settings
from ...workspaces import Workspace, workspace
from .widget import ReviewWidget

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["review_job", "review_records", "workspace_of"]


def review_records(
    space: Workspace, job_id: int | None, status: str | Sequence[str] | None
) -> ReviewWidget:
    """The review of a job's records, or of all there are."""
    statuses = as_statuses(status)
    job_ids = None if job_id is None else [space.job(job_id).id]
    return ReviewWidget(space, job_ids, {} if statuses is None else {"statuses": statuses})


def review_job(path: Path, job_id: int, status: str | Sequence[str] | None) -> ReviewWidget:
    """The review of a job of the store at ``path``, which need not be the current workspace's."""
    return review_records(workspace_of(path), job_id, status)


def workspace_of(path: Path) -> Workspace:
    """The current workspace when its store is at ``path``, else one that is."""
    space = workspace()
    return space if space.store.path == path else Workspace(Settings.load(database_path=path))
