"""The workspace: store, block registry, models and settings in one object.

    catalog   blocks, templates, saved pipelines
    models    the configured models
    records   records, review, export
    space     the workspace itself, and which one is current
    overview  where one stands
    worker    the process of a detached job

Magics, widgets, server and command line all drive this one; ``datagenflow_nb.workspace()`` gives
the current one, ``datagenflow_nb.run`` runs in it.
"""

from __future__ import annotations

from .overview import existing, status
from .space import Workspace, run, workspace

__all__ = ["Workspace", "existing", "run", "status", "workspace"]
