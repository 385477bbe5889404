"""Calls into the file: neither on the loop thread, nor on one that Ctrl-C interrupts."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["in_thread", "uninterrupted"]

#: For the file alone: asyncio's own threads may all be waiting for what blocks do in them.
_threads = concurrent.futures.ThreadPoolExecutor(4, thread_name_prefix="datagenflow-jobs")

T = TypeVar("T")


def uninterrupted(call: Callable[..., T], *arguments: Any) -> T:
    """What ``call`` returns, from another thread; when this is left, the call has ended.

    Ctrl-C is raised in the main thread at whatever line it is: right after the beginning of a
    transaction it would leave the file locked for everybody.
    """
    future: concurrent.futures.Future[T] = concurrent.futures.Future()

    def work() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(call(*arguments))
        except BaseException as error:  # noqa: BLE001 # whoever waits raises it
            future.set_exception(error)

    try:
        # A pool would not get over a Ctrl-C while it begins a thread: it forgets that one, and the
        # process waits for it for ever when it ends.
        threading.Thread(target=work, name="datagenflow-uninterrupted", daemon=True).start()
        return future.result()
    except KeyboardInterrupt:
        if not future.cancel():
            concurrent.futures.wait([future])
        raise


async def in_thread(call: Callable[..., T], *arguments: Any) -> T:
    """What ``call`` returns, without the loop waiting for it."""
    return await asyncio.get_running_loop().run_in_executor(_threads, call, *arguments)
