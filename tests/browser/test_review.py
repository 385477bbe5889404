"""The review of records, as a person decides on them in the browser."""

from __future__ import annotations

import getpass
import os
import re
import signal
import time
from pathlib import Path

import axe_playwright_python
from browser.lab import Notebook, OpenNotebook
from playwright.sync_api import Locator, expect

from datagenflow_nb.storage.jobs import JobTable
from datagenflow_nb.storage.records import RecordTable
from datagenflow_nb.storage.store import Store

#: Records with a score, hostile texts among them, one that fails, one that is filtered.
SETUP = """\
%load_ext datagenflow_nb
import datagenflow_nb as dgf

HOSTILE = ["<img src=x onerror=window.hacked=1>", "<script>window.hacked=1</script>",
           "=HYPERLINK(1)", "\u0645\u0631\u062d\u0628\u0627", "\U0001f9d1\u200d\U0001f680",
           "x" * 1_000_000, "a\\nb"]

class Say(dgf.BaseBlock):
    inputs = ["n"]
    outputs = ["answer", "score", "valid", "facts"]

    async def execute(self, data):
        n = data["n"]
        if n == 11:
            raise ValueError("no answer came")
        if n == 12:
            return dgf.Drop("too short")
        answer = HOSTILE[n] if n < len(HOSTILE) else f"The answer to question {n} is tea."
        return {"answer": answer, "score": n / 7, "valid": n % 3 > 0, "facts": {"n": n}}

pipe = dgf.Pipeline("demo", [Say()])
job = dgf.run(pipe, [{"n": n, "topic": f"topic {n % 9}"} for n in range(1000)],
              concurrency=1, wait=True)
job.status"""


def opened_on(notebook: OpenNotebook, *cells: str) -> tuple[Notebook, Locator]:
    """A notebook whose last cell shows a review, with its first row there, and that review."""
    opened = notebook(SETUP, *cells, run=True)
    assert opened.errors() == []
    review = opened.view.locator(".dgf-review").first
    review.locator(".dgf-status").first.wait_for()
    return opened, review


def cell(review: Locator, column: str) -> Locator:
    """The current row's cell in a column."""
    return review.locator(f".dgf-active [data-column='{column}']")


def test_any_row_many_at_once_and_back(notebook: OpenNotebook) -> None:
    """The last row and the middle are there at once; a thousand are decided on, and undone."""
    opened, review = opened_on(notebook, "%dgf review 1")
    grid = review.get_by_role("grid")
    grid.focus()
    keys, told = opened.page.keyboard, review.locator(".dgf-told")
    keys.press("End")
    expect(cell(review, "answer")).to_have_text("The answer to question 999 is tea.")
    grid.evaluate("(grid) => { grid.scrollTop = 500 * 30; }")
    expect(review.get_by_text("The answer to question 505 is tea.")).to_be_visible()
    keys.press("Home")
    keys.press("r")
    expect(told).to_have_text("Record 1 rejected, row 1.")
    keys.press("Control+a")
    keys.press("a")
    expect(review.get_by_role("alertdialog")).to_contain_text("Accept 1,000 records?")
    keys.press("Enter")
    expect(told).to_have_text("Accepted: 998 records, 1 left (failed), 1 left (filtered).")
    expect(review.get_by_role("button", name="accepted 998")).to_be_visible()
    keys.press("z")
    expect(told).to_contain_text("accepted → as before")
    keys.press("Control+a")
    keys.press("c")
    panel = review.get_by_role("region", name="Note on 1,000 records")
    expect(panel.get_by_label("Note")).to_be_focused()
    keys.type("look again")
    keys.press("Control+Enter")
    expect(told).to_have_text("Note: 1,000 records.")
    keys.press("g")
    panel = review.get_by_role("region", name="Tags of 1,000 records")
    keys.type("later")
    keys.press("Enter")
    expect(told).to_have_text("Tags +later: 1,000 records.")
    opened.screenshot("review-tags-panel", "light")
    panel.get_by_role("button", name="Close").click()
    found = opened.run("r = dgf.workspace().record(500); [r.note, r.tags]")
    assert found[0]["data"]["text/plain"] == "['look again', ['later']]"
    grid.focus()
    keys.press("z")
    expect(told).to_have_text("Undone: 1,000 records tags +later → as before.")
    keys.press("z")
    expect(told).to_have_text("Undone: 1,000 records note → as before.")
    expect(review.get_by_role("button", name="rejected")).to_be_visible()
    keys.press("z")
    expect(told).to_have_text("Undone: 1 record rejected → as before.")
    expect(cell(review, "id")).to_have_text("1")
    assert opened.problems == []


