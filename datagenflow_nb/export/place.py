"""The file to write: checked first, complete or not there at all."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..errors import ConfigError, DataGenFlowError
from ..storage.lease import file_token, is_gone

__all__ = ["check_target", "replacing"]

_BUFFER_BYTES = 1 << 20
#: The name of a half-written file: between them stands the process that writes it.
_PART, _PART_END = ".export-", ".part"
_SQLITE_MAGIC = b"SQLite format 3\0"


def check_target(path: str | os.PathLike[str]) -> Path:
    """The absolute path of the file to write; links are followed and stay links.

    Raises
    ------
    ConfigError
        When it is a folder, lies in none, is no path, or is a SQLite file.
    """
    try:
        target = Path(path).expanduser().resolve()
        is_folder, has_folder = target.is_dir(), target.parent.is_dir()
        is_special = target.exists() and not target.is_file()
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        raise ConfigError(f"{path!r} is no path to export to: {error}") from error
    if is_folder:
        raise ConfigError(
            f"{target} is a folder; name the file in it that the export shall write",
            {"path": str(target)},
        )
    if is_special:
        raise ConfigError(f"{target} is no ordinary file; name one", {"path": str(target)})
    if not has_folder:
        raise ConfigError(
            f"cannot export to {target}: the folder {target.parent} does not exist; create it "
            "first",
            {"path": str(target)},
        )
    if target.exists() and not os.access(target, os.W_OK):
        raise ConfigError(
            f"{target} is write-protected; remove it, or export to another file",
            {"path": str(target)},
        )
    if _is_database(target):
        raise ConfigError(
            f"{target} is a SQLite file, maybe the very store the records are in; an export never "
            "replaces one: name another file",
            {"path": str(target)},
        )
    return target


def _is_database(target: Path) -> bool:
    """True for a SQLite file and for the log beside one; source: sqlite.org/fileformat.html."""
    for suffix in ("-wal", "-shm", "-journal"):
        if target.name.endswith(suffix) and _is_database(
            target.with_name(target.name.removesuffix(suffix))
        ):
            return True
    if not target.is_file():
        return False
    with target.open("rb") as file:
        return file.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """A file that takes ``target``'s place when the block ends well, and disappears when not.

    It is written beside the target, forced to the disk and renamed, so that whatever happens the
    path holds the old file or the whole new one. What exports of killed processes have left there
    is removed.

    Raises
    ------
    DataGenFlowError
        When the file system refuses or is full; a file at ``target`` is as it was.
    """
    part = target.with_name(f"{_PART}{file_token()}{_PART_END}")
    try:
        _sweep(target.parent)
        try:
            with part.open("xb", buffering=_BUFFER_BYTES) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise DataGenFlowError(
            f"the export to {target} failed: {error.strerror or error}; no file was written or "
            "changed",
            {"path": str(target)},
        ) from error


def _sweep(folder: Path) -> None:
    """Remove half-written files whose processes are dead."""
    for part in folder.glob(f"{_PART}*{_PART_END}"):
        if is_gone(part.name.removeprefix(_PART).removesuffix(_PART_END)):
            # Somebody else's in a shared folder: it harms no export.
            with contextlib.suppress(PermissionError):
                part.unlink(missing_ok=True)
