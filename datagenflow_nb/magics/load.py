"""``%load_ext datagenflow_nb``: the magics, tab completion, live jobs and error panels."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .complete import add_completion, remove_completion
from .dispatch import DgfMagics
from .empty_cells import allow_empty_cells, refuse_empty_cells
from .problems import hide_tracebacks, show_tracebacks

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["load", "unload"]

_VIEWS = "datagenflow_nb.widgets.monitor_view"
#: Displayed by a function instead of a method: what lives is not the object's own business. By the
#: module and name of the type: the function's module and name.
_LIVING = {
    ("datagenflow_nb.jobs.job", "Job"): (_VIEWS, "show_job"),
    **{
        (f"datagenflow_nb.{module}", name): (
            "datagenflow_nb.widgets.trace_open", f"show_{name.lower()}"
        )
        for module, name in (
            ("records", "Trace"), ("storage.records", "Record"), ("results", "Result"),
            ("preview", "Preview"),
        )
    },
}  # fmt: skip


def load(shell: InteractiveShell) -> None:
    """Put ``%dgf`` into the shell; what it needs beyond that is loaded when it is first used."""
    shell.register_magics(DgfMagics)
    allow_empty_cells(shell)
    add_completion(shell)
    hide_tracebacks(shell)
    formatter = shell.display_formatter
    if formatter is not None:
        for kind, place in _LIVING.items():
            formatter.ipython_display_formatter.for_type_by_name(*kind, _shown_by(*place))
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
        for module, name in _LIVING:
            formatter.ipython_display_formatter.pop(f"{module}.{name}", None)
    for event, callback in (("pre_run_cell", _begin_cell), ("post_run_cell", _end_cell)):
        with contextlib.suppress(ValueError):  # it was not loaded
            shell.events.unregister(event, callback)


def _begin_cell(*_: Any) -> None:
    if _VIEWS in sys.modules:  # something was shown before
        sys.modules[_VIEWS].begin_cell()


def _end_cell(*_: Any) -> None:
    if _VIEWS in sys.modules:
        sys.modules[_VIEWS].end_cell()


def _shown_by(module: str, function: str) -> Callable[[Any], None]:
    """What shows an object, imported when the first one is shown."""

    def show(shown: Any) -> None:
        getattr(importlib.import_module(module), function)(shown)

    return show
