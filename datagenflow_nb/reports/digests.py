"""Values told apart by digest; of very many different ones a part of the digests is kept."""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import dataclass

import numpy as np

__all__ = ["MOST_DIGESTS", "Digests", "Repeats", "digest_of"]

#: Digests that are kept of one field: exact up to half as many different values.
MOST_DIGESTS = 400_000
#: Record ids that an example names.
_IDS = 5


def digest_of(text: str) -> int:
    """64 bits of BLAKE2b; lone surrogates have some too."""
    data = text.encode(errors="surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


@dataclass(frozen=True, slots=True)
class Repeats:
    """Values that came more than once.

    Attributes
    ----------
    groups : int
        Such values.
    records : int
        Records that have one.
    largest : list of (count, record ids)
        The most frequent ones, with some of their records.
    """

    groups: int
    records: int
    largest: list[tuple[int, list[int]]]


class Digests:
    """Counts different values.

    When there are too many digests, only those are kept whose last bits are 0: a random part of the
    values, each with all its records (Gibbons 2001, "Distinct sampling").
    """

    def __init__(self, most: int = MOST_DIGESTS) -> None:
        self._most = most
        self._mask = 0
        self._digests, self._ids, self._counts = array("Q"), array("q"), array("q")

    @property
    def is_estimated(self) -> bool:
        """Whether a part of the values stands for all."""
        return self._mask > 0

    def add(self, digest: int, record_id: int) -> None:
        """Count a record with this value."""
        if digest & self._mask:
            return
        self._digests.append(digest)
        self._ids.append(record_id)
        self._counts.append(1)
        if len(self._digests) > self._most:
            self._shrink()

    def distinct(self) -> int:
        """How many different values there are."""
        return len(np.unique(_view(self._digests))) * (self._mask + 1)

    def repeats(self, examples: int = 3) -> Repeats:
        """Values that came more than once, and the most frequent ``examples`` of them."""
        keys, counts = self._merged()
        several = counts > 1
        scale = self._mask + 1
        found = np.flatnonzero(several)
        largest = found[np.argsort(-counts[found], kind="stable")[:examples]]
        return Repeats(
            int(several.sum()) * scale,
            int(counts[several].sum()) * scale,
            [(int(counts[at]), self._ids_of(keys[at])) for at in largest],
        )

    def _merged(self) -> tuple[np.ndarray, np.ndarray]:
        """The digests, each once in the order they came, and their counts."""
        keys, first, which = np.unique(_view(self._digests), return_index=True, return_inverse=True)
        counts = np.bincount(which, weights=_view(self._counts), minlength=len(keys))
        order = np.argsort(first)
        return keys[order], counts[order].astype(np.int64)

    def _ids_of(self, digest: np.uint64) -> list[int]:
        found = np.flatnonzero(_view(self._digests) == digest)[:_IDS]
        return [int(self._ids[at]) for at in found]

    def _shrink(self) -> None:
        """Count equal ones together; keep fewer values while these are still too many."""
        keys, counts = self._merged()
        _, first = np.unique(_view(self._digests), return_index=True)
        ids = _view(self._ids)[np.sort(first)]
        while len(keys) > self._most // 2:
            self._mask = self._mask * 2 + 1
            kept = (keys & np.uint64(self._mask)) == 0
            keys, counts, ids = keys[kept], counts[kept], ids[kept]
        self._digests = array("Q", keys.tobytes())
        self._ids = array("q", ids.tobytes())
        self._counts = array("q", counts.tobytes())


def _view(numbers: array[int]) -> np.ndarray:
    # A copy: an array that lends its memory cannot grow.
    return np.array(numbers, dtype=np.uint64 if numbers.typecode == "Q" else np.int64)
