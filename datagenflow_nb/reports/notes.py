"""How figures came about: what is estimated, drawn at random or left out."""

from __future__ import annotations

from collections.abc import Sequence

from ..displays.text import plural
from .duplicates import MIN_WORDS, MOST_COMPARED, SHINGLE
from .minhash import SMALLEST, THRESHOLD
from .spreads import MOST_NUMBERS
from .survey import MOST_COMPARED_FIELDS, MOST_FIELDS, Survey
from .values import FieldReport

__all__ = ["notes_of"]


def notes_of(found: Survey, told: str) -> list[str]:
    """What a reader should know of the figures; ``told``: which records they are about."""
    if not found.records:
        return []
    notes = [f"Figures of fields are those of records that are {told}."]
    if found.records < found.matching:
        notes.append(
            f"Read were {found.records:,} of {plural(found.matching, 'record')}, drawn at random "
            "(the same each time): fields and duplicates are about these alone."
        )
    if found.left_out:
        notes.append(
            f"The first {MOST_FIELDS} fields are told of; there are {found.left_out:,} others."
        )
    return notes + [note for note in _of_fields(found.fields) if note]


def _of_fields(fields: Sequence[FieldReport]) -> list[str | None]:
    compared = [field.duplicates for field in fields if field.duplicates is not None]
    spreads = [
        spread
        for field in fields
        for spread in (field.numbers, field.characters, field.words, field.items)
        if spread is not None
    ]
    counted = (
        any(field.distinct_is_estimated for field in fields)
        or any(found.is_estimated for found in compared)
        or any(field.diversity and field.diversity.is_estimated for field in fields)
    )
    return [
        _SAME if compared else None,
        _DISTINCT if compared else None,
        _NEAR if any(found.compared for found in compared) else None,
        f"Texts of more than {MOST_COMPARED_FIELDS} fields: the output and the blocks' fields come "
        "first, those of the others were not compared for near-duplicates."
        if any(not found.is_compared for found in compared)
        else None,
        f"More than {MOST_COMPARED:,} different texts: a random part of them was compared for "
        "near-duplicates, and the figure is about these."
        if any(found.left_out for found in compared)
        else None,
        f"More than {MOST_NUMBERS:,} values: quartiles and histograms come from so many, drawn at "
        "random; minimum, maximum and mean are of all."
        if any(spread.is_estimated for spread in spreads)
        else None,
        "Very many different values: what is counted by a part of them is told with 'about'."
        if counted
        else None,
    ]


_SAME = (
    "Texts are the same when they differ in case and white space at most. Words are runs of "
    "letters and digits; in Chinese and Japanese each character is one."
)
_DISTINCT = (
    "distinct-1 and distinct-2 are the shares of different words, and of different pairs of words, "
    "among all (Li et al. 2016); the more text, the lower: compare datasets of one size."
)
_NEAR = (
    f"Texts of {MIN_WORDS} words or more are near-duplicates when the Jaccard similarity of their "
    f"groups of {SHINGLE} words is {THRESHOLD} or more (of texts of more than {SMALLEST} words, "
    f"estimated from {SMALLEST} groups); what is near to one of a group joins it."
)
