"""In real kernels: jobs that run while other cells do, interrupts, restarts, a second kernel."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernel.kernels import Cell, Kernel
from running import look

#: Seed 0 is done at once, the others when the file ``go`` is there.
HOLD = """
import asyncio
from pathlib import Path
import datagenflow_nb as dgf
class Hold(dgf.BaseBlock):
    inputs = ['n']
    outputs = ['held']
    async def execute(self, data):
        print('at', data['n'])
        if data['n'] > 0:
            Path(f"at-{data['n']}").touch()
            while not Path('go').exists():
                await asyncio.sleep(0.01)
        return {'held': data['n']}
"""
SEEDS = '{"n": 0}\n{"n": 1}\n{"n": 2}\n'


@pytest.fixture
def folder(kernel: Kernel) -> Iterator[Path]:
    """The kernel's folder, with the pipeline ``hold`` saved and no job held."""
    found = kernel.run("import os; os.getcwd()").result
    assert found is not None
    place = Path(ast.literal_eval(found))
    for mark in [*place.glob("at-*"), *place.glob("go")]:
        mark.unlink()
    kernel.run(HOLD)
    assert kernel.run("%%dgf pipeline hold\n- type: Hold\n").status == "ok"
    yield place
    (place / "go").touch()


def last_job(folder: Path) -> tuple[int, str]:
    """Number and status of the newest job, from the file itself."""
    ((number, status),) = look(
        folder / "datagenflow.db", "SELECT id, status FROM jobs ORDER BY id DESC LIMIT 1"
    )
    return number, status


def started(kernel: Kernel, folder: Path, options: str = "", seeds: str = SEEDS) -> Cell:
    """A run that holds at its second seed."""
    cell = kernel.submit(f"%%dgf run hold --concurrency 1 --as job{options}\n{seeds}")
    kernel.until(lambda: (folder / "at-1").exists())
    return cell


def test_other_cells_run_meanwhile(kernel: Kernel, folder: Path) -> None:
    """The cell of a run returns at once, and its blocks print into the job's log, nowhere else."""
    cell = started(kernel, folder)
    kernel.wait(cell)
    other = kernel.run("print('mine'); job.status")
    assert (other.stdout, other.result) == ("mine\n", "'running'")
    (folder / "go").touch()
    assert kernel.run("job.wait(30).status").result == "'completed'"
    number, _ = last_job(folder)
    log = kernel.run(f"%dgf log {number} --as log\n")
    assert kernel.run("[line.message for line in log]").result == "['at 0', 'at 1', 'at 2']"
    assert [item.stdout for item in (cell, other, log)] == ["", "mine\n", ""]
    assert [item for item in kernel.strays if item["type"] == "stream"] == []


def test_live_display(kernel: Kernel, folder: Path) -> None:
    """The cell shows the job as it goes, and in the end what became of it."""
    cell = kernel.wait(started(kernel, folder))
    number, _ = last_job(folder)
    (folder / "go").touch()
    kernel.until(lambda: "completed" in cell.data("text/html")[-1])
    assert cell.data("text/plain")[-1].startswith(f"job {number}: 3/3 (100 %), in ")
    assert cell.error is None
    assert any(item["type"] == "comm_open" for item in cell.outputs)


def test_wait(kernel: Kernel, folder: Path) -> None:
    """With --wait the cell ends with the job."""
    cell = started(kernel, folder, " --wait")
    assert not cell.is_done
    (folder / "go").touch()
    assert kernel.wait(cell).status == "ok"
    assert last_job(folder)[1] == "completed"
    assert kernel.run("job.records_generated").result == "3"


