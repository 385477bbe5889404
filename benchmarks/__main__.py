"""``python -m benchmarks [NAME ...]``: every figure beside its limit, ratios taken in one run."""

from __future__ import annotations

import contextlib
import copy
import functools
import json
import statistics
import subprocess
import sys
import tempfile
import timeit
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from . import workload

#: Rounds of each comparison; the two sides take turns, so that a slow moment hits both.
ROUNDS = 3
_ROOT = Path(__file__).parent.parent


@contextlib.contextmanager
def _server(latency: float) -> Iterator[str]:
    with _process("benchmarks.mock_server", str(latency)) as url:
        yield url


@contextlib.contextmanager
def _process(*command: str) -> Iterator[str]:
    """A server in a process of its own; its first line ends with its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command], stdout=subprocess.PIPE, text=True, cwd=_ROOT
    )
    assert process.stdout is not None  # it was asked for
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait()


def _measure(kind: str, count: int, concurrency: int = 64, url: str = "") -> dict[str, Any]:
    """One run in a process and a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        if kind == "chunks":
            workload.write_document(Path(folder) / "seeds.jsonl", count)
        else:
            workload.write_seeds(Path(folder) / "seeds.jsonl", count)
        arguments = [kind, folder, str(count), str(concurrency), url]
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.client", *arguments],
            capture_output=True, text=True, cwd=_ROOT, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{kind} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if kind not in ("import",) and found["records"] != count:
        raise SystemExit(f"{kind}: {found['records']} of {count} records")
    return found


def _compare(
    ours: Callable[[], dict[str, Any]], bare: Callable[[], dict[str, Any]], key: str
) -> Any:
    """(median of ours, median of bare, median of the ratios pair by pair)."""
    pairs = [(ours()[key], bare()[key]) for _ in range(ROUNDS)]
    ratios = [a / b for a, b in pairs]
    return (
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        statistics.median(ratios),
    )


def _report(what: str, figure: str, value: float, limit: float) -> None:
    verdict = "ok" if value <= limit else "OVER"
    print(f"{what:<58} {figure:<42} limit {limit:g}  {verdict}", flush=True)


def cpu() -> None:
    """CPU per record of W1 at 64 at once, against the bare client; whole processes."""
    count = 2_000
    with _server(0.0) as url:
        ours, bare, ratio = _compare(
            lambda: _measure("w1", count, 64, url),
            lambda: _measure("bare", count, 64, url),
            "cpu_s",
        )
    figure = f"{ours / count * 1e3:.2f} / {bare / count * 1e3:.2f} ms = {ratio:.2f} x"
    _report("W1 CPU per record, 64 at once, ours / bare", figure, ratio, 1.0)


def wall() -> None:
    """Wall time at 100 ms latency, against the bare client; from the start of the process."""
    with _server(0.1) as url:
        for kind, count, concurrency in (
            ("w1", 1_000, 64), ("w1", 1_000, 256), ("chunks", 500, 32),
        ):  # fmt: skip
            ours, bare, ratio = _compare(
                functools.partial(_measure, kind, count, concurrency, url),
                functools.partial(_measure, "bare", count, concurrency, url),
                "run_s",
            )
            _report(
                f"{kind} wall, {count} at 100 ms, {concurrency} at once, ours / bare",
                f"{ours:.2f} / {bare:.2f} s = {ratio:.2f} x", ratio, 1.15,
            )  # fmt: skip


def throttle() -> None:
    """64 at once against the right number, 8, at servers that refuse more or get slower."""
    count = 1_500  # enough for the search at its beginning to weigh little
    for what, option in (
        ("429 beyond 8 at once", "--max-concurrent"),
        ("8 worked on, the others wait", "--capacity"),
        ("less done in all beyond 8", "--knee"),
    ):
        command = ("datagenflow_nb", "offline-model", "--port", "0", "--latency", "0.1")
        with _process(*command, option, "8") as url:
            ours, tuned = (_measure("asks", count, n, url)["run_s"] for n in (64, 8))
        figure = f"{ours:.2f} / {tuned:.2f} s = {ours / tuned:.2f} x"
        _report(f"{what}, concurrency 64 / 8", figure, ours / tuned, 1 / 0.85)


def first() -> None:
    """Start of the process to the first record on disk."""
    with _server(0.0) as url:
        seconds = statistics.median(_measure("first", 1_000, 64, url)["run_s"] for _ in range(5))
    _report("first record on disk", f"{seconds:.2f} s", seconds, 2.0)


