"""The order of a column's values as a list of record ids, and how new ones come into it."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["Key", "Order", "merged"]


class Key(NamedTuple):
    """A value as it is sorted: numbers, then texts, then what is missing."""

    kind: int
    value: Any

    @classmethod
    def of(cls, value: Any) -> Key:
        """The key of a number, of a text's bytes, or of None."""
        if value is None:
            return _MISSING
        return cls(0 if isinstance(value, int | float) else 1, value)


_MISSING = Key(2, 0)


@dataclass(frozen=True, slots=True)
class Order:
    """Record ids by value and then by id.

    Attributes
    ----------
    ids : array
        First the ``filled`` ones that have a value, lowest first, then the others.
    """

    ids: array[int]
    filled: int

    @classmethod
    def read(cls, blob: bytes, filled: int) -> Order:
        """The order that ``blob`` gave."""
        ids = array("q")
        ids.frombytes(blob)
        if sys.byteorder == "big":
            ids.byteswap()
        return cls(ids, filled)

    def blob(self) -> bytes:
        """8 bytes an id, the lowest first on any machine."""
        if sys.byteorder == "little":
            return self.ids.tobytes()
        turned = array("q", self.ids)
        turned.byteswap()
        return turned.tobytes()

    def in_direction(self, *, is_descending: bool) -> array[int]:
        """The ids as a table shows them: what has no value is last either way."""
        if not is_descending:
            return self.ids
        ids = self.ids[: self.filled]
        ids.reverse()
        missing = self.ids[self.filled :]
        missing.reverse()
        ids.extend(missing)
        return ids


def merged(
    order: Order,
    dropped: Set[int],
    pairs: Iterable[tuple[int, Any]],
    key_at: Callable[[int], Key],
) -> Order:
    """The order with the records of ``pairs`` (id and value) in their places.

    Parameters
    ----------
    dropped : set of int
        Ids that the order has in places that are not theirs any more.
    key_at : callable
        The key of an id that the order has.
    """
    ids, filled = order.ids, order.filled
    if dropped:
        filled -= sum(1 for number in ids[:filled] if number in dropped)
        ids = array("q", (number for number in ids if number not in dropped))
    placed: array[int] = array("q")
    start = 0
    new = sorted((Key.of(value), record_id) for record_id, value in pairs)
    for key, record_id in new:
        place = bisect_left(ids, (key, record_id), start, len(ids), key=lambda at: (key_at(at), at))
        placed.extend(ids[start:place])
        placed.append(record_id)
        start = place
    placed.extend(ids[start:])
    return Order(placed, filled + sum(1 for key, _ in new if key != _MISSING))
