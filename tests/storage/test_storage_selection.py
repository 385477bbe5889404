"""Selecting records, against the same selection made of whole records in Python."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from made_records import Filled, Result, fill_store, make_step, put_results

from datagenflow_nb.columns import column_of
from datagenflow_nb.errors import ValidationError
from datagenflow_nb.query import QUERY_COLUMNS, FieldFilter, RecordQuery, Sort, parse_ids
from datagenflow_nb.storage import selection
from datagenflow_nb.storage.asking import is_indexable
from datagenflow_nb.storage.fields import FieldInfo
from datagenflow_nb.storage.indexing import index_column, index_texts
from datagenflow_nb.storage.records import Record
from datagenflow_nb.storage.selection import SelectionTable

LONG = "long " * 60
ODD = ['a "b"', "dots.in.it", "back\\slash", "größe", "[0]", "$", "note", "field.note", "'", "x y"]


def results() -> list[Result]:
    """Executions of every shape: overwritten, removed and odd fields, fan-outs, outcomes."""
    made = []
    for number in range(12):
        steps = [make_step(0, {"text": f"Tea {number} is hot", "score": number / 10})]
        if number % 3 == 0:
            steps.append(make_step(1, {"text": f"coffee {number}", "score": None}))
        if number % 4 == 0:
            steps.append(make_step(2, {"tags": [number]}, removed=["topic"]))
        if number == 11:
            steps.append(make_step(3, {"text": LONG + "end", "score": "none"}))
        metadata = {"topic": f"topic {number % 5}", "year": 2000 + number, "code": str(number)}
        made.append(Result(metadata, steps, output_field="text"))
    odd = {name: f"odd {name}" for name in ODD}
    made.append(Result(odd, [make_step(0, {"text": "Übergröße <b>", "valid": True})]))
    made.append(Result({"topic": ""}, [make_step(0, dict.fromkeys(ODD, 7))], output_field=ODD[0]))
    parts = [make_step(1, {"part": n}, branch=str(n)) for n in range(3)]
    leaves = [make_step(2, {"leaf": n, "text": f"leaf {n}"}, branch=f"1.{n}") for n in range(11)]
    whole = make_step(0, {"whole": "shared water", "text": "over"})
    branches = ["0", "2", *(f"1.{n}" for n in range(11))]
    made.append(Result({"topic": "fan"}, [whole, *parts, *leaves], branches, output_field="text"))
    failed = [make_step(0, {"text": "half"}), make_step(1, {}, error={"error": "x", "detail": {}})]
    made.append(Result({"topic": "bad"}, failed, status="failed", reason="Timed out after 3 s"))
    made.append(Result({"topic": LONG + "a"}, [], status="filtered", reason="dropped"))
    made.append(Result({"topic": LONG + "b", "list": [], "object": {"deep": ["moon"]}}, []))
    return made


CONDITIONS = [
    "score >= 0.5", "score < 0.5", "score = 0.5", "score != 0.5", "score is empty", "score > 0",
    "score = none", "score is not empty", "text contains TEA", "text contains end",
    "output contains leaf", "output is empty", "topic = topic 3", "topic != topic 3",
    "topic is empty", "year = 2003", "code = 3", 'code = "3"', "code > 1", 'code > "1"',
    "valid = true", "valid != true", "leaf >= 5", "part = 1", "whole contains water", "leaf < 3",
    "list is empty", "object contains moon", "tags contains 8", "year != x", "text < b",
    f"topic = {LONG}a", f"topic != {LONG}a", f"topic > {LONG}a", f"topic >= {LONG}a",
    f"topic < {LONG}b", f"topic contains {LONG}b", "nowhere is empty", "nowhere = 1",
    *(f'{json.dumps(column_of(name, QUERY_COLUMNS), ensure_ascii=False)} {rest}'
      for name in ODD for rest in ("= 7", "contains odd")),
    # Columns of the record.
    "status = accepted", "id > 10", "branch != ''", "branch contains 1.", "record.reviewer = ann",
    "record.note contains LOOK", "record.tags contains good", "record.tags is empty",
    "record.verdict is empty", "version > 1",
    "reason contains timed", "record.attempt = 1", "record.trace_id = trace-3", "seed_index >= 14",
    "model = offline", "record.created_at >= 2026", "job_id = 1", "repetition = 0",
]  # fmt: skip


def decide(made: Filled) -> None:
    """Review and edit some of the records."""
    made.review.update({1: {"output": "Green Tea"}, 2: {"score": None}}, status="accepted")
    made.review.update({3: {"score": 99}, 5: {"text": "moon tea"}})
    made.review.update({4: {}}, note="look again", status="rejected")
    with made.store.write() as connection:
        connection.execute('UPDATE records SET tags = \'["good", "x"]\' WHERE id IN (6, 7)')
        connection.execute("UPDATE records SET tags = '[\"good\"]' WHERE id = 8")
        connection.execute("UPDATE records SET reviewer = 'ann' WHERE id IN (3, 5)")
        connection.execute("UPDATE records SET is_current = 0 WHERE id = 9")


def index(made: Filled) -> None:
    """Make the indexes that the tests' queries use, and of every column that one may have."""
    columns = {FieldFilter.parse(text).field for text in CONDITIONS} | {
        "code",
        "leaf",
        "record.updated_at",
    }
    for column in filter(is_indexable, columns):
        for _ in index_column(made.store, 1, column, with_order=True):
            pass
    for _ in index_texts(made.store, 1):
        pass


