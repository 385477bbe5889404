"""Detached jobs and real kernels: killed, shut down, restarted, while the jobs go on."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kernel.kernels import Cell, Kernel
from running import detached_processes, end_detached, look, wait_until

HOLD = """\
%%dgf block --save
import time
from pathlib import Path
import datagenflow_nb as dgf

@dgf.block(outputs=["held"])
def Hold(n):
    print("at <b>", n)
    while n and not Path("go").exists():
        time.sleep(0.01)
    return {"held": n}
"""
RUN = '%%dgf run held --detach --concurrency 2\n{"n": 0}\n{"n": 1}\n{"n": 2}\n'
LOAD = "%load_ext datagenflow_nb"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The kernel's folder; what runs detached there ends with the test."""
    yield tmp_path
    end_detached(tmp_path)


@pytest.fixture
def kernel(folder: Path) -> Iterator[Kernel]:
    """A kernel with the pipeline ``held``, its block in a file."""
    with Kernel.started(folder) as started:
        for code in (LOAD, HOLD, "%%dgf pipeline held\n- type: Hold\n"):
            assert started.run(code).status == "ok"
        yield started


def status(folder: Path, number: int = 1) -> str:
    """The job's status, as the file has it."""
    return str(
        look(folder / "datagenflow.db", "SELECT status FROM jobs WHERE id = ?", number)[0][0]
    )


def shown(kernel: Kernel, cell: Cell, text: str) -> None:
    """Wait until the cell shows it."""
    kernel.until(lambda: any(text in html for html in cell.data("text/html")))


def killed(kernel: Kernel) -> None:
    """The kernel dies in the middle of whatever it does."""
    kernel.manager.signal_kernel(signal.SIGKILL)
    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=60)


def restarted(kernel: Kernel) -> None:
    """The kernel is asked to end and started anew, as JupyterLab does."""
    kernel.manager.restart_kernel(now=False)
    kernel.client.wait_for_ready(timeout=60)


@pytest.mark.parametrize("end", [killed, restarted])
def test_survives_the_kernel(kernel: Kernel, folder: Path, end: Callable[[Kernel], None]) -> None:
    """It goes on without the kernel; the new one shows it live, with its log, to its end."""
    cell = kernel.run(RUN)
    assert cell.error is None
    (process,) = detached_processes(folder)
    shown(kernel, cell, f"It runs in process {process.pid} on ")
    shown(kernel, cell, "1/3 (33 %)")
    end(kernel)
    assert process.is_running()
    assert status(folder) == "running"
    kernel.run(LOAD)
    cell = kernel.run("%dgf job 1")
    shown(kernel, cell, 'held</span> <span class="dgf-tag">running')
    shown(kernel, cell, "lines in its log: %dgf log 1</summary><pre")
    shown(kernel, cell, "hold  at &lt;b&gt; 0")
    (folder / "go").touch()
    shown(kernel, cell, "completed")
    assert kernel.run("_dgf = %dgf job 1\nsorted(_dgf.records()['held'])").result == "[0, 1, 2]"
    wait_until(lambda: not process.is_running(), "the end of the process")


def test_cancelled_and_resumed_elsewhere(kernel: Kernel, folder: Path) -> None:
    """``%dgf cancel`` after a restart; kill -9 of the process, then ``%dgf resume --detach``."""
    kernel.run(RUN)
    killed(kernel)
    kernel.run(LOAD)
    assert kernel.run("%dgf cancel 1 --now").error is None
    kernel.run("_dgf = %dgf job 1\n_dgf.wait(30)")
    assert status(folder) == "cancelled"
    kernel.run("%dgf resume 1 --detach")
    wait_until(lambda: detached_processes(folder), "the process")
    for process in detached_processes(folder):
        process.kill()
        process.wait(10)
    assert kernel.run("job = %dgf job 1\njob.status").result == "'interrupted'"
    cell = kernel.submit("%dgf resume 1 --detach --wait")
    kernel.until(lambda: len(detached_processes(folder)) == 1)
    (folder / "go").touch()
    assert kernel.wait(cell).error is None
    assert kernel.run("(job.status, job.records_generated)").result == "('completed', 3)"


def test_blocks_of_cells(kernel: Kernel, folder: Path) -> None:
    """A block that only a cell defines is refused with the way out; nothing is stored."""
    kernel.run(HOLD.replace("%%dgf block --save", "%%dgf block").replace("Hold", "Here"))
    kernel.run("%%dgf pipeline here\n- type: Here\n")
    assert kernel.run(RUN.replace("held", "here")).error == (
        "ConfigError: 'Here' exists in this process alone, and a detached job has one of its own: "
        "save the cell with %%dgf block --save, or put it into a file in the project's blocks/"
    )
    assert look(folder / "datagenflow.db", "SELECT count(*) FROM jobs") == [(0,)]
    assert detached_processes(folder) == []
    saved = HOLD.replace("Hold", "Here")
    assert kernel.run(saved).error is None
    (folder / "go").touch()
    assert kernel.run(RUN.replace("held --detach", "here --wait --detach")).error is None
    assert status(folder) == "completed"


def test_interrupt_of_a_cell_that_waits(kernel: Kernel, folder: Path) -> None:
    """The interrupt reaches the kernel alone; the wait cancels the job, as it says it does."""
    cell = kernel.submit(RUN.replace("--detach", "--detach --wait"))
    wait_until(lambda: detached_processes(folder), "the process")
    shown(kernel, cell, "1/3 (33 %)")
    kernel.interrupt()
    control = "SELECT control FROM jobs"
    kernel.until(lambda: look(folder / "datagenflow.db", control) == [("cancel",)])
    (folder / "go").touch()
    told = kernel.wait(cell).traceback
    assert told.startswith("Interrupted: job 1 is ")
    assert status(folder) in ("cancelled", "completed")
