"""A user's mistake shows as a panel that says what to do; our own bugs keep their traceback."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..errors import BlockExecutionError, DataGenFlowError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["Interrupted", "hide_tracebacks", "show_tracebacks"]

#: Where the panel shows, the same as text below it is not shown a second time. JupyterLab draws
#: errors with the type of what is written to stderr.
_STYLE = (
    "<style>.jp-OutputArea-child:has(.dgf-error) + .jp-OutputArea-child:has("
    '[data-mime-type="application/vnd.jupyter.stderr"],'
    '[data-mime-type="application/vnd.jupyter.error"]){display:none}</style>'
)


class Interrupted(KeyboardInterrupt):
    """The user interrupted a command; ``message`` says what became of its work."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def _render_traceback_(self) -> list[str]:
        return [f"\x1b[1;31mInterrupted\x1b[0m: {self.message}"]


def hide_tracebacks(shell: InteractiveShell) -> None:
    """Show our errors as panels from now on, unless somebody else handles exceptions already."""
    if not shell.custom_exceptions:
        shell.set_custom_exc((DataGenFlowError,), _show)


def show_tracebacks(shell: InteractiveShell) -> None:
    """Undo it."""
    if shell.custom_exceptions == (DataGenFlowError,):
        shell.set_custom_exc((), None)


def _show(
    shell: InteractiveShell,
    kind: type[BaseException],
    error: DataGenFlowError,
    traceback: TracebackType | None,
    tb_offset: Any = None,
) -> list[str]:
    from IPython.display import display

    cause = error.__cause__
    if isinstance(error, BlockExecutionError) and cause is not None:
        # %debug and %tb are wanted where the block's code failed, not where we noticed.
        shell._get_exc_info((type(cause), cause, cause.__traceback__))
    else:
        shell._get_exc_info((kind, error, traceback))
    lines = error._render_traceback_()
    if getattr(shell, "kernel", None) is not None:
        # A bundle without text/plain: where HTML is not shown, the text that follows is.
        display({"text/html": _STYLE + error._repr_html_()}, raw=True)
    shell._showtraceback(kind, error, lines)
    return lines
