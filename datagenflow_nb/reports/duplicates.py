"""The texts of one field: which are the same, which nearly, how varied all of them are."""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable, Sequence
from itertools import islice

import numpy as np

from .digests import Digests, digest_of
from .minhash import PERMUTATIONS, SMALLEST, group_near, sign, smallest
from .values import Diversity, Duplicates, Group
from .words import Grams, Vocabulary, grams_of

__all__ = ["MIN_WORDS", "MOST_COMPARED", "SHINGLE", "Quote", "Room", "Texts", "plain"]

#: Words of a shingle, and of a text that is compared with others.
SHINGLE, MIN_WORDS = 3, 5
#: Texts of a field that are compared with each other, 768 bytes each.
MOST_COMPARED = 100_000
#: Words that are worked on at once.
_BATCH = 60_000
#: Groups that are shown, and texts of one.
_EXAMPLES, _TEXTS = 3, 3

#: The beginnings of these records' texts; records that are gone have none.
Quote = Callable[[Sequence[int]], dict[int, str]]


class Room:
    """What the texts of all fields share.

    Parameters
    ----------
    fields : int
        So many fields may have their texts compared with each other.
    """

    def __init__(self, fields: int) -> None:
        self.vocabulary = Vocabulary()
        self._fields = fields

    def take(self) -> bool:
        """Whether one more field may; it has then."""
        self._fields -= 1
        return self._fields >= 0


class Texts:
    """Takes the texts of one field.

    Of more than ``most`` different ones a random part is compared (reservoir sampling).
    """

    def __init__(self, room: Room, most: int = MOST_COMPARED) -> None:
        self._room = room
        #: Whether they are compared with each other; None until there is something to compare.
        self._compares: bool | None = None
        self._most = most
        self._random = random.Random(0)
        self._same = Digests()
        self._words, self._pairs = Grams(), Grams()
        self._batch: list[tuple[np.ndarray, int | None]] = []
        self._size = 0
        #: Of each text that is compared: its place by digest; digest, records and the first of them
        #: by place.
        self._places: dict[int, int] = {}
        self._digests, self._counts, self._firsts = array("Q"), array("q"), array("q")
        self._signed = np.empty((64, PERMUTATIONS), dtype=np.uint16)
        self._kept = np.empty((64, SMALLEST), dtype=np.uint32)
        self._seen = self._long = 0

    def add(self, text: str, record_id: int) -> int:
        """Take a text; gives how many words it has."""
        text = plain(text)
        digest = digest_of(text)
        self._same.add(digest, record_id)
        words = self._room.vocabulary.numbers(text)
        place = self._place(digest, record_id) if len(words) >= MIN_WORDS else None
        self._batch.append((words, place))
        self._size += len(words)
        if self._size > _BATCH:
            self._work()
        return len(words)

    def _place(self, digest: int, record_id: int) -> int | None:
        """Where its signature goes; None when there is one already, or it is left out."""
        if self._compares is None:
            self._compares = self._room.take()
        if not self._compares:
            return None
        self._long += 1
        known = self._places.get(digest)
        if known is not None:
            self._counts[known] += 1
            return None
        self._seen += 1
        place = len(self._digests)
        if place < self._most:
            self._digests.append(digest)
            self._counts.append(1)
            self._firsts.append(record_id)
        else:
            place = int(self._random.random() * self._seen)
            if place >= self._most:
                return None
            del self._places[self._digests[place]]
            self._digests[place], self._counts[place] = digest, 1
            self._firsts[place] = record_id
        self._places[digest] = place
        return place

    def _work(self) -> None:
        """Count and sign the texts of the batch."""
        batch, self._batch, self._size = self._batch, [], 0
        if not batch:
            return
        words = np.concatenate([text for text, _ in batch])
        ends = np.cumsum([len(text) for text, _ in batch])
        self._words.add(words)
        self._pairs.add(grams_of(words, ends, 2))
        to_sign = [(text, place) for text, place in batch if place is not None]
        if not to_sign:
            return
        places = np.array([place for _, place in to_sign])
        lengths = np.array([len(text) for text, _ in to_sign])
        shingles = grams_of(
            np.concatenate([text for text, _ in to_sign]), np.cumsum(lengths), SHINGLE
        )
        starts = np.zeros(len(lengths), dtype=np.int64)
        starts[1:] = np.cumsum(lengths - SHINGLE + 1)[:-1]
        while len(self._signed) <= places.max():
            more = min(len(self._signed), self._most - len(self._signed))
            self._signed, self._kept = (
                np.concatenate([rows, np.empty_like(rows[:more])])
                for rows in (self._signed, self._kept)
            )
        self._signed[places] = sign(shingles, starts)
        for place, own in zip(places, np.split(shingles, starts[1:]), strict=True):
            self._kept[place] = smallest(own)

    def diversity(self) -> Diversity:
        """How varied their words are."""
        self._work()
        return Diversity(
            self._words.total,
            self._pairs.total,
            self._words.share(),
            self._pairs.share(),
            self._words.is_estimated or self._pairs.is_estimated,
        )

    def duplicates(self, quote: Quote) -> Duplicates:
        """Which are the same, and which nearly."""
        self._work()
        same = self._same.repeats(_EXAMPLES)
        near = self._near()
        return Duplicates(
            same=same.records - same.groups,
            same_groups=same.groups,
            is_estimated=self._same.is_estimated,
            is_compared=self._compares is not False,
            near=sum(self._counts[place] for group in near for place in group),
            near_groups=len(near),
            compared=len(self._digests),
            left_out=self._long - sum(self._counts),
            same_examples=[_group(count, ids, quote, 1) for count, ids in same.largest],
            near_examples=[self._example(group, quote) for group in near[:_EXAMPLES]],
        )

    def _near(self) -> list[list[int]]:
        """Places of texts that are near to another one, the group of most records first."""
        found: dict[int, list[int]] = {}
        count = len(self._digests)
        groups = group_near(self._signed[:count], self._kept[:count])
        for place, group in enumerate(groups.tolist()):
            found.setdefault(group, []).append(place)
        several = [group for group in found.values() if len(group) > 1]
        return sorted(several, key=lambda group: -sum(self._counts[place] for place in group))

    def _example(self, group: list[int], quote: Quote) -> Group:
        count = sum(self._counts[place] for place in group)
        return _group(count, [self._firsts[place] for place in group[:5]], quote, _TEXTS)


def plain(text: str) -> str:
    """``text`` without what does not matter for being the same: case, and how white space is."""
    return " ".join(text.split()).casefold()


def _group(count: int, ids: list[int], quote: Quote, texts: int) -> Group:
    return Group(count, ids, list(islice(quote(ids[:texts]).values(), texts)))
