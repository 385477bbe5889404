"""The editor's forms, as a person at the browser configures blocks with them."""

from __future__ import annotations

import ast
import json
import re
import time
from typing import Any

from browser.lab import Notebook, OpenNotebook
from playwright.sync_api import Locator, expect

SETUP = """\
import json
import datagenflow_nb as dgf
from datagenflow_nb.widgets.editor import PipelineEditor
class Plain(dgf.BaseBlock):
    def execute(self, data):
        return {}
editor = PipelineEditor(dgf.workspace(), {"name": "demo", "blocks": BLOCKS})
editor._choose_seed({"kind": "typed", "text": '{"content": "The sea.", "topic": "tides"}'})
editor"""


ASK = """async ([code, expression]) => {
    const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const request = kernel.requestExecute(
        {code, store_history: false, user_expressions: {value: expression}});
    const reply = (await request.done).content;
    if (reply.status !== 'ok') throw new Error(reply.evalue);
    return reply.user_expressions.value.data['text/plain'];
}"""


def opened_on(notebook: OpenNotebook, *blocks: dict[str, Any]) -> tuple[Notebook, Locator]:
    """A notebook that edits these blocks, and its form, which shows the first one."""
    opened = notebook(SETUP.replace("BLOCKS", repr(list(blocks))), run=True)
    assert opened.errors() == []
    opened.view.locator(".dgf-item").first.wait_for()
    show(opened, 0)
    return opened, opened.view.locator(".dgf-inspector")


def show(opened: Notebook, at: int) -> None:
    """Select a block: its form appears."""
    opened.view.locator(".react-flow__node").nth(at + 1).click(position={"x": 120, "y": 12})


def ask(opened: Notebook, expression: str, code: str = "") -> Any:
    """The value of an expression in the kernel, after some code; the focus stays where it is."""
    text = opened.page.evaluate(ASK, [code, f"__import__('json').dumps({expression})"])
    return json.loads(ast.literal_eval(text))


def wait_for_config(opened: Notebook, expected: dict[str, Any], at: int = 0) -> None:
    """Wait until Python has this configuration of a block, its keys in this order."""
    wanted, deadline = json.dumps(expected), time.monotonic() + 15
    while True:
        found = json.dumps(ask(opened, f"editor.definition['blocks'][{at}].get('config', {{}})"))
        if found == wanted:
            return
        assert time.monotonic() < deadline, f"Python has {found}, expected {wanted}"


def change_by_python(opened: Notebook, key: str, expression: str) -> None:
    """Set a key of the first block's configuration in the kernel; ``old`` is what it was."""
    code = (
        "import copy\nblocks = copy.deepcopy(editor.definition['blocks'])\n"
        f"old = blocks[0]['config'][{key!r}]\nblocks[0]['config'][{key!r}] = {expression}\n"
        "editor.definition = {'name': 'demo', 'blocks': blocks}"
    )
    ask(opened, "None", code)


def test_prompt(notebook: OpenNotebook) -> None:
    """Fields are completed, unknown ones underlined; Ctrl+Z acts on the text, Tab leaves it."""
    opened, form = opened_on(
        notebook,
        {
            "type": "TextGenerator",
            "config": {"user_prompt": "About {{ topic }}:\r\n", "max_tokens": 9},
        },
    )
    page = opened.page
    prompt = form.get_by_role("textbox", name="user_prompt")
    prompt.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("{{ contnet")
    expect(form.locator(".cm-lintRange-error")).to_have_text("contnet")
    expect(form).to_contain_text("no field here is called 'contnet'; did you mean 'content'?")
    for _ in "net":
        page.keyboard.press("Backspace")
    expect(form.locator(".cm-lintRange-error")).to_have_count(0)
    page.keyboard.press("Control+Space")
    expect(page.get_by_role("option", name="content")).to_be_visible()
    opened.screenshot("form-completion", "light")
    page.keyboard.press("Enter")
    page.keyboard.type(" | upp")
    page.get_by_role("option", name="upper").click()
    given = "About {{ topic }}:\r\n{{ content | upper }}"
    wait_for_config(opened, {"user_prompt": given, "max_tokens": 9})

    # A change by Python leaves the cursor where it was.
    change_by_python(opened, "user_prompt", "'NEW ' + old")
    expect(prompt).to_contain_text("NEW About")
    page.keyboard.press("ArrowLeft")  # what follows is another step back
    page.keyboard.press("ArrowRight")
    page.keyboard.type("!")
    changed = {"user_prompt": f"NEW {given[:-3]}! }}}}", "max_tokens": 9}
    wait_for_config(opened, changed)
    page.keyboard.press("Control+z")
    wait_for_config(opened, {"user_prompt": f"NEW {given}", "max_tokens": 9})
    page.keyboard.press("Tab")
    assert page.evaluate("!document.activeElement.closest('.cm-editor')")

    # A number that is emptied is no longer given.
    form.get_by_label("max_tokens", exact=True).fill("")
    form.get_by_label("temperature", exact=True).press_sequentially("0.05")
    form.get_by_label("model", exact=True).fill("some/model")
    wait_for_config(
        opened, {"user_prompt": f"NEW {given}", "temperature": 0.05, "model": "some/model"}
    )
    form.get_by_role("button", name="Set temperature to null").click()
    form.get_by_role("button", name="Clear model").click()
    wait_for_config(opened, {"user_prompt": f"NEW {given}", "temperature": None})
    assert opened.problems == []


