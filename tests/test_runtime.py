"""The loop thread: handing over, refusing to wait for itself, ending with the interpreter."""

from __future__ import annotations

import asyncio
import concurrent.futures
import subprocess
import sys
import threading
from typing import Any

import pytest

from datagenflow_nb import runtime
from datagenflow_nb.errors import JobError


async def thread_name() -> str:
    """Where this coroutine runs."""
    await asyncio.sleep(0)
    return threading.current_thread().name


def run_script(script: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter in development mode, so that nothing left behind goes unnoticed."""
    return subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_run_from_this_thread() -> None:
    """The work is done on the loop thread and its value comes back."""
    assert runtime.run(thread_name()) == "datagenflow-loop"
    assert not runtime.is_loop_thread()


def test_run_from_many_threads() -> None:
    """All of them meet on the same loop."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        loops = set(pool.map(lambda _: id(runtime.loop()), range(32)))
        names = set(pool.map(lambda _: runtime.run(thread_name()), range(32)))
    assert loops == {id(runtime.loop())}
    assert names == {"datagenflow-loop"}


def test_error_passes_through() -> None:
    """What the work raises is what the caller gets."""

    async def fail() -> None:
        raise KeyError("topic")

    with pytest.raises(KeyError, match="topic"):
        runtime.run(fail())


def test_run_on_the_loop_thread_is_an_error() -> None:
    """Waiting for itself would never end; the message says what was called and what to do."""

    async def wait_for_itself() -> Any:
        assert runtime.is_loop_thread()
        return runtime.run(thread_name(), "pipe.execute_sync()")

    with pytest.raises(JobError, match=r"pipe\.execute_sync\(\) waits .* await the async form"):
        runtime.run(wait_for_itself())


@pytest.mark.asyncio
async def test_hand_over_from_another_loop() -> None:
    """The caller's own loop stays free while the loop thread works."""
    started, release = asyncio.Event(), threading.Event()
    here = asyncio.get_running_loop()

    async def work() -> str:
        here.call_soon_threadsafe(started.set)
        await asyncio.to_thread(release.wait)
        return await thread_name()

    task = asyncio.create_task(runtime.hand_over(work()))
    await started.wait()  # this loop runs on
    release.set()
    assert await task == "datagenflow-loop"


@pytest.mark.asyncio
async def test_hand_over_passes_cancellation_on() -> None:
    """A caller that gives up ends the work."""
    started, ended = asyncio.Event(), asyncio.Event()
    here = asyncio.get_running_loop()

    async def work() -> None:
        here.call_soon_threadsafe(started.set)
        try:
            await asyncio.Event().wait()
        finally:
            here.call_soon_threadsafe(ended.set)

    task = asyncio.create_task(runtime.hand_over(work()))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(ended.wait(), 10)


def test_hand_over_on_the_loop_thread_awaits_directly() -> None:
    """No detour for work that is there already."""

    async def work() -> str:
        return await runtime.hand_over(thread_name())

    assert runtime.run(work()) == "datagenflow-loop"


INTERRUPT = """
import asyncio, signal, threading
from datagenflow_nb import runtime
ended = threading.Event()
async def work():
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
    try:
        await asyncio.Event().wait()
    finally:
        ended.set()
try:
    runtime.run(work())
except KeyboardInterrupt:
    print("interrupted", ended.wait(10))
"""


def test_interrupt_cancels_the_work() -> None:
    """Ctrl-C reaches what the main thread waits for."""
    result = run_script(INTERRUPT)
    assert (result.stdout, result.stderr) == ("interrupted True\n", "")


PENDING = """
import asyncio, sys
from datagenflow_nb import runtime
async def work():
    try:
        await asyncio.Event().wait()
    finally:
        print("cancelled")
async def first():
    print("first closer", await asyncio.to_thread(str, "with a thread"))
async def second():
    print("second closer")
runtime.on_exit(first)
runtime.on_exit(second)
runtime.submit(work())
runtime.run(asyncio.sleep(0))
print("main ends")
"""


def test_interpreter_ends_with_work_pending() -> None:
    """Closers run, the last first and with worker threads still there; the rest is cancelled."""
    result = run_script(PENDING)
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        "main ends",
        "second closer",
        "first closer with a thread",
        "cancelled",
    ]
    assert result.returncode == 0


FAILING = """
from datagenflow_nb import runtime
async def good():
    print("good closer")
async def bad():
    raise ValueError("cannot close")
runtime.on_exit(good)
runtime.on_exit(bad)
runtime.loop()
"""


def test_closer_that_fails_is_told_and_stops_no_other() -> None:
    """The log says which; the others are closed all the same."""
    result = run_script(FAILING)
    assert result.stdout == "good closer\n"
    assert "closing failed: cannot close" in result.stderr
    assert result.returncode == 0


def test_nothing_starts_before_it_is_needed() -> None:
    """Importing the module starts no thread."""
    result = run_script(
        "import threading; from datagenflow_nb import runtime; print(threading.active_count())"
    )
    assert (result.stdout, result.stderr) == ("1\n", "")


def test_an_exit_in_a_task_leaves_the_loop_running() -> None:
    """sys.exit() in a task of its own ends that task, not everybody's loop."""

    async def leave() -> None:
        raise SystemExit(3)

    async def wait_for_it() -> str:
        try:
            await asyncio.gather(leave())
        except SystemExit as error:
            return f"exit {error.code}"
        return "nothing"

    assert runtime.run(wait_for_it()) == "exit 3"
    assert runtime.run(thread_name()) == "datagenflow-loop"
