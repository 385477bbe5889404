"""Traces as a person at the browser reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import axe_playwright_python
import pytest
from browser.lab import Notebook, OpenNotebook
from playwright.sync_api import Locator, expect
from servers import OfflineServer, offline_server

SETUP = """\
%load_ext datagenflow_nb
import datagenflow_nb as dgf
ws = dgf.workspace()
ws.add_model("m", endpoint="URL", model="offline", input_price=1.0, output_price=2.0)

class Judge(dgf.BaseBlock):
    inputs, outputs = ["assistant", "topic"], ["score", "topic"]
    async def execute(self, data):
        if data["topic"] == "<b>bad</b>":
            raise ValueError("no score for <b>bad</b>")
        return dgf.Changes(set={"score": 0.7, "topic": data["topic"].upper()}, remove=["note"])

draft = {"system_prompt": "You are brief.", "user_prompt": "Tell of {{ topic }}.", "model": "m"}
tags = {"type": "array", "items": {"type": "string"}}
schema = {"type": "object", "required": ["title", "tags"],
          "properties": {"title": {"type": "string"}, "tags": tags}}
facts = {"prompt": "Facts in: {{ assistant }}", "json_schema": schema, "model": "m"}
pipe = dgf.Pipeline("read", blocks=[
    {"type": "TextGenerator", "id": "draft", "config": draft},
    {"type": "StructuredGenerator", "id": "facts", "config": facts},
    {"type": "Output", "id": "rare", "when": "topic == 'none'"},
    Judge(),
])
seeds = [{"topic": "the moon and its tides", "note": "gone", "text": "x" * 1_000_000},
         {"topic": "<b>bad</b>", "note": "שלום 👋"}]
job = dgf.run(pipe, seeds, concurrency=1, random_seed=1, wait=True)"""
PREVIEW = """\
cut = [{"type": "TextChunker", "config": {"chunk_size": 20}},
       {"type": "Output", "config": {"template": "{{ chunk_text }}"}}]