@pytest.fixture(params=["none", "whole", "behind"], scope="module")
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Filled]:
    """Those executions, reviewed; without an index, with one, and with one that is behind.

    No test changes them.
    """
    made = fill_store(tmp_path_factory.mktemp("selection") / "datagenflow.db", results(), 8)
    if request.param == "behind":
        made.review.update({2: {"score": 77, "text": "before"}, 8: {"year": None}})
        index(made)
        made.review.update({8: {"year": 2007}})
    put_results(made, results()[8:], 8)
    decide(made)
    if request.param == "whole":
        index(made)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "_FEW", 3)  # as if there were many
        yield made
    made.store.close()


def given_in(record: Record, column: str) -> Any:
    """What a record has in a column of queries."""
    if column in QUERY_COLUMNS:
        return getattr(record, column.removeprefix("record."))
    return {column_of(n, QUERY_COLUMNS): v for n, v in record.state.items()}.get(column)


def value_in(record: Record, column: str) -> Any:
    """The same as SQLite keeps it."""
    value = given_in(record, column)
    if isinstance(value, bool):
        return int(value)
    return json.dumps(value) if isinstance(value, list | dict) else value


def holds(record: Record, condition: FieldFilter) -> bool:
    """The rules of `FieldFilter`."""
    have, want = value_in(record, condition.field), condition.value
    match condition.op:
        case "is empty":
            return given_in(record, condition.field) in (None, "", [], {})
        case "is not empty":
            return given_in(record, condition.field) not in (None, "", [], {})
        case "contains":
            return str(want).lower() in str("" if have is None else have).lower()
        case "=" | "!=":
            same = have == want or (
                type(want) in (int, float) and isinstance(have, str) and have == json.dumps(want)
            )
            return same == (condition.op == "=")
    if have is None or isinstance(have, str) != isinstance(want, str):
        return False
    return bool(eval("have " + condition.op + " want", {"have": have, "want": want}))


def of(filled: Filled, keep: Callable[[Record], bool]) -> list[int]:
    """The current records that are to be kept."""
    found = list(filled.records.stream())
    return [record.id for record in found if keep(record)]


def ask(filled: Filled, **query: Any) -> list[int]:
    """The ids a query selects."""
    return list(SelectionTable(filled.store).ids(RecordQuery(job_ids=(1,), **query)))


@pytest.mark.parametrize("text", CONDITIONS)
def test_conditions(filled: Filled, text: str) -> None:
    """A condition selects the records whose value it holds for, and counts them by status."""
    condition = FieldFilter.parse(text)
    expected = of(filled, lambda record: holds(record, condition))
    assert ask(filled, where=(condition,)) == expected
    counts = SelectionTable(filled.store).counts(RecordQuery(where=(condition,), statuses=()))
    assert sum(counts.values()) == len(expected)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [*range(1, 9), *range(10, 31)]),
        ({"current_only": False}, [*range(1, 31)]),
        ({"statuses": ("accepted",)}, [1, 2]),
        ({"statuses": ("rejected", "failed", "accepted")}, [1, 2, 4, 28]),
        ({"statuses": ()}, []),
        ({"reviewer": "ann"}, [3, 5]),
        ({"is_edited": True}, [1, 2, 3, 5]),
        ({"is_edited": False, "ids": parse_ids("1-7")}, [4, 6, 7]),
        ({"has_note": True}, [4]),
        ({"has_note": False, "ids": parse_ids("3-5,30-99")}, [3, 5, 30]),
        ({"tags": ("good",)}, [6, 7, 8]),
        ({"tags": ("x", "good")}, [6, 7]),
        ({"tags": ("missing",)}, []),
        ({"verdict": "accepted"}, []),
        ({"reason": "TIMED out"}, [28]),
        ({"ids": ()}, []),
        ({"ids": parse_ids("5,2"), "statuses": ("pending",)}, [5]),
        ({"ids": parse_ids("1-20"), "where": (FieldFilter("score", ">", 0.6),)}, [3, 8, 11]),
    ],
    ids=str,
)
def test_columns_of_the_record(filled: Filled, query: dict[str, Any], expected: list[int]) -> None:
    """Each part of a query by itself and with others."""
    assert ask(filled, **query) == expected


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("tea", [1, *range(2, 13), 5]),
        ("green", [1]),
        ("moon", [5, 30]),
        ("TEA green", [1]),
        ("topic coffee", [1, 4, 7, 10]),
        ('"is hot"', [*range(1, 13)]),
        ('"hot is"', []),
        ("wat*", [*range(15, 28)]),
        ("wat", []),
        ("leaf over", [*range(17, 28)]),
        ("ubergrosse", []),
        ("übergröße", [13]),
        ("ubergroße", [13]),
        ("NOT tea", []),
        ('tea"', [*range(1, 13)]),
        ("tea OR coffee", []),
        ("text:tea", []),
        ("2003", [4]),
        ("b", [13, 30]),
    ],
)
def test_search(filled: Filled, search: str, expected: list[int]) -> None:
    """Words in any case and with any accents, beginnings, phrases; never operators."""
    assert ask(filled, search=search) == sorted({*expected} - {9})


