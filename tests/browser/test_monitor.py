"""The monitor of a job, as a person at the browser watches and steers it."""

from __future__ import annotations

from browser.lab import Notebook, OpenNotebook

#: Blocks that wait until the notebook lets them go, one execution after the other.
SETUP = """\
%load_ext datagenflow_nb
import asyncio, threading
import datagenflow_nb as dgf
gate = threading.Semaphore(0)

class Gate(dgf.BaseBlock):
    inputs = ["n"]
    outputs = ["m"]

    async def execute(self, data):
        while not gate.acquire(blocking=False):
            await asyncio.sleep(0.01)
        print("through", data["n"])
        return {"m": data["n"]}

pipe = dgf.Pipeline("gated", [{"type": "Gate"}])
dgf.workspace().save_pipeline(pipe)"""
RUN = '%%dgf run gated --as job --concurrency 4\n[{"n": 0}, {"n": 1}, {"n": 2}, {"n": 3}]'
LIVE = ".dgf-live"


def started(notebook: OpenNotebook) -> Notebook:
    """A notebook whose third cell runs four executions that wait."""
    opened = notebook(SETUP, RUN, run=True)
    assert opened.errors() == []
    opened.view.locator(LIVE).wait_for()
    return opened


def sees(opened: Notebook, text: str) -> None:
    """Wait until the living display says so."""
    opened.view.locator(LIVE).first.filter(has_text=text).wait_for()


def test_job_lives_while_cells_run(notebook: OpenNotebook) -> None:
    """The cell returns at once; the display moves while other cells run, one that is busy too."""
    opened = started(notebook)
    sees(opened, "Job 1 gated running")
    sees(opened, "Now in: gate (4)")
    assert opened.run("6 * 7")[0]["data"]["text/plain"] == "42"
    opened.start_cell("gate.release()\nwhile job.executions_done < 2: pass")
    sees(opened, "1/4 (25 %)")
    opened.wait_for_kernel("busy")
    opened.interrupt()
    opened.finish()
    opened.run("gate.release(3)\njob.wait();")
    sees(opened, "completed")
    sees(opened, "4/4 (100 %)")
    sees(opened, "4 lines in its log: %dgf log 1")
    assert opened.view.get_by_role("button", name="Pause").count() == 0
    assert opened.problems == []


def test_log_stays_open(notebook: OpenNotebook) -> None:
    """The log's last lines are folded away; opened, they stay open while the display moves."""
    opened = started(notebook)
    opened.run("gate.release()")
    opened.view.locator("summary:visible", has_text="1 line in its log: %dgf log 1").click()
    opened.view.locator("pre:visible", has_text="gate  through ").wait_for()
    opened.run("gate.release()")
    sees(opened, "2/4 (50 %)")
    sees(opened, "2 lines in its log: %dgf log 1")
    assert opened.view.locator("pre:visible", has_text="gate  through ").count() == 1
    opened.screenshot("log", "light")
    opened.run("gate.release(2)\njob.wait();")
    sees(opened, "completed")
    assert opened.problems == []


def test_prints_stay_out_of_other_cells(notebook: OpenNotebook) -> None:
    """What blocks print while another cell runs is in the job's log and in no cell."""
    opened = started(notebook)
    opened.run("gate.release(4)\njob.wait()\nprint('mine')")
    assert opened.text(2).startswith("mine\n")
    texts = "".join(opened.text(index) for index in range(3))
    assert "through" not in texts
    lines = opened.run("sorted(line.message for line in job.log())")
    assert lines[0]["data"]["text/plain"] == (
        "['through 0', 'through 1', 'through 2', 'through 3']"
    )


def test_cancel_while_a_cell_runs(notebook: OpenNotebook) -> None:
    """The button acts while the kernel is busy: first gently, then at once."""
    opened = started(notebook)
    index = opened.start_cell("while job.status == 'running': pass\njob.status")
    opened.wait_for_kernel("busy")
    opened.view.get_by_role("button", name="Cancel").click()
    opened.view.get_by_role("button", name="Keep answers in flight").click()
    sees(opened, "Stopping: nothing new starts; answers in flight are awaited and kept.")
    opened.view.get_by_role("button", name="Drop what is in flight").click()
    sees(opened, "Answers that are dropped may be on the bill all the same.")
    opened.view.get_by_role("button", name="Drop them").click()
    opened.finish()
    assert opened.text(index) == "'cancelled'"
    sees(opened, "cancelled")
    sees(opened, "Nothing was stored.")


def test_pause_while_a_cell_runs(notebook: OpenNotebook) -> None:
    """The buttons hold the job and let it go on while the kernel is busy."""
    opened = started(notebook)
    index = opened.start_cell(
        "while job.status == 'running': pass\nwhile job.status == 'paused': pass\njob.status"
    )
    opened.wait_for_kernel("busy")
    opened.view.get_by_role("button", name="Pause").click()
    sees(opened, "Job 1 gated paused")
    opened.screenshot("paused", "light")
    opened.screenshot("paused", "dark")
    opened.view.get_by_role("button", name="Resume").click()
    opened.finish()
    assert opened.text(index) == "'running'"
    sees(opened, "Job 1 gated running")
    opened.view.get_by_role("button", name="Pause").wait_for()
    opened.run("_ = job.pause()")  # asked elsewhere: the button follows
    opened.view.get_by_role("button", name="Resume").wait_for()
    opened.run("_ = job.resume()\ngate.release(4)\njob.wait();")
    sees(opened, "4/4 (100 %)")
    opened.view.get_by_role("button", name="Pause").wait_for(state="detached")
    assert opened.problems == []


def test_saved_notebook(notebook: OpenNotebook) -> None:
    """What is saved is the last state as HTML; opened without its kernel it is all that shows."""
    opened = started(notebook)
    opened.run("gate.release(4)\njob.wait();")
    sees(opened, "completed")
    saved = opened.save()
    (widget, static) = saved.cells[1].outputs
    assert "application/vnd.jupyter.widget-view+json" in widget.data
    assert widget.data["text/plain"] == ""
    assert "4/4 (100 %)" in static.data["text/html"]
    assert static.data["text/plain"].startswith("job 1: 4/4 (100 %), in ")
    opened.restart()
    opened.reload()
    opened.view.locator(".dgf-static").filter(has_text="4/4 (100 %)").wait_for()
    visible = opened.view.locator(".jp-OutputArea-child:visible")
    assert "Error displaying widget" not in "".join(visible.all_inner_texts())


def test_page_reload_keeps_the_display(notebook: OpenNotebook) -> None:
    """After F5 the job's display goes on where it was."""
    opened = started(notebook)
    opened.save()
    opened.reload()
    opened.view.locator(LIVE).wait_for()
    opened.run("gate.release(4)\njob.wait();")
    sees(opened, "4/4 (100 %)")
