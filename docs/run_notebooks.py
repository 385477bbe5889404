"""Runs the notebooks of notebooks/ in place, so that their saved outputs are what they give now.

    python docs/run_notebooks.py [NOTEBOOK ...]

Every notebook runs as a new user's would: in a folder of its own, without a store, offline. What
differs from run to run for no reason (times, versions, ids of widgets) is not saved.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datagenflow_nb.settings import _VARIABLES

__all__ = ["clean", "execute", "offline_environment", "set_up_folder"]

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"

_CELL_LIMIT = 120  # s
_KERNELSPEC = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
#: As a kernel says it, without the versions.
_LANGUAGE = {
    "name": "python",
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
#: Names a widget of the kernel that drew it, which has ended; readers show an error for it.
_WIDGET = "application/vnd.jupyter.widget-view+json"
#: A folder that `tempfile` made: it has another name each time.
_TEMPORARY = re.compile(r"(?:/private)?/(?:tmp|var/tmp|var/folders)/(?:[^\s'\"<>)\]},;:/]+/)+")


def set_up_folder(notebook: Path, folder: Path) -> Path:
    """Copy a notebook, the ``data/`` beside it and the project's blocks; the copy's path."""
    for source in (notebook.parent / "data", ROOT / "blocks"):
        if source.is_dir():
            leave = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / source.name, ignore=leave, dirs_exist_ok=True)
    return Path(shutil.copy(notebook, folder))


def offline_environment(folder: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """``variables`` without settings of ours; what users configured for themselves is not found."""
    kept = {name: value for name, value in variables.items() if name not in _VARIABLES.values()}
    kept["XDG_CONFIG_HOME"] = str(folder / ".config")
    kept["IPYTHONDIR"] = str(folder / ".ipython")
    return kept


def clean(notebook: Any) -> None:
    """Remove what differs from run to run, or from one machine to the next."""
    notebook.metadata = {"kernelspec": _KERNELSPEC, "language_info": _LANGUAGE}
    for cell in notebook.cells:
        tags = cell.metadata.get("tags")
        cell.metadata = {"tags": tags} if tags else {}
        if cell.cell_type == "code":
            for output in cell.outputs:
                output.get("data", {}).pop(_WIDGET, None)
                _hide_temporary_folders(output)
            cell.outputs = [output for output in cell.outputs if output.get("data") != {}]


def _hide_temporary_folders(holder: Any) -> None:
    """Write them as ``/.../`` in every text below ``holder``."""
    for key, value in holder.items() if isinstance(holder, dict) else enumerate(holder):
        if isinstance(value, str):
            holder[key] = _TEMPORARY.sub("/.../", value)
        elif isinstance(value, dict | list):
            _hide_temporary_folders(value)


def execute(path: Path) -> None:
    """Run a notebook and save what it gives.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        When a cell fails that has no tag ``raises-exception``.
    ValueError
        When an output names a folder of this machine.
    """
    import nbformat
    from nbclient import NotebookClient

    with tempfile.TemporaryDirectory(prefix="notebook-") as name:
        folder = Path(name).resolve()
        notebook = nbformat.read(set_up_folder(path, folder), as_version=4)  # type: ignore[no-untyped-call]
        client = NotebookClient(
            notebook,
            timeout=_CELL_LIMIT,
            kernel_name="python3",
            resources={"metadata": {"path": name}},
            coalesce_streams=True,
            record_timing=False,
            store_widget_state=False,
        )
        client.execute(env=offline_environment(folder, os.environ))
        text = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
        for place in (folder, ROOT, Path.home()):
            if f"{place}{os.sep}" in text or f'{place}"' in text:
                raise ValueError(f"an output of {path.name} holds {place}: say it relative")
    clean(notebook)
    text = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    path.write_text(text.rstrip("\n") + "\n", encoding="utf-8")


def main(paths: list[Path]) -> None:
    """Execute these notebooks, or all."""
    for path in paths or sorted(NOTEBOOKS.glob("*.ipynb")):
        execute(path)
        sys.stdout.write(f"{path.name} ran and is saved\n")


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