dgf.Pipeline("cut", cut).preview({"file_content": "One two. " * 9})"""


@pytest.fixture(scope="module")
def server() -> Iterator[OfflineServer]:
    """A model that fails now and then."""
    with offline_server(rate_500=0.4, seed=3) as started:
        yield started


def opened_on(
    notebook: OpenNotebook, server: OfflineServer, *cells: str
) -> tuple[Notebook, Locator]:
    """A notebook whose last cell shows a trace, and that trace."""
    opened = notebook(SETUP.replace("URL", server.url), *cells, run=True)
    assert opened.errors() == []
    trace = opened.view.locator(".dgf-trace-alone").first
    trace.locator(".dgf-step").first.wait_for()
    return opened, trace


def violations(part: Locator) -> list[str]:
    """What axe calls serious or critical inside an element."""
    part.page.add_script_tag(path=str(Path(axe_playwright_python.__file__).parent / "axe.min.js"))
    found = part.evaluate("element => window.axe.run(element)")
    return [
        f"{item['id']}: {node['html'][:200]} {node['failureSummary']}"
        for item in found["violations"]
        if item["impact"] in ("serious", "critical")
        for node in item["nodes"]
    ]


def test_trace_is_read(notebook: OpenNotebook, server: OfflineServer) -> None:
    """Steps with their shares, prompts as a conversation, changes in words, big values folded."""
    opened, trace = opened_on(notebook, server, "job.record(1).trace")
    heads = trace.locator(".dgf-step-head")
    expect(heads).to_have_count(4)
    expect(heads.nth(1)).to_contain_text("↻ 1 retry")
    expect(heads.nth(2)).to_contain_text("skipped")
    judged = trace.locator(".dgf-step").nth(3)  # the last that ran is open
    expect(judged.locator(".dgf-change")).to_have_text(
        [re.compile(r"\+score.*added"), re.compile("~topic.*changed"), re.compile("note.*removed")]
    )
    expect(judged.locator("del")).to_have_text("the moon and its tides")
    expect(judged.locator("ins")).to_have_text("THE MOON AND ITS TIDES")
    opened.screenshot("trace", "light", whole=True)

    heads.nth(3).focus()
    opened.page.keyboard.press("Home")
    expect(heads.nth(0)).to_be_focused()
    opened.page.keyboard.press("Enter")
    draft = trace.locator(".dgf-step").nth(0)
    expect(draft.get_by_role("list", name="Messages").locator("li")).to_have_text(
        [re.compile("system.*You are brief"), re.compile("user.*Tell of the moon and its tides")]
    )
    draft.get_by_role("button", name="State after").click()
    tree = draft.get_by_role("tree", name="State after")
    tree.get_by_role("treeitem").filter(has_text="text: ").locator(".dgf-tree-text").click()
    tree.get_by_role("button", name="State after.text: show all").click()
    assert tree.locator("pre").text_content() == "x" * 1_000_000
    draft.get_by_role("button", name="State after 6 fields").click()

    opened.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    draft.get_by_role("button", name="Copy user message").click()
    expect(draft.get_by_role("button", name="Copy user message")).to_have_text("Copied")
    assert opened.page.evaluate("navigator.clipboard.readText()") == (
        "Tell of the moon and its tides."
    )
    search = trace.get_by_role("searchbox")
    search.fill("MOON AND")
    expect(trace.get_by_role("status")).to_have_text("3 places in 2 steps")
    expect(trace.locator("mark").first).to_have_text("moon and")
    search.fill("")
    trace.get_by_role("button", name="Open all").click()
    assert opened.problems == []
    for theme in ("light", "dark"):
        opened.screenshot("trace-open", theme, whole=True)  # type: ignore[arg-type] # literals
        assert violations(trace) == []


def test_failed_step_is_open(notebook: OpenNotebook, server: OfflineServer) -> None:
    """With its error in full, as text; a preview has a branch to choose; a narrow page has room."""
    opened, trace = opened_on(notebook, server, "job.record(2)", PREVIEW)
    failed = trace.locator(".dgf-step").nth(3)
    expect(failed.get_by_role("region", name="Error")).to_contain_text("no score for <b>bad</b>")
    expect(trace.locator(".dgf-trace-totals")).to_contain_text("failed")
    assert trace.locator("b", has_text=re.compile("^bad$")).count() == 0
    opened.screenshot("trace-failed", "dark", whole=True)

    preview = opened.view.locator(".dgf-trace-alone").nth(1)
    preview.get_by_role("combobox").select_option(index=1)
    expect(preview.locator(".dgf-step").nth(0)).to_contain_text("branch 1")
    opened.page.set_viewport_size({"width": 480, "height": 900})
    try:
        width = trace.evaluate("element => element.clientWidth")
        assert width < 400
        assert trace.evaluate("element => element.scrollWidth") <= width
        assert violations(trace) == []
        opened.page.screenshot(path=opened.screenshots / "trace-narrow.png")
    finally:
        opened.page.set_viewport_size({"width": 1200, "height": 900})
    assert opened.problems == []


def test_run_again_from_a_block(notebook: OpenNotebook, server: OfflineServer) -> None:
    """What it makes is asked first; the new attempt is shown, compared, and taken back."""
    opened, trace = opened_on(notebook, server, "job.record(1)")
    asked = server.log()["requests"]
    trace.locator(".dgf-step-head").nth(1).click()
    trace.locator(".dgf-step").nth(1).get_by_role("button", name="Run again from here").click()
    dialog = trace.get_by_role("alertdialog")
    expect(dialog).to_contain_text(
        "Record 1 again from 'facts': 1 step taken over, about 1 call made."
    )
    opened.screenshot("trace-confirm", "light", whole=True)
    assert violations(trace) == []
    start = dialog.get_by_role("button", name="Run it: makes about 1 call")
    expect(dialog.get_by_role("button", name="Leave it")).to_be_focused()
    opened.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    trace.locator(".dgf-step").nth(1).get_by_role("button", name="Run again from here").focus()
    opened.page.keyboard.press("Enter")
    expect(dialog.get_by_role("button", name="Leave it")).to_be_focused()
    opened.page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    assert server.log()["requests"] == asked
    trace.locator(".dgf-step").nth(1).get_by_role("button", name="Run again from here").click()
    start.click()
    done = trace.get_by_role("status").filter(has_text="is the current one now")
    expect(done).to_contain_text("Record 3 is the current one now; the one before stays beside it.")
    attempts = trace.locator(".dgf-attempts select").first
    expect(attempts).to_have_value("3")
    expect(trace.locator(".dgf-step").nth(0)).to_contain_text("reused, nothing asked")
    trace.locator(".dgf-attempts select").nth(1).select_option(index=1)
    expect(trace.locator(".dgf-compared")).to_contain_text("Both attempts are the same")
    trace.locator(".dgf-compared-block summary").first.click()
    opened.screenshot("trace-compared", "light", whole=True)
    opened.screenshot("trace-compared", "dark", whole=True)
    assert violations(trace) == []
    done.get_by_role("button", name="Undo").click()
    expect(attempts).to_have_value("1")
    told = opened.run("[one.is_current for one in ws.record(1).attempts()]")
    assert told[0]["data"]["text/plain"] == "[True, False]"
    assert opened.problems == []


def test_trace_in_the_review(notebook: OpenNotebook, server: OfflineServer) -> None:
    """T shows it beside the table, also for the next row; a new attempt takes the row's place."""
    opened = notebook(SETUP.replace("URL", server.url), "%dgf review 1", run=True)
    assert opened.errors() == []
    review = opened.view.locator(".dgf-review").first
    review.locator(".dgf-status").first.wait_for()
    review.get_by_role("grid").focus()
    opened.page.keyboard.press("t")
    trace = review.locator(".dgf-record-trace")
    expect(trace.locator(".dgf-step")).to_have_count(4)
    opened.page.keyboard.press("ArrowDown")
    expect(trace.get_by_role("region", name="Error")).to_contain_text("no score for <b>bad</b>")
    opened.page.keyboard.press("ArrowUp")
    expect(trace.get_by_role("region", name="Error")).to_have_count(0)
    opened.screenshot("trace-in-review", "light", whole=True)
    assert violations(review) == []
    head = trace.locator(".dgf-step-head").nth(3)
    expect(head).to_have_attribute("aria-expanded", "true")
    trace.locator(".dgf-step").nth(3).get_by_role("button", name="Run again from here").click()
    trace.get_by_role("button", name="Run it: makes 0 calls").focus()
    for key in ("r", "n", "z"):
        opened.page.keyboard.press(key)
    expect(trace.get_by_role("alertdialog")).to_contain_text("Record 1 again from")
    assert opened.run("ws.record_counts(1)")[0]["data"]["text/plain"] == (
        "{'failed': 1, 'pending': 1}"
    )
    trace.get_by_role("button", name="Run it: makes 0 calls").click()
    expect(trace).to_contain_text("Record 3 is the current one now")
    expect(trace.locator(".dgf-attempts select").first).to_have_value("3")
    expect(review.get_by_role("row").nth(1)).to_have_class(re.compile("dgf-active"))
    review.get_by_role("grid").focus()
    opened.page.keyboard.press("z")
    expect(review.locator(".dgf-told")).to_have_text("Undone: record 1 is the current one again.")
    expect(trace.locator(".dgf-attempts select").first).to_have_value("1")
    expect(trace.get_by_text("is the current one now")).to_have_count(0)
    opened.page.keyboard.press("Shift+Z")
    expect(trace.locator(".dgf-attempts select").first).to_have_value("3")
    opened.page.keyboard.press("z")
    expect(trace.locator(".dgf-attempts select").first).to_have_value("1")
    review.get_by_role("button", name="Fields", exact=True).click()
    expect(review.get_by_role("heading", name="Record 1")).to_be_visible()
    assert opened.problems == []
