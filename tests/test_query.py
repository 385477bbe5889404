"""Which records are meant: a value that survives JSON, and the words of a line."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagenflow_nb.errors import ValidationError
from datagenflow_nb.query import (
    OPERATORS,
    FieldFilter,
    RecordQuery,
    Sort,
    parse_ids,
    state_field,
)
from datagenflow_nb.storage.id_runs import pairs_of

TEXTS = st.text(max_size=12) | st.sampled_from(
    [
        "a contains b",
        "is empty",
        "007",
        "7",
        "-1.5",
        "true",
        "null",
        "'x'",
        '"x"',
        " x ",
        "-x",
        "é",
        "a and b = c",
        "0,5",
        "> x",
        "True",
        "x\ny",
        "x\u2028y",
        '"',
        "",
    ]
)
SCALARS = TEXTS | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
FILTERS = (
    st.builds(FieldFilter, TEXTS, st.sampled_from(OPERATORS[:6]), SCALARS)
    | st.builds(FieldFilter, TEXTS, st.just("contains"), TEXTS.filter(bool))
    | st.builds(FieldFilter, TEXTS, st.sampled_from(OPERATORS[7:]))
)
SORTS = st.builds(Sort, TEXTS.filter(bool), st.booleans())
IDS = st.integers(min_value=0, max_value=2**63 - 1)
STATUSES = st.sampled_from(["pending", "accepted", "rejected", "failed", "filtered"])
QUERIES = st.builds(
    RecordQuery,
    job_ids=st.none() | st.lists(IDS, max_size=3).map(tuple),
    statuses=st.none() | st.lists(STATUSES, max_size=3).map(tuple),
    search=TEXTS,
    tags=st.lists(TEXTS, max_size=2).map(tuple),
    reviewer=st.none() | TEXTS,
    is_edited=st.none() | st.booleans(),
    has_note=st.none() | st.booleans(),
    verdict=st.none() | TEXTS,
    reason=TEXTS,
    where=st.lists(FILTERS, max_size=2).map(tuple),
    ids=st.none() | st.lists(IDS, max_size=4).map(pairs_of),
    current_only=st.booleans(),
    sort=st.lists(SORTS, max_size=2).map(tuple),
)


@given(QUERIES)
def test_a_query_survives_json(query: RecordQuery) -> None:
    """What the browser is given and sends back is the same query."""
    assert RecordQuery.from_dict(json.loads(json.dumps(query.to_dict()))) == query


@given(FILTERS)
def test_a_condition_survives_being_written(condition: FieldFilter) -> None:
    """The line that a condition is shown as means that condition."""
    again = FieldFilter.parse(str(condition))
    assert again == condition
    assert type(again.value) is type(condition.value)


@given(SORTS)
def test_a_sort_survives_being_written(sort: Sort) -> None:
    """A minus is for the direction, also before a column that begins with one."""
    assert Sort.parse(str(sort)) == sort


@given(st.lists(IDS, max_size=6))
def test_runs_hold_the_ids(ids: list[int]) -> None:
    """Runs are apart, in order, hold every id, and are read back as they are written."""
    runs = pairs_of(ids)
    assert all(any(first <= number <= last for first, last in runs) for number in ids)
    assert sum(last - first + 1 for first, last in runs) == len(set(ids))
    assert all(one[1] + 1 < two[0] for one, two in pairwise(runs))
    assert parse_ids(",".join(f"{first}-{last}" for first, last in runs)) == runs


@pytest.mark.parametrize(
    ("text", "field", "op", "value"),
    [
        ("score >= 0.7", "score", ">=", 0.7),
        ("score>=7", "score", ">=", 7),
        ("topic = black tea", "topic", "=", "black tea"),
        ("topic == 'black tea'", "topic", "=", "black tea"),
        ('year != "2020"', "year", "!=", "2020"),
        ("code = 007", "code", "=", "007"),
        ("valid = true", "valid", "=", True),
        ("text contains a = b", "text", "contains", "a = b"),
        ("text contains 5", "text", "contains", "5"),
        ("note is  empty", "note", "is empty", None),
        ("my field is not empty", "my field", "is not empty", None),
        ('"a \\"b\\" < c" < 1e3', 'a "b" < c', "<", 1000.0),
        ("größe > -3", "größe", ">", -3),
        ("field.note = x", "field.note", "=", "x"),
        ('x = ""', "x", "=", ""),
        ("flag = True", "flag", "=", True),
        ("flag = 'True'", "flag", "=", "True"),
        ("topic = salt and pepper", "topic", "=", "salt and pepper"),
        ('topic = "a and b = c"', "topic", "=", "a and b = c"),
        ('price = "0,5"', "price", "=", "0,5"),
    ],
)
def test_conditions_as_typed(text: str, field: str, op: str, value: Any) -> None:
    """Fields, operators and values as people write them."""
    found = FieldFilter.parse(text)
    assert (found.field, found.op, found.value) == (field, op, value)
    assert type(found.value) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("score", "condition 'score' is not understood; expected FIELD OPERATOR VALUE"),
        ("score >=", "compares with nothing; write score is empty, or a value"),
        ("= 3", "is not understood"),
        ('"a\\q" = 3', "is no text in quotes"),
        ("", "is not understood"),
        ("score > 1 and score < 3", "holds an 'and'; give both conditions, each as one of its own"),
        ("score > 1 OR n = 1", "holds an 'OR'; select twice: conditions are not joined by 'or'"),
        ("text contains tea and n is empty", "holds an 'and'"),
        ("score >> 3", "has an operator too many: '> 3' is no value"),
        ("score =< 3", "has an operator too many"),
        ("score = 0,5", "0,5 is no number; write 0.5, or the text in double quotes"),
    ],
)
def test_conditions_that_are_none(text: str, message: str) -> None:
    """What cannot be read is told with an example."""
    with pytest.raises(ValidationError, match="condition") as caught:
        FieldFilter.parse(text)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ({"statuses": ["acepted"]}, "record status 'acepted' is unknown; did you mean 'accepted'?"),
        ({"statuss": ["accepted"]}, "a selection of records has no 'statuss'; did you mean"),
        ({"statuses": "accepted"}, "statuses of the selection is 'accepted', expected a list"),
        ({"job_ids": ["x"]}, "job number 'x' is no whole number"),
        ({"job_ids": [2**63]}, "is larger than any there can be"),
        ({"search": 3}, "search of the selection is 3, expected a text"),
        ({"tags": [1]}, "tags hold 1, expected texts"),
        ({"is_edited": "yes"}, "is_edited of the selection is 'yes', expected True, False or None"),
        ({"ids": [[3, 1]]}, "the run of ids 3-1 ends before it begins"),
        ({"ids": [3]}, "ids hold 3, expected runs such as (7, 20)"),
        ({"where": [{"field": "a", "op": "~", "value": 1}]}, "operator '~' of the filter on 'a'"),
        ({"where": [{"field": "a", "op": "="}]}, "has None, expected a text, a number, true or"),
        ({"where": [{"field": "a", "op": "contains", "value": 1}]}, "expected the text to look"),
        ({"where": [{"field": "a", "op": "is empty", "value": 1}]}, "takes no value, but has 1"),
        ({"where": [{"name": "a"}]}, "where of a selection has no 'name'; there are: 'field'"),
        ({"where": [3]}, "where of a selection is 3, expected an object with field, op, value"),
        ({"sort": [{"column": 3}]}, "sort column is 3, expected a name"),
        ({"sort": ["score"]}, "sort of a selection is 'score', expected an object"),
    ],
)
def test_queries_that_are_none(held: dict[str, Any], message: str) -> None:
    """What the browser or a caller gets wrong is told by name and value."""
    with pytest.raises(ValidationError) as caught:
        RecordQuery.from_dict(held)
    assert message in caught.value.message


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, None, [1]])
def test_values_nothing_can_equal(value: Any) -> None:
    """No filter holds what the store cannot compare with."""
    with pytest.raises(ValidationError, match="expected a text, a number, true or false"):
        FieldFilter("a", "=", value)


def test_ids_as_typed() -> None:
    """Ids and runs of them, in any order; what is none is told."""
    assert parse_ids("7-20, 5,1, 6") == ((1, 1), (5, 20))
    with pytest.raises(ValidationError, match="'x' in the ids '1,x' is no record id"):
        parse_ids("1,x")
    with pytest.raises(ValidationError, match="'' in the ids '1,,2' is no record id"):
        parse_ids("1,,2")


def test_words_of_a_line() -> None:
    """The options of an export say what was selected, and nothing an export does anyway."""
    assert RecordQuery(statuses=("accepted", "pending")).options() == []
    query = RecordQuery(
        statuses=("accepted",), search='tea "hot water"', tags=("good", "-odd"), reviewer="ann",
        is_edited=False, has_note=True, verdict="accepted", reason="time",
        where=(FieldFilter("score", ">=", 0.7),), ids=((1, 1), (7, 20)), current_only=False,
        sort=(Sort("score", is_descending=True), Sort("topic")),
    )  # fmt: skip
    assert query.options() == [
        "--status", "accepted", "--search", 'tea "hot water"', "--tags", "good", "--tags=-odd",
        "--reviewer", "ann", "--no-edited", "--where", "record.note is not empty",
        "--where", "record.verdict = accepted", "--where", "reason contains time", "--where",
        "score >= 0.7", "--ids", "1,7-20", "--all-attempts", "--sort=-score", "--sort", "topic",
    ]  # fmt: skip
    assert RecordQuery().options() == [
        "--status", "pending", "--status", "accepted", "--status", "rejected", "--status",
        "failed", "--status", "filtered",
    ]  # fmt: skip


def test_columns_of_a_query() -> None:
    """A field named like a column of a record is reached by its prefix."""
    assert state_field("topic") == "topic"
    assert state_field("note") == "note"
    assert state_field("record.note") is None
    assert state_field("status") is None
    assert state_field("field.status") == "status"
    assert state_field("field.field.status") == "field.status"
    assert state_field("field.record.note") == "record.note"


def test_what_is_written_is_one_line() -> None:
    """A line end in the data is no line of its own in a cell."""
    condition = FieldFilter("a\nb", "=", "x\n%reset\u2028y")
    assert str(condition) == r'"a\nb" = "x\n%reset\u2028y"'
    assert FieldFilter.parse(str(condition)) == condition
    sort = Sort("a\nb", is_descending=True)
    assert str(sort) == r'-"a\nb"'
    assert Sort.parse(str(sort)) == sort


def test_a_column_without_a_name() -> None:
    """A field may be called so, and is written in quotes."""
    assert str(Sort("")) == '""'
    assert Sort.parse('-""') == Sort("", is_descending=True)
    with pytest.raises(ValidationError, match="sort is '-', expected"):
        Sort.parse("-")