def test_interrupt_of_a_wait(kernel: Kernel, folder: Path) -> None:
    """An interrupt cancels, lets what is under way end, and says what is stored."""
    many = "".join(f'{{"n": {n}}}\n' for n in range(300))
    cell = started(kernel, folder, " --wait", many)
    number, _ = last_job(folder)
    kernel.interrupt()
    wish = f"SELECT control FROM jobs WHERE id = {number}"
    kernel.until(lambda: look(folder / "datagenflow.db", wish) == [("cancel",)])
    (folder / "go").touch()
    told = kernel.wait(cell).traceback
    count = int(kernel.run("job.records_generated").result or 0)
    assert told == (
        f"Interrupted: job {number} is cancelled; {count} of 300 executions are stored with their "
        f"records; %dgf resume {number} finishes it"
    )
    # What the job is at ends; a few more may begin until it hears of the interrupt.
    assert 2 <= count < 300
    assert kernel.run("job.status").result == "'cancelled'"
    assert kernel.run("job.records()['held'].tolist()[:2]").result == "[0, 1]"


def test_interrupt_of_an_estimate(kernel: Kernel, folder: Path) -> None:
    """It shows its job while it runs; interrupted it says what was paid and what can be told."""
    rows = "".join(f'{{"n": {n}}}\n' for n in (0, 0, 0, 1, 0, 2))
    cell = kernel.submit(f"%%dgf estimate hold --executions 3 --concurrency 1\n{rows}")
    kernel.until(lambda: (folder / "at-1").exists())
    number, status = last_job(folder)
    assert status == "running"
    kernel.until(lambda: f"job {number}: " in "".join(cell.data("text/plain")))
    kernel.interrupt()
    wish = f"SELECT control FROM jobs WHERE id = {number}"
    kernel.until(lambda: look(folder / "datagenflow.db", wish) == [("cancel",)])
    (folder / "go").touch()
    told = kernel.wait(cell).traceback
    (done,) = look(folder / "datagenflow.db", "SELECT executions_done FROM jobs "
                   f"WHERE id = {number}")[0]  # fmt: skip
    assert told.startswith(
        f"Interrupted: job {number} is cancelled; {done} of 3 executions of the estimate have "
        "ended; paid so far: no call"
    )
    assert f"Estimate from {done} of 6 executions (job {number})" in "".join(
        cell.data("text/plain")
    )
    found = kernel.run(f"found = %dgf estimate job:{number}\n(found.executions, found.missing)")
    assert found.result == "(3, 0)"
    assert kernel.run(f"dgf.workspace().job({number}).estimate().executions").result == "3"


def test_second_interrupt(kernel: Kernel, folder: Path) -> None:
    """A second one drops what is under way."""
    cell = started(kernel, folder, " --wait")
    number, _ = last_job(folder)
    wish = f"SELECT control FROM jobs WHERE id = {number}"
    kernel.interrupt()
    kernel.until(lambda: look(folder / "datagenflow.db", wish) == [("cancel",)])
    kernel.interrupt()
    assert kernel.wait(cell).traceback == (
        f"Interrupted: job {number} is cancelled; 1 of 3 executions are stored with their records; "
        f"%dgf resume {number} finishes it"
    )


def test_restart(kernel: Kernel, folder: Path) -> None:
    """A kernel killed in the middle loses nothing finished; its job is interrupted, not running."""
    kernel.wait(started(kernel, folder))
    number, status = last_job(folder)
    assert status == "running"
    kept = f"SELECT count(*) FROM records WHERE job_id = {number}"
    kernel.until(lambda: look(folder / "datagenflow.db", kept) == [(1,)])
    kernel.restart()
    assert kernel.run("%load_ext datagenflow_nb").status == "ok"
    kernel.run("%dgf jobs --as jobs\n")
    assert kernel.run("jobs[-1].status").result == "'interrupted'"
    line = kernel.run("%dgf jobs").result.splitlines()[-1]  # type: ignore[union-attr]
    assert line.split()[:5] == [str(number), "interrupted", "1", "3", "1"]
    shown = kernel.run(f"%dgf job {number}")
    assert "interrupted" in shown.data("text/html")[-1]
    assert f"%dgf resume {number} finishes it." in shown.data("text/html")[-1]
    kernel.run(f"%dgf records {number} --as r\n")
    assert kernel.run("r['held'].tolist()").result == "[0]"


