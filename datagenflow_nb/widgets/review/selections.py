"""The records that match a query, in an order that stays while they are decided on."""

from __future__ import annotations

import contextlib
import itertools
import threading
import weakref
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from ...errors import ConfigError
from ...jobs.naming import check_columns
from ...query import RecordQuery
from ...storage.fields import FieldInfo
from ...storage.selection import SelectionTable
from ...storage.store import Store

__all__ = ["Selection", "Selections"]

_Answer = TypeVar("_Answer")

#: The largest id of a record and of an act, how many acts are undone, when last; acts of here.
Seen = tuple[int, int, int, str, int]
#: The latest acts, among which others' undoing is noticed.
_UNDONE = 2_000

#: One for all reviews of a store: each makes its indexes in a thread of its own.
_tables: weakref.WeakValueDictionary[Store, SelectionTable] = weakref.WeakValueDictionary()
#: Selections kept for the views of a widget; each view looks at one.
_KEPT = 8
#: Records whose status is looked up at once.
_PAGE = 500


@dataclass(slots=True)
class Selection:
    """What a query found when it was asked.

    Attributes
    ----------
    ids : array
        Of the records, in the query's order. New records come to its end where that is their place
        in the order; nothing else moves.
    seen : tuple
        How much it knows of: the largest id of a record, then what tells acts.
    """

    number: int
    query: RecordQuery
    ids: array[int]
    seen: Seen
    lock: threading.Lock = field(default_factory=threading.Lock)
    #: Records that took others' places: they are no news.
    exchanged: set[int] = field(default_factory=set)


