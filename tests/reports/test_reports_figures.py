"""Numbers, different values and groups of words, of few and of very many."""

from __future__ import annotations

import math
import statistics

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from datagenflow_nb.reports.digests import Digests, digest_of
from datagenflow_nb.reports.spreads import Numbers
from datagenflow_nb.reports.values import Bar, Spread
from datagenflow_nb.reports.words import Grams, Vocabulary, grams_of


def spread_of(numbers: list[float], most: int = 100_000) -> Spread:
    """What ``Numbers`` tells of these."""
    taken = Numbers(most)
    for number in numbers:
        taken.add(number)
    spread = taken.spread()
    assert spread is not None
    return spread


def test_few_numbers() -> None:
    """A bar for each of a few different numbers; quartiles lie in between in proportion."""
    assert spread_of([3, 1, 2, 2]) == Spread(
        4, 1.0, 1.75, 2.0, 2.25, 3.0, 2.0,
        [Bar(1.0, 1.0, 1), Bar(2.0, 2.0, 2), Bar(3.0, 3.0, 1)], False,
    )  # fmt: skip
    assert Numbers().spread() is None


def test_bars() -> None:
    """Whole numbers have whole bounds; what lies far out is one bar and squeezes no others."""
    whole = spread_of([float(number) for number in range(100)])
    assert whole.bars == [Bar(5.0 * at, 5.0 * at + 5, 5) for at in range(20)]
    scores = spread_of([number / 1000 for number in range(1000)])
    assert len(scores.bars) == 20
    assert {bar.count for bar in scores.bars} == {50}
    far = spread_of([*(float(number) for number in range(1000)), 1_000_000.0])
    assert far.bars[-1].high == 1_000_000.0
    assert far.bars[-1].count == 1
    assert far.bars[0] == Bar(0.0, 50.0, 50)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=60))
def test_any_numbers(numbers: list[float]) -> None:
    """Whatever they are: nothing is NaN or infinite, the order holds, no number is left out."""
    found = spread_of(numbers)
    named = (found.min, found.lower_quartile, found.median, found.upper_quartile, found.max)
    assert all(math.isfinite(value) for value in named)
    assert (found.min, found.max) == (min(numbers), max(numbers))
    middle = statistics.median_low(numbers), statistics.median_high(numbers)
    assert middle[0] <= found.median <= middle[1]
    assert found.mean is None or math.isfinite(found.mean)
    assert not found.bars or sum(bar.count for bar in found.bars) == len(numbers)


def test_many_numbers() -> None:
    """Beyond what is kept, quartiles come from a random part and say so; the ends are exact."""
    numbers = [float(number) for number in range(20_000)]
    found = spread_of(numbers, most=2_000)
    assert found.is_estimated
    assert (found.count, found.min, found.max, found.mean) == (20_000, 0.0, 19_999.0, 9_999.5)
    assert abs(found.median - 10_000) < 800
    assert found == spread_of(numbers, most=2_000)


@given(st.lists(st.integers(0, 30), max_size=80))
def test_few_values(values: list[int]) -> None:
    """Different values and repeated ones are counted exactly while there are few."""
    taken = Digests()
    for record_id, value in enumerate(values):
        taken.add(digest_of(str(value)), record_id)
    counts = {value: values.count(value) for value in values}
    repeats = taken.repeats(100)
    assert not taken.is_estimated
    assert taken.distinct() == len(counts)
    several = {value: count for value, count in counts.items() if count > 1}
    assert (repeats.groups, repeats.records) == (len(several), sum(several.values()))
    expected = sorted((-count, values.index(value)) for value, count in several.items())
    assert [(-count, ids[0]) for count, ids in repeats.largest] == expected
    assert all(values[one] == values[ids[0]] for _, ids in repeats.largest for one in ids)


def test_many_values() -> None:
    """Beyond what is kept, a part of the values stands for all, each with all its records."""
    taken = Digests(most=4_000)
    for number in range(60_000):
        taken.add(digest_of(str(number % 20_000)), number)
    for number in range(50_000):
        taken.add(digest_of("the same"), number)
    assert taken.is_estimated
    assert abs(taken.distinct() - 20_001) < 2_500
    repeats = taken.repeats()
    assert abs(repeats.groups - 20_001) < 2_500


def test_one_value_very_often() -> None:
    """However often one value comes, it stays one, counted exactly."""
    taken = Digests(most=1_000)
    for number in range(10_000):
        taken.add(digest_of("yes"), number)
    assert (taken.distinct(), taken.is_estimated) == (1, False)
    (largest,) = taken.repeats().largest
    assert largest[0] == 10_000
    assert largest[1][0] == 0


def test_words() -> None:
    """Words are runs of letters and digits; Chinese and Japanese have one a character."""
    words = Vocabulary()
    assert len(words.numbers("Don't panic, it's 42!")) == 6
    assert len(words.numbers("潮の満ち引き")) == 6
    assert len(words.numbers(" \n\ud800 ")) == 0
    assert words.numbers("tide tide").tolist() == [words["tide"]] * 2


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=7), max_size=6), st.integers(1, 4))
def test_grams(texts: list[list[str]], size: int) -> None:
    """Groups of words never reach from one text into the next, and equal ones are the same."""
    vocabulary = Vocabulary()
    words = [vocabulary.numbers(" ".join(text)) for text in texts]
    ends = np.cumsum([len(text) for text in words])
    joined = np.concatenate(words) if words else np.empty(0, dtype=np.uint64)
    expected = [tuple(text[at : at + size]) for text in texts for at in range(len(text) - size + 1)]
    found = grams_of(joined, ends, size)
    assert len(found) == len(expected)
    assert len(set(zip(found.tolist(), expected, strict=True))) == len(set(expected))
    assert len(set(found.tolist())) == len(set(expected))


def test_many_grams() -> None:
    """Different groups are counted by a part of them when they are too many."""
    few, many = Grams(), Grams(most=2_000)
    numbers = np.array([digest_of(str(number)) for number in range(20_000)], dtype=np.uint64)
    for start in range(0, 20_000, 500):
        for grams in (few, many):
            grams.add(numbers[start : start + 500])
            grams.add(numbers[:500])
    assert (few.total, few.distinct(), few.is_estimated) == (40_000, 20_000, False)
    assert (many.total, many.is_estimated) == (40_000, True)
    assert abs(many.distinct() - 20_000) < 3_000
    assert few.share() == 0.5
    assert Grams().share() is None
