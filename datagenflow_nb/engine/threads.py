"""Where sync blocks run: in worker threads, or on the caller's own stack."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import queue
import threading
from collections.abc import Callable
from typing import Any

__all__ = ["run_in_thread", "run_inline"]

#: Started only when all others are busy. asyncio's own pool has six on a two-core machine: fewer
#: than a job runs at once, and blocks that run pipelines with sync blocks would wait for ever.
_MAX_THREADS = 1024

Outcome = tuple[Any, BaseException | None]


class _Threads:
    """Daemon threads: the interpreter joins those of a ThreadPoolExecutor at its end, and one block
    that hangs would keep the process for ever."""

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._count = 0

    def submit(self, work: Callable[[], None]) -> None:
        """Have ``work``, which raises nothing, done by a thread."""
        self._work.put(work)
        if self._idle.acquire(blocking=False):
            return
        with self._lock:
            if self._count == _MAX_THREADS:
                return
            self._count += 1
        name = f"datagenflow-block_{self._count}"
        threading.Thread(target=self._serve, name=name, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                work = self._work.get_nowait()
            except queue.Empty:
                self._idle.release()
                work = self._work.get()
            work()
            del work  # it holds the block's state


_threads = _Threads()


async def run_in_thread(call: Callable[[], Any]) -> Outcome:
    """What ``call`` returned, or raised, off the loop thread.

    The exception is a value: a future cannot carry StopIteration.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Outcome] = loop.create_future()
    context = contextvars.copy_context()

    def work() -> None:
        outcome = context.run(_call, call)
        # A closed loop: nobody waits any more.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, future, outcome)

    _threads.submit(work)
    return await future


def _settle(future: asyncio.Future[Outcome], outcome: Outcome) -> None:
    if not future.done():  # its waiter may be gone
        future.set_result(outcome)


async def run_inline(call: Callable[[], Any]) -> Outcome:
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


def _call(call: Callable[[], Any]) -> Outcome:
    try:
        return call(), None
    except BaseException as error:  # noqa: BLE001 - handed to the step edge, which tells them apart
        return None, error
