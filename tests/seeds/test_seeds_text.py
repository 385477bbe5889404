"""Seeds typed as text, as in the body of a notebook cell."""

from __future__ import annotations

import pytest

from datagenflow_nb.errors import SeedError
from datagenflow_nb.records import Seed
from datagenflow_nb.seeds import parse_text

TWO = [Seed({"topic": "tea"}), Seed({"topic": "milk"}, 2)]


@pytest.mark.parametrize(
    ("text", "format", "places"),
    [
        (
            '[{"topic": "tea"},\n {"topic": "milk", "repetitions": 2}]\n',
            "json",
            ["cell: seed 0 (line 1)", "cell: seed 1 (line 2)"],
        ),
        (
            '\n{"topic": "tea"}\r\n\r\n{"topic": "milk", "repetitions": 2}\r\n',
            "jsonl",
            ["cell:2", "cell:4"],
        ),
        (
            "- topic: tea\n- topic: milk\n  repetitions: 2\n",
            "yaml",
            ["cell: seed 0", "cell: seed 1"],
        ),
        (
            "topic: tea\n---\ntopic: milk\nrepetitions: 2\n",
            "yaml",
            ["cell: seed 0", "cell: seed 1"],
        ),
        (
            "# two of them\n-\n  topic: tea\n-\n  topic: milk\n  repetitions: 2\n",
            "yaml",
            ["cell: seed 0", "cell: seed 1"],
        ),
        ("topic,repetitions\ntea,1\nmilk,2\n", "csv", ["cell:2", "cell:3"]),
        ("\ufeff\ntopic;repetitions\r\ntea;1\r\nmilk;2", "csv", ["cell:3", "cell:4"]),
    ],
)
def test_format_is_told_from_the_text(text: str, format: str, places: list[str]) -> None:
    """JSON, JSON Lines, YAML and CSV are told apart, and give the same when named."""
    for given in (None, format):
        seeds = list(parse_text(text, where="cell", format=given))
        assert seeds == TWO
        assert [seed.where for seed in seeds] == places


@pytest.mark.parametrize(
    "text", ['{"topic": "tea"}', '{\n "topic":\n "tea"\n}\n', "topic: tea", "topic\ntea"]
)
def test_one_seed(text: str) -> None:
    """One object, one mapping and one row are one seed."""
    assert list(parse_text(text, where="cell")) == [Seed({"topic": "tea"})]


def test_format_can_be_forced() -> None:
    """A named format is used whatever the text looks like."""
    assert list(parse_text("note: x\ny\n", where="cell", format="csv")) == [Seed({"note: x": "y"})]
    assert list(parse_text("[{a: tea}]", where="cell", format="yaml")) == [Seed({"a": "tea"})]


@pytest.mark.parametrize(
    ("text", "format", "message"),
    [
        (" \n", None, "cell: the text is empty; give seeds as JSON, JSON Lines, YAML or CSV"),
        ("a\n1", "cvs", "cell: unknown seed format 'cvs'; did you mean 'csv'?"),
        (
            "\ntopic\n",
            None,
            "cell: there is no seed in it; it was read as CSV, of which 'topic' is the head line: "
            "give a line per seed below it, or JSON or YAML",
        ),
        (
            '{"a": 1}\n{"a": oops}',
            None,
            "cell:2: not valid JSON: Expecting value (column 7)",
        ),
        (
            '{"a": oops}\n{"a": 1}',
            None,
            "cell:1: not valid JSON: Expecting value (column 7)",
        ),
        (
            '{"a": 1,\n "b": oops}',
            None,
            "cell: seed 0 (line 2): not valid JSON: Expecting value at 'oops}'",
        ),
        (
            "a,b\n1\n",
            None,
            "cell:2: 1 cell where the header has 2 (a, b); "
            "a cell that holds ',', a quote or a line end has to be in double quotes",
        ),
        (
            "a: b: c\n",
            None,
            "cell:1: not valid YAML: mapping values are not allowed in this context",
        ),
    ],
)
def test_errors(text: str, format: str | None, message: str) -> None:
    """Errors begin with what the text is called and the line in it."""
    with pytest.raises(SeedError) as caught:
        list(parse_text(text, where="cell", format=format))
    assert caught.value.message == message


def test_half_an_emoji_in_yaml() -> None:
    """Text that has no UTF-8 form is an error of ours."""
    with pytest.raises(SeedError, match=r"^cell: not valid YAML: "):
        list(parse_text("a: \ud83d", where="cell"))
