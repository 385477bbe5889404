"""How traces, and what holds one, show themselves in a notebook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..displays.text import plural
from ..preview import Preview
from ..records import Trace
from ..results import Result
from ..storage.records import Record
from ..workspaces import Workspace, workspace
from .fallback import show, static_html, view_bundle
from .trace_document import (
    branch_of,
    document_of,
    preview_document,
    record_document,
    result_document,
)

__all__ = ["show_preview", "show_record", "show_result", "show_trace"]


def show_trace(trace: Trace) -> None:
    """A trace that says nothing of where it comes from."""
    title = f"Trace, {plural(len(trace), 'step')}"
    _show(trace, lambda: document_of([branch_of(trace)], title=title), title)


def show_record(record: Record) -> None:
    """A stored record with its trace; with its attempts where its workspace is the current one."""
    space = workspace()
    is_here = space.store.path == record.store_path
    _show(record, lambda: record_document(record), f"record {record.id}",
          space if is_here else None, record.id if is_here else None)  # fmt: skip


def show_result(result: Result) -> None:
    """What one branch gave."""
    _show(result, lambda: result_document(result), f"result {result.trace_id}")


def show_preview(preview: Preview) -> None:
    """What one seed made of a pipeline."""
    _show(preview, lambda: preview_document(preview), repr(preview))


def _show(
    shown: Any,
    document: Callable[[], dict[str, Any]],
    name: str,
    space: Workspace | None = None,
    record_id: int | None = None,
) -> None:
    """The living widget, and the HTML that stays in the saved notebook.

    Raises
    ------
    NotImplementedError
        Outside of a notebook and where there are no widgets: the object's own text and HTML do.
    """
    try:
        from .trace import TraceWidget
        from .trace_acts import TraceActs
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("anywidget", "ipywidgets"):
            raise
        raise NotImplementedError(f"{error.name} is not installed") from error
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    formatter = None if shell is None else shell.display_formatter
    if formatter is None or not hasattr(shell, "kernel"):
        raise NotImplementedError("there are no widgets in a terminal")
    html, text = shown._repr_html_(), formatter.formatters["text/plain"](shown)
    acts = None if space is None else TraceActs(space)
    show(view_bundle(TraceWidget(document, name, acts, record_id)))
    show({"text/html": static_html(html), "text/plain": text})