def test_lists_and_mappings(notebook: OpenNotebook) -> None:
    """Entries are added, moved and removed; a choice, a switch and a field are made."""
    opened, form = opened_on(
        notebook,
        {"type": "FieldMapper", "config": {"mappings": {"size": "{{ content | length }}"}}},
        {"type": "JSONValidator", "config": {"field_name": "assistant"}},
        {"type": "TextChunker", "config": {"extra": {"a": 1}}},
        {"type": "Plain"},
    )
    page = opened.page
    form.get_by_role("button", name="Add to mappings").click()
    page.keyboard.type("title")
    page.keyboard.press("Tab")  # over the buttons that move and remove it
    form.get_by_role("textbox", name="Value of title").click()
    page.keyboard.type("{{ top")
    page.get_by_role("option", name="topic").click()
    mappings = {"size": "{{ content | length }}", "title": "{{ topic }}"}
    wait_for_config(opened, {"mappings": mappings})
    form.get_by_role("button", name="Move title up").click()
    moved = {"title": "{{ topic }}", "size": "{{ content | length }}"}
    wait_for_config(opened, {"mappings": moved})
    form.get_by_role("button", name="Remove size").click()
    wait_for_config(opened, {"mappings": {"title": "{{ topic }}"}})

    show(opened, 1)
    form.get_by_role("button", name="Add to required_fields").click()
    page.keyboard.type("name")
    form.get_by_role("button", name="Add to required_fields").click()
    page.keyboard.type("age")
    form.get_by_role("button", name="Move entry 2 up").click()
    form.get_by_label("strict", exact=True).check()
    form.get_by_role("combobox", name="field_name").click()
    form.get_by_role("option", name="title").click()
    wait_for_config(
        opened, {"field_name": "title", "required_fields": ["age", "name"], "strict": True}, 1
    )
    form.get_by_label("strict", exact=True).uncheck()
    form.get_by_role("button", name="Remove entry 1").click()
    form.get_by_role("button", name="Remove entry 1").click()
    wait_for_config(opened, {"field_name": "title"}, 1)

    show(opened, 2)
    form.get_by_label("by", exact=True).select_option("sentence")
    form.get_by_role("button", name="Clear extra").click()
    wait_for_config(opened, {"by": "sentence"}, 2)
    form.get_by_label("by", exact=True).select_option("paragraph (default)")
    wait_for_config(opened, {}, 2)

    show(opened, 3)  # a block that does not say how it is configured
    form.get_by_role("button", name="Add to configuration").click()
    page.keyboard.type("limits")
    form.get_by_role("textbox", name="Value of limits").fill('{"most": [3')
    expect(form).to_contain_text("Not written into the pipeline until it is JSON.")
    page.keyboard.type("]}")
    wait_for_config(opened, {"limits": {"most": [3]}}, 3)
    form.get_by_label("id", exact=True).press_sequentially("mine")
    expect(form.get_by_label("id", exact=True)).to_be_focused()
    assert opened.problems == []


def test_json_schema(notebook: OpenNotebook) -> None:
    """A schema is a mapping once it is JSON, a text while it is not, or when it is a template."""
    opened, form = opened_on(
        notebook, {"type": "StructuredGenerator", "config": {"json_schema": {"type": "strin"}}}
    )
    schema = form.get_by_role("textbox", name="json_schema")
    expect(form.locator(".cm-lintRange-error")).to_have_text('"strin"')
    expect(form).to_contain_text(re.compile("no JSON Schema: type must be one of array, boolean"))
    schema.fill('{"type": "object", "properties": {"a": }}')
    expect(form).to_contain_text("not JSON at line 1, column 40")
    opened.screenshot("form-json-error", "dark")
    wait_for_config(opened, {"json_schema": '{"type": "object", "properties": {"a": }}'})
    schema.fill('{"type": "object"}')
    wait_for_config(opened, {"json_schema": {"type": "object"}})
    expect(form.locator(".dgf-is-error")).to_have_count(0)
    schema.fill('{"enum": {{ contnt | tojson }}}')
    expect(form.get_by_label("Jinja2 template")).to_be_checked()
    expect(form.locator(".cm-lintRange-error")).to_have_text("contnt")
    wait_for_config(opened, {"json_schema": '{"enum": {{ contnt | tojson }}}'})
    assert opened.problems == []


def test_large_and_right_to_left_texts(notebook: OpenNotebook) -> None:
    """A megabyte, and a language written from the right, are texts like any other."""
    opened, form = opened_on(
        notebook,
        {"type": "Output", "config": {"template": "x"}},
        {"type": "Output", "config": {"template": "שלום {{ topic }}"}},
    )
    change_by_python(opened, "template", "'word ' * 200_000 + '{{ topic }}'")
    text = form.get_by_role("textbox", name="template")
    expect(text).to_contain_text("word word")
    text.click()
    opened.page.keyboard.press("Control+End")
    opened.page.keyboard.type("!")
    wait_for_config(opened, {"template": "word " * 200_000 + "{{ topic }}!"})
    show(opened, 1)
    line = form.locator(".cm-line").first
    expect(line).to_have_css("direction", "rtl")
    assert opened.problems == []
