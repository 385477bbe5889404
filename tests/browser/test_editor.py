"""The pipeline editor, as a person at the browser builds a pipeline with it."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import axe_playwright_python
from browser.lab import Notebook, OpenNotebook
from playwright.sync_api import Locator, expect

SETUP = """\
%load_ext datagenflow_nb
import datagenflow_nb as dgf
seeds = [{"text": "Tides are caused by the moon.", "user": "Summarise it."}]"""
EDIT = "%dgf edit demo --as editor\neditor"
SAVE = "Save a version in the store (Ctrl+S)"


def opened_on(notebook: OpenNotebook, *cells: str) -> tuple[Notebook, Locator]:
    """A notebook whose last cell shows an editor, with its palette there, and that editor."""
    opened = notebook(SETUP, *cells, run=True)
    assert opened.errors() == []
    editor = opened.view.locator(".dgf-editor").first
    editor.locator(".dgf-item").first.wait_for()
    return opened, editor


def definition(opened: Notebook) -> Any:
    """What Python has."""
    text = opened.run("import json; json.dumps(editor.definition)")[0]["data"]["text/plain"]
    return json.loads(text[1:-1].encode().decode("unicode_escape"))


def has(opened: Notebook, key: str, *values: str) -> None:
    """Wait until Python's blocks have these values, in this order."""
    deadline = time.monotonic() + 10
    found: list[str] = []
    while time.monotonic() < deadline:
        found = [block[key] for block in definition(opened)["blocks"]]
        if found == list(values):
            return
    raise AssertionError(found)


def has_types(opened: Notebook, *types: str) -> None:
    """Wait until they are of these types."""
    has(opened, "type", *types)


def box_of(place: Locator) -> tuple[float, float]:
    """The middle of an element, once it stays where it is."""
    deadline = time.monotonic() + 10
    box, before = place.bounding_box(), None
    while box is None or box != before:
        assert time.monotonic() < deadline, (box, before)
        box, before = place.bounding_box(), box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_with_the_mouse_alone(notebook: OpenNotebook) -> None:
    """From nothing to three blocks: added, inserted, moved, tried, saved and run."""
    opened, editor = opened_on(notebook, EDIT)
    expect(editor.get_by_text("1 problem", exact=True)).to_be_visible()
    editor.locator(".dgf-item", has_text="Text Generator").click()
    editor.locator(".dgf-item", has_text="Validator").last.click()
    # One dragged from the palette to between the two.
    expect(editor.get_by_test_id("block-validator")).to_be_visible()
    expect(editor.locator(".dgf-insert")).to_have_count(3)
    page = opened.view.page
    editor.locator(".dgf-item", has_text="Output").scroll_into_view_if_needed()
    from_, into = (
        box_of(editor.locator(".dgf-item", has_text="Output")),
        box_of(editor.locator(".dgf-insert").nth(1)),
    )
    page.mouse.move(*from_)
    page.mouse.down()
    page.mouse.move(from_[0] + 8, from_[1] + 8, steps=4)  # far enough to be a drag
    page.mouse.move(*into, steps=8)
    page.mouse.move(into[0] + 1, into[1], steps=2)
    page.mouse.up()
    expect(editor.get_by_test_id("block-output")).to_be_visible()
    expect(editor.get_by_test_id("block-output")).to_contain_text("2")
    has_types(opened, "TextGenerator", "Output", "Validator")
    # Moved to the place of the first.
    start, to = (
        box_of(editor.get_by_test_id(f"block-{name}")) for name in ("output", "text_generator")
    )
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*to, steps=8)
    page.mouse.up()
    expect(editor.get_by_test_id("block-output")).to_contain_text("1")
    has_types(opened, "Output", "TextGenerator", "Validator")
    editor.get_by_role("button", name="Undo").click()
    has_types(opened, "TextGenerator", "Output", "Validator")
    editor.get_by_label("Where seeds come from").select_option("variable")
    editor.get_by_label("Variable").select_option("seeds")
    editor.get_by_role("button", name="Try all").click()
    expect(editor.locator(".dgf-tried-done")).to_have_count(3)
    editor.get_by_role("button", name=SAVE).click()
    expect(editor.get_by_text("version 1", exact=True)).to_be_visible()
    editor.get_by_role("button", name="Run…").click()
    form = editor.locator(".dgf-inspector")
    form.get_by_label("Where seeds come from").select_option("variable")
    form.get_by_label("Variable").select_option("seeds")
    form.get_by_role("button", name="Run", exact=True).click()
    expect(form.get_by_text("Job 1 completed: 1 of 1 executions, 1 record")).to_be_visible()
    assert opened.problems == []


