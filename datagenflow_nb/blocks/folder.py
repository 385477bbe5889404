"""The project's own folder of block files, loaded safely and again when they change."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import os
import re
import stat
import sys
import types
from collections.abc import Iterable
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path

from .base import BaseBlock
from .registry import CELL_MODULE, Registry, is_block

__all__ = ["BlockFolder", "add_module", "defined_names", "explain_failure", "is_own"]

#: What the packages that block files are loaded into are called, before the folder's digest.
_PACKAGE = "_datagenflow_blocks_"

_Mark = tuple[int, ...]
_DEFINED = re.compile(rb"^(?:class|(?:async\s+)?def)\s+(\w+)", re.MULTILINE)
_OF_THE_ORIGINAL = re.compile(r"from\s+lib\.(?:blocks\.base|errors)\s+import\s+(.+)")


class BlockFolder:
    """The user's folder of block files; calling it brings a registry up to date.

    Only files of the user's own that nobody else can write to are run. A file is run again when it
    or a file it imports changed; names that begin with ``_`` are helpers other files can import
    (``from ._helper import x``). Files in folders below are not looked at.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        digest = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
        self._package = f"{_PACKAGE}{digest}"
        self._seen: dict[Path, _Mark] = {}

    def __call__(self, registry: Registry) -> None:
        """Load new and changed files, forget deleted ones."""
        present = self._marks()
        if present == self._seen:
            return
        every = {*self._seen, *present}
        changed = {path for path in every if self._seen.get(path) != present.get(path)}
        stale = _with_dependents(changed, present)
        self._forget(stale)
        for path in sorted(stale):
            registry.discard(str(path))
        for path in sorted(stale & set(present)):
            if not path.name.startswith("_"):
                self._load(registry, path)
        self._seen = present

    def _marks(self) -> dict[Path, _Mark]:
        """What tells that a file changed: also its owner and mode, and the folder's."""
        try:
            folder = self.folder.stat()
        except OSError:
            return {}
        marks: dict[Path, _Mark] = {}
        for path in self.folder.glob("*.py"):
            try:
                info = path.stat()
            except FileNotFoundError:
                continue  # an editor's lock file, or deleted just now
            if stat.S_ISREG(info.st_mode) and not path.name.startswith("."):
                marks[path] = (
                    info.st_mtime_ns, info.st_ctime_ns, info.st_size, info.st_ino,
                    folder.st_mode, folder.st_uid,
                )  # fmt: skip
        return marks

    def _forget(self, paths: Iterable[Path]) -> None:
        if self._package not in sys.modules:
            package = types.ModuleType(self._package)
            package.__path__ = []
            sys.modules[self._package] = package
        _finder.folders[self._package] = self.folder
        if _finder not in sys.meta_path:
            sys.meta_path.append(_finder)
        for path in paths:
            sys.modules.pop(f"{self._package}.{path.stem}", None)

    def _load(self, registry: Registry, path: Path) -> None:
        problem = _unsafe(path) or _unsafe(self.folder)
        if problem is None and "." in path.stem:
            problem = f"Python cannot import a file with a dot in its name; rename {path.name}"
        if problem is not None:
            registry.mark_unavailable(str(path), problem, defined_names(path))
            return
        try:
            module = importlib.import_module(f"{self._package}.{path.stem}")
        except (Exception, SystemExit) as error:  # noqa: BLE001 - an edge: the user's file, listed with its error
            registry.mark_unavailable(str(path), explain_failure(error, path), defined_names(path))
            return
        add_module(registry, module, str(path))


class _FolderFinder:
    """Python's way to the files of block folders, which are in no ``sys.path``."""

    def __init__(self) -> None:
        self.folders: dict[str, Path] = {}

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        package, _, stem = name.partition(".")
        folder = self.folders.get(package)
        file = folder / f"{stem}.py" if folder is not None and stem else None
        if file is None or "." in stem or not file.is_file():
            return None
        loader = _SourceLoader(name, str(file))
        return importlib.util.spec_from_file_location(name, file, loader=loader)


