"""What keys do in the review when they come fast, and what is done to many records at once."""

from __future__ import annotations

import re

from browser.lab import OpenNotebook
from browser.test_review import cell
from playwright.sync_api import Locator, Page, expect

from datagenflow_nb.storage.records import RecordTable
from datagenflow_nb.storage.store import Store

#: Record 1 is pending, the next pending one is on a page that no table has loaded.
SETUP = """\
%load_ext datagenflow_nb
import datagenflow_nb as dgf

class Say(dgf.BaseBlock):
    inputs = ["n"]
    outputs = ["answer", "score"]

    async def execute(self, data):
        return {"answer": f"tea {data['n']}", "score": data["n"] / 7}

pipe = dgf.Pipeline("demo", [Say()])
job = dgf.run(pipe, [{"n": n} for n in range(1500)], concurrency=1, wait=True)
ws = dgf.workspace()
ws.review_session(1).set_status(range(2, 1201), "accepted")
print(ws.store.path)"""


def counts(store: Store) -> dict[str, int]:
    """Of job 1, by status, those there are."""
    return {status: count for status, count in RecordTable(store).count(1).items() if count}


def select_rows(page: Page, count: int) -> None:
    """The first ones, by keys."""
    page.keyboard.press("Escape")
    page.keyboard.press("Home")
    for _ in range(count - 1):
        page.keyboard.press("Shift+ArrowDown")


def test_keys_and_acts_mean_what_is_shown(notebook: OpenNotebook) -> None:
    """A fast key waits for its row; a question and a rule hold what they asked about; a search that
    is refused leaves nothing to decide on."""
    opened = notebook(SETUP, "%dgf review 1", run=True)
    assert opened.errors() == []
    review = opened.view.locator(".dgf-review").first
    review.locator(".dgf-status").first.wait_for()
    store = Store(opened.text(0).strip())
    table = RecordTable(store)
    grid, keys = review.get_by_role("grid"), opened.page.keyboard
    told, question = review.locator(".dgf-told"), review.get_by_role("alertdialog")

    grid.evaluate(  # without a gap
        """(grid) => { grid.focus(); for (const key of ["Home", "a", "r", "r", "End", "r"])
            grid.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true})); }"""
    )
    expect(told).to_contain_text("Record 1500 rejected, row 1500.")
    expect(review.get_by_role("button", name="rejected 3")).to_be_visible()
    expect(review.get_by_role("button", name="accepted 1,200")).to_be_visible()
    found = [record.status for record in table.many([1, 1201, 1202, 1203, 1500])]
    assert found == ["accepted", "rejected", "rejected", "pending", "rejected"]

    select_rows(opened.page, 43)
    keys.press("r")
    expect(question).to_contain_text("Reject 43 records?")
    review.get_by_role("checkbox", name="Select all").click()
    expect(question).to_have_count(0)
    assert counts(store) == {"pending": 297, "accepted": 1200, "rejected": 3}

    box = review.get_by_label("Search the records' texts")
    box.fill("(")
    expect(review.get_by_role("alert")).to_contain_text("No rows: search '(*' has no word")
    expect(review.get_by_role("button", name="all 0")).to_be_visible()
    grid.focus()
    for key in ("Control+a", "r", "e"):
        keys.press(key)
    expect(told).to_have_text("There is no record.")
    opened.screenshot("review-refused", "light")
    keys.press("?")
    expect(review.get_by_role("heading", name="Keys")).to_be_visible()  # keys go on
    keys.press("Escape")
    review.get_by_role("button", name="Clear the search").click()
    expect(review.get_by_role("alert")).to_have_count(0)
    expect(review.get_by_role("button", name="all 1,500")).to_be_visible()
    box.fill("nowhere ")
    expect(review.locator(".dgf-nothing")).to_contain_text("Nothing matches.")
    review.get_by_role("button", name="Clear all filters").click()
    expect(cell(review, "id")).to_have_text("1")
    assert counts(store) == {"pending": 297, "accepted": 1200, "rejected": 3}

    review_by_rule(opened.page, review)
    assert counts(store) == {"pending": 297, "accepted": 1200, "rejected": 3}
    reviewer = review.get_by_label("Reviewer", exact=True)
    held = reviewer.input_value()
    reviewer.fill("rule: x")
    keys.press("Enter")
    expect(review.get_by_role("alert")).to_be_visible()
    expect(reviewer).to_have_value(held)
    store.close()
    assert opened.problems == []