def test_with_the_keyboard_alone(notebook: OpenNotebook) -> None:
    """The same without a mouse; no key reaches the notebook's own commands."""
    opened, editor = opened_on(notebook, EDIT)
    cells = len(opened.cells())
    keys = opened.view.page.keyboard
    editor.focus()
    for name in ("text gen", "length", "output"):
        keys.press("/")
        keys.type(name)
        keys.press("Enter")
        keys.press("ControlOrMeta+a")
        keys.press("Escape")
    expect(editor.locator(".dgf-node.dgf-selected")).to_contain_text("Output")
    keys.press("Shift+ArrowUp")  # the output before the validator
    expect(editor.locator(".dgf-node.dgf-selected")).to_contain_text("2")
    keys.press("ArrowDown")
    keys.press("Delete")
    keys.press("ArrowUp")
    keys.press("d")
    expect(editor.locator(".dgf-node")).to_have_count(5)
    keys.press("x")
    expect(editor.locator(".dgf-node.dgf-disabled")).to_have_count(1)
    keys.press("ControlOrMeta+z")
    expect(editor.locator(".dgf-node.dgf-disabled")).to_have_count(0)
    keys.press("ArrowDown")
    keys.press("Enter")
    keys.type("It says: ")
    keys.press("Escape")
    editor.get_by_label("Seed", exact=True).focus()
    keys.type('{"user": "Tell me of tides. They rise."}')
    keys.press("Enter")
    expect(editor.locator(".dgf-tried-done")).to_have_count(3)
    keys.press("ControlOrMeta+s")
    expect(editor.get_by_text("version 1", exact=True)).to_be_visible()
    assert len(opened.cells()) == cells
    has_types(opened, "TextGenerator", "TextGenerator", "Output")
    assert definition(opened)["blocks"][2]["config"] == {"template": "It says: "}
    assert opened.problems == []


def test_two_views_and_python_are_in_step(notebook: OpenNotebook) -> None:
    """A change in one view is in the other and in the pipeline, and the other way round."""
    opened, first = opened_on(
        notebook, 'pipe = dgf.Pipeline("p", [{"type": "Output"}])\npipe.edit()', "pipe.edit()"
    )
    second = opened.view.locator(".dgf-editor").nth(1)
    first.locator(".dgf-item", has_text="Validator").last.click()
    expect(second.get_by_test_id("block-validator")).to_be_visible()
    assert opened.run("pipe")[0]["data"]["text/plain"] == "Pipeline('p': Output -> Validator)"
    opened.run('pipe.update({"name": "q", "blocks": [{"type": "JSONValidator"}]})')
    for view in (first, second):
        expect(view.get_by_test_id("block-json_validator")).to_be_visible()
        expect(view.get_by_label("Pipeline's name")).to_have_value("q")
    assert opened.problems == []


def test_keys_and_python_do_no_harm(notebook: OpenNotebook) -> None:
    """Undo in a text is the text's, not the notebook's; Python's change joins what is typed."""
    opened, editor = opened_on(
        notebook, 'pipe = dgf.Pipeline("p", [{"type": "Output"}])\neditor = pipe.edit()\neditor'
    )
    code = opened.cells()[1]["source"]
    editor.get_by_test_id("block-output").click()
    when = editor.get_by_label("when", exact=False).first
    when.fill("topic")
    when.press("ControlOrMeta+z")
    when.press("ControlOrMeta+Enter")
    when.press("Alt+Enter")
    assert opened.cells()[1]["source"] == code
    assert len(opened.cells()) == 2
    when.fill("a and b")
    opened.run('pipe.update({"name": "p", "blocks": [{"type": "Output"}, {"type": "Validator"}]})')
    expect(editor.get_by_test_id("block-validator")).to_be_visible()
    has_types(opened, "Output", "Validator")
    expect(when).to_have_value("a and b")
    assert definition(opened)["blocks"][0]["when"] == "a and b"
    editor.get_by_role("button", name="Run…").click()
    form = editor.locator(".dgf-inspector")
    form.get_by_label("Seeds", exact=True).fill('{"a": 1, "b": 2, "text": "t", "assistant": "x"}')
    form.get_by_role("button", name="Run", exact=True).dblclick()
    expect(form.get_by_text("Job 1 completed")).to_be_visible()
    assert opened.run("len(dgf.workspace().jobs())")[0]["data"]["text/plain"] == "1"
    assert opened.problems == []


