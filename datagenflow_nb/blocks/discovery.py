"""Where blocks come from: the package, the project's ``blocks/`` folder, other packages.

The fifth source, classes defined in a cell, is looked at by the registry itself.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import os
import pkgutil
import stat
import sys
import types
from pathlib import Path

from .base import BaseBlock
from .registry import Registry

__all__ = ["BlockFolder", "build_registry"]

ENTRY_POINT_GROUP = "datagenflow_nb.blocks"
_PACKAGES = ("datagenflow_nb.blocks.builtin", "datagenflow_nb.blocks.custom")


def build_registry(folder: Path | None = None) -> Registry:
    """A registry of the package's blocks, those of other packages, and those in ``folder``."""
    registry = Registry()
    for package in _PACKAGES:
        _add_package(registry, package)
    _add_entry_points(registry)
    if folder is not None:
        registry.watch(BlockFolder(folder))
    return registry


def _add_package(registry: Registry, package_name: str) -> None:
    package = importlib.import_module(package_name)
    for found in pkgutil.iter_modules(package.__path__):
        if not found.name.startswith("_"):
            module = importlib.import_module(f"{package_name}.{found.name}")
            _add_module(registry, module, module.__name__)


def _add_module(registry: Registry, module: types.ModuleType, source: str) -> None:
    for value in vars(module).values():
        if _is_block(value) and value.__module__ == module.__name__:
            registry.add(value, source)


def _is_block(value: object) -> bool:
    return (
        isinstance(value, type)
        and issubclass(value, BaseBlock)
        and value.execute is not BaseBlock.execute
        and not value.__name__.startswith("_")
    )


def _add_entry_points(registry: Registry) -> None:
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINT_GROUP):
        source = f"entry point {point.name} ({point.value})"
        try:
            loaded = point.load()
        except Exception as error:  # noqa: BLE001 - an edge: foreign code, shown to the user by name
            registry.mark_unavailable(source, _explain(error), (point.name,))
            continue
        if isinstance(loaded, types.ModuleType):
            _add_module(registry, loaded, source)
        elif _is_block(loaded):
            registry.add(loaded, source)
        else:
            registry.mark_unavailable(
                source, f"{loaded!r} is neither a block class nor a module", (point.name,)
            )


class BlockFolder:
    """The user's folder of block files; calling it brings a registry up to date.

    Only files of the user's own that nobody else can write to are run. A file is run again when it
    changed; names that begin with ``_`` are helpers other files can import (``from ._helper``).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        digest = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
        self._package = f"_datagenflow_blocks_{digest}"
        self._seen: dict[Path, tuple[int, int]] = {}

    def __call__(self, registry: Registry) -> None:
        """Load new and changed files, forget deleted ones."""
        present = {}
        if self.folder.is_dir():
            for path in sorted(self.folder.glob("*.py")):
                info = path.stat()
                present[path] = (info.st_mtime_ns, info.st_size)
        if present == self._seen:
            return
        # A changed helper changes the files that import it, and which do is not known.
        helper_changed = any(
            path.name.startswith("_") and self._seen.get(path) != mark
            for path, mark in present.items()
        )
        for path in set(self._seen) - set(present):
            registry.discard(str(path))
        for path, mark in present.items():
            if not path.name.startswith("_") and (helper_changed or self._seen.get(path) != mark):
                registry.discard(str(path))
                self._load(registry, path)
        self._seen = present

    def _load(self, registry: Registry, path: Path) -> None:
        problem = _unsafe(path) or _unsafe(self.folder)
        if problem:
            registry.mark_unavailable(str(path), problem, _class_names(path))
            return
        if self._package not in sys.modules:
            package = types.ModuleType(self._package)
            package.__path__ = [str(self.folder)]
            sys.modules[self._package] = package
        for name in [name for name in sys.modules if name.startswith(f"{self._package}._")]:
            del sys.modules[name]  # helpers are read afresh with the file that uses them
        module_name = f"{self._package}.{path.stem}"
        module = types.ModuleType(module_name)
        module.__file__ = str(path)
        module.__package__ = self._package
        sys.modules[module_name] = module
        try:
            # Compiled from the text: a .pyc is matched by whole seconds, an edit takes less.
            exec(compile(path.read_bytes(), str(path), "exec"), vars(module))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - an edge: the user's file, listed with its error
            registry.mark_unavailable(str(path), _explain(error, path), _class_names(path))
            return
        _add_module(registry, module, str(path))


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


def _class_names(path: Path) -> tuple[str, ...]:
    try:
        tree = ast.parse(path.read_bytes())
    except SyntaxError:
        return ()
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return tuple(node.name for node in tree.body if isinstance(node, kinds))


def _explain(error: BaseException, path: Path | None = None) -> str:
    text = f"{type(error).__name__}: {error}"
    line = None
    if isinstance(error, SyntaxError):
        line = error.lineno
    elif path is not None:
        traceback = error.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == str(path):
                line = traceback.tb_lineno
            traceback = traceback.tb_next
    if line is not None:
        text = f"line {line}: {text}"
    if isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] == "lib":
        text += (
            "; this file was written for the original: change 'from lib.blocks.base import "
            "BaseBlock' to 'from datagenflow_nb import BaseBlock'"
        )
    return text
