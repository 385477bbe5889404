"""How fast the pipeline editor is in a real JupyterLab, in Debian's Chromium."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from browser.chromium import find_chromium  # what drives a browser is the tests' own
from browser.lab import Notebook, write_notebook
from browser.server import lab_server

__all__ = ["measure"]

_CELLS = (
    "%load_ext datagenflow_nb\nimport datagenflow_nb as dgf\n"
    "blocks = [{'type': 'Output', 'id': f'b{n}'} for n in range(40)]",
    "dgf.Pipeline('long', blocks).edit()",
)
#: Runs the cell; milliseconds until the last block is drawn.
_PAINT = """(cell) => new Promise((resolve) => {
    const widget = jupyterapp.shell.currentWidget;
    widget.content.activeCellIndex = cell;
    const started = performance.now();
    const look = () => {
        const cells = widget.node.querySelectorAll('.jp-Cell');
        const drawn = cells[cell].querySelectorAll('.dgf-node').length;
        if (drawn >= 42) resolve(performance.now() - started);
        else requestAnimationFrame(look);
    };
    jupyterapp.commands.execute('notebook:run-cell');
    requestAnimationFrame(look);
})"""
_COUNT_FRAMES = """() => {
    window.frames_drawn = 0;
    window.frames_began = performance.now();
    const count = () => { window.frames_drawn++; requestAnimationFrame(count); };
    requestAnimationFrame(count);
}"""
_PER_FRAME = "() => (performance.now() - window.frames_began) / window.frames_drawn"


def measure() -> tuple[list[float], float]:
    """Seconds to the first paint, of three editors, and milliseconds per frame of a drag."""
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("there is no Chromium")
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        lab_server(Path(name)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        path = write_notebook(server.root / "bench.ipynb", *_CELLS, _CELLS[1], _CELLS[1])
        opened = Notebook(page, server, path, server.root, [])
        opened.run("1")
        page.evaluate(
            "() => { jupyterapp.shell.currentWidget.content.activeCellIndex = 0;"
            " return jupyterapp.commands.execute('notebook:run-cell').then(() => 0); }"
        )
        paints = [page.evaluate(_PAINT, cell) / 1000 for cell in (1, 2, 3)]
        editor = opened.view.locator(".dgf-editor").last
        editor.scroll_into_view_if_needed()
        box = editor.get_by_test_id("block-b1").bounding_box()
        assert box is not None  # it was drawn
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.evaluate(_COUNT_FRAMES)
        for step in range(150):
            page.mouse.move(x + 2 * (step % 75), y + step)
        per_frame: float = page.evaluate(_PER_FRAME)
        page.mouse.up()
        browser.close()
    return paints, per_frame
