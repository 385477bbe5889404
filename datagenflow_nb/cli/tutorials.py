"""``dgf tutorials``: the notebooks that show how it is done, with all they need."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import click

from ..displays.text import plural, shown_path
from ..errors import ConfigError
from .command import Command
from .output import emit

__all__ = ["tutorials"]

_PACKAGE = Path(__file__).resolve().parent.parent
#: What the copied folder gets besides: with it, it is a project, and its ``blocks/`` are found.
_ENVIRONMENT = """\
# This file makes the folder a project of its own: its blocks/, its datagenflow.db.
# conda env create -f environment.yml
name: datagenflow-tutorials
channels: [conda-forge, nodefaults]
dependencies:
  - python>=3.11
  - pip
  - pip: ["datagenflow-nb[lab,parquet]"]
"""


@click.command(cls=Command)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
def tutorials(folder: Path) -> None:
    """Copy the tutorials, notebooks and what they need, into the folder DIR.

    They run offline. Nothing is overwritten: when a file in DIR differs from what it would become,
    none is copied.
    """
    files = dict(_files())
    try:
        known = {name for name in files if (folder / name).exists()}
        changed = sorted(name for name in known if (folder / name).read_bytes() != files[name])
        if changed:
            raise ConfigError(
                f"{shown_path(folder)} holds files that differ from the tutorials, edited or run "
                f"since: {', '.join(changed)}; name another folder, or move them away; nothing was "
                "copied",
                {"folder": str(folder), "files": changed},
            )
        for name in files.keys() - known:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(files[name])
    except OSError as error:
        raise ConfigError(f"the tutorials cannot be copied: {error}") from error
    count = len(files) - len(known)
    kept = f" ({plural(len(known), 'file')} there already)" if known else ""
    emit(f"Copied {plural(count, 'file')} to {shown_path(folder)}{kept}")
    emit(f"\nNext: jupyter lab {shlex.quote(shown_path(folder / '01_quickstart.ipynb'))}")


def _files() -> Iterator[tuple[str, bytes]]:
    """(name in the copy, content) of every file."""
    packed, checkout = _PACKAGE / "_tutorials", _PACKAGE.parent
    is_packed = packed.is_dir()
    notebooks, blocks = (
        (packed, packed / "blocks") if is_packed else (checkout / "notebooks", checkout / "blocks")
    )
    found = [*notebooks.glob("[0-9]*.ipynb"), notebooks / "README.md", *notebooks.glob("data/*.*")]
    for path in sorted(path for path in found if path.is_file()):
        yield path.relative_to(notebooks).as_posix(), path.read_bytes()
    for path in sorted(blocks.glob("[!_]*.py")):
        yield f"blocks/{path.name}", path.read_bytes()
    yield "environment.yml", _ENVIRONMENT.encode()
