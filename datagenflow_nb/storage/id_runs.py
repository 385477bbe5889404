"""Record ids as runs: 1,000,000 of them are most often a few pairs of first and last."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import ValidationError
from ..records import encode
from ..whole import LARGEST, as_whole, told

__all__ = ["OF_RUNS", "Runs", "add_to", "check_ids", "count_of", "pairs_of", "runs_of", "runs_text"]

_BYTES = bytes | bytearray | memoryview

#: Sorted, apart from each other, both ends included.
Runs = list[list[int]]

#: ``FROM ...`` of a query over the records (``r``) of the runs that are its one parameter, in order
#: of their ids. CROSS JOIN: each run is looked up by the table's key.
OF_RUNS = (
    "json_each(?) AS k CROSS JOIN records AS r ON r.id BETWEEN json_extract(k.value, '$[0]') "
    "AND json_extract(k.value, '$[1]')"
)


def check_ids(records: Any) -> list[int]:
    """Record ids out of a list, a DataFrame's column, an array.

    Raises
    ------
    ValidationError
        When there is one that is no whole number.
    """
    if isinstance(records, range) or (isinstance(records, array) and records.typecode == "q"):
        return list(records)
    # Bytes are numbers to Python, and a mapping's keys may be: neither is meant as ids.
    if not isinstance(records, Iterable) or isinstance(records, _BYTES | Mapping):
        raise ValidationError(
            f"{told(records)} is no list of record ids, such as [1, 2]; nothing was changed"
        )
    ids = []
    for value in records:
        number = as_whole(value)
        if number is None:
            raise ValidationError(
                f"record id {told(value)} is no whole number; nothing was changed"
            )
        ids.append(number)
    return ids


def runs_of(ids: Iterable[int]) -> Runs:
    """The ids in order, each once.

    >>> runs_of([7, 2, 1, 3, 7])
    [[1, 3], [7, 7]]
    """
    if isinstance(ids, range) and ids.step == 1:
        return [[ids.start, ids.stop - 1]] if ids else []
    runs: Runs = []
    for number in sorted(set(map(int, ids))):
        add_to(runs, number)
    return runs


def pairs_of(ids: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """The runs of ids as ``RecordQuery.ids`` has them."""
    return tuple((first, last) for first, last in runs_of(ids))


def add_to(runs: Runs, number: int) -> None:
    """Put a number that is larger than all there are."""
    if runs and runs[-1][1] == number - 1:
        runs[-1][1] = number
    else:
        runs.append([number, number])


def count_of(runs: Runs) -> int:
    """How many ids there are.

    >>> count_of([[1, 3], [7, 7]])
    4
    """
    return sum(last - first + 1 for first, last in runs)


def runs_text(runs: Runs) -> str:
    """The parameter of ``OF_RUNS``; what no row can have is left out."""
    return encode([[max(a, -LARGEST), min(b, LARGEST)] for a, b in runs if a <= LARGEST])
