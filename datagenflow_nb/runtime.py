"""The loop thread: one event loop of our own, so that kernels, scripts and other loops stay free.

Model clients and jobs live on it. Everything synchronous hands over to it; calling a synchronous
function from the loop thread itself would wait for ever and is an error instead.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures.thread
import contextlib
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from .errors import JobError

__all__ = ["hand_over", "is_loop_thread", "loop", "on_exit", "run", "submit"]

T = TypeVar("T")

_log = logging.getLogger("datagenflow_nb")

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None
_running: set[concurrent.futures.Future[Any]] = set()
_closers: list[Callable[[], Awaitable[None]]] = []

#: Seconds the interpreter waits at its end for jobs to stop and connections to close.
EXIT_PATIENCE = 10.0


def loop() -> asyncio.AbstractEventLoop:
    """The running event loop of the loop thread, started on first use."""
    global _loop, _thread
    with _lock:
        if _loop is None or _thread is None or not _thread.is_alive():
            started = threading.Event()
            _loop = asyncio.new_event_loop()
            _thread = threading.Thread(
                target=_serve, args=(_loop, started), name="datagenflow-loop", daemon=True
            )
            _thread.start()
            started.wait()
        return _loop


def _serve(event_loop: asyncio.AbstractEventLoop, started: threading.Event) -> None:
    asyncio.set_event_loop(event_loop)
    event_loop.call_soon(started.set)
    while True:
        try:
            event_loop.run_forever()
        except (SystemExit, KeyboardInterrupt):
            # asyncio lets these out of a task: a block's own subtask that calls sys.exit() must
            # not take the loop, and everybody who waits for it, along.
            _log.exception("a task ended with an exit; the loop goes on")
        else:
            return


def is_loop_thread() -> bool:
    """True when called on the loop thread."""
    return _thread is not None and threading.current_thread() is _thread


def submit(work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
    """Start ``work`` on the loop thread."""
    future = asyncio.run_coroutine_threadsafe(work, loop())
    # The loop refers to its tasks weakly; one that nobody waits for could be collected at work.
    _running.add(future)
    future.add_done_callback(_running.discard)
    return future


def run(work: Coroutine[Any, Any, T], what: str = "this call") -> T:
    """Run ``work`` on the loop thread and wait for it.

    An interrupt (Ctrl-C) cancels it.

    Raises
    ------
    JobError
        On the loop thread, where waiting would never end.
    """
    if is_loop_thread():
        work.close()
        raise JobError(
            f"{what} waits for the loop thread and was called on it (from async code of a block); "
            "await the async form instead"
        )
    future = submit(work)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


async def hand_over(work: Coroutine[Any, Any, T]) -> T:
    """Await ``work`` on the loop thread from whichever loop is running."""
    if is_loop_thread():
        return await work
    return await asyncio.wrap_future(submit(work))


def on_exit(closer: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    """Have ``closer`` awaited on the loop thread when the interpreter ends, the last one first.

    Returns
    -------
    callable
        Takes it back; what was closed by hand need not be kept until the end.
    """
    _closers.append(closer)

    def take_back() -> None:
        with contextlib.suppress(ValueError):
            _closers.remove(closer)

    return take_back


async def _close_all() -> None:
    for closer in reversed(_closers):
        (failure,) = await asyncio.gather(closer(), return_exceptions=True)
        if isinstance(failure, BaseException):
            _log.error("closing failed: %s", failure, exc_info=failure)
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


def _stop() -> None:
    if _loop is None or _thread is None or not _thread.is_alive():
        return
    with contextlib.suppress(concurrent.futures.TimeoutError):
        asyncio.run_coroutine_threadsafe(_close_all(), _loop).result(EXIT_PATIENCE)
    _loop.call_soon_threadsafe(_loop.stop)
    _thread.join(EXIT_PATIENCE)
    if not _thread.is_alive():
        _loop.close()


# Functions of ``atexit`` run after the interpreter has closed its thread pools, and what is being
# closed still writes through them. This hook, which the pools use themselves, runs before; the
# later it is registered, the earlier.
getattr(threading, "_register_atexit", atexit.register)(_stop)
