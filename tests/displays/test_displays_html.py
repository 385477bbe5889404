"""Values, listings, blocks, errors and the status as HTML and as text, to the letter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from displays.parsed import bare, parse
from IPython.lib.pretty import pretty

from datagenflow_nb.displays.block import BlockCard
from datagenflow_nb.displays.error import error_html, error_lines
from datagenflow_nb.displays.html import el, page, table_html
from datagenflow_nb.displays.listing import Listing
from datagenflow_nb.displays.status import Status
from datagenflow_nb.displays.values import fields_html, tags_html, value_html


def test_elements_are_escaped() -> None:
    """Texts and attributes are escaped, None is left out, lists are gone through."""
    made = el(
        "div", "<b>", None, [1, el("b", "&")], title='"x"', open=True, hidden=False, class_=None
    )
    assert made == '<div title="&quot;x&quot;" open>&lt;b&gt;1<b>&amp;</b></div>'
    assert el("br") == "<br>"
    assert el("p", "a", aria_label="b") == '<p aria-label="b">a</p>'
    assert el("td", "a") == '<td style="text-align:left">a</td>'
    assert el("td", "1", class_="dgf-n") == '<td class="dgf-n" style="text-align:right">1</td>'


def test_page_brings_its_style() -> None:
    """A display is whole by itself, since any may be the first of a notebook."""
    html = page("x", class_="dgf-job")
    assert html.startswith("<style>\n.dgf{font-size:13px")
    assert bare(html) == '<div class="dgf dgf-job">x</div>'


def test_table_html() -> None:
    """Whole numbers stand to the right with thousands, what no table can hold is cut."""
    assert bare(table_html(("A", "B"), [(1234, True), (10**30, "x" * 501)])) == (
        '<table class="dgf-rows"><thead><tr><th>A</th><th>B</th></tr></thead><tbody>'
        '<tr><td class="dgf-n">1,234</td><td dir="auto">True</td></tr>'
        '<tr><td dir="auto">1000000000000000000000000000000</td>'
        f'<td class="dgf-l" dir="auto">{"x" * 500}... 1 more character</td></tr></tbody></table>'
    )


@pytest.mark.parametrize(
    ("text", "class_"),
    [
        ("StructuredGenerator", 'class="dgf-w" '),
        ("2026-11-26 14:17", 'class="dgf-w" '),
        ("w" * 32, 'class="dgf-w" '),
        ("w" * 33, 'class="dgf-l" '),
        ("chunk_text, chunk_index", ""),
        ("some words " * 4, 'class="dgf-l" '),
    ],
)
def test_width_of_cells(text: str, class_: str) -> None:
    """Words and short texts stay on their line, long ones get room, the rest may be broken."""
    assert f'<td {class_}dir="auto">{text}</td>' in bare(table_html(("A",), [(text,)]))


@pytest.mark.parametrize(
    ("value", "html"),
    [
        ("a <b>\n", '<pre dir="auto">a &lt;b&gt;\n</pre>'),
        ("", '<span class="dgf-soft">empty text</span>'),
        (None, '<code dir="auto">null</code>'),
        (True, '<code dir="auto">true</code>'),
        (0.5, '<code dir="auto">0.5</code>'),
        ([], '<code dir="auto">[]</code>'),
        ({"a": "<"}, '<code dir="auto">{\n  &quot;a&quot;: &quot;&lt;&quot;\n}</code>'),
        ("a\x1b", '<pre dir="auto">a\\u001b</pre>'),
    ],
)
def test_short_values(value: Any, html: str) -> None:
    """Texts show as they are, anything else as JSON."""
    assert value_html(value) == html


def test_long_values() -> None:
    """Long texts are folded under their beginning, very long ones cut with what is left out."""
    assert value_html("ab " * 200) == (
        f'<details><summary dir="auto"><span class="dgf-peek">{"ab " * 35}ab... </span>'
        '<span class="dgf-soft">(600 characters)</span></summary>'
        f'<pre dir="auto">{"ab " * 200}</pre></details>'
    )
    assert value_html("x" * 6000, is_open=True).startswith(
        '<details open><summary dir="auto"><span class="dgf-peek">xxx'
    )
    assert value_html("x" * 6000).endswith(
        '</pre><div class="dgf-soft">... 1,000 more characters</div></details>'
    )


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("x\n" * 20, "(40 characters)"),
        (list(range(200)), "(1,292 characters of JSON)"),
        (list(range(100_000)), "(100,000 items)"),
        ({str(number): number for number in range(9000)}, "(9,000 fields)"),
        (Exception("x" * 9000), "(long)"),
    ],
)
def test_sizes_of_long_values(value: Any, size: str) -> None:
    """A folded value says how much there is, without making all of it."""
    assert size in value_html(value)


def test_large_values_stay_small() -> None:
    """50 MB in a cell are some kilobytes of HTML."""
    large: list[Any] = ["<" * 50_000_000, {"a": "&" * 50_000_000}, ["\x00"] * 10_000_000,
                        {"k" * 50_000_000: 1}, b"x" * 50_000_000]  # fmt: skip
    assert all(len(value_html(value)) < 50_000 for value in large)


def test_fields() -> None:
    """A row per field; of very many the first hundred."""
    assert bare(fields_html({"a": 1})) == (
        '<table class="dgf-rows"><tbody><tr><th dir="auto">a</th>'
        '<td><code dir="auto">1</code></td></tr></tbody></table>'
    )
    many = parse(fields_html({f"f{number}": None for number in range(150)}))
    assert many.tags.count("tr") == 101
    assert many.text.endswith("f99null... and 50 more fields")


def test_tags() -> None:
    """Names side by side; of very many the first hundred."""
    assert tags_html(["a", "<"]) == (
        '<span class="dgf-tag">a</span> <span class="dgf-tag">&lt;</span>'
    )
    assert parse(tags_html(["a"] * 103)).text.endswith("a a and 3 more")


def listing(items: list[Any], **options: Any) -> Listing[Any]:
    """A listing of (name, count)."""
    return Listing(items, ("Name", "Count"), lambda item: item, title="Things", **options)


def test_listing() -> None:
    """A listing is a list, a table in text and a table in HTML."""
    made = listing([("a", 1), ("b<", 2)], notes=["", "more below"])
    assert made == [("a", 1), ("b<", 2)]
    assert made.text() == "Name  Count\na         1\nb<        2\n\nmore below"
    assert pretty(made) == made.text()
    assert bare(made._repr_html_()) == (
        '<div class="dgf"><div class="dgf-head">Things <span class="dgf-soft">(2)</span></div>'
        '<table class="dgf-rows"><thead><tr><th>Name</th><th>Count</th></tr></thead><tbody>'
        '<tr><td class="dgf-w" dir="auto">a</td><td class="dgf-n">1</td></tr>'
        '<tr><td class="dgf-w" dir="auto">b&lt;</td><td class="dgf-n">2</td></tr></tbody></table>'
        '<div class="dgf-soft"></div><div class="dgf-soft">more below</div></div>'
    )


def test_empty_listing() -> None:
    """An empty one says what to do, and keeps its notes."""
    made = listing([], empty="None yet: make one.", notes=["a note"])
    assert made.text() == "None yet: make one.\na note"
    assert parse(made._repr_html_()).text == "Things (0)None yet: make one.a note"


def test_width_of_a_listing() -> None:
    """As the value of a cell the table has 100 columns, unless its texts are wanted whole."""
    items = [("a", "word " * 30)]
    assert max(map(len, pretty(listing(items)).splitlines())) == 100
    assert pretty(listing(items, width=None)).splitlines()[1] == f"a     {'word ' * 30}".rstrip()


def test_long_listing() -> None:
    """A notebook shows the first 500 rows, text as such all of them."""
    made = listing([("a", number) for number in range(1502)])
    assert len(made.text().splitlines()) == 1503
    assert pretty(made).splitlines()[-1] == "... and 1,002 more"
    shown = parse(made._repr_html_())
    assert shown.tags.count("tr") == 501
    assert shown.text.endswith("a499... and 1,002 more")


CARD = {
    "type": "Shout", "category": "text", "description": "Makes it loud.", "fan_out": False,
    "inputs": ["text"], "outputs": [], "source": "a cell",
    "config": {
        "times": {"type": "integer", "default": 2, "description": "how often"},
        "mark": {"type": ["string", "null"], "required": True},
        "any": {},
    },
}  # fmt: skip


def test_block_card() -> None:
    """A block shows what it reads and adds, and each key of its configuration."""
    assert BlockCard(CARD).text() == (
        "Shout (text): Makes it loud.\n"
        "inputs:  text\n"
        "outputs: none\n"
        "source:  a cell\n"
        "\n"
        "Config  Type            Default   Description\n"
        "times   integer         2         how often\n"
        "mark    string or null  required\n"
        "any     any             -"
    )
    assert pretty(BlockCard(CARD)) == BlockCard(CARD).text()
    assert parse(BlockCard(CARD)._repr_html_()).text == (
        "Shout textMakes it loud.reads textadds noneConfigTypeDefaultDescriptiontimesinteger"
        "2how oftenmarkstring or nullrequiredanyany-source: a cell"
    )


def test_block_card_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is shown from where one works, and held as it is."""
    monkeypatch.chdir(tmp_path)
    card = BlockCard({**CARD, "source": str(Path.cwd() / "blocks" / "shout.py")})
    assert "source:  blocks/shout.py" in card.text()
    assert parse(card._repr_html_()).text.endswith("source: blocks/shout.py")
    assert Path(card["source"]).is_absolute()


