"""Pipelines, scripts and looks into the file for the tests of jobs."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from datagenflow_nb.jobs import Job
from datagenflow_nb.workspaces import Workspace

__all__ = ["ASK", "ECHO", "ask", "detached_processes", "end_detached", "finish", "look",
           "row_counts", "stop_between_writes", "wait_until"]  # fmt: skip

ECHO: dict[str, Any] = {
    "name": "echo",
    "blocks": [{"type": "Output", "config": {"template": "{{ n }}!"}}],
}
ASK: dict[str, Any] = {
    "name": "ask",
    "blocks": [{"type": "TextGenerator", "config": {"user_prompt": "Say: {{ n }}"}}],
}
_TABLES = ("jobs", "seeds", "executions", "steps", "calls", "records", "review_actions", "job_log")


def ask(prompt: str, *more: dict[str, Any], **config: Any) -> dict[str, Any]:
    """A pipeline that asks a model first."""
    first = {"type": "TextGenerator", "config": {"user_prompt": prompt, **config}}
    return {"name": "ask", "blocks": [first, *more]}


def finish(job: Job, status: str = "completed", timeout: float = 60) -> Job:
    """Wait for the job, which must end so."""
    job.wait(timeout)
    assert job.status == status, job.error
    return job


def look(path: Path | str, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Ask the file itself, past everything of ours."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    try:
        return connection.execute(sql, parameters).fetchall()
    finally:
        connection.close()


def detached_processes(folder: Path) -> list[psutil.Process]:
    """The processes of detached jobs of stores in ``folder``."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        is_one = any(
            word.startswith("datagenflow job ") and f" of {folder}/" in word for word in words
        )
        if is_one and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def end_detached(folder: Path) -> None:
    """Kill what a test has left of them."""
    left = detached_processes(folder)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended by itself
            process.kill()
    psutil.wait_procs(left, timeout=10)
    assert detached_processes(folder) == []


def connections(ws: Workspace) -> Iterator[sqlite3.Connection]:
    """Every thread's connection to the store, while its thread does nothing with it."""
    for held in list(ws.store._connections):
        with held.lock:
            yield held.connection


def row_counts(ws: Workspace) -> dict[str, int]:
    """Rows of the tables that belong to jobs, empty ones left out."""
    path = ws.store.path
    counts = {name: look(path, f"SELECT count(*) FROM {name}")[0][0] for name in _TABLES}
    return {name: count for name, count in counts.items() if count}


def stop_between_writes(process: subprocess.Popen[str] | psutil.Process, path: Path | str) -> None:
    """Stop the process, but not in the middle of a transaction: nobody could write then."""
    while True:
        process.send_signal(signal.SIGSTOP)
        connection = sqlite3.connect(path, timeout=0.5, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            process.send_signal(signal.SIGCONT)
        else:
            return
        finally:
            connection.close()


def wait_until(
    holds: Callable[[], Any],
    what: str,
    process: subprocess.Popen[str] | None = None,
    timeout: float = 30,
) -> None:
    """Look again and again until it holds; in vain when the process that shall do it has ended."""
    deadline = time.monotonic() + timeout
    while not holds():
        if process is not None and process.poll() is not None:
            assert holds(), f"in vain: {what}: {process.communicate()}"
        if time.monotonic() > deadline:
            if process is not None:  # faulthandler then tells where its threads are
                process.send_signal(signal.SIGABRT)
            told = process.communicate() if process is not None else ""
            raise AssertionError(f"in vain: {what}: {told}")
        time.sleep(0.01)