def test_search_filter_sort_and_columns(notebook: OpenNotebook) -> None:
    """By keyboard: words, a range of a score, a column's menu; the layout is there again."""
    opened, review = opened_on(notebook, "%dgf review 1", "%dgf review 1")
    review.get_by_role("grid").focus()
    keys = opened.page.keyboard
    keys.press("/")
    keys.type("question te")
    expect(review.get_by_text("991 found")).to_be_visible()
    keys.press("Escape")
    keys.press("f")
    condition = review.get_by_role("form", name="Filter by a column")
    condition.get_by_label("Column").select_option("score")
    condition.get_by_label("Value").fill("142")
    keys.press("Enter")
    expect(review.get_by_text("6 found")).to_be_visible()
    expect(review.get_by_text("score >= 142")).to_be_visible()
    keys.press("Escape")
    keys.press("Escape")
    review.locator("[data-head=score] .dgf-column-name").click(modifiers=["Shift"])
    review.locator("[data-head=score] .dgf-column-name").click(modifiers=["Shift"])
    expect(review.locator("[aria-sort=descending]")).to_contain_text("score")
    expect(review.locator(".dgf-spinner")).to_have_count(0)  # the rows are there in that order
    keys.press("Home")
    expect(cell(review, "score")).to_have_text("142.7143")
    keys.press("m")  # of the column that has the cursor
    menu = review.get_by_role("menu")
    expect(menu).to_be_visible()
    menu.get_by_role("menuitem", name="Pin to the left").press("Enter")
    expect(review.locator("[data-head].dgf-pinned")).to_contain_text("answer")
    review.get_by_label("Remove the filter score >= 142").click()
    expect(review.get_by_text("991 found")).to_be_visible()
    # The layout is stored once nobody has changed it for a moment.
    deadline, kept = time.monotonic() + 20, ""
    while "'is_pinned': True" not in kept:
        assert time.monotonic() < deadline, kept
        found = opened.run("str(dgf.workspace().layout('demo'))")
        kept = found[0]["data"]["text/plain"]
    assert opened.problems == []


def test_data_is_text(notebook: OpenNotebook) -> None:
    """Markup, scripts, formulas, a megabyte, right-to-left, emoji: shown as they are."""
    opened, review = opened_on(notebook, "%dgf review 1")
    rows = review.locator("[data-column=answer]")
    expect(rows.nth(0)).to_have_text("<img src=x onerror=window.hacked=1>")
    expect(rows.nth(1)).to_have_text("<script>window.hacked=1</script>")
    expect(rows.nth(2)).to_have_text("=HYPERLINK(1)")
    expect(rows.nth(3)).to_have_attribute("dir", "auto")
    expect(rows.nth(5)).to_have_text(f"{'x' * 300}…")
    expect(rows.nth(6)).to_have_text("a ⏎ b")
    assert opened.page.evaluate("window.hacked") is None
    static = "".join(opened.outputs(1)[1]["data"]["text/html"])
    assert "&lt;script&gt;window.hacked" in static
    assert "<script>" not in static
    assert opened.problems == []


def test_anybody_can_use_it(notebook: OpenNotebook) -> None:
    """axe finds no serious violation, whichever panel is open, in either theme; at any width."""
    opened, review = opened_on(notebook, "%dgf review 1")
    page, keys = opened.page, opened.page.keyboard
    page.add_script_tag(path=str(Path(axe_playwright_python.__file__).parent / "axe.min.js"))
    grid = review.get_by_role("grid")
    for theme in ("light", "dark"):
        opened.set_theme(theme)  # type: ignore[arg-type] # two of the literals it takes
        grid.focus()
        for key in ("a", "r", "x"):
            keys.press(key)
        assert violations(review) == []
        for name in ("Filter", "Columns", "Rule", "Export", "Keys"):
            review.get_by_role("button", name=name, exact=True).click()
            review.get_by_role("heading").last.wait_for()
            assert violations(review) == [], name
            opened.screenshot(f"review-{name.lower()}", theme)  # type: ignore[arg-type] # as above
        keys.press("Escape")
        keys.press("Escape")
        opened.screenshot("review", theme)  # type: ignore[arg-type] # as above
    page.set_viewport_size({"width": 470, "height": 900})
    box = review.bounding_box()
    assert box is not None
    assert box["width"] < 380
    assert review.evaluate("(review) => review.scrollWidth <= review.clientWidth")
    opened.screenshot("review-narrow", "light")
    page.set_viewport_size({"width": 1200, "height": 900})
    assert opened.problems == []


def violations(review: Locator) -> list[str]:
    """What axe calls serious or critical inside an element."""
    found = review.evaluate("element => window.axe.run(element)")
    return [
        f"{item['id']}: {node['html'][:200]} {node['failureSummary']}"
        for item in found["violations"]
        if item["impact"] in ("serious", "critical")
        for node in item["nodes"]
    ]


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
    deadline = time.monotonic() + 60
    while (found := [record.status for record in table.many(ids)]) != expected:
        assert time.monotonic() < deadline, found
    assert JobTable(store).get(1).status == "running"
    expect(place).not_to_have_text(re.compile(f"/ {first:,}$"))
    os.kill(int(pid), signal.SIGKILL)
    expect(review.get_by_role("alert")).to_contain_text("every decision is in the store.")
    assert [record.status for record in table.many(ids)] == expected
    assert {record.reviewer for record in table.many(ids)} == {getpass.getuser()}
    store.close()
    # JupyterLab tells it a moment later, in the way of whatever comes next.
    opened.page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    opened.run("'the new kernel answers'")
