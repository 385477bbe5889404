"""Writing blocks typed in a notebook into the project's folder, without harm to what is there."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

from ..errors import ConfigError
from .base import BaseBlock
from .folder import BlockFolder, defined_names
from .registry import Registry, snake_case

__all__ = ["write_block_file"]

_MARK = "# Written from a notebook cell by %%dgf block --save; sha256 of what follows: "
_HEAD = re.compile(re.escape(_MARK) + r"([0-9a-f]{64})\n")


def write_block_file(
    folder: Path | None, source: str, registry: Registry, *, replace: bool = False
) -> Path:
    """Write ``source`` to ``folder``, in a file called like the first block it defines.

    Parameters
    ----------
    folder : Path, optional
        Made when it is not there.
    registry : Registry
        The blocks there are: no name of theirs is defined a second time.
    replace : bool
        Also replace a file that was edited, or not written by this function; and remove files
        written by it that define the same blocks and nothing else.

    Raises
    ------
    ConfigError
        When the source does not load on its own or defines no block, when the file holds something
        else, when another place defines a block of that name, and when it cannot be written.
        Nothing is written then.
    """
    if folder is None:
        raise ConfigError("there is no folder for blocks; set BLOCKS_PATH")
    body = source.rstrip("\n") + "\n"
    kinds, defined = _load_alone(body)
    path = folder / f"{snake_case(kinds[0].__name__)}.py"
    if path.exists() and not replace and not _is_as_written(path):
        raise ConfigError(
            f"{path.name} in {folder.name}/ was edited since, or not written by --save; "
            "--replace writes over it",
            {"path": str(path)},
        )
    names = {name for kind in kinds for name in (kind.__name__, *kind.aliases)}
    taken_over = _taken_over(registry, path, names, defined, replace=replace)
    text = f"{_MARK}{hashlib.sha256(body.encode()).hexdigest()}\n{body}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(path, text)
        for other in taken_over:
            other.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error}") from error
    return path


def _load_alone(body: str) -> tuple[list[type[BaseBlock]], set[str]]:
    """The blocks that ``body`` defines, loaded on its own, elsewhere; and all that it defines."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        # One line down: where the body stands in the cell, and in the file.
        (place / "cell.py").write_text(f"\n{body}", encoding="utf-8")
        registry = Registry()
        registry.watch(BlockFolder(place))
        broken = [item for item in registry.unavailable() if item.source.startswith(name)]
        if broken:
            raise ConfigError(
                f"the cell does not load on its own, as a file of blocks does: {broken[0].error}; "
                "what it uses from other cells (imports, functions) has to stand in it too"
            )
        found = registry.defined_by(str(place / "cell.py"))
        defined = set(defined_names(place / "cell.py"))
    if not found:
        raise ConfigError(
            "the cell defines no block; a block is a class based on BaseBlock with an execute "
            "method, or a function with @block, and its name does not begin with _"
        )
    return found, defined


def _taken_over(
    registry: Registry, path: Path, names: set[str], defined: set[str], *, replace: bool
) -> list[Path]:
    """Files written by ``write_block_file`` whose blocks will be those of ``path`` alone.

    Raises
    ------
    ConfigError
        When one of ``names`` is defined in another place that has to stay.
    """
    registry.refresh()
    files: list[Path] = []
    for source, taken in registry.elsewhere(names, str(path)).items():
        other = Path(source)
        told = f"{', '.join(map(repr, taken))} is a block of {source}"
        detail = {"types": taken, "source": source}
        if other.parent != path.parent or not _is_as_written(other):
            raise ConfigError(f"{told} already; choose another name", detail)
        rest = sorted(set(defined_names(other)) - defined)
        if rest:
            raise ConfigError(
                f"{told} already, which also defines {', '.join(rest)}; save that file's cell "
                f"without {', '.join(taken)} first, or delete the file",
                detail,
            )
        if not replace:
            raise ConfigError(
                f"{told} already; --replace moves it to {path.name} and removes {other.name}",
                detail,
            )
        files.append(other)
    return files


def _is_as_written(path: Path) -> bool:
    text = path.read_text(encoding="utf-8", errors="replace")
    head = _HEAD.match(text)
    return head is not None and hashlib.sha256(text[head.end() :].encode()).hexdigest() == head[1]


def _write(path: Path, text: str) -> None:
    """All of it or nothing: a file half written would be loaded."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