class Selections:
    """Selections by number.

    Parameters
    ----------
    job_ids : tuple of int, optional
        Whatever a query says, only these jobs' records.
    """

    def __init__(self, store: Store, job_ids: tuple[int, ...] | None) -> None:
        self._store = store
        self._table = _tables.get(store) or SelectionTable(store)
        _tables[store] = self._table
        self._job_ids = job_ids
        self._numbers = itertools.count(1)
        self._open: dict[int, Selection] = {}
        self._answers: dict[RecordQuery | None, tuple[Seen, Any]] = {}
        self._acts = 0
        #: How many queries a browser has asked, and the selection that the latest found.
        self._asked = 0
        self._shown: int | None = None
        #: Questions that are being answered, each with how many wait for it.
        self._asking: dict[tuple[Any, ...], tuple[threading.Lock, int]] = {}
        self._lock = threading.Lock()

    def has_acted(self) -> None:
        """Records were changed here: what was answered before may be wrong."""
        self._acts += 1

    def exchange(self, gone: Sequence[int], new: Sequence[int]) -> None:
        """Records gave way to as many others, which take their rows in what is open."""
        with self._lock:
            known = list(self._open.values())
        if len(gone) != len(new):
            return  # as many rows more or less: to be asked anew
        for selection in known:
            with selection.lock:
                selection.exchanged.update(new)
                for old, other in zip(gone, new, strict=True):
                    if old in selection.ids:
                        selection.ids[selection.ids.index(old)] = other

    def query(self, held: Mapping[str, Any]) -> RecordQuery:
        """The query that a browser asks for, of these jobs alone."""
        query = replace(RecordQuery.from_dict(held), job_ids=self._job_ids)
        check_columns(self._store, query)
        return query

    def open(self, query: RecordQuery) -> Selection:
        """Ask the store; the selection stays as it is until it is asked again.

        The same one as before when nothing has happened since.
        """
        with self._only_one("ids", query):
            seen = self._latest()
            with self._lock:
                for known in self._open.values():
                    if known.query == query and known.seen == seen:
                        return known
            found = Selection(next(self._numbers), query, self._table.ids(query), seen)
            with self._lock:
                self._open[found.number] = found
                for number in list(self._open)[:-_KEPT]:
                    del self._open[number]
            return found

    def get(self, number: Any) -> Selection:
        """The selection of that number.

        Raises
        ------
        ConfigError
            When it is not kept any more; detail ``kind`` is ``selection_gone``.
        """
        with self._lock:
            found = self._open.pop(number, None)
            if found is not None:
                self._open[number] = found  # the latest last
        if found is None:
            raise ConfigError(f"selection {number!r} is gone", {"kind": "selection_gone"})
        return found

    def asks(self) -> int:
        """A browser asks another query: until it is answered, it shows none. The question's
        number."""
        with self._lock:
            self._asked += 1
            self._shown = None
            return self._asked

    def shows(self, question: int, found: Selection) -> None:
        """A question was answered; unless another one has been asked since, it is what is shown."""
        with self._lock:
            if question == self._asked:
                self._shown = found.number

    def shown(self, number: Any) -> Selection:
        """The selection of that number, for what is done to many of its records.

        Raises
        ------
        ConfigError
            When it is not what the latest query found; detail ``kind`` is ``selection_old``.
        """
        if number != self._shown:
            raise ConfigError(
                f"selection {number!r} is not what the latest query found; look at its records, "
                "and select them again",
                {"kind": "selection_old"},
            )
        return self.get(number)

    def counts(self, query: RecordQuery) -> dict[str, int]:
        """Number of records by status, whatever statuses the query asks for."""
        asked = replace(query, statuses=None, sort=())
        return self._known(asked, lambda: self._table.counts(asked))

    def fields(self) -> list[FieldInfo]:
        """The fields of the records, the seed's last."""
        return self._known(None, lambda: self._table.fields(self._job_ids))

    def indexing(self, query: RecordQuery) -> dict[str, Any] | None:
        """How far the indexes are that the query waits for; None: it can be answered at once.

        Where no index can be made, as in a store that is only read, it is answered without.
        """
        missing = [
            state
            for state in self._table.prepare(query)
            if not state.is_ready and state.problem is None
        ]
        if not missing:
            return None
        columns = sorted({state.column for state in missing})
        return {"columns": columns, "part": sum(state.part for state in missing) / len(missing)}

    def prepare_search(self) -> None:
        """Have the texts indexed, before anybody searches."""
        self._table.prepare(RecordQuery(job_ids=self._job_ids), words=True)

    def _known(self, question: RecordQuery | None, answer: Callable[[], _Answer]) -> _Answer:
        """What was answered before, as long as nothing has happened since."""
        with self._only_one("counts or fields", question):
            seen = self._latest()
            known = self._answers.get(question)
            if known is None or known[0] != seen:
                known = (seen, answer())
                with self._lock:
                    self._answers[question] = known
                    for asked in list(self._answers)[:-_KEPT]:
                        del self._answers[asked]
            held: _Answer = known[1]
            return held

    @contextlib.contextmanager
    def _only_one(self, *question: Any) -> Iterator[None]:
        """Who asks the same meanwhile waits for the answer instead of asking the store, too."""
        with self._lock:
            lock, count = self._asking.get(question, (threading.Lock(), 0))
            self._asking[question] = (lock, count + 1)
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, count = self._asking.pop(question)
                if count > 1:
                    self._asking[question] = (lock, count - 1)

    def latest_id(self) -> int:
        """Of all records there are."""
        return self._latest()[0]

    def pending(self, until: int) -> array[int]:
        """The pending records of these jobs, up to an id."""
        return self._table.ids(
            RecordQuery(job_ids=self._job_ids, statuses=("pending",), ids=((1, until),))
        )

    def next(self, selection: Selection, position: int, status: str) -> int | None:
        """Where the first record of a status stands from a position on."""
        for start in range(position, len(selection.ids), _PAGE):
            ids = selection.ids[start : start + _PAGE]
            marks = ",".join("?" * len(ids))
            rows = self._store.rows(
                f"SELECT id FROM records WHERE id IN ({marks}) AND status = ?", [*ids, status]
            )
            if rows:
                wanted = {row[0] for row in rows}
                return start + next(at for at, key in enumerate(ids) if key in wanted)
        return None

    def news(self, selection: Selection, seen: Sequence[Any]) -> dict[str, Any]:
        """What has happened since a view has seen that much: ``News`` of the browser's side."""
        waiting = 0
        with selection.lock:
            now = self._latest()
            if now[0] > selection.seen[0]:
                new = self._table.ids(
                    replace(selection.query, ids=((selection.seen[0] + 1, now[0]),))
                )
                if selection.exchanged:
                    new = array("q", (key for key in new if key not in selection.exchanged))
                if selection.query.sort:
                    waiting = len(new)
                else:
                    selection.ids.extend(new)
                    # As far as ids go: of acts only a new selection knows.
                    selection.seen = (now[0], *selection.seen[1:])
        is_changed = list(seen[1:]) != list(now[1:])
        is_news = is_changed or list(seen[:1]) != [now[0]]
        return {
            "seen": list(now),
            "total": len(selection.ids),
            "waiting": waiting,
            "counts": self.counts(selection.query) if is_news else None,
            "is_changed": is_changed,
        }

    def _latest(self) -> Seen:
        row = self._store.row(
            "SELECT coalesce((SELECT max(id) FROM records), 0), "
            "coalesce((SELECT max(id) FROM review_actions), 0), "
            "count(undone_at), coalesce(max(undone_at), '') FROM "
            f"(SELECT undone_at FROM review_actions ORDER BY id DESC LIMIT {_UNDONE})"
        )
        assert row is not None
        return (row[0], row[1], row[2], row[3], self._acts)