def review_by_rule(page: Page, review: Locator) -> None:
    """What was judged is what is applied; of many it asks; "Done" goes with what was done."""
    grid, keys, main = review.get_by_role("grid"), page.keyboard, review.locator(".dgf-main")
    grid.focus()
    keys.press("End")
    keys.press("p")
    keys.press("x")
    review.get_by_role("button", name="Rule", exact=True).click()
    review.get_by_placeholder("score > 0.7 and valid").fill("score < 3")
    keys.press("Enter")
    expect(main).to_have_text("Accept 0, reject 1")
    review.get_by_label("Select nothing").click()
    expect(main).to_have_count(0)
    review.get_by_role("button", name="Try on all pending records").click()
    expect(main).to_have_text(re.compile("Accept 0, reject 297"))
    main.click()
    expect(main).to_have_text("Yes, accept 0, reject 297")
    review.get_by_role("button", name="Cancel").click()
    grid.focus()
    keys.press("a")  # one of them is decided on meanwhile
    expect(review.get_by_role("button", name="accepted 1,201")).to_be_visible()
    main.click()
    main.click()
    expect(main).to_have_text("Done: 296 records; Z undoes it")
    grid.focus()
    keys.press("z")
    expect(main).to_have_count(0)
    expect(review.locator(".dgf-told")).to_have_text("Undone: 296 decisions by the rule.")
    keys.press("z")
    expect(review.locator(".dgf-told")).to_have_text("Undone: 1 record accepted → as before.")


EARLY = """\
%load_ext datagenflow_nb
import datagenflow_nb as dgf
ws = dgf.workspace()
ws.review()"""
LATER = """\
pipe = {"name": "p", "blocks": [{"type": "Output", "config": {"template": "tea {{ n }}"}}]}
job = ws.run(pipe, [{"n": n} for n in range(60)], concurrency=1, wait=True)"""


def test_focus_and_what_is_gone(notebook: OpenNotebook) -> None:
    """Records that come later have their columns; the focus comes back to a narrow table; undo is
    there after a reload; what was deleted is told."""
    opened = notebook(EARLY, run=True)
    page, keys = opened.page, opened.page.keyboard
    review = opened.view.locator(".dgf-review").first
    expect(review.locator(".dgf-nothing")).to_have_text("There are no records yet.")
    opened.run(LATER)
    review.locator(".dgf-status").first.wait_for()
    expect(cell(review, "field.output")).to_have_text("tea 0")
    grid, told = review.get_by_role("grid"), review.locator(".dgf-told")
    grid.focus()
    keys.press("a")
    expect(told).to_have_text("Record 1 accepted, row 1.")

    page.set_viewport_size({"width": 440, "height": 900})
    for back in ("Escape", "v"):
        grid.focus()
        keys.press("v")
        expect(review.locator(".dgf-card")).to_be_visible()
        keys.press(back)
        expect(grid).to_be_focused()
    record = review.get_by_role("button", name="Record", exact=True)
    record.click()
    expect(review.locator(".dgf-card")).to_be_visible()
    record.click()
    expect(grid).to_be_focused()
    review.get_by_role("button", name="Export", exact=True).click()
    opened.screenshot("review-export-narrow", "dark")
    choice = review.get_by_text("all in the table: 60 records").bounding_box()
    assert choice is not None
    assert choice["height"] < 30
    keys.press("Escape")
    expect(grid).to_be_focused()
    page.set_viewport_size({"width": 1200, "height": 900})

    opened.save()
    opened.reload()
    review = opened.view.locator(".dgf-review").first
    expect(review.get_by_role("button", name="Undo")).to_be_enabled()
    grid, told = review.get_by_role("grid"), review.locator(".dgf-told")
    opened.run("ws.delete_records([3])")
    expect(review.locator("[data-column=status]").nth(2)).to_have_text("deleted")
    grid.focus()
    for key in ("Home", "n", "n", "a"):
        keys.press(key)
    expect(told).to_have_text("Record 3 was deleted.")
    keys.press("v")
    expect(review.locator(".dgf-pane")).to_contain_text("Record 3 was deleted.")
    opened.screenshot("review-deleted", "light")
    assert opened.problems == []
