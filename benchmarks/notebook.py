"""What a job costs the notebook it runs in: other cells' answers, updates of its display."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

from . import workload

__all__ = ["Figures", "describe", "load_cpu", "measure"]

_START = """
%load_ext datagenflow_nb
import datagenflow_nb as dgf
from benchmarks import workload
ws = dgf.workspace("bench.db")
ws.save_pipeline(dgf.Pipeline.from_dict(workload.text_pipeline()))
"""
_LOAD = """
import resource
def _used():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
_before = _used()
%load_ext datagenflow_nb
print(_used() - _before)
"""


@dataclass(frozen=True)
class Figures:
    """Seconds to the answer of a cell while a job runs, and updates of its display per second."""

    answers: list[float]
    updates: float
    seconds: float


@contextmanager
def _kernel(folder: Path, url: str) -> Iterator[Any]:
    root = str(Path(__file__).parent.parent)
    env = {**os.environ, "LLM_ENDPOINT": url, "LLM_MODEL": "mock", "PYTHONPATH": root}
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(folder), env=env)
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def measure(url: str, seconds: float = 30.0) -> Figures:
    """Run W1 for ``seconds`` with 64 at once, and meanwhile a small cell every 0.2 s."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, _kernel(Path(name), url) as client:
        _run(client, _START)
        workload.write_seeds(Path(name) / "seeds.jsonl", 200_000)
        run = "job = %dgf run w1 --seeds seeds.jsonl --concurrency 64\njob"
        _run(client, run)
        _kinds.clear()
        started = time.perf_counter()
        answers = []
        while time.perf_counter() - started < seconds:
            asked = time.perf_counter()
            _run(client, "1 + 1")
            answers.append(time.perf_counter() - asked)
            time.sleep(0.2)
        took = time.perf_counter() - started
        updates = sum(kind in ("comm_msg", "update_display_data") for kind in _kinds)
        _run(client, "job.cancel(now=True); job.wait();")
    return Figures(answers, updates / took, took)


def load_cpu() -> float:
    """CPU seconds of ``%load_ext`` in a fresh kernel."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, _kernel(Path(name), "") as client:
        told: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            if message["msg_type"] == "stream":
                told.append(message["content"]["text"])

        client.execute_interactive(_LOAD, timeout=60, output_hook=hear)
        return float(told[0])


#: Types of all messages that came.
_kinds: list[str] = []


def _run(client: Any, code: str) -> None:
    """Run a cell to its end."""
    request = client.execute(code)
    while True:
        message = client.get_iopub_msg(timeout=60)
        parent = message["parent_header"].get("msg_id", "")
        _kinds.append(message["msg_type"])
        if message["msg_type"] == "error":
            raise SystemExit("\n".join(message["content"]["traceback"]))
        is_idle = message["msg_type"] == "status" and (
            message["content"]["execution_state"] == "idle"
        )
        if parent == request and is_idle:
            return


def describe(figures: Figures) -> str:
    """The figures on one line."""
    median, most = statistics.median(figures.answers), max(figures.answers)
    return (
        f"median {median * 1e3:.0f} ms, max {most * 1e3:.0f} ms of {len(figures.answers)}; "
        f"{figures.updates:.1f} updates/s over {figures.seconds:.0f} s"
    )
