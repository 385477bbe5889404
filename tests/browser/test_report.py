"""The report on a dataset in JupyterLab, and as a page of its own."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
from browser.lab import OpenNotebook, Theme
from playwright.sync_api import Locator

CELLS = (
    """\
%load_ext datagenflow_nb
import datagenflow_nb as dgf
WORDS = "tide moon sea shore water pull earth night wave sand salt wind boat light".split()
@dgf.block(outputs=["answer", "score", "kind", "tags", "source"])
def explain(topic, n, ctx):
    r, lead = ctx.random, f"The tide at the {topic} follows the moon around the earth, day by day"
    if n % 37 == 5:
        raise ValueError(f"bad number {n}")
    text = f"{lead}, number {n}" if n % 6 == 0 else " ".join(r.choices(WORDS, k=r.randrange(5, 60)))
    return {"answer": lead if n % 9 == 0 else text, "tags": r.sample(WORDS, r.randrange(1, 5)),
            "score": None if n % 12 == 0 else round(r.betavariate(5, 2), 3),
            "kind": r.choice(["fact", "<b>claim</b>", "joke"]), "source": {"page": n, "url": "x"}}
seeds = [{"metadata": {"topic": ["harbour", "bay"][n % 2], "n": n}} for n in range(300)]
job = dgf.run(dgf.Pipeline("tides", [explain]), seeds, concurrency=1, random_seed=1, wait=True)
job.report().to_html("report.html"); None""",
    "%dgf report 1",
)


def test_report(notebook: OpenNotebook) -> None:
    """Charts and figures fit, in light and dark, narrow, and in the file; axe finds nothing bad."""
    opened = notebook(*CELLS, run=True)
    report = opened.view.locator(".dgf-report")
    themes: tuple[Theme, Theme] = ("light", "dark")
    report.locator("summary", has_text="answer").click()
    for theme in themes:
        opened.screenshot("report", theme, whole=True)
        assert serious(report) == []
    bars = report.locator(".dgf-field[open] svg rect.dgf-fill")
    assert bars.count() > 20
    assert "near-duplicates" in report.locator(".dgf-warn").inner_text()
    assert opened.problems == []
    browser = opened.page.context.browser
    assert browser is not None
    page = browser.new_page(bypass_csp=True)  # the page allows no script, not even axe
    page.goto((opened.folder / "report.html").as_uri())
    shades = []
    for theme in themes:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": 360, "height": 900})
        shades.append(page.locator("body").evaluate("one => getComputedStyle(one).backgroundColor"))
        assert serious(page.locator("main")) == []
        spilled = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(spilled) <= 0
    assert shades[0] != shades[1]
    page.close()


def serious(part: Locator) -> list[str]:
    """What axe calls serious or critical inside an element."""
    part.page.add_script_tag(path=str(Path(axe_playwright_python.__file__).parent / "axe.min.js"))
    found = part.evaluate("element => window.axe.run(element)")
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
