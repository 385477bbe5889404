"""Where blocks come from: the package, the project's ``blocks/`` folder, other packages.

The fifth source, classes defined in a cell, is looked at by the registry itself.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import types
from pathlib import Path

from .folder import BlockFolder, add_module, defined_names, explain_failure
from .registry import Registry, is_block

__all__ = ["ENTRY_POINT_GROUP", "build_registry"]

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
        if found.name.startswith("_"):
            continue
        name = f"{package_name}.{found.name}"
        spec = importlib.util.find_spec(name)
        path = Path(spec.origin) if spec is not None and spec.origin else None
        try:
            module = importlib.import_module(name)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - an edge: one file, listed with its error
            types_ = defined_names(path) if path is not None else ()
            registry.mark_unavailable(name, explain_failure(error, path), types_)
            continue
        add_module(registry, module, name)


def _add_entry_points(registry: Registry) -> None:
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINT_GROUP):
        source = f"entry point {point.name} ({point.value})"
        try:
            loaded = point.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - an edge: foreign code, listed with its error
            registry.mark_unavailable(source, explain_failure(error), (point.name,))
            continue
        if is_block(loaded):
            registry.add(loaded, source)
        elif not isinstance(loaded, types.ModuleType):
            problem = f"{loaded!r} is neither a block class with an execute method nor a module"
            registry.mark_unavailable(source, problem, (point.name,))
        elif not add_module(registry, loaded, source):
            problem = f"the module {loaded.__name__} defines no block"
            registry.mark_unavailable(source, problem, (point.name,))
