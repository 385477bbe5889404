"""Which words and values a search and a condition find, whether there is an index or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from made_records import Filled, Result, fill_store, make_step

from datagenflow_nb.query import FieldFilter, RecordQuery, Sort
from datagenflow_nb.storage import selection
from datagenflow_nb.storage.indexing import index_column, index_texts
from datagenflow_nb.storage.selection import SelectionTable

VALUES: list[Any] = [
    "你好世界",
    "日本語テキスト and が",
    ["one two", "three four"],
    {"tea": "tea", "score": 0.5714, "small": 1e-07},
    "tea 3.14",
    {"tea": "tea", "score": 5.0, "negative": -2.5},
    "a\0b behind",
    "a",
    "[]",
    "{}",
    [],
    {},
    "",
    None,
    "half \ud83d pair",
    "icon \U000ffffd \U000ffffc",
]


@pytest.fixture(params=["none", "whole"], scope="module")
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Filled]:
    """A record for each value, with an index and without; no test changes them."""
    results = [Result({}, [make_step(0, {"value": value})]) for value in VALUES]
    made = fill_store(tmp_path_factory.mktemp("words") / "datagenflow.db", results)
    if request.param == "whole":
        for _ in index_texts(made.store, 1):
            pass
        for _ in index_column(made.store, 1, "value", with_order=True):
            pass
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "_FEW", 3)
        yield made
    made.store.close()


def ask(filled: Filled, **query: Any) -> list[int]:
    """The ids a query selects."""
    return list(SelectionTable(filled.store).ids(RecordQuery(job_ids=(1,), **query)))


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("世", [1]),
        ("好世", [1]),
        ("世好", []),
        ("好*", [1]),
        ("日本", [2]),
        ("テキ", [2]),
        ("か\u3099", [2]),
        ("本語 and", [2]),
        ('"two three"', []),
        ('"one two" three', [3]),
        ("three*", [3]),
        ("tea", [4, 5, 6]),
        ("tea 5*", [6]),
        ("tea 5714", []),
        ("0.5714", [4]),
        ("0.57*", [4]),
        ("0.57", []),
        ("0.57140", [4]),
        ("1e-07", [4]),
        ("07", []),
        ("3.14", [5]),
        ("3.1*", [5]),
        ("5", [6]),
        ("5.0", [6]),
        ("-2.5 tea", [6]),
        ("behind", [7]),
        ("pair half", [15]),
        ("icon", [16]),
        ("icon \U000ffffd", [16]),
        ("two\0three", [3]),
    ],
)
def test_search(filled: Filled, search: str, expected: list[int]) -> None:
    """Characters of Chinese and Japanese, whole numbers, phrases of one value."""
    assert ask(filled, search=search) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (FieldFilter("value", "is empty"), [11, 12, 13, 14]),
        (FieldFilter("value", "is not empty"), [*range(1, 11), 15, 16]),
        (FieldFilter("value", "=", "[]"), [9, 11]),
        (FieldFilter("value", "!=", "[]"), [*range(1, 9), 10, *range(12, 17)]),
        (FieldFilter("value", "contains", "}"), [4, 6, 10, 12]),
        (FieldFilter("value", "=", "a"), [8]),
        (FieldFilter("value", "=", "a\0b behind"), [7]),
        (FieldFilter("value", "contains", "BEHIND"), [7]),
        (FieldFilter("value", ">", "a"), [1, 2, *range(4, 8), 10, 12, 15, 16]),
    ],
    ids=str,
)
def test_conditions(filled: Filled, condition: FieldFilter, expected: list[int]) -> None:
    """What is behind a NUL counts; a text that looks like an empty list is none."""
    assert ask(filled, where=(condition,)) == expected


def test_sorted_by_bytes(filled: Filled) -> None:
    """Empty lists and objects stand where their texts do, in a stored order as well."""
    assert ask(filled, sort=(Sort("value"),)) == [
        13, 3, 9, 11, 8, 7, 15, 16, 5, 4, 6, 10, 12, 1, 2, 14,
    ]  # fmt: skip
