"""The review of records, as a person decides on them in the browser."""

from __future__ import annotations

import getpass
import os
import re
import signal
import time

from browser.lab import Notebook, OpenNotebook
from playwright.sync_api import Locator, expect

from datagenflow_nb.storage.jobs import JobTable
from datagenflow_nb.storage.records import RecordTable
from datagenflow_nb.storage.store import Store

SETUP = """\
%load_ext datagenflow_nb
import datagenflow_nb as dgf
pipe = dgf.Pipeline("demo", [{"type": "Output", "config": {"template": "Say {{ topic }}"}}])
job = dgf.run(pipe, [{"topic": f"topic {n}", "score": n / 7} for n in range(1000)], wait=True)"""


def opened_on(notebook: OpenNotebook, *cells: str) -> tuple[Notebook, Locator]:
    """A notebook whose last cell shows a review, with its first row there, and that review."""
    opened = notebook(SETUP, *cells, run=True)
    assert opened.errors() == []
    review = opened.view.locator(".dgf-review").first
    review.locator(".dgf-status").first.wait_for()
    return opened, review


def test_any_row_by_key_or_scroll_bar(notebook: OpenNotebook) -> None:
    """The last row and the middle are there at once, and the record beside them."""
    opened, review = opened_on(notebook, "%dgf review 1")
    grid = review.get_by_role("grid")
    grid.focus()
    keys = opened.page.keyboard
    keys.press("End")
    expect(review.locator(".dgf-active")).to_contain_text("Say topic 999")
    keys.press("v")
    expect(review.get_by_role("region", name="Record 1000")).to_be_visible()
    grid.evaluate("(grid) => { grid.scrollTop = 500 * 30; }")
    expect(review.locator(".dgf-grid-row", has_text=re.compile("Say topic 505"))).to_be_visible()
    keys.press("Home")
    for key in ("a", "r", "a", "n", "a"):
        keys.press(key)
    expect(review.locator(".dgf-told")).to_have_text("Record 5 accepted, row 5.")
    opened.screenshot("review-pane", "light")
    keys.press("v")
    keys.press("Shift+ArrowDown")
    opened.screenshot("review", "dark")
    keys.press("Control+a")
    keys.press("r")
    opened.screenshot("review-ask", "light")
    keys.press("Enter")
    expect(review.locator(".dgf-told")).to_have_text("Rejected: 999 records.")
    keys.press("z")
    expect(review.locator(".dgf-told")).to_contain_text("Undone")
    keys.press("m")
    opened.screenshot("review-menu", "light")
    keys.press("Escape")
    keys.press("f")
    opened.screenshot("review-filter", "light")
    assert opened.problems == []


RUNNING = """\
%load_ext datagenflow_nb
import asyncio, os
import datagenflow_nb as dgf

class Slow(dgf.BaseBlock):
    inputs = ["n"]
    outputs = ["text"]

    async def execute(self, data):
        await asyncio.sleep(0.05)
        return {"text": f"text {data['n']}"}

job = dgf.run(dgf.Pipeline("slow", [Slow()]), [{"n": n} for n in range(20_000)], concurrency=8)
while job.executions_done < 220:
    await asyncio.sleep(0.02)
print(os.getpid(), dgf.workspace().store.path)"""


def test_two_hundred_by_keyboard_while_the_job_runs(notebook: OpenNotebook) -> None:
    """New records move nothing under the cursor; every decision outlives the killed kernel."""
    opened = notebook(RUNNING, "%dgf review 1 --status pending", run=True)
    assert opened.errors() == []
    pid, path = opened.text(0).split(maxsplit=1)
    review = opened.view.locator(".dgf-review").first
    review.locator(".dgf-status").first.wait_for()
    review.get_by_role("grid").focus()
    keys = opened.page.keyboard
    active, place = review.locator(".dgf-active"), review.locator(".dgf-position")
    first = int(place.inner_text().split("/")[1].replace(",", ""))
    ids = range(1, 201)
    for count in range(200):
        if count % 20 == 0:
            expect(active.locator("[data-column=id]")).to_have_text(str(count + 1))
        keys.press("r" if count % 3 == 2 else "a")
    store = Store(path.strip())
    table = RecordTable(store)
    expected = ["rejected" if number % 3 == 0 else "accepted" for number in ids]
    deadline = time.monotonic() + 10
    while (found := [record.status for record in table.many(ids)]) != expected:
        assert time.monotonic() < deadline, found
    assert JobTable(store).get(1).status == "running"
    expect(place).not_to_have_text(re.compile(f"/ {first:,}$"))
    os.kill(int(pid), signal.SIGKILL)
    expect(review.get_by_role("alert")).to_contain_text("every decision is in the store.")
    assert [record.status for record in table.many(ids)] == expected
    assert {record.reviewer for record in table.many(ids)} == {getpass.getuser()}
    store.close()
