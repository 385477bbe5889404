"""The README's pictures: what they show is what one gets."""

from __future__ import annotations

from browser.lab import OpenNotebook

CELLS = (
    "%load_ext datagenflow_nb\n%dgf new qa --template qa_generation",
    """\
%%dgf run qa --as job --wait --concurrency 1 --random-seed 1
- content: >-
    The lens of a lighthouse is built of glass rings. Each ring is a prism that bends the light
    of the lamp into one flat beam. Augustin Fresnel thought of it in Paris in 1822.
- content: >-
    Salt melts ice because salt water freezes at a lower temperature than fresh water. On a road
    it works down to about minus ten degrees. Below that, grit helps more.""",
    "job.record(1)",
)


def test_readme_picture(notebook: OpenNotebook) -> None:
    """A pipeline, a job and a record with its trace; DGF_SCREENSHOTS=docs takes it anew."""
    opened = notebook(*CELLS, run=True)
    assert opened.errors() == []
    for text in ("accept when", "2/2 (100 %)", "Record 1 (seed 0, repetition 0): accepted"):
        opened.view.get_by_text(text).locator("visible=true").first.wait_for()
    for theme in ("light", "dark"):
        opened.screenshot("notebook", theme, whole=True)


def test_editor_picture(notebook: OpenNotebook) -> None:
    """A pipeline that was tried on one seed, in the editor; taken anew in the same way."""
    opened = notebook(
        "%load_ext datagenflow_nb\nimport datagenflow_nb as dgf\n"
        'dgf.workspace().new_pipeline("qa", "qa_generation");',
        "%dgf edit qa",
        run=True,
    )
    assert opened.errors() == []
    editor = opened.view.locator(".dgf-editor")
    editor.get_by_label("Seed", exact=True).fill(
        '{"content": "Salt melts ice because salt water freezes at a lower temperature."}'
    )
    editor.get_by_role("button", name="Try all").click()
    editor.locator(".dgf-tried-done").nth(2).wait_for()
    editor.get_by_test_id("block-qa").click()
    editor.get_by_role("tab", name="Result").click()
    for theme in ("light", "dark"):
        opened.screenshot("editor", theme)