def test_resume_after_a_restart(kernel: Kernel, folder: Path) -> None:
    """The new kernel finishes the job once it has the block again."""
    kernel.wait(started(kernel, folder))
    number, _ = last_job(folder)
    kept = f"SELECT count(*) FROM records WHERE job_id = {number}"
    kernel.until(lambda: look(folder / "datagenflow.db", kept) == [(1,)])
    kernel.restart()
    assert kernel.run("%load_ext datagenflow_nb").status == "ok"
    refused = kernel.run(f"%dgf resume {number}")
    assert f"job {number} cannot go on: there are no blocks of type" in refused.traceback
    (folder / "go").touch()
    kernel.run(HOLD)
    cell = kernel.run(f"%dgf resume {number} --concurrency 1 --wait --as job\n")
    assert cell.status == "ok"
    assert "completed" in cell.data("text/html")[-1]
    assert kernel.run("job.records()['held'].tolist()").result == "[0, 1, 2]"
    again = kernel.run(f"%dgf retry {number}")
    assert f"job {number} has no failed records to retry" in again.traceback
    half = kernel.run(f"%dgf retry {number} --record 1")
    assert f"say both, as in %dgf retry {number} --record 7 --from BLOCK" in half.traceback
    record = kernel.run("int(job.records()['id'].iloc[0])").result
    one = kernel.run(f"%dgf retry {number} --record {record} --from hold --wait")
    told = f"Record {record} again from 'hold': 0 steps taken over, 0 calls made"
    assert one.data("text/plain")[0] == told
    assert "completed" in one.data("text/html")[-1]


def test_second_kernel(kernel: Kernel, folder: Path) -> None:
    """Another kernel on the same store sees the job run, holds it, lets it go on, and stops it."""
    kernel.wait(started(kernel, folder))
    number, _ = last_job(folder)
    second_folder = folder / "second"
    second_folder.mkdir()
    with Kernel.started(second_folder) as second:
        second.run("%load_ext datagenflow_nb")
        second.run("import datagenflow_nb as dgf; dgf.workspace('../datagenflow.db')")
        assert second.run("dgf.workspace().jobs()[-1].status").result == "'running'"
        shown = second.run(f"%dgf job {number}")
        second.until(lambda: f"job {number}: 1/3 (33 %)" in shown.data("text/plain")[-1])
        assert second.run(f"%dgf pause {number}").status == "ok"
        kernel.until(lambda: last_job(folder)[1] == "paused")
        lets_it_go_on = f"%dgf resume {number} lets it go on."
        for one in (kernel, second):
            html = one.run(f"%dgf job {number}").data("text/html")[-1]
            assert ">paused<" in html
            assert lets_it_go_on in html
            text = one.run(f"%dgf job {number}").data("text/plain")[-1]
            assert text.startswith(f"job {number}: 1/3 (33 %), paused")
        status = kernel.run("%dgf").result or ""
        assert "1 paused" in status
        assert f"%dgf resume {number}" in status
        second.until(lambda: lets_it_go_on in shown.data("text/html")[-1])
        assert second.run(f"%dgf resume {number}").status == "ok"
        kernel.until(lambda: last_job(folder)[1] == "running")
        second.until(lambda: lets_it_go_on not in shown.data("text/html")[-1])
        assert "it is paused" not in (kernel.run("%dgf").result or "")
        assert second.run(f"%dgf cancel {number} --now").status == "ok"
        kernel.until(lambda: last_job(folder)[1] == "cancelled")
        kernel.until(lambda: "cancelled" in kernel.run(f"%dgf job {number}").data("text/html")[-1])
        second.until(lambda: "cancelled" in shown.data("text/html")[-1])
