"""Reads a package's source and finds what breaks its structure; test_structure.py has the rules."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

__all__ = [
    "broad_excepts",
    "direction_faults",
    "imports_of",
    "modules",
    "places",
    "prints",
    "size_faults",
    "third_party_faults",
]

MAX_LINES = 400
MAX_INIT_LINES = 80
MAX_FUNCTION_LINES = 60  # without its docstring


@dataclass(frozen=True)
class Import:
    """One import in one module: ``target`` is dotted, ours without the package's name."""

    module: str
    line: int
    target: str
    is_ours: bool
    for_types: bool


@dataclass(frozen=True)
class Module:
    """One parsed file of a package; ``name`` is dotted, "" for the package's own __init__."""

    name: str
    path: Path
    tree: ast.Module
    lines: int

    @property
    def is_init(self) -> bool:
        """Whether it is the __init__.py of its package."""
        return self.path.name == "__init__.py"


def modules(package: Path) -> dict[str, Module]:
    """Every module below ``package`` by name."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        source = path.read_text(encoding="utf-8")
        found[name] = Module(name, path, ast.parse(source), len(source.splitlines()))
    return found


def imports_of(module: Module, package: str, ours: set[str]) -> Iterator[Import]:
    """Every import statement of a module, wherever in it, and ``import_module("literal")``."""
    type_only = {
        id(inner)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(module.tree):
        for target in _targets(node, module, package, ours):
            is_ours = target.split(".")[0] == package
            name = target.removeprefix(package).lstrip(".") if is_ours else target
            yield Import(
                module.name, getattr(node, "lineno", 0), name, is_ours, id(node) in type_only
            )


def _targets(node: ast.AST, module: Module, package: str, ours: set[str]) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        source = _absolute("." * node.level + (node.module or ""), module, package)
        return [
            f"{source}.{alias.name}" if f"{source}.{alias.name}" in ours else source
            for alias in node.names
            if (source, alias.name) != (package, "__version__")  # set before anything is imported
        ]
    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
        "import_module",
        "__import__",
    ):
        match node.args:
            case [ast.Constant(value=str(name)), *_]:
                return [_absolute(name, module, package)]
    return []


def _absolute(name: str, module: Module, package: str) -> str:
    """``..errors`` as seen from ``module``, as ``package.errors``."""
    level = len(name) - len(name.lstrip("."))
    if level == 0:
        return name
    base = [package, *filter(None, module.name.split("."))]
    up = level - 1 if module.is_init else level
    return ".".join([*base[: len(base) - up], *filter(None, [name.lstrip(".")])])


def places(rows: list[str]) -> dict[str, list[tuple[int, int, int]]]:
    """Where each name stands: (row, chain, position), more than once when in more chains."""
    found: dict[str, list[tuple[int, int, int]]] = {}
    for row, chains in enumerate(rows):
        for chain, groups in enumerate(chains.split("|")):
            for position, names in enumerate(groups.split("<")):
                for name in names.split():
                    found.setdefault(name, []).append((row, chain, position))
    return found


def may_import(rows: list[str], source: str, target: str) -> bool:
    """Whether the table lets ``source`` import ``target``; a name may always import itself."""
    where = places(rows)
    return source == target or any(
        above[0] < place[0] or (above[:2] == place[:2] and above[2] < place[2])
        for place in where[source]
        for above in where[target]
    )


def direction_faults(package: Path, rows: list[str], blocks_row: list[str]) -> list[str]:
    """Every module without a place and every import against the directions."""
    found = modules(package)
    ours = {f"{package.name}.{name}".rstrip(".") for name in found}
    faults = []
    for name in found:
        head, _, rest = name.partition(".")
        if head and head not in places(rows):
            faults.append(f"{name}: has no place; put {head!r} into ROWS")
        elif head == "blocks" and rest and rest.split(".")[0] not in places(blocks_row):
            faults.append(f"{name}: has no place; put {rest.split('.')[0]!r} into BLOCKS_ROW")
    if faults:
        return faults
    for module in found.values():
        if not module.name:  # the package's own __init__ is the table of contents
            continue
        for item in imports_of(module, package.name, ours):
            if item.is_ours and (why := _direction_fault(item, rows, blocks_row)):
                faults.append(
                    f"{item.module}:{item.line}: imports {item.target or 'it all'}: {why}"
                )
    return faults


def _direction_fault(item: Import, rows: list[str], blocks_row: list[str]) -> str:
    source, _, source_rest = item.module.partition(".")
    target, _, target_rest = item.target.partition(".")
    if not target:
        return "inside the package, import the module that defines the name"
    if target not in places(rows):
        return "there is no such module"
    if not may_import(rows, source, target):
        return f"{source} may not import {target}"
    if source == target == "blocks" and source_rest:
        inner_source, inner_target = source_rest.split(".")[0], target_rest.split(".")[0]
        if not inner_target:
            return "inside blocks/, import the module that defines the name"
        if inner_target not in places(blocks_row):
            return "there is no such module"
        if not may_import(blocks_row, inner_source, inner_target):
            return f"blocks.{inner_source} may not import blocks.{inner_target}"
    return ""


def third_party_faults(package: Path, table: dict[str, str], types_anywhere: set[str]) -> list[str]:
    """Every library imported outside the modules that wrap it; row 1 stays pydantic only."""
    free = set(sys.stdlib_module_names) - set(table) | {"__future__"}
    faults = []
    for module in modules(package).values():
        for item in imports_of(module, package.name, set()):
            library = item.target.split(".")[0]
            if item.is_ours or library in free or (item.for_types and library in types_anywhere):
                continue
            if library not in table:
                faults.append(f"{item.module}:{item.line}: {library} is not in THIRD_PARTY")
            elif not any(
                fnmatchcase(module.name, form)
                for allowed in table[library].split()
                for form in (allowed, f"{allowed}.*")
            ):
                faults.append(
                    f"{item.module}:{item.line}: {library} belongs to {table[library]} alone"
                )
    return faults


def size_faults(package: Path) -> list[str]:
    """Every module and function that has grown too long."""
    faults = []
    for module in modules(package).values():
        limit = MAX_INIT_LINES if module.is_init else MAX_LINES
        if module.lines > limit:
            faults.append(f"{module.name or '__init__'}: {module.lines} lines, at most {limit}")
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = _code_lines(node)
                if lines > MAX_FUNCTION_LINES:
                    where = f"{module.name}:{node.lineno}: {node.name}"
                    faults.append(f"{where}: {lines} lines, at most {MAX_FUNCTION_LINES}")
    return faults


def _code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is not None:
        lines -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
    return lines


def broad_excepts(package: Path) -> set[str]:
    """``module:function`` of every place that catches or suppresses everything.

    A handler that ends in a bare ``raise`` only tidies up and is none.
    """
    found = set()
    for module in modules(package).values():
        for scope, node in _scoped(module.tree):
            match node:
                case ast.ExceptHandler(type=caught, body=[*_, last]):
                    raises_again = isinstance(last, ast.Raise) and last.exc is None
                    if not raises_again and (caught is None or _is_broad(caught)):
                        found.add(f"{module.name}:{scope}")
                case ast.Call(func=func, args=args) if ast.unparse(func).endswith("suppress"):
                    if any(_is_broad(argument) for argument in args):
                        found.add(f"{module.name}:{scope}")
    return found


def _is_broad(caught: ast.expr) -> bool:
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(ast.unparse(name).split(".")[-1] in ("Exception", "BaseException") for name in names)


def _scoped(node: ast.AST, scope: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every node below with the dotted name of the class and function around it."""
    for child in ast.iter_child_nodes(node):
        inner = scope
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{scope}.{child.name}".lstrip(".")
        yield inner, child
        yield from _scoped(child, inner)


def prints(package: Path) -> list[str]:
    """Every call of ``print`` outside the command line."""
    return [
        f"{module.name}:{node.lineno}"
        for module in modules(package).values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "print"
        and module.name.split(".")[0] != "cli"
    ]
