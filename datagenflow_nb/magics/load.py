"""``%load_ext datagenflow_nb``: the magics, tab completion, live jobs and error panels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .complete import add_completion, remove_completion
from .dispatch import DgfMagics
from .problems import hide_tracebacks, show_tracebacks

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..jobs import Job

__all__ = ["load", "unload"]

#: Displayed by a function instead of a method: what lives is not the job's own business.
_JOB = ("datagenflow_nb.jobs.job", "Job")


def load(shell: InteractiveShell) -> None:
    """Put ``%dgf`` into the shell; what it needs beyond that is loaded when it is first used."""
    shell.register_magics(DgfMagics)
    add_completion(shell)
    hide_tracebacks(shell)
    formatter = shell.display_formatter
    if formatter is not None:
        formatter.ipython_display_formatter.for_type_by_name(*_JOB, _show_job)


def unload(shell: InteractiveShell) -> None:
    """Take it out again; jobs that run go on."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("dgf", None)
    remove_completion(shell)
    show_tracebacks(shell)
    formatter = shell.display_formatter
    if formatter is not None:
        from ..jobs import Job

        formatter.ipython_display_formatter.pop(Job, None)


def _show_job(job: Job) -> None:
    from ..widgets.job_view import show_job

    show_job(job)
