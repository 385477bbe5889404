"""Where sync blocks run: in worker threads, or on the caller's own stack."""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

__all__ = ["run_in_thread", "run_inline"]

#: Started only when all others are busy. asyncio's own pool has six on a two-core machine: fewer
#: than a job runs at once, and blocks that run pipelines with sync blocks would wait for ever.
_MAX_THREADS = 1024

_pool = ThreadPoolExecutor(_MAX_THREADS, thread_name_prefix="datagenflow-block")


async def run_in_thread(call: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """What ``call`` returned, or raised, off the loop thread.

    The exception is a value: a future cannot carry StopIteration.
    """
    context = contextvars.copy_context()
    caught = functools.partial(context.run, _call, call)
    return await asyncio.get_running_loop().run_in_executor(_pool, caught)


async def run_inline(call: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """The same on this thread, where debuggers and profilers see it.

    The running loop is out of sight meanwhile, as in a worker thread: a block may use
    ``asyncio.run``.
    """
    loop = asyncio.get_running_loop()
    # Python 3.14 keeps the running task beside the loop, not in a table by loop.
    swap = getattr(asyncio.tasks, "_swap_current_task", None)
    task = swap(loop, None) if swap is not None else None
    asyncio._set_running_loop(None)
    try:
        return _call(call)
    finally:
        asyncio._set_running_loop(loop)
        if swap is not None:
            swap(loop, task)


def _call(call: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    try:
        return call(), None
    except BaseException as error:  # noqa: BLE001 - handed to the step edge, which tells them apart
        return None, error
