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

#: Some reviews of pots, as in the tutorial, that a model has labelled.
REVIEWED = """\
%load_ext datagenflow_nb
import datagenflow_nb as dgf

topics = ["delivery", "quality", "size", "price"]
label = {
    "type": "object",
    "required": ["topic", "confidence"],
    "properties": {"topic": {"enum": topics}, "confidence": {"type": "number", "maximum": 1}},
}
prompt = "Which topic, and how sure are you? <text>{{ review }}</text>"
rest = {"topic": "{{ generated.topic }}", "confidence": "{{ generated.confidence }}"}
pipe = dgf.Pipeline("label", accept_when="confidence >= 0.8", blocks=[
    {"type": "StructuredGenerator", "config": {"prompt": prompt, "json_schema": label}},
    {"type": "FieldMapper", "config": {"mappings": rest}},
])
reviews = [
    "The coating has a scratch after two weeks. I had hoped for better quality.",
    "Arrived three days late, and the box was torn.",
    "Too small for a family: three litres is all that fits.",
    "Very expensive for a plain pot. I saw it elsewhere for half the money.",
    "Good size for two, not heavy, and the handle stays cold.",
    "The handle broke in the first week.",
    "Cheap, and it shows.",
    "It came on the day that the courier had said.",
]
dgf.run(pipe, [{"review": text} for text in reviews], random_seed=7, concurrency=1, wait=True);"""


def test_readme_picture(notebook: OpenNotebook) -> None:
    """A pipeline, a job and a record with its trace; DGF_SCREENSHOTS=docs takes it anew."""
    opened = notebook(*CELLS, run=True)
    assert opened.errors() == []
    for text in ("accept when", "2/2 (100 %)", "Record 1 (seed 0, repetition 0): accepted"):
        opened.view.get_by_text(text).locator("visible=true").first.wait_for()
    opened.view.locator(".dgf-trace").get_by_text("JSONValidator").wait_for()
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


def test_review_picture(notebook: OpenNotebook) -> None:
    """A record on its card beside the others, then its trace; tutorial 07 shows both."""
    opened = notebook(REVIEWED, "%dgf review 1", run=True)
    assert opened.errors() == []
    review = opened.view.locator(".dgf-review")
    review.locator(".dgf-status").nth(4).click()
    review.evaluate("(element) => element.scrollIntoView()")
    opened.page.keyboard.press("v")
    review.get_by_role("heading", name="Record 5").wait_for()
    for theme in ("light", "dark"):
        opened.screenshot("review", theme)
    opened.page.keyboard.press("t")
    review.get_by_text("StructuredGenerator").first.click()
    for theme in ("light", "dark"):
        opened.screenshot("trace", theme)
