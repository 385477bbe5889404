"""Texts that are nearly the same are found, and others are not."""

from __future__ import annotations

import itertools
import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from datagenflow_nb.reports.duplicates import Room, Texts
from datagenflow_nb.reports.minhash import THRESHOLD, group_near, jaccard, sign, smallest
from datagenflow_nb.reports.values import Duplicates, Group

_WORDS = [f"word{number}" for number in range(400)]


def shingles(text: str) -> set[tuple[str, ...]]:
    """Every three words of a text that follow each other."""
    words = text.split()
    return {tuple(words[at : at + 3]) for at in range(len(words) - 2)}


def exact(one: str, two: str) -> float:
    """The exact similarity of two texts."""
    first, second = shingles(one), shingles(two)
    return len(first & second) / len(first | second)


def found_in(texts: list[str], most: int = 100_000) -> Duplicates:
    """What is found among these, records numbered from 1 on."""
    taken = Texts(Room(1), most)
    for record_id, text in enumerate(texts, 1):
        taken.add(text, record_id)
    return taken.duplicates(lambda ids: {one: texts[one - 1][:20] for one in ids})


@given(st.integers(0, 999), st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(1, 60)))
@settings(max_examples=25)
def test_small_sets(seed: int, sizes: tuple[int, int, int]) -> None:
    """Of small sets the similarity is exact."""
    shared, one, two = sizes
    drawn = np.random.default_rng(seed).integers(0, 2**64 - 1, shared + one + two, dtype=np.uint64)
    sets = [drawn[: shared + one], np.concatenate([drawn[:shared], drawn[shared + one :]])]
    rows = [smallest(part)[None] for part in sets]
    assert jaccard(rows[0], rows[1]).tolist() == [shared / (shared + one + two)]


def test_large_sets() -> None:
    """Over many pairs of large sets both estimates are off by no more than they may, unbiased."""
    rng = np.random.default_rng(0)
    errors: dict[str, list[float]] = {"minima": [], "smallest": []}
    for number in range(300):
        shared = rng.integers(0, 2**64 - 1, 100 + number, dtype=np.uint64)
        own = [rng.integers(0, 2**64 - 1, 60, dtype=np.uint64) for _ in range(2)]
        sets = [np.concatenate([shared, part]) for part in own]
        true = len(shared) / (len(shared) + 120)
        signed = sign(np.concatenate(sets), np.array([0, len(sets[0])]))
        errors["minima"].append(float((signed[0] == signed[1]).mean()) - true)
        rows = [smallest(part)[None] for part in sets]
        errors["smallest"].append(float(jaccard(rows[0], rows[1])[0]) - true)
    for found in errors.values():
        assert abs(np.mean(found)) < 0.01
        assert np.std(found) < 0.05


def test_the_threshold_holds() -> None:
    """Texts a little below the threshold are not near, however many there are of them."""
    words = [f"word{number}" for number in range(15)]
    texts = [" ".join([words[0], f"own{at}", *words[2:]]) for at in range(40)]
    assert 0.7 < exact(texts[0], texts[1]) < THRESHOLD
    assert found_in(texts).near == 0


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_planted(seed: int) -> None:
    """Texts with a word exchanged are found in their groups; random ones are in none."""
    drawn = random.Random(seed)
    originals = [[drawn.choice(_WORDS) for _ in range(80)] for _ in range(12)]
    texts, planted = [" ".join(words) for words in originals], 0
    for words in originals[:4]:
        for at in range(2):
            changed = list(words)
            changed[drawn.randrange(80)] = f"other{at}"
            texts.append(" ".join(changed))
            planted += exact(" ".join(words), texts[-1]) >= THRESHOLD + 0.1
    assert planted == 8  # three of 78 groups of words differ: 0.92
    found = found_in(texts)
    assert (found.near, found.near_groups, found.compared) == (12, 4, 20)
    assert (found.same, found.left_out) == (0, 0)


def test_bands() -> None:
    """Whatever stands between them, near ones are found and joined; far ones are not."""
    drawn = random.Random(1)
    base = [drawn.choice(_WORDS) for _ in range(200)]
    chain = [list(base)]
    for step in range(30):  # each is near to the one before, the last one far from the first
        following = list(chain[-1])
        for place in range(step * 6, step * 6 + 6, 3):
            following[place] = f"step{step}"
        chain.append(following)
    texts = [" ".join(words) for words in chain]
    assert exact(texts[0], texts[-1]) < 0.3
    assert min(exact(one, two) for one, two in itertools.pairwise(texts)) > 0.9
    found = found_in(texts)
    assert (found.near, found.near_groups) == (31, 1)
    half = [list(base[:100]) + [f"{at}x{number}" for number in range(100)] for at in range(40)]
    alike = [" ".join(words) for words in half]
    assert 0.3 < exact(alike[0], alike[1]) < 0.4
    assert found_in(alike).near == 0


def test_same() -> None:
    """Case and white space do not matter; what is the same is not near, unless others are."""
    tide = "The tide is the pull of the moon on the sea and of the sun"
    found = found_in([tide, "so", tide.upper(), "SO", f"\n{tide.replace(' ', '  ')}", "no"])
    assert found == Duplicates(
        same=3,
        same_groups=2,
        is_estimated=False,
        is_compared=True,
        near=0,
        near_groups=0,
        compared=1,
        left_out=0,
        same_examples=[
            Group(3, [1, 3, 5], ["The tide is the pull"]),
            Group(2, [2, 4], ["so"]),
        ],
        near_examples=[],
    )
    long = tide.split() * 3
    one, two = " ".join(long), " ".join([*long[:-1], "stars"])
    found = found_in([one, two, one.title()])
    assert (found.same, found.near, found.near_groups) == (1, 3, 1)
    assert found.near_examples == [
        Group(3, [1, 2], ["The tide is the pull", "The tide is the pull"])
    ]


def test_too_many() -> None:
    """Of too many texts a random part is compared, and how many are left out is told."""
    drawn = random.Random(2)
    texts = [" ".join(drawn.choice(_WORDS) for _ in range(12)) for _ in range(300)]
    found = found_in([*texts, *texts[:10]], most=100)
    assert found.compared == 100
    assert 200 <= found.left_out <= 210
    assert found.same == 10


def test_short_and_without_room() -> None:
    """Texts of less than five words are not compared, nor are those there is no room for."""
    room = Room(1)
    texts = [Texts(room) for _ in range(3)]
    for record_id in range(4):
        texts[0].add("one two three four", record_id)
        texts[1].add("one two three four five", record_id)
        texts[2].add("one two three four five", record_id)
    found = [one.duplicates(lambda ids: dict.fromkeys(ids, "")) for one in texts]
    assert [(one.is_compared, one.compared, one.same) for one in found] == [
        (True, 0, 3), (True, 1, 3), (False, 0, 3),
    ]  # fmt: skip


def test_groups_of_none() -> None:
    """No texts, no groups."""
    nothing = np.empty((0, 128), dtype=np.uint16), np.empty((0, 128), dtype=np.uint32)
    assert group_near(*nothing).tolist() == []
