"""Seeds given as Python objects: what a seed is, counts, values, fields a pipeline needs."""

from __future__ import annotations

import datetime as dt
import decimal
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from datagenflow_nb.errors import SeedError
from datagenflow_nb.records import Seed
from datagenflow_nb.seeds import check_fields, read_seeds


def failure(source: Any, **options: Any) -> SeedError:
    """The error that reading ``source`` to its end ends with."""
    with pytest.raises(SeedError) as caught:
        list(read_seeds(source, **options))
    return caught.value


def test_dict_without_metadata_key_is_the_metadata() -> None:
    """Any dictionary without a ``metadata`` key is the metadata itself."""
    assert list(read_seeds([{"topic": "tea", "level": 2}])) == [Seed({"topic": "tea", "level": 2})]


def test_dict_with_metadata_key_is_a_seed() -> None:
    """A dictionary with a ``metadata`` key is a seed, repetitions being 1 unless said."""
    seeds = list(
        read_seeds([{"metadata": {"topic": "tea"}, "repetitions": 3}, {"metadata": {"a": None}}])
    )
    assert seeds == [Seed({"topic": "tea"}, 3), Seed({"a": None}, 1)]


def test_repetitions_beside_fields_is_the_count() -> None:
    """In bare metadata ``repetitions`` is the count and no field, and the caller's dict is kept."""
    given = {"topic": "tea", "repetitions": 2}
    assert list(read_seeds([given])) == [Seed({"topic": "tea"}, 2)]
    assert given == {"topic": "tea", "repetitions": 2}


def test_one_dict_is_one_seed() -> None:
    """A single dictionary is one seed, not an iterable of its keys."""
    (seed,) = read_seeds({"topic": "tea"})
    assert seed == Seed({"topic": "tea"}) and seed.where == "seed"


def test_mapping_and_seed_objects() -> None:
    """Other mappings and `Seed` objects are taken; a seed keeps the place it came from."""
    given = Seed({"topic": "tea"}, 2, "old.csv:3")
    first, second = read_seeds([types.MappingProxyType({"topic": "tea"}), given])
    assert first == Seed({"topic": "tea"}, 1)
    assert second == given and second.where == "old.csv:3"
    assert second.metadata is not given.metadata
    assert list(read_seeds(given)) == [given]


def test_generator_is_read_lazily() -> None:
    """A generator is asked for the next dictionary only when the next seed is wanted."""
    asked = []

    def numbers() -> Iterator[dict[str, int]]:
        for number in range(1_000_000):
            asked.append(number)
            yield {"number": number}

    seeds = read_seeds(numbers())
    assert asked == []
    assert [next(seeds).metadata["number"] for _ in range(3)] == [0, 1, 2]
    assert asked == [0, 1, 2]


def test_error_of_a_generator() -> None:
    """What the user's own generator raises is the cause of an error that says how far it came."""

    def broken() -> Iterator[dict[str, int]]:
        yield {"a": 1}
        raise LookupError("mine")

    with pytest.raises(SeedError) as caught:
        list(read_seeds(broken()))
    assert caught.value.message == (
        "seed 1: the generator that gives the seeds raised LookupError: mine"
    )
    assert caught.value.detail == {"source": "generator", "index": 1}
    assert isinstance(caught.value.__cause__, LookupError)
    with pytest.raises(SeedError, match=r"^seed 0: the zip that gives the seeds raised ValueError"):
        list(read_seeds(zip([1], [], strict=True)))


def test_our_own_error_of_a_generator() -> None:
    """Seeds that come out of another source are told where they stand there."""
    inner = ({"b": seed.metadata["a"]} for seed in read_seeds([{"a": 1}, {"a": object()}]))
    with pytest.raises(SeedError, match=r"^seed 1: field 'a': object is not a JSON value"):
        list(read_seeds(inner))


