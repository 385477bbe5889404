"""Which comparison a job, a workspace or a command opens."""

from __future__ import annotations

from pathlib import Path

from ...workspaces import Workspace
from ..review.opened import workspace_of
from .widget import CompareWidget

__all__ = ["compare_jobs"]


def compare_jobs(
    place: Workspace | Path, left: int, right: int | None, blind: bool
) -> CompareWidget:
    """Two jobs side by side, or the attempts of one, of a workspace or of a store's file."""
    space = workspace_of(place) if isinstance(place, Path) else place
    return CompareWidget(space, left, right, blind=blind)
