"""``%%dgf`` with nothing below it: IPython refuses the cell before our magic can say anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["allow_empty_cells", "refuse_empty_cells"]

#: What IPython makes of such a cell: the magic's name, its line, and no body.
_START, _END = "get_ipython().run_cell_magic('dgf', ", ", '')\n"


def allow_empty_cells(shell: InteractiveShell) -> None:
    """From now on our magic gets them, with an empty line as their body."""
    refuse_empty_cells(shell)
    shell.input_transformers_post.append(_give_a_body)


def refuse_empty_cells(shell: InteractiveShell) -> None:
    """Undo it."""
    transformers = shell.input_transformers_post
    transformers[:] = [each for each in transformers if each is not _give_a_body]


def _give_a_body(lines: list[str]) -> list[str]:
    if len(lines) == 1 and lines[0].startswith(_START) and lines[0].endswith(_END):
        return [lines[0].removesuffix(_END) + ", '\\n')\n"]
    return lines
