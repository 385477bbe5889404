"""Writing blocks typed in a notebook into the project's folder, without harm to what is there."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

from ..errors import ConfigError
from .folder import BlockFolder
from .registry import Registry, snake_case

__all__ = ["write_block_file"]

_MARK = "# Written from a notebook cell by %%dgf block --save; sha256 of what follows: "
_HEAD = re.compile(re.escape(_MARK) + r"([0-9a-f]{64})\n")


def write_block_file(folder: Path | None, source: str, *, replace: bool = False) -> Path:
    """Write ``source`` to ``folder``, in a file called like the first block it defines.

    Parameters
    ----------
    folder : Path, optional
        Made when it is not there.
    replace : bool
        Also replace a file that was edited, or not written by this function.

    Raises
    ------
    ConfigError
        When the source does not load on its own or defines no block, when the file holds something
        else, and when it cannot be written. Nothing is written then.
    """
    if folder is None:
        raise ConfigError("there is no folder for blocks; set BLOCKS_PATH")
    body = source.rstrip("\n") + "\n"
    path = folder / f"{_first_block(body)}.py"
    if path.exists() and not replace and not _is_as_written(path):
        raise ConfigError(
            f"{path.name} in {folder.name}/ was edited since, or not written by --save; "
            "--replace writes over it",
            {"path": str(path)},
        )
    text = f"{_MARK}{hashlib.sha256(body.encode()).hexdigest()}\n{body}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(path, text)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error}") from error
    return path


def _first_block(body: str) -> str:
    """The file name for what ``body`` defines, which is loaded on its own, elsewhere."""
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
    if not found:
        raise ConfigError(
            "the cell defines no block; a block is a class based on BaseBlock with an execute "
            "method, or a function with @block, and its name does not begin with _"
        )
    return snake_case(found[0].__name__)


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
