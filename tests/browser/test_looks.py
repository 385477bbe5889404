"""How displays look: nothing is broken, stretched or shown twice, however narrow the window."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from browser.lab import Notebook, OpenNotebook, Theme
from playwright.sync_api import Locator

SETUP = """\
%load_ext datagenflow_nb
import datagenflow_nb as dgf
from IPython.display import HTML
from datagenflow_nb.displays.html import el, page, table_html
from datagenflow_nb.displays.trace import trace_html
LONG = "one line of a text that goes on for a while\\n" * 30
step = {"step": 0, "branch": "", "block_type": "Text", "block_id": "text", "skipped": False,
        "execution_time": 0.1, "error": None, "calls": [], "input": {},
        "output": {"count": 3, "ok": True, "note": "short", "story": LONG}}
class Loud(dgf.BaseBlock):
    inputs, outputs = ["text"], ["a_rather_long_field_name_" + "x" * 60]
    async def execute(self, data):
        return {}
wrong = dgf.Pipeline("wrong " + "w" * 150, [
    {"type": "Loud"}, {"type": "TextGenerator", "config": {"user_prompt": "{{ a", "x": 1}},
    {"type": "Output", "config": {"template": "{{ nothing_of_that_name.at_all }}", "y": 2}}])"""
CELLS = (
    SETUP,
    "dgf.workspace().blocks()",
    "HTML(trace_html([step]))",
    "wrong",
    "wrong.validate()",
    'HTML(page(table_html(("Name", "Count"), [("w" * 400, 1), ("text-classification", 2)])))',
)
LINES = """(nodes) => nodes.map((node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return [node.textContent, new Set([...range.getClientRects()].map((box) => box.top)).size];
})"""
SPILLED = """(nodes) => nodes
    .filter((node) => node.scrollWidth > node.clientWidth + 1)
    .map((node) => node.className || node.tagName)"""


@contextmanager
def window(opened: Notebook, width: int) -> Iterator[None]:
    """A window of this width; afterwards it has its own again."""
    size = opened.page.viewport_size
    assert size is not None
    opened.page.set_viewport_size({"width": width, "height": 900})
    yield
    opened.page.set_viewport_size(size)


def test_looks(notebook: OpenNotebook) -> None:
    """Words stay whole, names and problems wrap; DGF_SCREENSHOTS keeps pictures of all."""
    opened = notebook(*CELLS, run=True)
    view = opened.view
    for width in (1200, 500):
        with window(opened, width):
            opened.screenshot(f"looks-{width}", "light", whole=True)
            opened.screenshot(f"looks-{width}", "dark", whole=True)
            lines = dict(view.locator("td.dgf-w, td.dgf-n").evaluate_all(LINES))
            assert lines["StructuredGenerator"] == lines["text-classification"] == 1
            assert [text for text, count in lines.items() if count > 1] == []
            assert view.locator(".dgf-head, .dgf-tag, .dgf-box, td").evaluate_all(SPILLED) == []
            # What is too wide for the window is scrolled within the display.
            assert view.locator(".jp-OutputArea-output").evaluate_all(SPILLED) == []
            problems = view.locator(".dgf-flow .dgf-box:has(.dgf-bad)").all()
            widths = [box["width"] for box in map(Locator.bounding_box, problems) if box]
            assert len(widths) == 2 and max(widths) <= 26 * 13
    assert opened.problems == []


def test_unfolded_value(notebook: OpenNotebook) -> None:
    """A long value that is unfolded shows its beginning once, and its size still."""
    opened = notebook(*CELLS[:3], run=True)
    folded = opened.view.locator("td > details")
    peek = folded.locator(".dgf-peek")
    assert peek.is_visible()
    folded.locator("summary").click()
    assert folded.locator("pre").is_visible()
    assert not peek.is_visible()
    assert folded.locator("summary").inner_text() == "(1,320 characters)"


def test_numbers_look_like_texts(notebook: OpenNotebook) -> None:
    """A number and a text of a record stand on the same ground, in both themes."""
    opened = notebook(*CELLS[:3], run=True)
    themes: tuple[Theme, ...] = ("light", "dark")
    for theme in themes:
        opened.set_theme(theme)
        for name in ("background-color", "padding-left", "font-size", "color"):
            assert opened.style("td > code", name) == opened.style("td > pre", name), name
        assert opened.style("td > code", "background-color") == "rgba(0, 0, 0, 0)"
