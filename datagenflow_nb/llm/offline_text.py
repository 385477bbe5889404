"""Plain text for the offline model: words, sentences, keywords, tokens and hashed draws.

Nothing here depends on the platform, the process or the order of calls: every choice is a
``hashlib`` digest, never ``hash()`` or ``random``.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise

from .offline_words import STOP_WORDS

__all__ = [
    "Draw",
    "count_tokens",
    "cut_tokens",
    "find_keywords",
    "split_sentences",
    "split_words",
    "stem",
    "stems_of",
]

_WORD = re.compile(r"[^\W\d_][\w'\u2019-]*")
_BLANKS = re.compile(r"[^\S\n]{2,}")  # first, so that no later pattern meets a long run of blanks
_NEWLINE = re.compile(r" ?\n(?! ?(?:\n|[-*#•>|]|\d+[.)])) ?")
# Every branch starts with a character of a small set: the search skips from one to the next.
_BREAK = re.compile(
    r"[.!?][\"'\u201d\u2019)\]]{0,3}\s+(?=[\"'\u201c\u2018(\[]?[A-Z0-9À-ÖØ-ÞА-ЯΑ-Ω])"
    r"|[\u3002\uff01\uff1f]|\n\s*"
)
_BULLET = re.compile(r"^(?:[-*#•>|]+|\d+[.)])\s+")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[A-Z]|Dr|Mr|Mrs|Ms|Prof|St|vs|cf|al|e\.g|i\.e|Fig|No|approx|[A-Z]\.[A-Z])\.$"
)
_WEAK_ENDINGS = ("ed", "ing", "ly", "able", "ous", "ful", "ive")  # seldom what a text is about
_MAX_KEYWORDS = 12


class Draw:
    """Numbers that depend only on a key and a path.

    Parameters
    ----------
    key : bytes
        1 to 64 bytes: the digest of what is being answered.
    """

    __slots__ = ("key",)

    def __init__(self, key: bytes) -> None:
        self.key = key

    def number(self, path: str) -> int:
        """An integer in [0, 2**64) for this path."""
        data = path.encode("utf-8", "surrogatepass")
        return int.from_bytes(hashlib.blake2b(data, digest_size=8, key=self.key).digest(), "big")

    def unit(self, path: str) -> float:
        """A float in [0, 1) for this path."""
        return (self.number(path) >> 11) / 2**53


def count_tokens(text: str) -> int:
    """Number of tokens: four characters are one, a rest counts whole."""
    return (len(text) + 3) // 4


def cut_tokens(text: str, limit: int) -> str:
    """The first ``limit`` tokens of ``text``, as ``count_tokens`` counts them."""
    return text[: 4 * limit]


def split_words(text: str) -> list[str]:
    """The words of ``text`` in order, as written."""
    return _WORD.findall(text)


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """A crude stem, so that ``payments`` and ``payment`` count as one word."""
    word = word.lower().removesuffix("'s").removesuffix("\u2019s")
    for suffix in ("ingly", "ings", "ing", "ies", "ied", "ed", "es", "ly", "s", "y", "e"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word


def stems_of(text: str) -> Counter[str]:
    """How often each content word of ``text`` occurs, by stem."""
    return Counter(stem(word) for word in _WORD.findall(text) if word.lower() not in STOP_WORDS)


def split_sentences(text: str) -> list[str]:
    """The sentences of ``text`` in order, whitespace normalised.

    A single line break inside a paragraph is a space; a blank line and a list item end a
    sentence; ``Dr.`` and the like do not.
    """
    joined = _BLANKS.sub(" ", text)
    if "\n" in joined:
        joined = _NEWLINE.sub(" ", joined.replace(" \n", "\n").replace("\r\n", "\n"))
    sentences: list[str] = []
    start = 0
    for match in _BREAK.finditer(joined):
        end = match.end()
        clean = joined[start:end].strip()
        if clean[-1:] == "." and _ABBREVIATION.search(clean[-12:]) and end - start < 2000:
            continue
        start = end
        if clean := _BULLET.sub("", clean):
            sentences.append(clean)
    if clean := _BULLET.sub("", joined[start:].strip()):
        sentences.append(clean)
    return sentences


def find_keywords(text: str) -> list[str]:
    """Content words and repeated two-word terms of ``text``, most frequent and longest first.

    A word is in lower case when it occurs so anywhere, else spelled as it first occurs.
    """
    lower = text.lower()
    words = _WORD.findall(lower)
    counts = Counter(words)
    ranks = {
        word: _weight(word) - 16 * count
        for word, count in counts.items()
        if word not in STOP_WORDS and (len(word) > 2 or (len(word) == 2 and word.upper() in text))
    }
    found: list[str] = []
    taken: set[str] = set()
    for first, second in _repeated_pairs(words, counts, ranks):
        stems = {stem(first), stem(second)}
        if len(stems) == 2 and not stems & taken:
            taken |= stems
            found.append(f"{_spell(first, text, lower)} {_spell(second, text, lower)}")
    for word in sorted(ranks, key=ranks.__getitem__):
        if len(found) >= _MAX_KEYWORDS:
            break
        if (root := stem(word)) not in taken:
            taken.add(root)
            found.append(_spell(word, text, lower))
    return found[:_MAX_KEYWORDS]


@lru_cache(maxsize=16384)
def _weight(word: str) -> int:
    """Lower is better: long words before short ones, verbs and adjectives last."""
    weak = word.endswith(_WEAK_ENDINGS) or len(word) > 40
    return (12 if weak else 0) - min(len(word), 10)


def _repeated_pairs(
    words: list[str], counts: Counter[str], ranks: dict[str, int]
) -> list[tuple[str, str]]:
    """Neighbours that stand together more than once, most frequent first."""
    often = {word for word in ranks if counts[word] > 1}
    if len(often) < 2:
        return []
    pairs = Counter(pair for pair in pairwise(words) if pair[0] in often and pair[1] in often)
    repeated = [pair for pair, count in pairs.items() if count > 1]
    return sorted(repeated, key=lambda pair: -pairs[pair])


def _spell(word: str, text: str, lower: str) -> str:
    if word in text or len(lower) != len(text):  # lower case may change a letter's width
        return word
    start = lower.index(word)
    return text[start : start + len(word)]
