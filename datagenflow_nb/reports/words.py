"""Texts as numbers, one a word; groups of words that follow each other."""

from __future__ import annotations

import re
import zlib

import numpy as np

__all__ = ["Grams", "Vocabulary", "grams_of"]

#: A word; a character of Chinese or Japanese is one, as these put no spaces between words.
_EACH = "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(f"[{_EACH}]|[^\\W{_EACH}]+")
#: Words whose numbers are kept.
_MOST_WORDS = 200_000
#: Characters of a word that tell it from others.
_LONG = 200

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)


class Vocabulary(dict[str, int]):
    """Numbers of words, the same for each word in all texts."""

    def __missing__(self, word: str) -> int:
        number = zlib.crc32(word[:_LONG].encode(errors="surrogatepass"))
        self[word] = number
        return number

    def numbers(self, text: str) -> np.ndarray:
        """The words of ``text``, which is in one case, as 32 bits each."""
        if len(self) > _MOST_WORDS:
            self.clear()
        words = _WORD.findall(text)
        return np.fromiter(map(self.__getitem__, words), dtype=np.uint64, count=len(words))


def grams_of(words: np.ndarray, ends: np.ndarray, size: int) -> np.ndarray:
    """Every ``size`` words that follow each other within a text, as 64 mixed bits.

    Parameters
    ----------
    words : array
        Those of all texts, one after the other.
    ends : array
        Where each text ends.
    """
    count = len(words) - size + 1
    if count <= 0:
        return np.empty(0, dtype=np.uint64)
    made = words[:count].copy()
    for at in range(1, size):
        made *= _FACTOR
        made += words[at : at + count]
    whole = np.ones(count, dtype=bool)
    for at in range(1, size):  # a group that begins so near to an end goes beyond it
        over = ends - at
        whole[over[(over >= 0) & (over < count)]] = False
    made = made[whole]
    made += _FACTOR
    made ^= made >> np.uint64(30)
    made *= _MIX
    made ^= made >> np.uint64(31)
    return made


class Grams:
    """Counts different groups of words.

    When there are too many, only those are kept whose last bits are 0 (as ``digests`` does).
    """

    def __init__(self, most: int = 1_000_000) -> None:
        self.total = 0
        self._most = most
        self._mask = np.uint64(0)
        self._kept: list[np.ndarray] = []
        self._size = 0

    @property
    def is_estimated(self) -> bool:
        """Whether a part of them stands for all."""
        return bool(self._mask)

    def add(self, grams: np.ndarray) -> None:
        """Count these."""
        self.total += len(grams)
        kept = np.unique(grams[(grams & self._mask) == 0])
        self._kept.append(kept)
        self._size += len(kept)
        if self._size > self._most:
            self._merge()
            while self._size > self._most // 2:
                self._mask = self._mask * np.uint64(2) + np.uint64(1)
                self._kept = [self._kept[0][(self._kept[0] & self._mask) == 0]]
                self._size = len(self._kept[0])

    def distinct(self) -> int:
        """How many different ones there are."""
        self._merge()
        return self._size * (int(self._mask) + 1)

    def share(self) -> float | None:
        """Different ones among all; None when there are none."""
        return min(1.0, self.distinct() / self.total) if self.total else None

    def _merge(self) -> None:
        if self._kept:
            self._kept = [np.unique(np.concatenate(self._kept))]
            self._size = len(self._kept[0])
