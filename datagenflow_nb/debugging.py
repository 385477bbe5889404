"""A pipeline on the caller's own thread and stack, where debuggers and profilers can follow it.

In a notebook cell that thread's event loop is running already, and asyncio runs no second one
inside it. nest_asyncio2 lifts that, for a loop class of our own alone: the kernel's loop, and
those of jobs, stay as they are.
"""

from __future__ import annotations

import asyncio
import bdb
import contextlib
import functools
import importlib
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from . import runtime
from .engine import Execution, Program
from .errors import BlockExecutionError, ConfigError, DataGenFlowError, JobError
from .results import Result, new_execution, results_of, run_seed

if TYPE_CHECKING:
    from .llm.catalog import Models

__all__ = ["debug_seed"]

#: Where nest_asyncio2 leaves something behind, besides the loop's class and the loop policy's.
_PATCHED_MODULES = ("asyncio", "asyncio.events", "asyncio.futures", "asyncio.tasks",
                    "tornado.concurrent")  # fmt: skip


def debug_seed(
    program: Program, models: Models, seed: Mapping[str, Any], random_seed: int | None
) -> list[Result]:
    """Run ``seed`` on this thread; see ``Pipeline.debug``.

    Raises
    ------
    DataGenFlowError
        The first branch's error; the traceback of a BlockExecutionError is that of its cause.
    ConfigError
        When this thread's loop is running and nest_asyncio2 is not installed.
    JobError
        When called on the loop thread.
    """
    if runtime.is_loop_thread():
        raise JobError(
            "debug was called on the loop thread (from async code of a block), which it would "
            "stop; await execute there, and debug the outer pipeline"
        )
    models = models.with_own_clients()
    models.check(program.model_names)
    execution = new_execution(seed, random_seed)
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        # Not runner.run, which refuses inside a running loop.
        work = _run_and_close(program.inline(), execution, models)
        ended = runner.get_loop().run_until_complete(work)
    for item in ended:
        if isinstance(item, BlockExecutionError):
            _show_source(item)
    return results_of(ended)


async def _run_and_close(
    program: Program, execution: Execution, models: Models
) -> list[Result | DataGenFlowError]:
    try:
        return await run_seed(program, execution, models)
    finally:
        await models.close()


def _show_source(error: BlockExecutionError) -> None:
    """Let the traceback of ``error`` end where its cause was raised: %debug looks there.

    Leaving the debugger or an interrupt is no failure of the block, and is raised as it is.
    """
    cause = error.__cause__
    if isinstance(cause, bdb.BdbQuit | KeyboardInterrupt):
        raise cause
    if cause is not None:
        error.__traceback__ = cause.__traceback__


def _new_loop() -> asyncio.AbstractEventLoop:
    """A loop that this thread can run now."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.new_event_loop()
    _let_loops_nest()
    return _NestedLoop()


class _NestedLoop(asyncio.SelectorEventLoop):
    """The one class of loops that run inside a running one."""


@functools.cache
def _let_loops_nest() -> None:
    """Have nest_asyncio2 change ``_NestedLoop``, and take back what it changes elsewhere.

    It would replace asyncio's tasks, futures, ``run`` and ``get_event_loop`` in the whole process:
    for a loop that runs tasks of its own only, none of that is needed.
    """
    try:
        nest = importlib.import_module("nest_asyncio2")
    except ImportError as error:
        raise ConfigError(
            "debug in a notebook needs nest-asyncio2, which is not installed in this kernel's "
            "environment; run in a cell: %pip install nest-asyncio2",
            {"package": "nest-asyncio2"},
        ) from error
    owners: list[Any] = [sys.modules[name] for name in _PATCHED_MODULES if name in sys.modules]
    if sys.version_info < (3, 14):  # later it leaves the policy alone, and asking for it warns
        owners.append(type(asyncio.get_event_loop_policy()))
    with contextlib.closing(_NestedLoop()) as loop, _unchanged(owners):
        nest.apply(loop)


@contextlib.contextmanager
def _unchanged(owners: list[Any]) -> Iterator[None]:
    """Afterwards the attributes of modules and classes are what they were."""
    before = [(owner, dict(vars(owner))) for owner in owners]
    try:
        yield
    finally:
        for owner, attributes in before:
            for name, value in dict(vars(owner)).items():
                if name not in attributes:
                    delattr(owner, name)
                elif value is not attributes[name]:
                    setattr(owner, name, attributes[name])
