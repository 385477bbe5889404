"""Plain text for displays: one line, one table, whatever the data holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from datagenflow_nb.displays.text import (
    Note,
    as_json,
    clip,
    columns_of,
    duration,
    json_start,
    plural,
    printable,
    short_count,
    shorten,
    shown_path,
    table,
    told,
)


class Silent:
    """An object that cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("\x1b[31mred", "\\u001b[31mred"),
        ("a\rb\x00", "a\\u000db\\u0000"),
        ("abc\u202edef\u2066", "abc\\u202edef\\u2066"),
        ("half \ud83d", "half \\ud83d"),
        ("ünïcödé 漢字 🙂", "ünïcödé 漢字 🙂"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    """Nothing in a text steers a terminal, turns the line around or breaks an encoding."""
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, {"b": None}], "ü": "x\n"}, '{"a": [1, {"b": null}], "ü": "x\\n"}'),
        ({2: True, None: 1.5, True: [], (1, 2): {}},
         '{"2": true, "null": 1.5, "true": [], "(1, 2)": {}}'),
        ([float("nan"), float("-inf"), -0.0], "[NaN, -Infinity, -0.0]"),
        ({3, 1, 2}, "[1, 2, 3]"),
        (b"ab", '"b\'ab\'"'),
        (Path("a/b"), '"a/b"'),
        (Silent(), '"<Silent>"'),
        ([10**5000], "[<int>]"),
        ((), "[]"),
    ],
)  # fmt: skip
def test_as_json(value: Any, text: str) -> None:
    """Anything has a text like JSON, the same each time."""
    assert as_json(value) == text


def test_json_in_lines() -> None:
    """With an indent each item has a line, as JSON is written for reading."""
    assert json_start({"a": [1, 2], "b": {"c": {}}}, 100, 2) == (
        '{\n  "a": [\n    1,\n    2\n  ],\n  "b": {\n    "c": {}\n  }\n}',
        True,
    )


def test_json_of_what_has_no_end() -> None:
    """A list in itself and one of 100,000 levels end in dots."""
    inside: list[Any] = []
    inside.append(inside)
    assert as_json(inside) == "[" * 40 + '"..."' + "]" * 40
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert as_json(deep) == as_json(inside)


def test_json_is_made_as_far_as_shown() -> None:
    """Of a large value no more is looked at than what is shown."""

    class Watched(dict[str, Any]):
        seen = 0

        def items(self) -> Any:
            for number in range(1_000_000):
                Watched.seen += 1
                yield f"k{number}", "x" * 1_000_000

    text, is_whole = json_start(Watched(a=1), 20)
    assert (text, is_whole, Watched.seen) == ('{"k0": "' + "x" * 12, False, 1)


@pytest.mark.parametrize(
    ("value", "width", "line"),
    [
        ("a  b\n c", 20, "a b c"),
        ("one two three", 10, "one two..."),
        ({"a": [1, 2]}, 20, '{"a": [1, 2]}'),
        ({"a": "x" * 50}, 12, '{"a": "xx...'),
        ("漢字漢字", 7, "漢字..."),
        ("漢字漢字", 8, "漢字漢字"),
        ("x" * 5_000_000, 8, "xxxxx..."),
        ("a\x1b[2J", None, "a\\u001b[2J"),
        ([1, None], None, "[1, null]"),
        ("", 5, ""),
    ],
)
def test_shorten(value: Any, width: int | None, line: str) -> None:
    """One line, cut to the columns there are."""
    assert shorten(value, width) == line


def test_columns() -> None:
    """Wide characters take two columns, accents of their own none."""
    assert (columns_of("abc"), columns_of("漢字"), columns_of("e\u0301")) == (3, 4, 1)


def test_table() -> None:
    """Numbers stand to the right, texts to the left, the last column is cut."""
    rows = [("漢字", 5, "short"), (None, 1234, "a long line that does not fit")]
    assert table(("Name", "N", "Text"), rows, 30) == (
        "Name     N  Text\n"
        "漢字     5  short\n"
        "      1234  a long line that..."
    )  # fmt: skip
    assert table(("A", "B"), []) == "A  B"


def test_table_of_large_cells() -> None:
    """No cell is wider than the whole table may be."""
    lines = table(("A", "B"), [("x" * 5_000_000, Silent())], 30).splitlines()
    assert lines[1] == "x" * 27 + "...  <Silent>"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (plural(1, "record"), "1 record"),
        (plural(2000, "record"), "2,000 records"),
        (plural(3, "try"), "3 tries"),
        (plural(4, "branch"), "4 branches"),
        (duration(0.04), "0.0 s"),
        (duration(9.94), "9.9 s"),
        (duration(9.96), "10 s"),
        (duration(59.6), "1:00 min"),
        (duration(3723), "1:02:03 h"),
        (short_count(950), "950"),
        (short_count(12_345), "12.3k"),
        (short_count(4_500_000), "4.5M"),
        (clip("abcdef", 6), "abcdef"),
        (clip("abcdefg", 6), "abcdef... 1 more character"),
        (told(Silent()), "<Silent>"),
    ],
)
def test_short_forms(shown: str, expected: str) -> None:
    """Counts, durations and cut texts read as people write them."""
    assert shown == expected


def test_shown_path(tmp_path: Path) -> None:
    """Paths below the working directory are told from there."""
    assert shown_path(tmp_path / "a" / "b.jsonl") == "a/b.jsonl"
    assert shown_path(Path("/")) == "/"


def test_note_shows_without_quotes() -> None:
    """A note is its text, as the value of a cell too."""
    from IPython.lib.pretty import pretty

    assert pretty(Note("done\n")) == "done"