def test_places_count_from_zero() -> None:
    """Seeds of a list are numbered like ``seed_index``; ``where`` names the list."""
    assert [seed.where for seed in read_seeds([{"a": 1}, {"a": 2}])] == ["seed 0", "seed 1"]
    assert [seed.where for seed in read_seeds([{"a": 1}], where="rows")] == ["rows: seed 0"]


def test_values_become_plain() -> None:
    """Dates, decimals, tuples and NumPy values become what JSON has; big integers stay exact."""
    (seed,) = read_seeds(
        {
            "day": dt.date(2024, 5, 1),
            "price": decimal.Decimal("1.50"),
            "pair": (1, 2),
            "number": np.int64(7),
            "array": np.array([1.5, 2.0]),
            "big": 10**30,
        }
    )
    assert seed.metadata == {
        "day": "2024-05-01",
        "price": "1.50",
        "pair": [1, 2],
        "number": 7,
        "array": [1.5, 2.0],
        "big": 10**30,
    }


def test_seed_is_a_copy() -> None:
    """Changing the caller's nested value later does not change the seed."""
    tags = ["a"]
    (seed,) = read_seeds({"tags": tags})
    tags.append("b")
    assert seed.metadata == {"tags": ["a"]}


@pytest.mark.parametrize(
    ("count", "read"), [(1, 1), (2.0, 2), (np.int64(3), 3), (1_000_000_000, 1_000_000_000)]
)
def test_good_repetitions(count: Any, read: int) -> None:
    """Whole numbers from 1 on are counts, whatever their type."""
    (seed,) = read_seeds({"metadata": {}, "repetitions": count})
    assert seed.repetitions == read and type(seed.repetitions) is int


@pytest.mark.parametrize(
    ("count", "message"),
    [
        (0, "repetitions is 0; expected a whole number, 1 or more"),
        (-1, "repetitions is -1; expected a whole number, 1 or more"),
        (True, "repetitions is True; expected a whole number, 1 or more"),
        (1.5, "repetitions is 1.5; expected a whole number, 1 or more"),
        (float("nan"), "repetitions is nan; expected a whole number, 1 or more"),
        (None, "repetitions is None; expected a whole number, 1 or more"),
        ("many", "repetitions is 'many'; expected a whole number, 1 or more"),
        ("3", "repetitions is '3'; expected a whole number, 1 or more, without quotes"),
        ([2], "repetitions is [2]; expected a whole number, 1 or more"),
        (10**10, "repetitions is 10000000000; expected at most 1,000,000,000"),
        pytest.param(
            10**5000, "repetitions is <int>; expected at most 1,000,000,000", id="too big to write"
        ),
    ],
)
def test_bad_repetitions(count: Any, message: str) -> None:
    """A count that is no whole number from 1 on is told with its value and place."""
    error = failure([{"a": 1}, {"a": 1, "repetitions": count}])
    assert error.message == f"seed 1: {message}"
    assert error.detail == {"source": "list", "index": 1, "key": "repetitions"}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {"metadata": "tea"},
            "seed 0: a dictionary with the key 'metadata' is a seed, and its metadata has to be a "
            "dictionary of fields; found str 'tea'",
        ),
        (
            {"metadata": {}, "topic": "tea"},
            "seed 0: unknown key 'topic' beside 'metadata' and 'repetitions'; "
            "put it inside metadata",
        ),
        (
            "tea",
            'seed 0: expected a dictionary of fields such as {"topic": "AI"}, found str \'tea\'',
        ),
        (
            {"topic": float("nan")},
            "seed 0: field 'topic': nan is not a JSON number; use None for a missing value",
        ),
        (
            {"a": {"b": [1, float("inf")]}},
            "seed 0: field 'a.b[1]': inf is not a JSON number; use None for a missing value",
        ),
        ({1: "a"}, "seed 0: key 1 is int, JSON keys are strings"),
    ],
)
def test_what_is_no_seed(value: Any, message: str) -> None:
    """What is no seed is told with its place, the value and what was expected."""
    assert failure([value]).message == message


