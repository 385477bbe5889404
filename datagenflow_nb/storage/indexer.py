"""Who makes indexes: a thread that works while selections want some, and tells how far it is."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..errors import DataGenFlowError
from .field_index import FieldIndex
from .indexing import FRESH, index_column, index_texts
from .store import Store
from .text_tables import RULES

__all__ = ["WORDS", "IndexState", "Indexer", "Want"]

#: Stands for the texts of a job where another index has the name of its column.
WORDS = ""
#: Seconds between two transactions, longer than others wait before they try for the lock again.
_PAUSE = 0.025


@dataclass(frozen=True, slots=True)
class Want:
    """An index: a job's texts (``WORDS``), or the values of a column, or their order too."""

    job_id: int
    column: str
    with_order: bool = False


@dataclass(frozen=True, slots=True)
class IndexState:
    """How far an index is.

    Attributes
    ----------
    column : str
        ``WORDS`` for the index of the texts.
    part : float
        From 0 to 1.
    is_ready : bool
        A selection is answered out of it.
    problem : str or None
        Why it is not made.
    """

    job_id: int
    column: str
    part: float
    is_ready: bool
    problem: str | None = None


class Indexer:
    """Makes the indexes of a store that are wanted, one after the other, in a thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._fields = FieldIndex(store)
        self._lock = threading.Lock()
        self._queue: list[Want] = []
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._problem: str | None = None

    def want(self, wants: Iterable[Want]) -> None:
        """Have these made, or brought up to date, as soon as may be."""
        with self._lock:
            self._queue += [want for want in wants if want not in self._queue]
            if self._queue and self._thread is None and not self._stopping.is_set():
                self._problem = None
                self._thread = threading.Thread(
                    target=self._run, name="datagenflow-indexer", daemon=True
                )
                self._thread.start()

    def wait(self) -> None:
        """Return when nothing is wanted any more."""
        while (thread := self._thread) is not None:
            thread.join()

    def stop(self) -> None:
        """Leave what is being made as it is, for another time."""
        self._stopping.set()
        self.wait()

    def state(self, want: Want) -> IndexState:
        """How far an index is."""
        first, last = self._fields.ends(want.job_id)
        if want.column == WORDS:
            row = self._store.row(
                "SELECT indexed_to, changed_to, 1 FROM review_texts WHERE job_id = ? AND rules = ?",
                [want.job_id, RULES],
            )
        else:
            row = self._store.row(
                "SELECT f.indexed_to, f.changed_to, o.field_id IS NOT NULL FROM review_fields f "
                "LEFT JOIN review_orders o ON o.field_id = f.id WHERE f.job_id = ? "
                "AND f.field = ? AND f.rules = ?",
                [want.job_id, want.column, RULES],
            )
        reached = 0 if row is None else row[0]
        part = max(0.0, min(1.0, (reached - first + 1) / max(1, last - first + 1)))
        is_ready = False
        if row is not None:
            few = self._fields.count_fresh(want.job_id, row[0], row[1], FRESH) < FRESH
            is_ready = few and (bool(row[2]) or not want.with_order)
        if is_ready:
            part = 1.0  # the few records that came since are read themselves
        elif want.with_order:
            part *= 0.9  # to put the values in order takes a while, too
        problem = self._store.read_only_reason or self._problem
        return IndexState(want.job_id, want.column, part, is_ready, None if is_ready else problem)

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._queue or self._stopping.is_set():
                    self._queue.clear()
                    self._thread = None
                    return
                want = self._queue[0]
            try:
                for _ in self._steps(want):
                    if self._stopping.wait(_PAUSE):
                        break
            except DataGenFlowError as error:  # told by state(): selections are only slower
                self._problem = error.message
            with self._lock:
                self._queue.remove(want)

    def _steps(self, want: Want) -> Iterator[None]:
        if want.column == WORDS:
            return index_texts(self._store, want.job_id)
        return index_column(self._store, want.job_id, want.column, with_order=want.with_order)
