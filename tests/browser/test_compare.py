"""Two jobs side by side, as a person chooses between their records in the browser."""

from __future__ import annotations

import json
import re
from pathlib import Path

import axe_playwright_python
from browser.lab import Notebook, OpenNotebook
from playwright.sync_api import Locator, expect

SETUP = """\
%load_ext datagenflow_nb
import datagenflow_nb as dgf
ws = dgf.workspace()
ANSWERS = {
    "ada": ["The tides come from the moon, twice a day.", "The tides come from the moon's pull."],
    "bob": ["Honey keeps for years.", "Honey keeps for years."],
    "eve": ["<b>Bold</b> \\u202e ٣ 👋", "<script>alert(1)</script> \\u202e ٣ 👋"],
}

def saying(which):
    class Say(dgf.BaseBlock):
        inputs, outputs = ["user", "n"], ["answer", "facts", "style"]
        async def execute(self, data):
            if data["n"] == 5 and which:
                raise ValueError("no answer today")
            text = ANSWERS.get(data["user"], [f"Number {data['n']}"] * 2)[which]
            return {"answer": text, "facts": {"n": data["n"]}, "style": "plain"}
    return dgf.Pipeline("v2" if which else "v1", [Say()])

seeds = [{"user": name, "n": n} for n, name in enumerate(["ada", "bob", "eve"])]
seeds += [{"user": f"user {n}", "n": n} for n in range(3, 200)]
one = dgf.run(saying(0), [*seeds, {"user": "alone", "n": 999}], concurrency=1, wait=True)
two = dgf.run(saying(1), seeds, concurrency=1, wait=True)"""
CHOICES = "ws.choices(1, 2)[['left', 'right', 'choice']].values.tolist()"


def opened_on(notebook: OpenNotebook, *cells: str) -> tuple[Notebook, Locator]:
    """A notebook whose last cell shows a comparison, with its first pair there, and that."""
    opened = notebook(SETUP, *cells, run=True)
    assert opened.errors() == []
    compare = opened.view.locator(".dgf-compare").first
    compare.locator(".dgf-side-head").first.wait_for()
    return opened, compare


def choices(opened: Notebook) -> list[list[object]]:
    """What the store has."""
    text = opened.run(CHOICES)[0]["data"]["text/plain"]
    found: list[list[object]] = json.loads(text.replace("'", '"'))
    return found