def test_search_without_a_word(filled: Filled) -> None:
    """What no word can be made of is told."""
    with pytest.raises(ValidationError, match=r"search '!\? \"' has no word"):
        ask(filled, search='!? "')


@pytest.mark.parametrize(
    "sorts",
    ["score", "-score", "text", "-topic", "year", "-year", "status", "-status,topic",
     "topic,-score", "-topic,-year", "reviewer", "output", "-updated_at", "seed_index", "-id",
     "tags", "leaf,part", "nowhere"],
)  # fmt: skip
def test_sorts(filled: Filled, sorts: str) -> None:
    """Numbers, then texts by their beginnings, then what is missing; at last by id."""
    wanted = [Sort.parse(text) for text in sorts.split(",")]
    expected = list(filled.records.stream())
    if wanted[-1].is_descending:
        expected.reverse()
    for sort in reversed(wanted):

        def key(record: Record, column: str = sort.column) -> Any:
            value = value_in(record, column)
            return (isinstance(value, str), value[:200] if isinstance(value, str) else value)

        there = [r for r in expected if value_in(r, sort.column) is not None]
        missing = [r for r in expected if value_in(r, sort.column) is None]
        expected = sorted(there, key=key, reverse=sort.is_descending) + missing
    assert ask(filled, sort=tuple(wanted)) == [record.id for record in expected]


def test_few_by_their_ids(filled: Filled) -> None:
    """Conditions and words on a few records are asked of these alone, and say the same."""
    for text in ("score >= 0.5", "text contains tea", "topic = topic 3"):
        condition = FieldFilter.parse(text)
        every = ask(filled, where=(condition,))
        expected = [number for number in every if 4 <= number <= 8]
        assert ask(filled, where=(condition,), ids=((4, 8),)) == expected
    assert ask(filled, search="tea", ids=((2, 3), (5, 5))) == [2, 3, 5]


def test_counts(filled: Filled) -> None:
    """By status, for the whole selection, whatever statuses it has itself."""
    table = SelectionTable(filled.store)
    everything = {"pending": 24, "accepted": 2, "rejected": 1, "failed": 1, "filtered": 1}
    assert table.counts(RecordQuery()) == everything
    assert table.counts(RecordQuery(statuses=("failed",))) == everything
    assert table.counts(RecordQuery(search="coffee")) == {
        "accepted": 1, "rejected": 1, "pending": 2,
    }  # fmt: skip
    assert table.counts(RecordQuery(job_ids=(2,))) == {}


def test_fields(filled: Filled) -> None:
    """Each field once, with what it holds and who set it, the seed's last."""
    found = SelectionTable(filled.store).fields((1,))
    by_name = {field.name: field for field in found}
    names = [field.name for field in found]
    assert names.index("part") < names.index("leaf") < names.index("year")
    assert by_name["score"] == FieldInfo("score", "score", "mixed", "b3")
    assert by_name["tags"] == FieldInfo("tags", "tags", "json", "b2")
    assert by_name["valid"] == FieldInfo("valid", "valid", "bool", "b0")
    assert by_name["year"] == FieldInfo("year", "year", "number", "seed")
    assert by_name["topic"] == FieldInfo("topic", "topic", "text", "seed")
    assert found[-1].source == "seed"
