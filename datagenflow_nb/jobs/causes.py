"""Messages that have one cause: the same words around other numbers, names and values."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["CONSIDERED", "Cause", "Causes", "cause_of"]

#: Characters of a message that tell its cause; what follows is a quotation gone wild.
CONSIDERED = 1_000

#: Stands where messages of one cause differ.
_GAP = "…"

#: What may differ, from its first character on: a quoted text (what is cut off is quoted to its
#: end, an apostrophe within a word is none), a URL's query, and from its first digit a word that
#: has one: numbers, times, ids. It begins with a set of characters, which is searched for fast, and
#: gives nothing back (possessive), so that no text is slow.
_VALUE = re.compile(
    r"""
    ( ['"`?\d]
      (?: (?<=')(?<!\w') (?: [^'\\]++ | \\. | (?<=\w)'(?=\w) )*+ (?: '(?!\w) | \\?\Z )
        | (?<=") (?: [^"\\]++ | \\. )*+ (?: " | \\?\Z )
        | (?<=`) [^`]*+ (?: ` | \Z )
        | (?<=[^\s?]\?) [\w%.~+-]++ = [^\s'",;)]*+
        | (?<=\d) \w*+ (?: [-.,:] \w*?\d \w*+ )*+ %?+
      )
    )
    """,
    re.VERBOSE | re.DOTALL,
)
#: What belongs to a value before its first digit.
_OF_WORDS = string.ascii_letters + "_-+"
#: Between values that count as one: the parts of an id, the items of a list.
_BETWEEN = frozenset({"", ",", ", ", ":", ": "})


@dataclass(slots=True)
class Cause:
    """Messages of one cause.

    Attributes
    ----------
    count : int
        How many there are.
    first : int
        The lowest of the numbers that came with them.
    about : tuple
        What else they have in common.
    """

    count: int
    first: int
    about: tuple[Any, ...]
    _words: tuple[str, ...]
    _values: list[str | None]

    @property
    def message(self) -> str:
        """What they all say; ``…`` where they differ."""
        parts = [self._words[0]]
        for value, words in zip(self._values, self._words[1:], strict=True):
            parts += [_GAP if value is None else value, words]
        return "".join(parts)

    def add(self, values: list[str], count: int, number: int) -> None:
        """Count further messages with the same words."""
        self.count += count
        self.first = min(self.first, number)
        if values != self._values:
            self._values = [
                mine if mine == other else None
                for mine, other in zip(self._values, values, strict=True)
            ]


class Causes:
    """Messages grouped by cause."""

    def __init__(self) -> None:
        self._found: dict[tuple[Any, ...], Cause] = {}

    def __iter__(self) -> Iterator[Cause]:
        """The most frequent first."""
        ordered = sorted(self._found.values(), key=lambda cause: (-cause.count, cause.first))
        return iter(ordered)

    def __len__(self) -> int:
        return len(self._found)

    def add(
        self, message: str, count: int = 1, number: int = 0, about: tuple[Any, ...] = ()
    ) -> None:
        """Add a message that came ``count`` times; only with the same ``about`` is it the same."""
        words, values = _split(message)
        known = self._found.get((words, about))
        if known is None:
            self._found[words, about] = Cause(count, number, about, words, list(values))
        else:
            known.add(values, count, number)


def cause_of(message: str) -> str:
    """``message`` with ``…`` for everything that may differ."""
    words, _ = _split(message)
    return _GAP.join(words)


def _split(message: str) -> tuple[tuple[str, ...], list[str]]:
    """The words of a message and the values between them."""
    if len(message) > CONSIDERED:
        message = f"{message[:CONSIDERED]}..."
    parts = _VALUE.split(message)
    words: list[str] = parts[:1]
    values: list[str] = []
    for value, following in zip(parts[1::2], parts[2::2], strict=True):
        before = words[-1]
        if value[0].isdigit():
            kept = before.rstrip(_OF_WORDS)
            value, before = before[len(kept) :] + value, kept
        if before in _BETWEEN and values:
            values[-1] += before + value
            words[-1] = following
        else:
            words[-1] = before
            values.append(value)
            words.append(following)
    return tuple(words), values