def faults(part: Locator) -> list[str]:
    """What axe calls serious or critical inside an element."""
    part.page.add_script_tag(path=str(Path(axe_playwright_python.__file__).parent / "axe.min.js"))
    found = part.evaluate("element => window.axe.run(element)")
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def test_choosing_by_keys(notebook: OpenNotebook) -> None:
    """Pairs are chosen, undone and exported without a mouse; what differs is marked, as text."""
    opened, compare = opened_on(notebook, "%dgf compare 1 2")
    progress, told = compare.locator(".dgf-compare-progress"), compare.locator(".dgf-compare-told")
    expect(progress).to_have_text("0 of 200 chosen: job 1 0, job 2 0, tie 0, neither 0")
    expect(compare.get_by_text("1 record without a partner")).to_be_visible()
    answer = compare.locator(".dgf-compared", has_text="answer")
    expect(answer.locator("mark")).to_have_text([", twice a day", "'s pull"])
    expect(compare.locator("summary").last).to_have_text("2 fields are the same: facts, style")
    expect(compare.locator(".dgf-pairs-row").first).to_contain_text("≠")
    opened.screenshot("compare", "light")
    assert faults(compare) == []
    pairs = compare.get_by_role("listbox")
    pairs.focus()
    keys = opened.page.keyboard
    keys.press("1")
    expect(compare.get_by_role("region", name="Pair 2 of 200")).to_be_visible()
    expect(compare.get_by_text("Every field is the same on both sides.")).to_be_visible()
    keys.press("0")
    # Nothing of the data is HTML.
    expect(compare.get_by_label("answer, right", exact=True)).to_contain_text("<script>alert(1)")
    keys.press("ArrowRight")
    keys.press("x")
    expect(progress).to_have_text("4 of 200 chosen: job 1 1, job 2 1, tie 1, neither 1")
    keys.press("z")
    expect(told).to_have_text("Undone: the pair is as before.")
    expect(compare.get_by_role("region", name="Pair 4 of 200")).to_be_visible()
    assert choices(opened) == [[1, 202, "left"], [2, 203, "tie"], [3, 204, "right"]]

    # A record without a result is not the better one, whoever says so.
    compare.get_by_label("Which pairs").select_option("different")
    pairs.focus()
    expect(pairs.get_by_role("option")).to_have_count(3)
    keys.press("End")
    expect(compare.locator(".dgf-side-head .dgf-problem")).to_contain_text("no answer today")
    expect(compare.get_by_role("button", name="Right is better")).to_be_disabled()
    keys.press("2")
    expect(compare.get_by_role("alert")).to_contain_text("record 207 is failed")
    compare.get_by_role("button", name="Dismiss").click()
    expect(progress).to_have_text("3 of 200 chosen: job 1 1, job 2 1, tie 1, neither 0")
    pairs.focus()
    keys.press("e")
    keys.press("Tab")
    keys.type("Ask {{ user }}")
    compare.get_by_role("button", name="Write the file").click()
    expect(compare.get_by_text("2 pairs in")).to_be_visible()
    expect(compare.get_by_label("The cell that exports")).to_contain_text(
        "dgf.workspace().export_pairs('pairs-1-2.jsonl', 1, 2, prompt='Ask {{ user }}')"
    )
    opened.screenshot("compare-export", "dark")
    assert faults(compare) == []
    lines = (opened.folder / "pairs-1-2.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["prompt"] for line in lines] == ["Ask ada", "Ask eve"]
    assert opened.problems == []


def test_blind(notebook: OpenNotebook) -> None:
    """Whose record is where is not told, and changes; what is stored is right, also on reload."""
    opened, compare = opened_on(notebook, "compare = one.compare(two, blind=True)\ncompare")
    opened.run("compare.salt = 7")
    expect(compare.locator(".dgf-compare-progress")).to_have_text("0 of 200 chosen")
    expect(compare.locator(".dgf-side-head")).to_have_text(["Left", "Right"])
    keys, pairs = opened.page.keyboard, compare.get_by_role("listbox")
    left = compare.get_by_label("answer, left", exact=True)
    seen: list[str] = []
    pairs.focus()
    # The left one, by what stands there: once each job's.
    for number in (0, 2):
        for _ in range(number):
            keys.press("n")
        expect(compare.get_by_role("region", name=f"Pair {number + 1} of 200")).to_be_visible()
        seen.append(left.inner_text())
        keys.press("ArrowLeft")
        keys.press("Home")
    first = {"The tides come from the moon, twice a day.": "left"}.get(seen[0], "right")
    third = "left" if "Bold" in seen[1] else "right"
    expect(compare.locator(".dgf-compare-progress")).to_have_text("2 of 200 chosen")
    expect(pairs.locator(".dgf-choice")).to_have_text(["◀ left", "◀ left"])
    assert choices(opened) == [[1, 202, first], [3, 204, third]]
    opened.page.set_viewport_size({"width": 520, "height": 900})
    opened.screenshot("compare-narrow", "light", whole=True)
    width = compare.evaluate("(element) => element.scrollWidth - element.clientWidth")
    assert width <= 1
    opened.page.set_viewport_size({"width": 1200, "height": 900})
    opened.save()
    opened.reload()
    compare = opened.view.locator(".dgf-compare").first
    expect(compare.locator(".dgf-compare-progress")).to_have_text("2 of 200 chosen")
    compare.get_by_role("listbox").focus()
    keys.press("b")
    expect(compare.locator(".dgf-side-head").first).to_have_text(re.compile("job 1, v1, record 1"))
    assert opened.problems == []