def test_reload_restart_and_errors(notebook: OpenNotebook) -> None:
    """Unsaved changes outlive a reload and a restart; an exception is shown in its block."""
    opened, editor = opened_on(
        notebook,
        "class Breaks(dgf.BaseBlock):\n    outputs = ['x']\n"
        "    def execute(self, data):\n        raise RuntimeError('out of <b>luck</b>')",
        EDIT,
    )
    editor.locator(".dgf-item", has_text="Breaks").click()
    editor.get_by_label("Seed", exact=True).fill('{"a": 1}')
    editor.get_by_role("button", name="Try all").click()
    expect(editor.get_by_test_id("block-breaks")).to_contain_text("failed")
    editor.get_by_role("tab", name="Result").click()
    expect(editor.locator(".dgf-problem")).to_contain_text("RuntimeError: out of <b>luck</b>")
    opened.save()
    opened.reload()
    editor = opened.view.locator(".dgf-editor")
    expect(editor.get_by_test_id("block-breaks")).to_be_visible()
    expect(editor.get_by_text("not saved", exact=True)).to_be_visible()
    opened.run("editor._keep()")
    opened.restart()
    expect(editor.get_by_text("The kernel that made this editor is gone")).to_be_visible()
    opened.run_all()
    expect(opened.view.locator(".dgf-editor").first).to_contain_text("which were not saved")
    expect(opened.view.get_by_test_id("block-breaks").first).to_be_visible()


def test_hostile_data_is_shown_as_text(notebook: OpenNotebook) -> None:
    """Script, markup, right-to-left text and a megabyte: data, nothing else."""
    opened, editor = opened_on(
        notebook,
        "evil = '<img src=x onerror=\"window.hit = 1\"><script>window.hit = 1</script>'\n"
        "blocks = [{'type': 'Output', 'when': evil, 'description': evil,\n"
        "           'config': {'template': evil + 'א' + 'x' * 1_000_000}},\n"
        "          {'type': evil}, {'type': 'Output', 'config': {'template': '{{ text }}'}}]\n"
        "editor = dgf.Pipeline(evil, blocks).edit()\neditor",
    )
    expect(editor.get_by_label("Pipeline's name")).to_have_value(re.compile("<script>"))
    editor.locator(".dgf-node").nth(1).click()
    expect(editor.locator(".dgf-inspector")).to_contain_text("when")
    assert opened.view.page.evaluate("window.hit") is None
    assert editor.locator("script, img:not(.cm-widgetBuffer)").count() == 0
    opened.run("editor.definition = {'name': 'p', 'blocks': [blocks[2]]}")
    editor.get_by_label("Seed", exact=True).fill('{"text": "<script>window.hit=1</script>"}')
    editor.get_by_role("button", name="Try all").click()
    expect(editor.locator(".dgf-tried-done")).to_have_count(1)
    editor.get_by_test_id("block-output").click()
    editor.get_by_role("tab", name="Result").click()
    expect(editor.locator(".dgf-value pre")).to_have_text("<script>window.hit=1</script>")
    assert opened.view.page.evaluate("window.hit") is None
    assert opened.problems == []


def test_templates_are_unchanged(notebook: OpenNotebook) -> None:
    """Each one opens without a warning, and is the same YAML again; Undo brings back what was."""
    opened, editor = opened_on(notebook, EDIT)
    editor.get_by_role("button", name="Templates", exact=True).click()
    names = editor.locator(".dgf-inspector .dgf-item-name").all_inner_texts()
    editor.get_by_role("button", name="Close", exact=True).click()
    assert len(names) >= 3
    for name in names:
        editor.get_by_role("button", name="Templates", exact=True).click()
        editor.locator(".dgf-inspector .dgf-item", has_text=name).first.click()
        expect(editor.get_by_text("no problems", exact=True)).to_be_visible()
        count = editor.locator(".dgf-node").count() - 2
        for at in range(count):
            editor.locator(".dgf-node").nth(at + 1).click()
        check = (
            "ids = {info.name: info.id for info in dgf.workspace().templates()}\n"
            f"wanted = dgf.workspace().template_pipeline(ids[{name!r}]).to_dict() | "
            "{'name': 'demo'}\n"
            "editor.pipeline.to_yaml() == dgf.Pipeline.from_dict(wanted).to_yaml()"
        )
        assert opened.run(check)[0].get("data", opened.errors()) == {"text/plain": "True"}
        editor.get_by_role("button", name="Undo").click()
        expect(editor.locator(".dgf-node")).to_have_count(2)
        expect(editor.get_by_text("1 problem", exact=True)).to_be_visible()
    assert opened.problems == []


