"""Whatever the data is, displays show it as text: none raises, none lets HTML through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from displays.parsed import parse
from displays.test_displays_runs import BLOCK, CALL, STEP, Facts
from hypothesis import given
from hypothesis import strategies as st

from datagenflow_nb.displays.block import BlockCard
from datagenflow_nb.displays.error import error_html, error_lines
from datagenflow_nb.displays.job import job_html, progress_text
from datagenflow_nb.displays.listing import Listing
from datagenflow_nb.displays.pace import Pace
from datagenflow_nb.displays.pipeline import pipeline_html
from datagenflow_nb.displays.status import Status
from datagenflow_nb.displays.text import printable, shorten
from datagenflow_nb.displays.trace import preview_html, trace_html, trace_text
from datagenflow_nb.displays.values import fields_html, value_html

_EVIL = (
    "<script>alert(1)</script>", "</pre></div>", "</style><img src=x onerror=alert(1)>", "&amp;",
    "<!-- ", "]]>", "<?php", "' onclick='x", '" onmouseover="x', "\x00\x1b[2J", "\ud800",
    "\u202eevil\u2066", "\r\n\t", "\ufeff", "{{ 7*7 }}", "&#x3c;", "a" * 5_100, "<" * 500,
)  # fmt: skip
texts = st.one_of(
    st.sampled_from(_EVIL),
    # Lone surrogates too, which hypothesis leaves out unless asked.
    st.text(st.characters(codec=None, categories=None), max_size=40),
    st.tuples(st.sampled_from(_EVIL), st.sampled_from(_EVIL)).map("".join),
)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), texts, st.binary(max_size=9)
)
keys = st.one_of(texts, st.integers(), st.none(), st.booleans(), st.tuples(st.integers()))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(keys, inner, max_size=4),
        st.tuples(inner, inner),
        st.frozensets(st.integers(), max_size=3),
    ),
    max_leaves=12,
)
fields = st.dictionaries(texts, values, max_size=5)
counts = st.integers(0, 10**9)


def shown(make: Callable[[], str]) -> str:
    """What the display shows: made twice, the same each time, and of fixed elements only."""
    html = make()
    assert make() == html
    assert len(html) < 3_000_000
    return parse(html).text


def is_plain(text: str) -> None:
    """Whether a text can be printed on any terminal and written into any file."""
    text.encode("utf-8")
    assert not set(text) & {"\x00", "\r", "\u202e", "\u2066"}


@given(values)
def test_values(value: Any) -> None:
    """A value's text is kept as far as it is shown, and everything of it is text."""
    text = shown(lambda: value_html(value))
    assert shown(lambda: value_html(value, is_open=True)) == text
    if isinstance(value, str) and 0 < len(value) <= 400 and value.count("\n") < 12:
        assert text == printable(value)
    is_plain(shorten(value, 60))
    assert len(shorten(value, 60)) <= 60 or not shorten(value, 60).isascii()


@given(fields)
def test_fields(given: dict[str, Any]) -> None:
    """Names of fields are data, too."""
    text = shown(lambda: fields_html(given))
    assert all(printable(name) in text for name in given if len(name) <= 400)


@given(texts, texts, fields, st.lists(texts, max_size=2))
def test_errors(kind: str, message: str, detail: dict[str, Any], places: list[str]) -> None:
    """An error shows whatever it quotes."""
    text = shown(lambda: error_html(kind, message, detail, places))
    assert printable(message)[:50].replace("'", "") in text.replace("'", "")
    lines = "\n".join(error_lines("SeedError", message, places))
    is_plain(lines)
    assert lines.count("\x1b[") == 2 + 2 * len(places)


@given(st.lists(st.tuples(scalars, st.integers(), texts), max_size=4), st.lists(texts, max_size=2))
def test_listings(rows: list[tuple[Any, ...]], notes: list[str]) -> None:
    """A table shows whatever its cells hold; a row stays one line of text."""
    made = Listing(rows, ("A", "N", "B"), lambda row: row, title="T", notes=notes)
    shown(made._repr_html_)
    if rows:
        lines = Listing(rows, ("A", "N", "B"), lambda row: row).text(80).splitlines()
        assert len(lines) == len(rows) + 1


@given(fields, texts, values)
def test_blocks(config: dict[str, Any], text: str, value: Any) -> None:
    """A block's own description is data."""
    card = BlockCard(
        type=text, category=text, description=text, fan_out=True, inputs=[text], outputs=[text],
        source=text,
        config={
            name: {"default": entry, "type": value, "description": value}
            for name, entry in config.items()
        },
    )  # fmt: skip
    shown(card._repr_html_)
    is_plain(card.text(80))


@given(texts, texts)
def test_status(name: str, value: str) -> None:
    """Names of pipelines and paths are data."""
    made = Status({name: value}, [(name, value)])
    shown(made._repr_html_)
    is_plain(made.text())


@given(texts, st.one_of(st.none(), texts), st.lists(texts, max_size=2))
def test_pipelines(text: str, maybe: str | None, names: list[str]) -> None:
    """Types, ids, rules and problems are data."""
    block = {**BLOCK, "id": text, "type": text, "when": maybe, "reads": names, "problems": names}
    shown(lambda: pipeline_html(text, [block], seed_fields=names, description=text,
                                accept_when=maybe, problem=maybe))  # fmt: skip


@given(fields, texts, values, st.one_of(st.none(), texts))
def test_traces(given: dict[str, Any], text: str, value: Any, maybe: str | None) -> None:
    """Everything a block was given, set, asked and answered is data."""
    call = {
        **CALL, "model": text, "answer": maybe, "error": maybe,
        "request": {"messages": [{"role": value, "content": value}, {}]},
    }  # fmt: skip
    step = {
        **STEP, "block_id": text, "block_type": text, "branch": text, "input": given,
        "output": given, "calls": [call], "error": {"error": value},
    }  # fmt: skip
    shown(lambda: trace_html([step], title=text, about=text, seed=given))
    shown(lambda: preview_html(text, [(text, [step])] * 2, about=text, seed=given, problem=maybe))
    is_plain(trace_text([step], 60, title=text, seed=given))


@given(
    st.sampled_from(["queued", "running", "completed", "failed", "cancelled", "interrupted"]),
    st.one_of(st.none(), counts), counts, counts, texts, st.floats(0, 1e12),
)  # fmt: skip
def test_jobs(
    status: str, total: int | None, done: int, failed: int, text: str, rate: float
) -> None:
    """Names and reasons are data, and numbers that do not fit together do no harm."""
    job = Facts(
        pipeline_name=text, status=status, total=total, executions_done=done, error={"error": text},
        records_failed=failed, options={"models": [text]},
        usage={"calls": 1, "input_tokens": done, "output_tokens": failed, "cost": rate},
    )  # fmt: skip
    pace = Pace(rate, rate, blocks=[(text, done)])
    shown(lambda: job_html(job, pace, causes=[(text, failed)] * 5, last_error=text, notes=[text]))
    is_plain(progress_text(job, pace))
