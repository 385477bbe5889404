"""Sets that are nearly the same: MinHash and locality-sensitive hashing.

Broder 1997, "On the resemblance and containment of documents": of two sets the shares of equal
minima, over many orders of all elements, estimate the Jaccard similarity; so do the smallest
elements of one order, which of small sets are all. Indyk and Motwani 1998; Leskovec, Rajaraman and
Ullman, "Mining of Massive Datasets", chapter 3: only sets that agree in all rows of some band are
compared.
"""

from __future__ import annotations

import functools

import numpy as np

__all__ = ["PERMUTATIONS", "SMALLEST", "THRESHOLD", "group_near", "jaccard", "sign", "smallest"]

#: Orders of the elements: what they estimate is off by at most 0.035 in two of three cases.
PERMUTATIONS = 128
#: Elements of a set that are kept: of larger ones similarity is estimated from so many.
SMALLEST = 128
#: Jaccard similarity from which on sets are near, and how much below it an estimate is believed.
THRESHOLD, _DOUBT = 0.8, 0.1
#: 16 bits of a minimum are enough to tell it from others, and four make a row's 64 bits.
_ROWS = 4
#: Within a band's bucket each text is compared with the first and with so many that follow.
_NEIGHBOURS = 4
#: Pairs that are compared at once.
_PAIRS = 20_000
#: Stands where a set has no more elements.
_NOTHING = np.uint32(0xFFFFFFFF)

_random = np.random.Generator(np.random.PCG64(1))
_FACTORS = (_random.integers(0, 2**31, PERMUTATIONS, dtype=np.uint32) << np.uint32(1)) | np.uint32(
    1
)
_SHIFTS = _random.integers(0, 2**32, PERMUTATIONS, dtype=np.uint32)


def sign(elements: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """A row of ``PERMUTATIONS`` minima for each set.

    Parameters
    ----------
    elements : array
        Those of all sets, one set after the other, as 64 mixed bits each.
    starts : array
        Where each set begins; none is empty.
    """
    mixed = (elements >> np.uint64(32)).astype(np.uint32)
    made = np.empty((len(starts), PERMUTATIONS), dtype=np.uint16)
    ordered = np.empty_like(mixed)
    for at, (factor, shift) in enumerate(zip(_FACTORS, _SHIFTS, strict=True)):
        np.multiply(mixed, factor, out=ordered)
        np.add(ordered, shift, out=ordered)
        # The upper bits of a minimum are nearly always 0; the lower ones are any.
        made[:, at] = np.minimum.reduceat(ordered, starts) & np.uint32(0xFFFF)
    return made


def smallest(elements: np.ndarray) -> np.ndarray:
    """The smallest elements of a set, ascending, as a row of ``SMALLEST``."""
    made = np.full(SMALLEST, _NOTHING)
    ordered = np.sort((elements >> np.uint64(32)).astype(np.uint32))
    found = ordered[:1]
    if len(ordered) > 1:  # np.unique would take five times as long
        is_new = np.flatnonzero(ordered[1:] != ordered[:-1])
        found = np.concatenate([found, ordered[is_new[: SMALLEST - 1] + 1]])
    made[: len(found)] = found
    return made


def jaccard(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Similarities of the sets behind these rows of smallest elements.

    Exact for sets of less than ``SMALLEST``. Of larger ones all elements up to the largest one that
    is kept are known, which is a random part.
    """
    known = np.minimum(*(np.where(row[:, -1] == _NOTHING, _NOTHING - 1, row[:, -1])
                         for row in (one, two)))[:, None]  # fmt: skip
    both = np.sort(np.concatenate([one, two], axis=1), axis=1)
    shared = ((both[:, 1:] == both[:, :-1]) & (both[:, 1:] <= known)).sum(axis=1)
    return np.asarray(shared / ((both <= known).sum(axis=1) - shared))


def group_near(signed: np.ndarray, kept: np.ndarray, threshold: float = THRESHOLD) -> np.ndarray:
    """The group of each set: those at least so similar are in one, and what is joined by others.

    Parameters
    ----------
    signed, kept : array
        A row of ``sign``, and one of ``smallest``, for each set.
    """
    groups = np.arange(len(signed))
    join = functools.partial(_join, signed, kept, threshold)
    bands = np.ascontiguousarray(signed).view(np.uint64)
    assert bands.shape[1] * _ROWS == PERMUTATIONS
    for band in bands.T:
        order = np.argsort(band, kind="stable")
        ordered = band[order]
        begins = np.ones(len(ordered), dtype=bool)
        begins[1:] = ordered[1:] != ordered[:-1]
        places = np.arange(len(ordered))
        first = np.maximum.accumulate(np.where(begins, places, 0))
        groups = join(groups, order[first[~begins]], order[~begins])
        for step in range(1, _NEIGHBOURS + 1):
            here = np.flatnonzero(first[step:] == first[:-step])
            if not len(here):
                break
            groups = join(groups, order[here], order[here + step])
    return groups


def _join(
    signed: np.ndarray,
    kept: np.ndarray,
    threshold: float,
    groups: np.ndarray,
    one: np.ndarray,
    two: np.ndarray,
) -> np.ndarray:
    """The groups after joining those of these pairs of sets that are similar enough."""
    for start in range(0, len(one), _PAIRS):
        left, right = one[start : start + _PAIRS], two[start : start + _PAIRS]
        apart = groups[left] != groups[right]
        left, right = left[apart], right[apart]
        likely = (signed[left] == signed[right]).mean(axis=1) >= threshold - _DOUBT
        left, right = left[likely], right[likely]
        near = jaccard(kept[left], kept[right]) >= threshold
        for a, b in zip(left[near].tolist(), right[near].tolist(), strict=True):
            one_root, two_root = _root(groups, a), _root(groups, b)
            if one_root != two_root:
                groups[max(one_root, two_root)] = min(one_root, two_root)
        while not np.array_equal(further := groups[groups], groups):
            groups = further
    return groups


def _root(groups: np.ndarray, row: int) -> int:
    while groups[row] != row:
        row = int(groups[row])
    return row
