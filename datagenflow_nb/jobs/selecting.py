"""Which records are meant, as users say it: the same words in Python, magics and command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypedDict

from ..conditions import FieldFilter, Sort
from ..errors import ConfigError, ValidationError, suggest
from ..query import RecordQuery, parse_ids
from ..storage.id_runs import pairs_of
from ..storage.reading import pages_of
from ..storage.records import Record
from ..storage.selection import SelectionTable
from ..storage.store import Store
from ..whole import as_whole, told
from .naming import check_columns
from .statuses import as_statuses

__all__ = ["Chosen", "Selecting", "query_of", "split_options"]


class Selecting(TypedDict, total=False):
    """What narrows records down and orders them; what is left out narrows nothing.

    Attributes
    ----------
    search : str
        Words that all occur in the record: ``tea``, ``begin*``, ``"a phrase"``.
    where : str or list of str
        Conditions on fields: ``score >= 0.7``, ``topic contains tea``, ``text is empty``.
    tags : str or list of str
        All of these.
    reviewer : str
        Who decided last.
    ids : str or list of int
        ``"1,5,7-20"`` or ``[1, 5]``.
    edited : bool
        Only edited ones, or only others.
    all_attempts : bool
        Also records that a later attempt has replaced.
    sort : str or list of str
        Columns to sort by, ``-score`` for the highest first.
    """

    search: str
    where: str | FieldFilter | Iterable[str | FieldFilter]
    tags: str | Sequence[str]
    reviewer: str | None
    ids: str | Iterable[int] | None
    edited: bool | None
    all_attempts: bool
    sort: str | Sort | Iterable[str | Sort]


_NAMES = tuple(Selecting.__annotations__)


def split_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options that select, and the others."""
    ours = {name: value for name, value in options.items() if name in _NAMES}
    return ours, {name: value for name, value in options.items() if name not in _NAMES}


def query_of(
    job_id: int | None,
    status: str | Sequence[str] | None,
    selection: Mapping[str, Any],
    others: Sequence[str] = (),
) -> RecordQuery:
    """The query that a user's words say.

    Parameters
    ----------
    others : sequence of str
        What the caller takes besides, for the message about an option there is not.

    Raises
    ------
    ConfigError
        For an option there is not, with the nearest ones.
    ValidationError
        For a value that says nothing.
    """
    for name in selection:
        if name not in _NAMES:
            raise ConfigError(
                f"option {name!r} is unknown; {suggest(name, (*_NAMES, *others))}", {"option": name}
            )
    for name in ("edited", "all_attempts"):
        value = selection.get(name)
        if value is not None and not isinstance(value, bool):
            raise ValidationError(f"{name} is {told(value)}, expected True or False")
    for name in ("search", "reviewer"):
        value = selection.get(name)
        if value is not None and not isinstance(value, str):
            raise ValidationError(f"{name} is {told(value)}, expected a text")
    statuses = as_statuses(status)
    ids = selection.get("ids")
    return RecordQuery(
        job_ids=None if job_id is None else (job_id,),
        statuses=None if statuses is None else tuple(statuses),
        search=selection.get("search") or "",
        tags=tuple(_several(selection.get("tags"), str, "tags")),
        reviewer=selection.get("reviewer"),
        is_edited=selection.get("edited"),
        where=tuple(
            FieldFilter.parse(part) if isinstance(part, str) else part
            for part in _several(selection.get("where"), (str, FieldFilter), "where")
        ),
        ids=None if ids is None else parse_ids(ids) if isinstance(ids, str) else _runs(ids),
        current_only=not selection.get("all_attempts"),
        sort=tuple(
            Sort.parse(part) if isinstance(part, str) else part
            for part in _several(selection.get("sort"), (str, Sort), "sort")
        ),
    )


class Chosen:
    """The records of a query in its order, some hundred in memory at a time, as often as called.

    Parameters
    ----------
    ids : sequence of int, optional
        What the query gave before; None: it is asked at each call.
    part : slice, optional
        Only these of its records.

    Attributes
    ----------
    left_out : int
        Records that did not match any more when they were read, at the last call.
    """

    def __init__(
        self,
        store: Store,
        query: RecordQuery,
        ids: Sequence[int] | None = None,
        part: slice = slice(None),
    ) -> None:
        self._store = store
        self._query = query
        self._ids = ids
        self._part = part
        self.left_out = 0

    def __call__(self) -> Iterator[Record]:
        self.left_out = 0
        ids = self._ids
        if ids is None:
            check_columns(self._store, self._query)
            ids = SelectionTable(self._store).ids(self._query)
        for part, records in pages_of(self._store, self._query, ids[self._part]):
            self.left_out += len(part) - len(records)
            yield from records


def _several(given: Any, kind: Any, what: str) -> list[Any]:
    if given is None:
        return []
    if isinstance(given, kind):
        return [given]
    if not isinstance(given, Iterable):
        raise ValidationError(f"{what} is {told(given)}, expected a text or a list of them")
    values = list(given)
    for value in values:
        if not isinstance(value, kind):
            raise ValidationError(f"{what} holds {told(value)}, expected texts")
    return values


def _runs(ids: Any) -> tuple[tuple[int, int], ...]:
    if not isinstance(ids, Iterable):
        raise ValidationError(f"ids are {told(ids)}, expected a list or a text such as '1,5,7-20'")
    numbers = []
    for value in ids:
        number = as_whole(value)
        if number is None:
            raise ValidationError(f"record id {told(value)} is no whole number")
        numbers.append(number)
    return pairs_of(numbers)
