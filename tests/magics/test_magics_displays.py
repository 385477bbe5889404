"""What jobs show when nobody is there, when they are gone, and where there are no widgets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from kernel.kernels import Kernel
from magics.test_magics_jobs import HOLD, last_job
from nbclient import NotebookClient

PIPELINE = "%%dgf pipeline hold\n- type: Hold\n"
RUN = '%%dgf run hold --as job\n{"n": 0}\n{"n": 1}\n'
SETUP = "%load_ext datagenflow_nb\n" + HOLD


@pytest.fixture
def held(kernel: Kernel) -> Iterator[str]:
    """The number of a job that holds."""
    for cell in (HOLD + "\nPath('go').unlink(missing_ok=True)", PIPELINE, RUN):
        assert kernel.run(cell).status == "ok"
    number = kernel.run("job.id").result
    assert number is not None
    yield number
    kernel.run("Path('go').touch()")


def test_a_program_that_runs_notebooks_saves_the_last_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a job that went on while later cells ran, whichever cell saw its end."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    cells = [SETUP, PIPELINE, RUN, "Path('go').touch()\njob.wait();", "job.status"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    shown = [output.data["text/html"] for output in notebook.cells[2].outputs[1:]]
    assert len(shown) == 1
    assert "2/2 (100 %)" in shown[0]
    assert "running" not in shown[0]


def test_deleted_job(kernel: Kernel, held: str) -> None:
    """A job that is gone shows that it is; a list that has it shows the others all the same."""
    kernel.run("Path('go').touch(); job.wait(); jobs = dgf.workspace().jobs(); job.delete()")
    cell = kernel.run("job")
    assert (cell.status, cell.error) == ("ok", None)
    (html,) = cell.data("text/html", "display_data")
    assert f"there is no job {held}" in html
    listed = kernel.run("jobs")
    assert listed.status == "ok"
    assert "out of sight" in listed.data("text/html", "execute_result")[-1]
    assert listed.result is not None
    assert listed.result.splitlines()[-1].split()[:2] == [held, "out"]


def test_job_that_goes_while_it_is_shown(kernel: Kernel, held: str) -> None:
    """Its display keeps what was seen last, and says that it is gone, escaped like all else."""
    cell = kernel.run("job")
    kernel.run("Path('go').touch(); job.wait(); job.delete()")
    last = kernel.run("job.id")
    ends = ("out of sight", "2/2 (100 %)")
    kernel.until(lambda: any(end in str(cell.data("text/html")) for end in ends))
    assert (last.status, cell.error) == ("ok", None)


def test_jobs_of_two_stores_in_one_cell(kernel: Kernel) -> None:
    """Job 1 of one store is not job 1 of another: both are shown."""
    code = """
import datagenflow_nb as dgf
shout = {"name": "shout", "blocks": [{"type": "Output", "config": {"template": "{{ n }}!"}}]}
before = dgf.workspace()
one = dgf.workspace("one.db").run(shout, [{"n": 1}], wait=True)
two = dgf.workspace("two.db").run(shout, [{"n": 1}, {"n": 2}], wait=True)
display(one, two, one)
"""
    shown = kernel.run(code)
    assert shown.error is None
    assert ["1/1 (100 %)" in html for html in shown.data("text/html")] == [True, False]
    again = kernel.run("one")
    assert len(again.data("text/html")) == 1
    kernel.run("dgf.workspace(before.store.path);")


def test_without_widgets(tmp_path: Path) -> None:
    """Where ipywidgets is missing the state is HTML, kept up to date, that says so."""
    with Kernel.started(tmp_path) as kernel:
        kernel.run("import sys; sys.modules['ipywidgets'] = None")
        for cell in (SETUP, PIPELINE):
            assert kernel.run(cell).status == "ok"
        shown = kernel.run(RUN)
        number, _ = last_job(tmp_path)
        (first,) = shown.data("text/html", "display_data")
        assert f"%dgf cancel {number} stops it. ipywidgets is not installed here" in first
        kernel.run("Path('go').touch(); job.wait();")
        kernel.until(
            lambda: any("2/2 (100 %)" in html for html in shown.data("text/html")) or shown.is_done
        )
        assert not [item for item in shown.outputs if item["type"].startswith("comm")]


def test_interrupt_says_what_happens(kernel: Kernel, held: str) -> None:
    """While answers in flight are awaited the display says so, and how to drop them."""
    cell = kernel.submit(RUN.replace("--as job", "--wait --as job"))
    kernel.until(lambda: len(cell.data("text/html")) > 1)  # its first, and one of the thread's
    kernel.interrupt()
    kernel.until(lambda: "interrupt again to drop them" in str(cell.outputs))
    kernel.interrupt()
    kernel.wait(cell)
    assert cell.error is not None
    assert cell.error.startswith("Interrupted: ")
