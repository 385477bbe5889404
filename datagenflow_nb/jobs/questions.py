"""Nobody answers what a block asks while a job runs: there, asking is an error.

A question would go to whichever cell runs, or take the terminal, and wait for its answer on the
loop thread, and with it every job. Debuggers ask for their commands in the same ways. Who asks is
told by ``job_lines``, as in ``streams``; for everybody else nothing changes.
"""

from __future__ import annotations

import builtins
import functools
import getpass
import sys
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from ..blocks.context import job_lines
from ..errors import BlockExecutionError

__all__ = ["guard", "restore"]

#: What asks the frontend in a kernel, and what a cell puts back into ``builtins`` at its end.
_OF_KERNELS = ("raw_input", "getpass", "_input_request")
_KEPT_BY_KERNELS = ("_sys_raw_input", "_save_getpass")


def guard() -> None:
    """Guard what can ask, again where somebody has replaced it, as a kernel does for each cell."""
    for owner, name in _places():
        asks = getattr(owner, name, None)
        if asks is not None and type(asks) is not _Guard:
            setattr(owner, name, _Guard(asks))
    if sys.stdin is not None and type(sys.stdin) is not _Input:
        sys.stdin = _Input(sys.stdin)


def restore() -> None:
    """Everything asks as it did before."""
    kernel = _kernel()
    kept = [(kernel, name) for name in _KEPT_BY_KERNELS] if kernel is not None else []
    for owner, name in [*_places(), *kept]:
        asks = getattr(owner, name, None)
        if type(asks) is _Guard:
            setattr(owner, name, asks.wrapped)
            method = getattr(type(owner), name, None)
            if method is not None and getattr(asks.wrapped, "__func__", None) is method:
                delattr(owner, name)  # its class has it
    if type(sys.stdin) is _Input:
        sys.stdin = sys.stdin._wrapped


def _places() -> Iterator[tuple[Any, str]]:
    yield builtins, "input"
    yield getpass, "getpass"
    yield getpass, "_raw_input"  # also below the ``getpass`` that somebody imported by name
    kernel = _kernel()
    if kernel is not None:
        for name in _OF_KERNELS:
            yield kernel, name


def _kernel() -> Any:
    """The kernel this process is, if it is one."""
    module = sys.modules.get("IPython.core.getipython")
    shell = module.get_ipython() if module is not None else None
    return getattr(shell, "kernel", None)


def _refuse_in_jobs() -> None:
    lines = job_lines.get()
    if lines is not None and not lines.is_over:
        raise BlockExecutionError("a block of a job cannot ask anything; use pipe.debug(seed)")


class _Guard:
    """A function that asks, but not in a branch of a job."""

    def __init__(self, wrapped: Callable[..., Any]) -> None:
        self.wrapped = wrapped
        functools.update_wrapper(self, wrapped)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        _refuse_in_jobs()
        return self.wrapped(*arguments, **named)


class _Input:
    """Standard input, which nobody reads in a branch of a job."""

    __slots__ = ("_wrapped",)
    _wrapped: TextIO

    def __init__(self, wrapped: TextIO) -> None:
        object.__setattr__(self, "_wrapped", wrapped)

    def read(self, *arguments: Any) -> str:
        _refuse_in_jobs()
        return self._wrapped.read(*arguments)

    def readline(self, *arguments: Any) -> str:
        _refuse_in_jobs()
        return self._wrapped.readline(*arguments)

    def readlines(self, *arguments: Any) -> list[str]:
        _refuse_in_jobs()
        return self._wrapped.readlines(*arguments)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        _refuse_in_jobs()
        return next(self._wrapped)

    def __enter__(self) -> TextIO:
        return self._wrapped.__enter__()

    def __exit__(self, *error: Any) -> None:
        self._wrapped.__exit__(*error)

    @property
    def buffer(self) -> Any:
        _refuse_in_jobs()
        return self._wrapped.buffer

    @property  # type: ignore[misc] # for isinstance(): what is behind
    def __class__(self) -> type:
        return type(self._wrapped)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._wrapped, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._wrapped, name)

    def __repr__(self) -> str:
        return f"<datagenflow input on {self._wrapped!r}>"
