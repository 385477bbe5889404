"""Pure values: what is JSON, how it is written and read, states and traces out of steps."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import decimal
import enum
import json
import math
import threading
import uuid
from collections import OrderedDict
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagenflow_nb.records import (
    Call,
    NotPlain,
    Seed,
    Step,
    Usage,
    build_trace,
    decode,
    encode,
    new_trace_id,
    plain,
    replay,
    utc_now,
)

TEXTS = st.text(st.characters())  # lone surrogates too
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**300), max_value=10**300)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
)


def same(one: Any, other: Any) -> bool:
    """Equal, with the same types, and with 0.0 told from -0.0."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    return bool(one == other)


@given(VALUES)
def test_decode_gives_back_what_encode_wrote(value: Any) -> None:
    """Any JSON value survives: big integers, -0.0, half emojis, key order."""
    text = encode(value)
    assert same(decode(text), value)
    assert same(json.loads(text), value)


@given(VALUES)
def test_plain_is_a_deep_copy(value: Any) -> None:
    """The copy equals the value and shares no container with it."""
    copied = plain(value)
    assert same(copied, value)
    containers = {id(item) for item in walk(value)}
    assert not containers & {id(item) for item in walk(copied)}


def walk(value: Any) -> list[Any]:
    """Every container in ``value``."""
    if isinstance(value, dict):
        return [value, *(found for item in value.values() for found in walk(item))]
    if isinstance(value, list):
        return [value, *(found for item in value for found in walk(item))]
    return []


def test_encode_is_compact_and_readable() -> None:
    """No spaces, and letters beyond ASCII as they are."""
    assert encode({"a": [1, None, True], "ö": "é 😀"}) == '{"a":[1,null,true],"ö":"é 😀"}'
    assert encode("\ud83d") == '"\\ud83d"'
    assert encode(-0.0) == "-0.0"
    assert encode(2**70) == "1180591620717411303424"


def test_deep_values_survive() -> None:
    """Two hundred levels and more are no end of the world."""
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    assert decode(encode(plain(deep))) == deep


@pytest.mark.parametrize("text", ["", "{'a': 1}", "[1, 2", "tea", "1" * 5_000, b"\xff"])
def test_decode_refuses_what_is_not_json(text: str | bytes) -> None:
    """With a ValueError."""
    with pytest.raises(ValueError):
        decode(text)


def test_decode_reads_what_python_writes() -> None:
    """NaN is left to plain, which says where it stands."""
    assert math.isnan(decode('{"a": NaN}')["a"])
    with pytest.raises(RecursionError):
        decode("[" * 100_000)


class Level(enum.Enum):
    """An enumeration of strings."""

    EASY = "easy"


class Count(enum.IntEnum):
    """An enumeration of numbers."""

    TWO = 2


class Name(str):
    """A string with a class of its own."""


@dataclasses.dataclass
class Point:
    """A dataclass."""

    x: int
    tags: set[str]


class Form(pydantic.BaseModel):
    """A pydantic model."""

    day: dt.date
    parts: tuple[int, ...]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, 2), [1, 2]),
        ({"b", "a"}, ["a", "b"]),
        (dt.datetime(2026, 11, 23, 10, 5, tzinfo=dt.UTC), "2026-11-23T10:05:00+00:00"),
        (dt.date(2026, 11, 23), "2026-11-23"),
        (PurePosixPath("a/b"), "a/b"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (decimal.Decimal("1.10"), "1.10"),
        (Level.EASY, "easy"),
        (Count.TWO, 2),
        (Name("tea"), "tea"),
        ({Name("key"): 1}, {"key": 1}),
        (OrderedDict(a=(1,)), {"a": [1]}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (Point(1, {"z", "y"}), {"x": 1, "tags": ["y", "z"]}),
        (Form(day=dt.date(2026, 1, 2), parts=(1, 2)), {"day": "2026-01-02", "parts": [1, 2]}),
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (np.float64(0.25), 0.25),
        (np.bool_(True), True),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.str_("x"), "x"),
        (pd.Timestamp("2026-01-02T03:04:05"), "2026-01-02T03:04:05"),
        (pd.Series([1, 2]), [1, 2]),
    ],
)
def test_plain_converts(value: Any, expected: Any) -> None:
    """What people put into fields becomes what JSON has, exactly of the basic types."""
    assert same(plain(value), expected)


@pytest.mark.parametrize(
    ("value", "path", "reason"),
    [
        ({"a": [1, {"b": math.nan}]}, "a[1].b", "nan is not a JSON number"),
        ([math.inf], "[0]", "inf is not a JSON number"),
        ({"x": np.array([1.0, math.nan])}, "x[1]", "nan is not a JSON number"),
        ({"when": pd.NaT}, "when", "NaT is not a time"),
        ({"gone": pd.NA}, "gone", "NAType is not a JSON value"),
        ({"a": {1: "x"}}, "a", "key 1 is int"),
        ({"raw": b"x"}, "raw", "bytes is not a JSON value"),
        ({"lock": Point(1, {threading.Lock()})}, "lock.tags[0]", "lock is not a JSON value"),  # type: ignore[arg-type] # on purpose
        ({"kind": Form}, "kind", "ModelMetaclass is not a JSON value"),
    ],
)
def test_plain_refuses_and_says_where(value: Any, path: str, reason: str) -> None:
    """The path leads to the culprit."""
    with pytest.raises(NotPlain) as caught:
        plain(value)
    assert caught.value.path == path
    assert caught.value.reason.startswith(reason)
    assert str(caught.value) == f"{path}: {caught.value.reason}"


def test_plain_path_starts_where_the_caller_says() -> None:
    """The path is continued, not begun anew."""
    with pytest.raises(NotPlain, match=r"^config\.a\[0\]: nan is not"):
        plain({"a": [math.nan]}, "config")


