"""One record in the review: read on its card, edited in place, with a note and tags."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import axe_playwright_python
from browser.lab import Notebook, OpenNotebook, output_text
from playwright.sync_api import Locator, expect

SETUP = """\
%load_ext datagenflow_nb
import datagenflow_nb as dgf

@dgf.block(outputs=["generated", "talk", "score", "data", "answer"])
def Make(topic):
    return {
        "generated": {"question": f"What is {topic}?", "list": list(range(250))},
        "talk": [{"role": "user", "content": f"Tell me of {topic}."},
                 {"role": "assistant", "content": "<b>No</b>"}],
        "score": 0.5,
        "data": {"big": 12345678901234567890, "f": 1.0, "neg": -0.0},
        "answer": f"## {topic}\\n\\nThe **{topic}** is <script>window.hit = 1</script> here.\\r\\n"
                  "[a link](https://example.org/) ![a picture](https://example.org/p.png) \\u202ex",
    }

pipe = dgf.Pipeline("demo", [Make()])
job = dgf.run(pipe, [{"topic": f"topic {n}", "document": "sea " * 250_000} for n in range(9)],
              concurrency=1, wait=True)
ws = dgf.workspace()
def now(id=1):
    row = ws.records().set_index("id").loc[id]
    return [row.answer, float(row.score), row.status]"""


def opened_on(notebook: OpenNotebook) -> tuple[Notebook, Locator, Locator]:
    """A notebook with a review, whose first record is on its card."""
    opened = notebook(SETUP, "%dgf review 1", run=True)
    assert opened.errors() == []
    review = opened.view.locator(".dgf-review").first
    review.locator(".dgf-status").first.wait_for()
    review.get_by_role("grid").focus()
    opened.page.keyboard.press("v")
    card = review.locator(".dgf-card")
    expect(card.get_by_role("heading", name="Record 1")).to_be_visible()
    return opened, review, card


def value(opened: Notebook, expression: str) -> Any:
    """What an expression is in the kernel, as JSON."""
    outputs = opened.run(f"import json; print(json.dumps({expression}))")
    return json.loads(output_text(outputs[0]))


def test_read_edit_and_take_back(notebook: OpenNotebook) -> None:
    """By keys alone: read, edit, decide, write a note and a tag, and undo it all."""
    opened, review, card = opened_on(notebook)
    keys = opened.page.keyboard
    field = card.get_by_role("region", name="answer")
    expect(field).to_contain_text("<script>window.hit = 1</script>")
    expect(field.get_by_title("right-to-left override (U+202E)")).to_be_visible()
    expect(card.get_by_role("list", name="talk")).to_contain_text("<b>No</b>")
    field.get_by_role("button", name="Markdown").click()
    expect(field.get_by_role("heading", name="topic 0")).to_be_visible()
    link = field.get_by_role("link", name="a link")
    assert (link.get_attribute("target"), link.get_attribute("rel")) == (
        "_blank", "noopener noreferrer",
    )  # fmt: skip
    assert field.locator("img, script").count() == 0

    keys.press("e")
    text = field.get_by_role("textbox", name="answer")
    expect(text).to_be_focused()
    keys.press("Control+Home")
    keys.type("New ")
    keys.press("Control+Enter")
    expect(field.get_by_role("button", name="Edit answer")).to_be_focused()
    keys.press("a")
    expect(card.get_by_role("heading", name="Record 2")).to_be_visible()
    keys.press("p")
    expect(card.get_by_role("heading", name="Record 1")).to_be_visible()
    # Its other line break, which no text field keeps, is there as it was.
    assert value(opened, "now()") == [
        "New ## topic 0\n\nThe **topic 0** is <script>window.hit = 1</script> here.\r\n"
        "[a link](https://example.org/) ![a picture](https://example.org/p.png) \u202ex",
        0.5,
        "accepted",
    ]
    field.get_by_role("button", name="edited").click()
    expect(field.locator("ins")).to_have_text("New ")
    opened.screenshot("review-card", "light")
    opened.screenshot("review-card", "dark")

    keys.press("c")
    keys.type("So so,\nwell")
    keys.press("Control+Enter")
    keys.press("g")
    keys.type("check,facts")
    keys.press("Enter")
    expect(card.get_by_role("list", name="Tags").get_by_role("listitem")).to_have_count(2)
    keys.press("Escape")
    assert value(opened, "ws.review_log(1)['what'].to_list()") == [
        "edited answer", "accepted", "note", "tags +check", "tags +facts",
    ]  # fmt: skip
    card.focus()
    for _ in range(5):
        keys.press("z")
    expect(review.locator(".dgf-told")).to_contain_text("Undone")
    expect(field.get_by_role("button", name="edited")).to_have_count(0)
    expect(card.get_by_label("Note", exact=True)).to_have_value("")
    assert value(opened, "now()")[1:] == [0.5, "pending"]
    assert opened.page.evaluate("window.hit") is None
    assert opened.problems == []


def test_other_people_and_a_dead_kernel(notebook: OpenNotebook) -> None:
    """What somebody else has written is not written over, and what was typed is never lost."""
    opened, review, card = opened_on(notebook)
    keys = opened.page.keyboard
    score = card.get_by_role("region", name="score")
    score.get_by_role("button", name="Edit score").click()
    typed = score.get_by_role("textbox", name="score")
    typed.fill("0,7")
    expect(score).to_contain_text("not a number")
    typed.fill("0.7")
    # A decision changes the record, not the field: the edit is saved.
    opened.run("ws.update_record(1, status='rejected');")
    typed.press("Control+Enter")
    expect(typed).to_have_count(0)
    assert value(opened, "now()")[1:] == [0.7, "rejected"]

    answer = card.get_by_role("region", name="answer")
    answer.dblclick(position={"x": 60, "y": 60})
    text = answer.get_by_role("textbox", name="answer")
    text.fill("Mine")
    opened.run("ws.update_record(1, fields={'answer': 'Theirs'});")
    text.press("Control+Enter")
    conflict = answer.get_by_role("alert")
    expect(conflict).to_contain_text("answer has been changed meanwhile")
    expect(conflict.locator("del")).to_have_text("Theirs")
    expect(conflict.locator("ins")).to_have_text("Mine")
    expect(text).to_have_value("Mine")
    assert value(opened, "now()")[0] == "Theirs"
    opened.screenshot("review-conflict", "dark")

    review.get_by_role("grid").focus()
    keys.press("n")
    expect(card.get_by_role("heading", name="Record 2")).to_be_visible()
    card.get_by_role("button", name="record 1").click()
    expect(text).to_have_value("Mine")
    conflict.get_by_role("button", name="Go on with yours").click()
    answer.get_by_role("button", name="Save", exact=True).click()
    expect(text).to_have_count(0)
    assert value(opened, "now()")[0] == "Mine"

    answer.get_by_role("button", name="Edit answer").click()
    text.fill("Typed before the kernel died")
    opened.restart()
    expect(answer).to_contain_text("The kernel is gone: copy what you typed to keep it.")
    expect(text).to_have_value("Typed before the kernel died")
    expect(answer.get_by_role("button", name="Copy what was typed for answer")).to_be_enabled()
    expect(answer.get_by_role("button", name="Save", exact=True)).to_be_disabled()


def test_trees_lists_layouts_and_long_texts(notebook: OpenNotebook) -> None:
    """Everything by keyboard, in 350 px too; axe has nothing against it."""
    opened, review, card = opened_on(notebook)
    page, keys = opened.page, opened.page.keyboard
    page.add_script_tag(path=str(Path(axe_playwright_python.__file__).parent / "axe.min.js"))
    tree = card.get_by_role("tree", name="generated")
    tree.get_by_role("treeitem").first.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "End", "Enter"):
        keys.press(key)
    expect(tree.get_by_role("treeitem").filter(has_text=re.compile("^100: 100"))).to_be_focused()

    document = card.locator(".dgf-card-minor-line", has_text="document")
    document.click()
    card.get_by_role("button", name="document: show all").click()
    expect(card.locator(".dgf-text-line")).to_have_text(re.compile("^(sea ){250000}$"))
    document.click()

    generated = card.get_by_role("region", name="generated")
    generated.get_by_role("button", name="Edit generated").click()
    keys.press("Control+a")
    keys.type("{a: 1")
    expect(generated).to_contain_text("not JSON at line 1, column 2")
    assert violations(card) == []
    keys.press("Escape")
    generated.get_by_role("button", name="Go on editing").click()
    generated.get_by_role("button", name="Cancel").click()
    generated.get_by_role("button", name="Give it up").click()

    data = card.get_by_role("region", name="data")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    data.get_by_role("button", name="Copy data", exact=True).click()
    expect(data.get_by_role("button", name="Copy data", exact=True)).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == (
        '{\n  "big": 12345678901234567890,\n  "f": 1.0,\n  "neg": -0.0\n}'
    )
    data.get_by_role("button", name="Edit data").click()
    expect(data.locator(".cm-content")).to_be_focused()
    keys.press("Control+a")
    keys.insert_text('{"n": [12345678901234567891, 1.0], "d": 1e999}')
    expect(data).to_contain_text("1e999 is larger than any number can be")
    keys.press("Control+a")
    keys.insert_text('{"n": [12345678901234567891, 1.0], "__proto__": 0.1234567890123456789}')
    expect(data).to_contain_text("and becomes 0.12345678901234568")
    keys.press("Control+Enter")
    expect(data.locator(".cm-content")).to_have_count(0)
    assert value(opened, "repr(ws.record(1).state['data'])") == (
        "{'n': [12345678901234567891, 1.0], '__proto__': 0.12345678901234568}"
    )

    card.get_by_role("button", name="Arrange fields").click()
    card.get_by_role("combobox", name="How talk is shown").select_option("hidden")
    card.get_by_role("button", name="topic up").click()
    expect(card).to_contain_text("Not shown: talk")
    expect(card.get_by_role("region", name="topic")).to_be_visible()
    for theme in ("light", "dark"):
        opened.set_theme(theme)  # type: ignore[arg-type] # two of the literals it takes
        assert violations(review) == []
    try:
        page.set_viewport_size({"width": 430, "height": 900})
        card.focus()
        keys.press("n")
        expect(card.get_by_role("heading", name="Record 2")).to_be_visible()
        opened.screenshot("review-card-narrow", "light")
        assert card.evaluate("element => element.scrollWidth - element.clientWidth") <= 1
    finally:
        page.set_viewport_size({"width": 1200, "height": 900})
    assert opened.problems == []


def violations(element: Locator) -> list[str]:
    """What axe calls serious or critical inside an element."""
    found = element.evaluate("element => window.axe.run(element)")
    return [
        f"{item['id']}: {node['html'][:200]} {node['failureSummary']}"
        for item in found["violations"]
        if item["impact"] in ("serious", "critical")
        for node in item["nodes"]
    ]