class _SourceLoader(SourceFileLoader):
    """Compiles the text each time: a .pyc is matched by whole seconds, an edit takes less."""

    def get_code(self, fullname: str) -> types.CodeType:
        path = Path(self.path)
        problem = _unsafe(path) or _unsafe(path.parent)
        if problem is not None:
            raise ImportError(problem)
        return self.source_to_code(self.get_data(self.path), self.path)


_finder = _FolderFinder()


def add_module(registry: Registry, module: types.ModuleType, source: str) -> int:
    """Register the blocks ``module`` or its submodules define; how many there were."""
    prefix = f"{module.__name__}."
    blocks = [
        value
        for value in vars(module).values()
        if is_block(value) and f"{value.__module__}.".startswith(prefix)
    ]
    for block in blocks:
        registry.add(block, source)
    return len(blocks)


def is_own(kind: type[BaseBlock]) -> bool:
    """Whether a cell, a script or a file in ``blocks/`` defines it, and may define it anew."""
    return kind.__module__ == CELL_MODULE or kind.__module__.startswith(_PACKAGE)


def explain_failure(error: BaseException, path: Path | None = None) -> str:
    """What went wrong while a file was loaded, and in which of its lines."""
    text = f"{type(error).__name__}: {error}"
    line = None
    if isinstance(error, SyntaxError):
        text = f"{type(error).__name__}: {error.msg}"
        line = error.lineno
        if path is not None and error.filename not in (None, str(path)):
            text = f"{Path(error.filename).name}, line {line}: {text}"
            line = None
    if line is None and path is not None:
        traceback = error.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == str(path):
                line = traceback.tb_lineno
            traceback = traceback.tb_next
    if isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] == "lib":
        text += f"; this file was written for the original: {_what_to_change(path, line)}"
    elif isinstance(error, ModuleNotFoundError) and path is not None:
        text += _how_to_import(path, line, error.name or "")
    return f"line {line}: {text}" if line is not None else text


def _how_to_import(path: Path, line: int | None, name: str) -> str:
    """The advice when the module that was not found is a file beside ``path``."""
    if not name.isidentifier() or not path.with_name(f"{name}.py").is_file() or line is None:
        return ""
    old = _line_of(path, line)
    new = f"from . import {name}"
    if old.startswith(f"from {name} import "):
        new = old.replace(f"from {name}", f"from .{name}", 1)
    return f"; {name}.py is in the same folder: write {new!r} instead of {old!r}"


def _line_of(path: Path, line: int) -> str:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()[line - 1].strip()


def _what_to_change(path: Path | None, line: int | None) -> str:
    old, names = "from lib.blocks.base import BaseBlock", "BaseBlock"
    if path is not None and line is not None:
        old = _line_of(path, line)
        match = _OF_THE_ORIGINAL.fullmatch(old)
        if match is None:
            return f"{old!r} has to go; what there is to import is in datagenflow_nb"
        names = match[1]
    return f"change {old!r} to 'from datagenflow_nb import {names}'"


def _unsafe(path: Path) -> str | None:
    """Why a file or folder must not be run, or None."""
    if os.name != "posix":
        return None
    info = path.stat()
    if info.st_uid not in (os.geteuid(), 0):
        return (
            f"{path} belongs to another user (uid {info.st_uid}); block files run with your "
            "rights, so only your own are loaded: copy it"
        )
    if info.st_mode & stat.S_IWOTH:
        return f"{path} can be written by everybody; run: chmod o-w {path}"
    return None


def _with_dependents(changed: set[Path], present: Iterable[Path]) -> set[Path]:
    """``changed`` and every file that imports one of them, directly or not."""
    imports = {path: _imported_names(path) for path in present}
    stale = set(changed)
    while True:
        names = {path.stem for path in stale}
        more = {path for path, found in imports.items() if found & names} - stale
        if not more:
            return stale
        stale |= more


def _imported_names(path: Path) -> set[str]:
    """Files of the folder that ``path`` imports: ``from ._a import x``, ``from . import _b``."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return set()  # it will not load either, and says so then
    return {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for name in ([node.module] if node.module else [alias.name for alias in node.names])
    }


def defined_names(path: Path) -> tuple[str, ...]:
    """Names of the classes and functions, found even where the file does not parse."""
    try:
        return tuple(name.decode() for name in _DEFINED.findall(path.read_bytes()))
    except OSError:
        return ()
