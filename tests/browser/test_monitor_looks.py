"""How the monitor looks and reads: a job that fails in part and is refused, narrow and dark too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
from browser.lab import Notebook, OpenNotebook, Theme
from playwright.sync_api import Locator, expect
from servers import offline_server

#: A window in which an output has 350 pixels.
NARROW = 450
SETUP = """\
%load_ext datagenflow_nb
import datagenflow_nb as dgf

@dgf.block(outputs=["score"])
def grade(n, assistant):
    if n % 9 == 4:
        raise ValueError(f"row {n} has no grade: <b>missing</b>")
    return {"score": n % 7} if n % 11 else dgf.Drop("too short")

pipe = dgf.Pipeline("answers", [
    {"type": "TextGenerator", "id": "draft",
     "config": {"user_prompt": "Draft {{ n }}: {{ text }}"}},
    {"type": "TextGenerator", "id": "answer", "config": {"user_prompt": "Answer {{ n }}"}},
    grade])
seeds = [{"n": n, "text": "why the tide comes in twice a day " * 6} for n in range(60)]"""
RUN = """\
%dgf model add local --endpoint URL --model offline
job = dgf.run(pipe, seeds, model="local", concurrency=24, max_tokens_total=100_000,
              stop_early=False)
job"""


def worst(place: Locator) -> list[tuple[str, Any]]:
    """What axe calls serious or critical inside an element."""
    found = place.evaluate("element => window.axe.run(element)")
    return [
        (one["id"], [node["html"][:200] for node in one["nodes"]])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def spilled(opened: Notebook) -> list[str]:
    """What is wider than its place."""
    names: list[str] = opened.view.locator(".dgf-monitor *").evaluate_all(
        "(nodes) => nodes.filter((node) => getComputedStyle(node).overflowX === 'visible'"
        " && !node.closest('svg') && node.clientWidth && node.scrollWidth > node.clientWidth + 1)"
        ".map((node) => node.className || node.tagName)"
    )
    return names


def test_looks(notebook: OpenNotebook) -> None:
    """Live and ended, light and dark, wide and narrow: all is told, nothing spills, axe is fine."""
    with offline_server(latency=0.25, max_concurrent=6) as server:
        opened = notebook(SETUP, RUN.replace("URL", server.url))
        opened.page.add_script_tag(
            path=str(Path(axe_playwright_python.__file__).parent / "axe.min.js")
        )
        opened.run_all()
        assert opened.errors() == []
        monitor = opened.view.locator(".dgf-monitor")
        expect(monitor.get_by_text("refused call")).to_be_visible()
        expect(monitor.get_by_text("Failures")).to_be_visible()
        opened.screenshot("monitor-runs", "light", whole=True)
        assert worst(monitor) == []
        opened.run("job.wait();")
    expect(monitor.get_by_text("60/60 (100 %)", exact=True)).to_be_visible()
    monitor.get_by_role("button", name="row … has no grade").click()
    expect(monitor.get_by_text("For example record")).to_be_visible()
    monitor.get_by_role("button", name="Its trace").click()
    expect(monitor.get_by_role("button", name="Close", exact=True)).to_be_visible()
    looks: list[tuple[int, Theme]] = [(1200, "dark"), (NARROW, "light")]
    for width, theme in looks:
        opened.page.set_viewport_size({"width": width, "height": 900})
        opened.screenshot(f"monitor-ended-{width}", theme, whole=True)
        assert worst(monitor) == []
        assert spilled(opened) == []
    box = monitor.bounding_box()
    assert box is not None and box["width"] <= 350
    opened.page.set_viewport_size({"width": 1200, "height": 900})
    assert opened.problems == []