def test_block_card_without_a_schema() -> None:
    """A block that does not describe its configuration says so, and that it fans out."""
    card = BlockCard({**CARD, "config": {}, "fan_out": True})
    assert card.text().splitlines()[0] == "Shout (text, fans out): Makes it loud."
    assert card.text().splitlines()[-1] == "config:  not described; any key is passed on"
    assert "config: not described; any key is passed on" in parse(card._repr_html_()).text


def test_error_lines() -> None:
    """An error is a line with its kind, and a line per place; only its colours are escapes."""
    assert error_lines("SeedError", "bad \x1b[2J", ["cell line 3, in f: x"]) == [
        "\x1b[1;31mSeedError\x1b[0m: bad \\u001b[2J",
        "  \x1b[2mcell line 3, in f: x\x1b[0m",
    ]
    assert len(error_lines("SeedError", "x" * 5_000_000)[0]) < 6000


def test_error_html() -> None:
    """The panel shows what to type as code, and folds the detail that the message does not say."""
    detail = {"step": 3, "key": "a", "empty": [], "none": None, "zero": 0, "there": {"a": "<"}}
    shown = bare(error_html("SeedError", "it's 'x<' and 'y z'; don't", detail, ["cell line 1"]))
    assert shown == (
        '<div class="dgf dgf-error"><div class="dgf-box" '
        'style="border-left:4px solid var(--jp-error-color1,#d32f2f)">'
        '<div class="dgf-head dgf-bad">SeedError</div>'
        '<div dir="auto" style="white-space:pre-wrap">it&#x27;s <code>x&lt;</code> and '
        "<code>y z</code>; don&#x27;t</div>"
        '<pre class="dgf-soft">cell line 1</pre>'
        '<details><summary class="dgf-soft">Detail</summary><table class="dgf-rows"><tbody>'
        '<tr><th dir="auto">zero</th><td><code dir="auto">0</code></td></tr>'
        '<tr><th dir="auto">there</th><td><code dir="auto">{\n  &quot;a&quot;: &quot;&lt;&quot;\n}'
        "</code></td></tr></tbody></table></details></div></div>"
    )
    assert "<details>" not in error_html("SeedError", "x", {"step": 1})


def test_json_to_type() -> None:
    """JSON that stands on a line in single quotes keeps them: it is to be copied."""
    shown = error_html("SeedError", """no seed: %dgf preview a --seed '{"n": 1}'""", {})
    assert parse(shown).text.endswith("""--seed '{"n": 1}'""")


def test_error_html_of_any_detail() -> None:
    """Whatever a block puts into the detail of its error shows."""
    import pandas as pd

    frame = pd.DataFrame({"a": [1, 2]})
    assert "a\\n0  1\\n1  2" in parse(error_html("ConfigError", "x", {"frame": frame})).text


def test_status() -> None:
    """Facts in a column, next steps with their reasons."""
    made = Status({"store": "a.db", "jobs": "none"}, [("%dgf jobs", "look"), ("%dgf", "<here>")])
    assert made.text() == (
        "store  a.db\njobs   none\n\nNext:\n  %dgf jobs  look\n  %dgf       <here>"
    )
    assert pretty(made) == made.text()
    assert parse(made._repr_html_()).text == (
        "DataGenFlowstorea.dbjobsnoneNext%dgf jobslook%dgf<here>"
    )
