"""Which records are meant, and in which order: one value for tables, files and the review.

Pure: it knows no store. ``options()`` says it in the words that every face has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from .conditions import OPERATORS, QUERY_COLUMNS, FieldFilter, Sort, state_field
from .errors import ValidationError, suggest
from .whole import LARGEST, as_whole, told

__all__ = [
    "OPERATORS",
    "OUTCOMES",
    "QUERY_COLUMNS",
    "REVIEW_STATUSES",
    "FieldFilter",
    "RecordQuery",
    "Sort",
    "parse_ids",
    "state_field",
]

REVIEW_STATUSES = ("pending", "accepted", "rejected")
OUTCOMES = ("failed", "filtered")
_STATUSES = (*REVIEW_STATUSES, *OUTCOMES)

_RUN = re.compile(r"\s*(\d{1,19})\s*(?:-\s*(\d{1,19})\s*)?")


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """Records of which all of this holds, in this order; without any of it all current ones.

    Attributes
    ----------
    job_ids, statuses : tuple, optional
        Of one of these; None: of any.
    search : str
        Words that all occur somewhere in the record, in any case and with any accents; ``word*`` is
        how one begins, ``"a phrase"`` words in this order.
    tags : tuple of str
        All of these.
    reviewer : str, optional
    is_edited, has_note : bool, optional
    verdict : str, optional
        What the pipeline's rule said.
    reason : str
        Part of why the record failed or was filtered.
    where : tuple of FieldFilter
    ids : tuple of (int, int), optional
        Runs of record ids, ends included, in order and apart.
    current_only : bool
        Without the records that a later attempt has replaced.
    sort : tuple of Sort
        What is equal in the first is in the order of the second, at last of the ids, in the last
        one's direction.

    Raises
    ------
    ValidationError
    """

    job_ids: tuple[int, ...] | None = None
    statuses: tuple[str, ...] | None = None
    search: str = ""
    tags: tuple[str, ...] = ()
    reviewer: str | None = None
    is_edited: bool | None = None
    has_note: bool | None = None
    verdict: str | None = None
    reason: str = ""
    where: tuple[FieldFilter, ...] = ()
    ids: tuple[tuple[int, int], ...] | None = None
    current_only: bool = True
    sort: tuple[Sort, ...] = ()

    def __post_init__(self) -> None:
        for name, types, what in _PLAIN:
            if not isinstance(getattr(self, name), types):
                value = told(getattr(self, name))
                raise ValidationError(f"{name} of the selection is {value}, expected {what}")
        if self.job_ids is not None:
            jobs = tuple(_whole(value, "job number") for value in _several(self.job_ids, "job_ids"))
            object.__setattr__(self, "job_ids", jobs)
        if self.statuses is not None:
            statuses = _texts(self.statuses, "statuses")
            for status in statuses:
                if status not in _STATUSES:
                    raise ValidationError(
                        f"record status {status!r} is unknown; {suggest(status, _STATUSES)}",
                        {"status": status, "statuses": list(_STATUSES)},
                    )
            object.__setattr__(self, "statuses", statuses)
        object.__setattr__(self, "tags", _texts(self.tags, "tags"))
        for name, kind in (("where", FieldFilter), ("sort", Sort)):
            given = _several(getattr(self, name), name)
            for value in given:
                if not isinstance(value, kind):
                    raise ValidationError(f"{name} holds {told(value)}, expected {kind.__name__}s")
            object.__setattr__(self, name, given)
        if self.ids is not None:
            object.__setattr__(self, "ids", _merged(_several(self.ids, "ids")))

    def to_dict(self) -> dict[str, Any]:
        """JSON values by name, those left out that say nothing."""
        held: dict[str, Any] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if value == item.default:
                continue
            if item.name in ("where", "sort"):
                value = [part.to_dict() for part in value]
            elif item.name == "ids":
                value = [list(run) for run in value]
            held[item.name] = list(value) if isinstance(value, tuple) else value
        return held

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> RecordQuery:
        """The query that ``to_dict`` gave.

        Raises
        ------
        ValidationError
            For an unknown name, with the nearest ones, and a value that cannot be.
        """
        values = _known(held, cls, "a selection of records")
        for name, kind in (("where", FieldFilter), ("sort", Sort)):
            if name in values:
                values[name] = tuple(
                    kind(**_known(part, kind, f"{name} of a selection"))
                    for part in _several(values[name], name)
                )
        return cls(**values)

    def options(self) -> list[str]:
        """The words after ``%dgf export ID PATH`` that select the same records of a job."""
        if self.statuses == ():
            raise ValidationError("the selection has no status: no words select nothing")
        # An export without --status takes these two.
        is_usual = self.statuses is not None and set(self.statuses) == {"pending", "accepted"}
        words = []
        for status in () if is_usual else self.statuses or _STATUSES:
            words += _option("status", status)
        if self.search:
            words += _option("search", self.search)
        for tag in self.tags:
            words += _option("tags", tag)
        if self.reviewer is not None:
            words += _option("reviewer", self.reviewer)
        if self.is_edited is not None:
            words.append("--edited" if self.is_edited else "--no-edited")
        for condition in (*self._as_conditions(), *self.where):
            words += _option("where", str(condition))
        if self.ids is not None:
            runs = (str(a) if a == b else f"{a}-{b}" for a, b in self.ids)
            words += _option("ids", ",".join(runs))
        if not self.current_only:
            words.append("--all-attempts")
        for sort in self.sort:
            words += _option("sort", str(sort))
        return words

    def _as_conditions(self) -> Iterable[FieldFilter]:
        if self.has_note is not None:
            yield FieldFilter("record.note", "is not empty" if self.has_note else "is empty")
        if self.verdict is not None:
            yield FieldFilter("record.verdict", "=", self.verdict)
        if self.reason:
            yield FieldFilter("reason", "contains", self.reason)


#: Attributes that hold one plain value: name, types, in words.
_PLAIN: Final[tuple[tuple[str, Any, str], ...]] = (
    ("search", str, "a text"),
    ("reviewer", str | None, "a name"),
    ("is_edited", bool | None, "True, False or None"),
    ("has_note", bool | None, "True, False or None"),
    ("verdict", str | None, "a text"),
    ("reason", str, "a text"),
    ("current_only", bool, "True or False"),
)


def parse_ids(text: str) -> tuple[tuple[int, int], ...]:
    """Record ids as they are typed.

    >>> parse_ids("1,5,7-20")
    ((1, 1), (5, 5), (7, 20))

    Raises
    ------
    ValidationError
    """
    runs = []
    for part in text.split(",") if text.strip() else ():
        found = _RUN.fullmatch(part)
        if found is None:
            raise ValidationError(
                f"{told(part.strip())} in the ids {told(text)} is no record id; expected ids and "
                "runs of them, such as 1,5,7-20"
            )
        runs.append((int(found[1]), int(found[2] or found[1])))
    return _merged(runs)


def _merged(runs: Iterable[Sequence[Any]]) -> tuple[tuple[int, int], ...]:
    checked = []
    for run in runs:
        if not isinstance(run, Sequence) or isinstance(run, str) or len(run) != 2:
            raise ValidationError(f"ids hold {told(run)}, expected runs such as (7, 20)")
        first, last = (_whole(value, "record id") for value in run)
        if last < first:
            raise ValidationError(f"the run of ids {first}-{last} ends before it begins")
        checked.append((first, last))
    merged: list[tuple[int, int]] = []
    for first, last in sorted(checked):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def _whole(value: Any, what: str) -> int:
    number = as_whole(value)
    if number is None:
        raise ValidationError(f"{what} {told(value)} is no whole number")
    if not -LARGEST <= number <= LARGEST:
        raise ValidationError(f"{what} {told(value)} is larger than any there can be")
    return number


def _several(value: Any, what: str) -> tuple[Any, ...]:
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise ValidationError(f"{what} of the selection is {told(value)}, expected a list")
    return tuple(value)


def _texts(value: Any, what: str) -> tuple[str, ...]:
    given = _several(value, what)
    for item in given:
        if not isinstance(item, str):
            raise ValidationError(f"{what} hold {told(item)}, expected texts")
    return given


def _known(held: Any, kind: Any, what: str) -> dict[str, Any]:
    names = [item.name for item in fields(kind)]
    if not isinstance(held, Mapping):
        raise ValidationError(f"{what} is {told(held)}, expected an object with {', '.join(names)}")
    for name in held:
        if name not in names:
            raise ValidationError(f"{what} has no {name!r}; {suggest(str(name), names)}")
    return dict(held)


def _option(name: str, value: str) -> list[str]:
    # A value that begins with "-" would be taken for an option.
    return [f"--{name}={value}"] if value.startswith("-") or not value else [f"--{name}", value]