def test_plain_refuses_a_value_that_holds_itself() -> None:
    """An error of ours instead of an exhausted stack."""
    loop: dict[str, Any] = {}
    loop["self"] = [loop]
    with pytest.raises(NotPlain, match="contains itself"):
        plain(loop)


def test_utc_now_is_iso_with_milliseconds() -> None:
    """Readable by Python's own parser, in UTC, and never going back within a thread."""
    before, after = utc_now(), utc_now()
    assert before <= after
    assert len(before) == 24
    assert before.endswith("Z")
    assert dt.datetime.fromisoformat(before).utcoffset() == dt.timedelta(0)


def test_seed_is_compared_by_its_value() -> None:
    """Where a seed was read is no part of it."""
    assert Seed({"a": 1}, 2, "seeds.csv:3") == Seed({"a": 1}, 2)
    assert Seed({"a": 1}) != Seed({"a": 1}, 2)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Usage(), Usage(), Usage()),
        (Usage(), Usage(3, 4, 1, 0.5), Usage(3, 4, 1, 0.5)),
        (Usage(3, 4, 1, 0.5), Usage(), Usage(3, 4, 1, 0.5)),
        (Usage(1, 2, 1, 0.5), Usage(10, 20, 2, 0.25), Usage(11, 22, 3, 0.75)),
        (Usage(1, 2, 1, 0.5), Usage(10, 20, 1, None), Usage(11, 22, 2, None)),
        (Usage(1, 2, 1, None), Usage(10, 20, 1, 1.0), Usage(11, 22, 2, None)),
        (Usage(1, 2, 1, 0.0), Usage(1, 2, 1, 0.0), Usage(2, 4, 2, 0.0)),
    ],
)
def test_usage_addition(one: Usage, other: Usage, expected: Usage) -> None:
    """Tokens and calls add up; a cost is known only when every part's is."""
    assert one + other == expected


def test_usage_and_call_to_dict() -> None:
    """The dictionaries programs get."""
    usage = {"input_tokens": 1, "output_tokens": 2, "calls": 1, "cost": None}
    assert Usage(1, 2, 1).to_dict() == usage
    call = Call("writer", 0, "m", {"messages": []}, answer="hi", usage=Usage(1, 2, 1))
    assert call.to_dict() == {
        "block_id": "writer",
        "number": 0,
        "model": "m",
        "request": {"messages": []},
        "answer": "hi",
        "finish_reason": None,
        "usage": usage,
        "latency": 0.0,
        "tries": [],
        "error": None,
        "reused": False,
    }


def test_replay_sets_then_removes() -> None:
    """A step's fields are set, then what it removes is gone; the metadata stays untouched."""
    metadata = {"topic": "tea", "draft": 1}
    steps = [
        Step(0, "a", "A", set={"text": "x", "draft": 2}),
        Step(1, "b", "B", set={"score": 1.0}, removed=["draft", "never_there"]),
    ]
    assert replay(metadata, steps) == {"topic": "tea", "text": "x", "score": 1.0}
    assert metadata == {"topic": "tea", "draft": 1}


@given(
    st.dictionaries(st.sampled_from("abc"), SCALARS),
    st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=3),
            st.lists(st.sampled_from("abcd"), max_size=2),
        ),
        max_size=5,
    ),
)
def test_trace_chains_states(metadata: dict[str, Any], changes: list[tuple[Any, Any]]) -> None:
    """Each step's input is the state the one before left; the last state is the replayed one."""
    steps = [
        Step(index, f"b{index}", "B", set=set_, removed=removed)
        for index, (set_, removed) in enumerate(changes)
    ]
    trace = build_trace(metadata, steps)
    states = [metadata, *(entry["accumulated_state"] for entry in trace)]
    assert [entry["input"] for entry in trace] == states[:-1]
    assert states[-1] == replay(metadata, steps)
    assert [entry["output"] for entry in trace] == [step.set for step in steps]


def test_trace_has_the_documented_keys_and_is_a_copy() -> None:
    """The keys users read, and nothing in it that a later change could reach."""
    step = Step(
        2, "writer", "TextGenerator", "3.0", set={"tags": ["a"]}, execution_time=0.5,
        error={"error": "no", "detail": {}}, calls=[Call("writer", 0, "m", {}, answer="x")],
        skipped=False,
    )  # fmt: skip
    entry = build_trace({"topic": "tea"}, [step])[0]
    frozen = copy.deepcopy(entry)
    step.set["tags"].append("b")
    assert entry == frozen
    assert entry == {
        "step": 2,
        "block_id": "writer",
        "block_type": "TextGenerator",
        "branch": "3.0",
        "input": {"topic": "tea"},
        "output": {"tags": ["a"]},
        "accumulated_state": {"topic": "tea", "tags": ["a"]},
        "execution_time": 0.5,
        "error": {"error": "no", "detail": {}},
        "calls": [Call("writer", 0, "m", {}, answer="x").to_dict()],
        "skipped": False,
    }


def test_trace_ids_are_random_uuids() -> None:
    """Version 4 in the standard form, all different."""
    import uuid

    made = [new_trace_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    for trace_id in made:
        read = uuid.UUID(trace_id)
        assert (str(read), read.version, read.variant) == (trace_id, 4, uuid.RFC_4122)


def test_integers_that_cannot_be_read_back_are_refused() -> None:
    """Python reads back 4,300 digits; a longer integer would make the whole record unreadable."""
    assert decode(encode(plain({"n": 10**4000}))) == {"n": 10**4000}
    with pytest.raises(NotPlain, match="n: an integer of 16,610 bits cannot be read back"):
        plain({"n": 10**5000})
