"""The notebook's commands: ``%dgf`` and ``%%dgf``.

parser    argparse for magics
command   what a command is
commands  every command, a file each
dispatch  the magic itself
complete  tab completion
empty_cells  cells with nothing below the magic
problems  how errors show
load      putting all of it into a shell, and taking it out
"""

from __future__ import annotations

from .load import load, unload

__all__ = ["load", "unload"]
