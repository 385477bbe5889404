"""The review of records, as a person decides on them in the browser."""

from __future__ import annotations

import re

from browser.lab import Notebook, OpenNotebook
from playwright.sync_api import Locator, expect

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
