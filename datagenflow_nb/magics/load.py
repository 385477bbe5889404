"""``%load_ext datagenflow_nb``: the magics, tab completion, live jobs and error panels."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from .complete import add_completion, remove_completion
from .dispatch import DgfMagics
from .empty_cells import allow_empty_cells, refuse_empty_cells
from .problems import hide_tracebacks, show_tracebacks

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..jobs import Job

__all__ = ["load", "unload"]

#: Displayed by a function instead of a method: what lives is not the job's own business.
_JOB = ("datagenflow_nb.jobs.job", "Job")
_VIEWS = "datagenflow_nb.widgets.job_view"


def load(shell: InteractiveShell) -> None:
    """Put ``%dgf`` into the shell; what it needs beyond that is loaded when it is first used."""
    shell.register_magics(DgfMagics)
    allow_empty_cells(shell)
    add_completion(shell)
    hide_tracebacks(shell)
    formatter = shell.display_formatter
    if formatter is not None:
        formatter.ipython_display_formatter.for_type_by_name(*_JOB, _show_job)
    shell.events.register("pre_run_cell", _begin_cell)
    shell.events.register("post_run_cell", _end_cell)


def unload(shell: InteractiveShell) -> None:
    """Take it out again; jobs that run go on."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("dgf", None)
    refuse_empty_cells(shell)
    remove_completion(shell)
    show_tracebacks(shell)
    formatter = shell.display_formatter
    if formatter is not None:
        from ..jobs import Job

        formatter.ipython_display_formatter.pop(Job, None)
    for event, callback in (("pre_run_cell", _begin_cell), ("post_run_cell", _end_cell)):
        with contextlib.suppress(ValueError):  # it was not loaded
            shell.events.unregister(event, callback)


def _begin_cell(*_: Any) -> None:
    if _VIEWS in sys.modules:  # something was shown before
        sys.modules[_VIEWS].begin_cell()


def _end_cell(*_: Any) -> None:
    if _VIEWS in sys.modules:
        sys.modules[_VIEWS].end_cell()


def _show_job(job: Job) -> None:
    from ..widgets.job_view import show_job

    show_job(job)
