"""One field, value by value."""

from __future__ import annotations

import math
import random
from collections import Counter
from itertools import islice
from typing import Any

from ..displays.text import shorten
from ..records import encode
from .digests import Digests, digest_of
from .duplicates import Quote, Room, Texts
from .spreads import Numbers
from .values import FieldReport

__all__ = ["Field"]

#: Different values among which the most frequent ones are looked for, and how many are told: all
#: where they are few, else those that so large a share has.
_MOST_VALUES, _VALUES, _FEW, _SHARE = 1_000, 12, 12, 0.02
#: Different keys of objects that are counted, how many are told, and characters that tell one.
_MOST_KEYS, _KEYS, _LONG = 1_000, 20, 200
#: Examples, and columns of a value that is told.
_EXAMPLES, _WIDTH = 3, 120


class Field:
    """Takes the values of one field."""

    def __init__(self, name: str, room: Room) -> None:
        self.name = name
        self._random = random.Random(0)
        self._texts = Texts(room)
        self._blocks: Counter[str] = Counter()
        self._filled = self._empty = self._null = self._edited = 0
        self._kinds: Counter[str] = Counter()
        self._digests = Digests()
        #: Of the values so far: how often, how they are shown, and whether they are texts; None
        #: when they are too many.
        self._values: dict[int, list[Any]] | None = {}
        self._examples: list[tuple[int, str]] = []
        self._numbers, self._characters, self._words, self._items = (Numbers() for _ in range(4))
        self._keys: Counter[str] = Counter()

    def add(self, value: Any, record_id: int, block: str | None, *, is_edited: bool) -> None:
        """Take the value of a record, and the block that set it last."""
        if block is not None:
            self._blocks[block] += 1
        self._edited += is_edited
        if value is None:
            self._null += 1
        elif _is_empty(value):
            self._empty += 1
        else:
            self._filled += 1
            self._count(value, record_id)
            self._draw(value, record_id)

    def _count(self, value: Any, record_id: int) -> None:
        # A number and the text that is written like it are two values.
        kind = "text" if isinstance(value, str) else "json"
        digest = digest_of(f"{kind}:{_text_of(value)}")
        self._digests.add(digest, record_id)
        self._remember(digest, value)
        if isinstance(value, str):
            self._kinds["text"] += 1
            self._characters.add(len(value))
            self._words.add(self._texts.add(value, record_id))
        elif isinstance(value, bool):
            self._kinds["boolean"] += 1
        elif isinstance(value, int | float):
            self._kinds["number"] += 1
            number = _as_float(value)
            if number is not None:
                self._numbers.add(number)
        else:
            self._items.add(len(value))
            if isinstance(value, dict):
                self._kinds["object"] += 1
                if len(self._keys) < _MOST_KEYS:
                    self._keys.update(key[:_LONG] for key in islice(value, _MOST_KEYS))
            else:
                self._kinds["list"] += 1

    def _remember(self, digest: int, value: Any) -> None:
        if self._values is None:
            return
        known = self._values.get(digest)
        if known is not None:
            known[0] += 1
        elif len(self._values) < _MOST_VALUES:
            self._values[digest] = [1, shorten(value, _WIDTH), isinstance(value, str)]
        else:
            self._values = None

    def _draw(self, value: Any, record_id: int) -> None:
        if len(self._examples) < _EXAMPLES:
            self._examples.append((record_id, shorten(value, _WIDTH)))
        elif (place := int(self._random.random() * self._filled)) < _EXAMPLES:
            self._examples[place] = (record_id, shorten(value, _WIDTH))

    def report(self, records: int, output_field: str | None, quote: Quote) -> FieldReport:
        """What it is like, among so many records."""
        there = self._filled + self._empty + self._null
        keys = self._keys.most_common()
        has_texts = self._kinds["text"] > 0
        return FieldReport(
            name=self.name,
            source="block" if self._blocks else "seed",
            blocks=[block for block, _ in self._blocks.most_common()],
            is_output=self.name == output_field,
            filled=self._filled,
            empty=self._empty,
            null=self._null,
            missing=records - there,
            edited=self._edited,
            kinds=dict(self._kinds.most_common()),
            distinct=self._digests.distinct(),
            distinct_is_estimated=self._digests.is_estimated,
            examples=sorted(self._examples),
            values=self._frequent(),
            numbers=self._numbers.spread(),
            characters=self._characters.spread(),
            words=self._words.spread(),
            items=self._items.spread(),
            keys=keys[:_KEYS],
            more_keys=len(keys[_KEYS:]),
            diversity=self._texts.diversity() if has_texts else None,
            duplicates=self._texts.duplicates(quote) if has_texts else None,
        )

    def _frequent(self) -> list[tuple[str, int]]:
        """The most frequent values, where some come more than once."""
        if not self._values or max(known[0] for known in self._values.values()) == 1:
            return []
        others = {shown for _, shown, is_text in self._values.values() if not is_text}
        ordered = sorted(self._values.values(), key=lambda known: -known[0])[:_VALUES]
        if len(self._values) > _FEW:
            least = max(2, _SHARE * self._filled)
            ordered = [known for known in ordered if known[0] >= least]
        # A text that is written like a number beside it stands in quotes.
        return [
            (f'"{shown}"' if is_text and shown in others else shown, count)
            for count, shown, is_text in ordered
        ]


def _text_of(value: Any) -> str:
    """What tells a value from others; ``1`` and ``1.0`` are one."""
    if isinstance(value, str):
        return value
    return encode(int(value) if isinstance(value, float) and value.is_integer() else value)


def _is_empty(value: Any) -> bool:
    if isinstance(value, str):
        return not value or value.isspace()
    return isinstance(value, list | dict) and not value


def _as_float(value: float) -> float | None:
    """None for an integer that is too large for one."""
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