def engine() -> None:
    """CPU per record of W2 (three template blocks, no model), and what a process costs before."""
    few, many = 2_000, 20_000
    runs = [(_measure("w2", few)["cpu_s"], _measure("w2", many)["cpu_s"]) for _ in range(ROUNDS)]
    per_record = statistics.median((b - a) / (many - few) for a, b in runs) * 1e3
    start = statistics.median(a for a, _ in runs) - few * per_record / 1e3
    figure = f"{per_record:.3f} ms (and {start:.2f} s to start)"
    _report("W2 CPU per record with storing its trace", figure, per_record, 0.25)


def memory() -> None:
    """Peak of 100,000 W2 seeds above 1,000."""
    small, large = _measure("w2", 1_000)["peak_mb"], _measure("w2", 100_000)["peak_mb"]
    figure = f"{large:.0f} - {small:.0f} = {large - small:.0f} MB"
    _report("peak memory, 100,000 seeds above 1,000", figure, large - small, 40)


def imports() -> None:
    """CPU of ``import datagenflow_nb``."""
    seconds = statistics.median(_measure("import", 0)["run_s"] for _ in range(5))
    _report("import datagenflow_nb, CPU", f"{seconds:.3f} s", seconds, 0.25)


def dataset() -> None:
    """A report on 100,000 records of three texts and a score."""
    import datagenflow_nb as dgf

    from .review_store import fill

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        job_id = fill(Path(folder) / "store.db", 100_000)
        workspace = dgf.workspace(Path(folder) / "store.db")
        seconds = timeit.timeit(workspace.job(job_id).report, number=1)
        workspace.close()
    _report("a report on 100,000 records", f"{seconds:.1f} s", seconds, 60)


def snapshot() -> None:
    """Copying the state for a block, against ``copy.deepcopy``."""
    from datagenflow_nb.records import plain

    state = {**workload.seed(0), "assistant": "word " * 100, "generated": {"a": ["b"] * 5}}
    ours = min(timeit.repeat(lambda: plain(state), number=20_000, repeat=5)) / 20_000
    deep = min(timeit.repeat(lambda: copy.deepcopy(state), number=20_000, repeat=5)) / 20_000
    figure = f"{ours * 1e6:.1f} / {deep * 1e6:.1f} us = {ours / deep:.2f} x"
    _report("a block's copy of the state, ours / deepcopy", figure, ours / deep, 1.0)


def kernel() -> None:
    """A notebook while a job of 64 at once runs: answers of other cells, updates of the display."""
    from . import notebook

    with _server(0.1) as url:
        figures = notebook.measure(url)
    median = statistics.median(figures.answers)
    _report("a cell's answer while a job runs, median", notebook.describe(figures), median, 0.1)
    loaded = statistics.median(notebook.load_cpu() for _ in range(3))
    _report("%load_ext in a fresh kernel, CPU", f"{loaded:.3f} s", loaded, 0.4)


def editor() -> None:
    """The pipeline editor in JupyterLab and Chromium: its first paint, 40 blocks dragged about."""
    from . import editor as measured

    paints, frames = measured.measure()
    paint = statistics.median(paints)
    told = f"{paint:.2f} s ({', '.join(f'{seconds:.2f}' for seconds in paints)})"
    _report("editor, from the cell's start to its blocks", told, paint, 1.0)
    _report("editor, 40 blocks, ms per frame of a drag", f"{frames:.1f} ms", frames, 1000 / 30)


def review() -> None:
    """A million records: first page, jumps, search, filters, sorts, counts, decisions, indexes."""
    from . import review as measured

    for what, told, seconds, limit in measured.measure():
        _report(what, told, seconds, limit)


def review_ui() -> None:
    """A million records in JupyterLab and Chromium: first rows, jumps, search, filters, keys."""
    from . import review_ui as measured

    for what, told, seconds, limit in measured.measure():
        _report(what, told, seconds, limit)


_ALL = {
    f.__name__: f
    for f in (cpu, wall, throttle, first, engine, memory, imports, dataset, snapshot, kernel,
              editor, review, review_ui)
}  # fmt: skip


def main() -> None:
    """Run the named measurements, or all."""
    names = sys.argv[1:] or list(_ALL)
    unknown = [name for name in names if name not in _ALL]
    if unknown:
        raise SystemExit(f"unknown measurement {unknown[0]!r}; there are: {', '.join(_ALL)}")
    for name in names:
        _ALL[name]()


if __name__ == "__main__":
    main()
