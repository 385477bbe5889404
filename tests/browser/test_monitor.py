"""The monitor of a job, as a person at the browser watches and steers it."""

from __future__ import annotations

from browser.lab import Notebook, OpenNotebook
from playwright.sync_api import expect
from running import look

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


def test_kernel_restart(notebook: OpenNotebook) -> None:
    """A new kernel shows how the job went before, and finishes it once it has been asked."""
    opened = started(notebook)
    chart = opened.view.get_by_role("slider", name="Records per second, over time")
    opened.run("gate.release()")
    chart.first.wait_for()
    opened.restart()
    opened.view.get_by_text("The kernel that showed this is gone").wait_for()
    opened.run(SETUP)
    index = opened.start_cell("%dgf job 1")
    opened.finish()
    again = opened.view.locator(".jp-Cell").nth(index).locator(".dgf-live")
    again.filter(has_text="Job 1 gated interrupted").wait_for()
    again.filter(has_text="1/4 (25 %)").wait_for()
    again.get_by_role("slider", name="Records per second, over time").wait_for()
    again.get_by_role("button", name="Resume").click()
    again.filter(has_text="Run what is missing of it?").wait_for()
    assert look(opened.folder / "datagenflow.db", "SELECT status FROM jobs") == [("interrupted",)]
    again.locator(".dgf-monitor-ask").get_by_role("button", name="Resume").click()
    again.filter(has_text="Job 1 gated running").wait_for()
    opened.run("gate.release(3)\ndgf.workspace().job(1).wait();")
    again.filter(has_text="4/4 (100 %)").wait_for()


def test_by_keyboard(notebook: OpenNotebook) -> None:
    """A job whose budget is used up goes on with more; Escape and Enter alone do nothing."""
    opened = started(notebook)
    opened.run("gate.release(4)\njob.wait()\n_ = dgf.workspace().delete_records(job_id=1)")
    opened.run("two = dgf.run(pipe, 'job:1', max_records=1, concurrency=1)\ngate.release(9)")
    index = opened.start_cell("two.wait()")
    opened.finish()
    monitor = opened.view.locator(".jp-Cell").nth(index).locator(".dgf-live")
    monitor.filter(has_text="1 of 1 (100 %)").wait_for()
    resume = monitor.get_by_role("button", name="Resume").first
    resume.focus()
    keys = opened.page.keyboard
    keys.press("Enter")
    asked = monitor.get_by_role("form", name="Resume")
    expect(asked).to_be_focused()
    keys.press("Enter")
    keys.press("Escape")
    expect(asked).to_have_count(0)
    expect(resume).to_be_focused()
    keys.press("Enter")
    keys.press("Tab")
    keys.type("3")
    keys.press("Enter")
    monitor.filter(has_text="3 of 3 (100 %)").wait_for()
    rows = look(opened.folder / "datagenflow.db", "SELECT status, records_generated FROM jobs")
    assert rows[1] == ("stopped", 3)
    monitor.get_by_role("button", name="Export").focus()
    keys.press("Enter")
    monitor.filter(has_text="A cell was put below: %dgf export 2 job-2.jsonl").wait_for()
    assert opened.cells()[index + 1]["source"] == "%dgf export 2 job-2.jsonl"
    monitor.get_by_role("button", name="pending").first.click()
    monitor.get_by_role("button", name="Close", exact=True).wait_for()
    assert opened.problems == []