def test_blocks_go_from_one_editor_to_another(notebook: OpenNotebook) -> None:
    """Copied as YAML, pasted after the selected block; budgets of a run are checked as anywhere."""
    opened, first = opened_on(
        notebook,
        "dgf.Pipeline('one', [{'type': 'Output', 'config': {'template': 'x {{ a }}'}}]).edit()",
        "editor = dgf.Pipeline('two', [{'type': 'Validator'}]).edit()\neditor",
    )
    second = opened.view.locator(".dgf-editor").nth(1)
    page = opened.view.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    first.get_by_test_id("block-output").click()
    first.focus()
    page.keyboard.press("ControlOrMeta+c")
    page.wait_for_function(
        "async () => (await navigator.clipboard.readText()).startsWith('- type: Output')"
    )
    second.get_by_test_id("block-validator").click()
    second.focus()
    page.keyboard.press("ControlOrMeta+v")
    expect(second.get_by_test_id("block-output")).to_be_visible()
    has_types(opened, "Validator", "Output")
    assert definition(opened)["blocks"][1]["config"] == {"template": "x {{ a }}"}
    second.get_by_role("button", name="Run…").click()
    form = second.locator(".dgf-inspector")
    form.get_by_text("Budgets and number of records").click()
    form.get_by_label("target_accepted", exact=False).first.fill("5")
    form.get_by_label("Seeds", exact=True).fill('{"text": "t", "a": 1}')
    form.get_by_role("button", name="Run", exact=True).click()
    expect(form.locator(".dgf-problem")).to_contain_text("accept_when")
    assert opened.problems == []


def test_looks(notebook: OpenNotebook) -> None:
    """Wide and narrow, light and dark: nothing is wider than its cell."""
    opened, editor = opened_on(
        notebook, 'dgf.workspace().new_pipeline("demo", "qa_generation");', EDIT
    )
    editor.get_by_test_id("block-qa").click()
    page = opened.view.page
    try:
        for name, width in (("wide", 1200), ("narrow", 430)):
            page.set_viewport_size({"width": width, "height": 900})
            for theme in ("light", "dark"):
                opened.screenshot(f"editor-{name}", theme)
            inside = editor.evaluate("element => element.scrollWidth - element.clientWidth")
            assert inside <= 1
    finally:
        page.set_viewport_size({"width": 1200, "height": 900})
    assert opened.problems == []


def test_accessible(notebook: OpenNotebook) -> None:
    """axe finds no serious violation, whichever panel is open, in either theme."""
    opened, editor = opened_on(
        notebook, 'dgf.workspace().new_pipeline("demo", "qa_generation");', EDIT
    )
    page = opened.view.page
    page.add_script_tag(path=str(Path(axe_playwright_python.__file__).parent / "axe.min.js"))
    for theme in ("light", "dark"):
        opened.set_theme(theme)  # type: ignore[arg-type] # two of the literals it takes
        editor.get_by_test_id("block-qa").click()
        assert violations(editor) == []
        for name in ("Templates", "Versions", "YAML", "Run…", "Keys"):
            editor.get_by_role("button", name=name, exact=True).click()
            assert violations(editor) == [], name
        editor.get_by_role("button", name="Close", exact=True).click()


def violations(editor: Locator) -> list[str]:
    """What axe calls serious or critical inside an element."""
    found = editor.evaluate("element => window.axe.run(element)")
    return [
        f"{item['id']}: {node['html'][:200]} {node['failureSummary']}"
        for item in found["violations"]
        if item["impact"] in ("serious", "critical")
        for node in item["nodes"]
    ]


def test_forty_blocks_can_be_dragged(notebook: OpenNotebook) -> None:
    """A long pipeline is drawn with an overview, and a block dragged across it ends up there."""
    opened, editor = opened_on(
        notebook,
        "blocks = [{'type': 'Output', 'id': f'b{n}'} for n in range(40)]\n"
        "editor = dgf.Pipeline('long', blocks).edit()\neditor",
    )
    expect(editor.locator(".dgf-node")).to_have_count(42)
    expect(editor.get_by_label("Overview")).to_be_visible()
    expect(editor.get_by_test_id("block-b39")).to_be_in_viewport()
    page = opened.view.page
    start, to = (box_of(editor.get_by_test_id(f"block-{name}")) for name in ("b1", "b30"))
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*to, steps=20)
    page.mouse.up()
    expect(editor.get_by_test_id("block-b1")).to_contain_text("31")
    others = [f"b{n}" for n in range(40) if n != 1]
    has(opened, "id", *others[:30], "b1", *others[30:])
    assert opened.problems == []
