"""Whether two processes have the same code of a block."""

from __future__ import annotations

import functools
import hashlib
import types
from collections.abc import Iterator
from typing import Any

from .base import BaseBlock

__all__ = ["fingerprint"]

#: Levels of containers in containers that are looked at: one may hold itself.
_DEPTH = 20
#: What newer Pythons note in a class: a line that a comment moves, names in no fixed order.
_OF_THE_COMPILER = ("__firstlineno__", "__static_attributes__")


def fingerprint(kind: type[BaseBlock]) -> str:
    """What is the same in every process of this Python that has loaded the same class.

    Of the class and those it is based on: the compiled code of their functions, with those that
    decorators and ``@block`` hold, and plain attributes. What their modules hold beside them is
    not looked at, and neither are comments, the places of lines, and lists, dictionaries and sets
    that functions hold.
    """
    parts = hashlib.sha256()
    for part in _class_parts(kind, set()):
        parts.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return parts.hexdigest()


def _class_parts(kind: type, seen: set[int]) -> Iterator[str]:
    for base in kind.__mro__:
        if base in (BaseBlock, object):
            continue
        yield base.__qualname__
        for name, value in sorted(vars(base).items()):
            if name not in _OF_THE_COMPILER:
                yield name
                yield from _parts(value, seen)


def _parts(value: Any, seen: set[int]) -> Iterator[str]:
    if isinstance(value, staticmethod | classmethod):
        value = value.__func__
    if isinstance(value, property):
        for function in (value.fget, value.fset, value.fdel):
            yield from _parts(function, seen)
    elif isinstance(value, types.FunctionType):
        if id(value) not in seen:
            seen.add(id(value))
            yield from _code_parts(value.__code__)
            yield _plain([value.__defaults__, value.__kwdefaults__])
            for cell in value.__closure__ or ():
                held = _content(cell)
                # The code may fill or change these while it runs.
                is_open = isinstance(held, list | dict | set)
                yield from [type(held).__name__] if is_open else _parts(held, seen)
    else:
        yield _plain(value)


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # nothing was bound to it yet
        return None


def _code_parts(code: types.CodeType) -> Iterator[str]:
    yield code.co_code.hex()
    yield repr((code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars))
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _code_parts(constant)
        else:
            yield _plain(constant)


def _plain(value: Any, depth: int = _DEPTH) -> str:
    """A text of a plain value that is the same everywhere; of another one its type's name."""
    if value is None or isinstance(value, str | int | float | complex | bytes):
        return repr(value)
    if depth == 0:
        return type(value).__name__
    plain = functools.partial(_plain, depth=depth - 1)
    if isinstance(value, list | tuple):
        return f"({','.join(map(plain, value))})"
    if isinstance(value, set | frozenset):  # their order differs from process to process
        return f"{{{','.join(sorted(map(plain, value)))}}}"
    if isinstance(value, dict):
        return f"{{{','.join(f'{plain(key)}:{plain(item)}' for key, item in value.items())}}}"
    return type(value).__name__
