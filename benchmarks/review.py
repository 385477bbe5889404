"""Selecting among a million records: what a review asks of the store, each beside its limit."""

from __future__ import annotations

import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from datagenflow_nb.query import FieldFilter, RecordQuery, Sort
from datagenflow_nb.storage.indexer import WORDS
from datagenflow_nb.storage.records import RecordTable
from datagenflow_nb.storage.review import ReviewTable
from datagenflow_nb.storage.selection import SelectionTable
from datagenflow_nb.storage.store import Store

from .review_store import fill

__all__ = ["measure"]

COUNT = 1_000_000
_ROUNDS = 5
_PAGE = 100

#: What is asked, by name; its limit is 1 s.
_QUERIES: dict[str, dict[str, Any]] = {
    "search, a rare word": {"search": "w00017"},
    "search, a beginning": {"search": "w000*"},
    "search, words of every second record": {"search": "light water"},
    "search, a phrase": {"search": '"light water energy"'},
    "filter, score >= 0.9": {"where": ("score >= 0.9",)},
    "filter, a seed's field, 1 of 3": {"where": ("level = child",)},
    "filter and search": {"where": ("score >= 0.9", "level = child"), "search": "tide"},
    "filter by two statuses": {"statuses": ("pending", "accepted")},
    "sort by a score": {"sort": ("-score",)},
    "sort by a text": {"sort": ("output",)},
    "filter and sort": {"where": ("score >= 0.5",), "sort": ("-score",)},
}


def measure(path: Path | None = None) -> Iterator[tuple[str, str, float, float]]:
    """What was measured, in words, in seconds, and its limit.

    Parameters
    ----------
    path : path, optional
        A store that ``review_store.fill`` has made; None: one is made for it.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        if path is None:
            path = Path(folder) / "datagenflow.db"
            fill(path, COUNT)
        store = Store(path)
        try:
            yield from _indexing(store)
            yield from _asking(store)
        finally:
            store.close()


def _indexing(store: Store) -> Iterator[tuple[str, str, float, float]]:
    """Decisions while the indexes are made, and how long each takes."""
    table = SelectionTable(store)
    review = ReviewTable(store, RecordTable(store))
    waits: list[float] = []
    is_over = threading.Event()

    def decide() -> None:
        dice = random.Random(2)
        while not is_over.wait(0.2):
            changes = {dice.randrange(1, COUNT): {"topic": "tides"}}
            waits.append(_seconds(review.update, changes, status="accepted"))

    thread = threading.Thread(target=decide)
    thread.start()
    try:
        for column in ("score", "level", "output", WORDS):
            query = RecordQuery(
                job_ids=(1,), sort=(Sort(column),) if column and column != "level" else (),
                search="" if column else "a",
                where=(FieldFilter(column, "=", "x"),) if column == "level" else (),
            )  # fmt: skip
            began = time.monotonic()
            while not all(state.is_ready for state in table.prepare(query)):
                time.sleep(0.1)
            yield (
                f"index of {column or 'the texts'}, once, beside all else",
                f"{time.monotonic() - began:.0f} s", time.monotonic() - began, 600,
            )  # fmt: skip
    finally:
        is_over.set()
        thread.join()
    told = f"{statistics.median(waits) * 1e3:.0f} ms, at most {max(waits) * 1e3:.0f} ms"
    yield "a decision stored, while indexes are made", told, statistics.median(waits), 0.1


def _asking(store: Store) -> Iterator[tuple[str, str, float, float]]:
    table, records = SelectionTable(store), RecordTable(store)
    review = ReviewTable(store, records)
    plain = RecordQuery(job_ids=(1,))
    ids = table.ids(plain)
    dice = random.Random(3)

    def page() -> None:
        start = dice.randrange(len(ids) - _PAGE)
        records.many(ids[start : start + _PAGE])

    def first() -> None:
        records.many(table.ids(plain)[:_PAGE])
        table.counts(plain)

    yield "first page and counts", *_timed(first), 1.0
    yield "a jump: a page of 100 anywhere", *_timed(page), 0.3
    for name, asked in _QUERIES.items():
        query = RecordQuery(
            job_ids=(1,), search=asked.get("search", ""), statuses=asked.get("statuses"),
            where=tuple(FieldFilter.parse(text) for text in asked.get("where", ())),
            sort=tuple(Sort.parse(text) for text in asked.get("sort", ())),
        )  # fmt: skip
        found = len(table.ids(query))
        # As if it had not been asked before.
        yield f"{name}: {found} records", *_timed(_anew, store, query), 1.0
        if not query.sort:  # the review asks for both
            yield f"{name}: counts", *_timed(table.counts, query), 1.0

    def decide() -> None:
        review.update({dice.choice(ids): {}}, status=dice.choice(("accepted", "rejected")))

    yield "a decision stored", *_timed(decide), 0.1


def _anew(store: Store, query: RecordQuery) -> None:
    SelectionTable(store).ids(query)


def _timed(act: Callable[..., Any], *given: Any) -> tuple[str, float]:
    seconds = statistics.median(_seconds(act, *given) for _ in range(_ROUNDS))
    return f"{seconds * 1e3:.0f} ms", seconds


def _seconds(act: Callable[..., Any], *given: Any, **named: Any) -> float:
    began = time.perf_counter()
    act(*given, **named)
    return time.perf_counter() - began