def test_value_without_json_form() -> None:
    """A value JSON cannot hold is named by the path of its key."""
    error = failure([{"files": [b"x"]}])
    assert error.message.startswith("seed 0: field 'files[0]': bytes is not a JSON value")
    assert error.detail == {"source": "list", "index": 0, "key": "files[0]"}


def test_value_that_contains_itself() -> None:
    """A list inside itself is an error, not a crash."""
    loop: list[Any] = []
    loop.append(loop)
    assert failure([{"a": loop}]).message == "seed 0: nested too deeply, or contains itself"


def test_long_values_are_shortened() -> None:
    """A message quotes at most 80 characters of a value."""
    message = failure(["x" * 1_000_000]).message
    assert len(message) < 180
    assert "found str 'xxxxxx" in message and "..." in message


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ([], "seeds: the list holds no seed; give at least one"),
        (iter(()), "seeds: the tuple_iterator holds no seed; give at least one"),
        (
            None,
            "seeds: expected a list of dictionaries, a dictionary, a DataFrame or a path, "
            "found NoneType None",
        ),
        (
            b"[]",
            "seeds: expected a list of dictionaries, a dictionary, a DataFrame or a path, "
            "found bytes b'[]'",
        ),
    ],
)
def test_sources_without_seeds(source: Any, message: str) -> None:
    """Empty sources and things that are no source are errors."""
    error = failure(source)
    assert error.message == message
    assert error.detail == {"source": "seeds"}
    assert error.status_code == 422


def test_check_fields_passes() -> None:
    """A seed that has every required field passes, even when a value is None."""
    check_fields(Seed({"topic": None, "level": 1}), {("topic",): "block 'writer'"})
    check_fields(Seed({"b": 1}), {("a", "b"): "block 'writer'"})


def test_check_fields_names_the_nearest() -> None:
    """A missing field is told with who needs it, what there is and what is near."""
    seed = Seed({"topc": "tea", "level": 1}, 1, "seeds.csv:2")
    with pytest.raises(SeedError) as caught:
        check_fields(
            seed, {("level",): "x", ("topic",): "block 'writer' (TextGenerator), user_prompt"}
        )
    assert caught.value.message == (
        "seeds.csv:2: no field 'topic', which block 'writer' (TextGenerator), user_prompt needs; "
        "did you mean 'topc'? The seed has 'level', 'topc'"
    )
    assert caught.value.detail == {
        "source": "seeds.csv:2",
        "key": "topic",
        "needed_by": "block 'writer' (TextGenerator), user_prompt",
        "fields": ["level", "topc"],
    }


def test_check_fields_names_the_alternatives() -> None:
    """None of those that would do is there."""
    with pytest.raises(SeedError) as caught:
        check_fields(Seed({"topic": 1}), {("user", "text"): "block 'writer'"})
    assert caught.value.message == (
        "seed: no field 'user' or 'text', which block 'writer' needs; the seed has 'topic'"
    )
    assert caught.value.detail["key"] == "user or text"


@pytest.mark.parametrize(
    ("metadata", "end"),
    [
        ({}, "the seed has no fields"),
        ({"b": 1, "a": 2}, "the seed has 'a', 'b'"),
        (
            {f"x{number:02}": 1 for number in range(25)},
            "the seed has " + ", ".join(f"'x{number:02}'" for number in range(20)) + " and 5 more",
        ),
    ],
)
def test_check_fields_without_a_near_one(metadata: dict[str, int], end: str) -> None:
    """When nothing is near, the fields there are are named, twenty at most."""
    with pytest.raises(SeedError) as caught:
        check_fields(Seed(metadata), {("topic",): "block 'writer'"})
    assert caught.value.message == f"seed: no field 'topic', which block 'writer' needs; {end}"
