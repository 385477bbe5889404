"""Making the indexes of selections: bit by bit, by whoever comes, and never needed to be right."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_records import Filled, Result, fill_store, make_step

from datagenflow_nb.query import FieldFilter, RecordQuery, Sort
from datagenflow_nb.storage import indexer, indexing, selection
from datagenflow_nb.storage.indexer import WORDS, Indexer, IndexState, Want
from datagenflow_nb.storage.indexing import index_column, index_texts
from datagenflow_nb.storage.jobs import JobTable
from datagenflow_nb.storage.selection import SelectionTable
from datagenflow_nb.storage.store import Store

COUNT = 60
QUERY = RecordQuery(
    job_ids=(1,), search="tea", where=(FieldFilter("score", ">", 2),), sort=(Sort("score", True),)
)
SCORES = [n * 7 % 13 for n in range(COUNT)]
EXPECTED = [n + 1 for n in sorted(range(COUNT), key=lambda n: (-SCORES[n], -n)) if SCORES[n] > 2]


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Filled]:
    """A job of sixty records, which count as many, of which some are looked through at once."""
    monkeypatch.setattr(selection, "SMALL", 5)
    monkeypatch.setattr(selection, "_FEW", 5)
    monkeypatch.setattr(indexer, "FRESH", 1)
    monkeypatch.setattr(indexing, "_WINDOW", 7)
    monkeypatch.setattr(indexing, "_TEXT_WINDOW", 20)
    monkeypatch.setattr(indexing, "_CHARACTERS", 30)
    steps = ([make_step(0, {"text": f"tea {n}", "score": SCORES[n]})] for n in range(COUNT))
    results = [Result({"topic": "t"}, made, output_field="text") for made in steps]
    made = fill_store(tmp_path / "datagenflow.db", results)
    yield made
    made.store.close()


def searched(store: Store, table: str, word: str) -> list[int]:
    """The records that one of a job's tables of words has this one of; none when there is none."""
    if store.row("SELECT 1 FROM sqlite_master WHERE name = ?", [table]) is None:
        return []
    return store.column(f"SELECT rowid FROM {table} WHERE {table} MATCH ?", [word])


def kept(store: Store) -> list[int]:
    """How much the indexes hold: values, ordered ids, texts."""
    return [
        store.rows("SELECT count(*) FROM review_values")[0][0],
        store.rows("SELECT coalesce(sum(length(record_ids) / 8), 0) FROM review_orders")[0][0],
        len(searched(store, "record_texts_1", "tea")),
    ]


def test_prepared_in_the_background(filled: Filled) -> None:
    """What a query needs is made once it is wanted, and told how far it is."""
    table = SelectionTable(filled.store)
    assert list(table.ids(QUERY)) == EXPECTED
    states = table.prepare(QUERY)
    assert [(state.column, state.part, state.is_ready) for state in states] == [
        ("score", 0.0, False), (WORDS, 0.0, False),
    ]  # fmt: skip
    table.wait()
    assert table.prepare(QUERY) == [
        IndexState(1, "score", 1.0, is_ready=True), IndexState(1, WORDS, 1.0, is_ready=True),
    ]  # fmt: skip
    assert kept(filled.store) == [COUNT, COUNT, COUNT]
    assert list(table.ids(QUERY)) == EXPECTED


def test_small_jobs_need_none(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read faster than told."""
    monkeypatch.setattr(selection, "SMALL", COUNT)
    table = SelectionTable(filled.store)
    assert table.prepare(QUERY, words=True) == []
    assert kept(filled.store) == [0, 0, 0]


def test_left_in_the_middle(filled: Filled) -> None:
    """What was made before a process ended is right as it is, and gone on with by the next."""
    list(itertools.islice(index_column(filled.store, 1, "score", with_order=True), 4))
    list(itertools.islice(index_texts(filled.store, 1), 3))
    values, ordered, texts = kept(filled.store)
    assert 0 < values < COUNT
    assert 0 < texts < COUNT
    assert ordered == 0
    again = Store(filled.store.path)
    table = SelectionTable(again)
    assert list(table.ids(QUERY)) == EXPECTED
    part = table.prepare(QUERY)[0].part
    assert 0.05 < part < 0.9
    table.wait()
    assert kept(again) == [COUNT, COUNT, COUNT]
    assert list(table.ids(QUERY)) == EXPECTED
    again.close()


def test_made_by_two_at_once(filled: Filled) -> None:
    """Two kernels that want the same share the work."""
    stores = [Store(filled.store.path) for _ in range(2)]
    makers = [Indexer(store) for store in stores]
    for maker in makers:
        maker.want([Want(1, "score", with_order=True), Want(1, WORDS)])
    for maker in makers:
        maker.wait()
    assert kept(filled.store) == [COUNT, COUNT, COUNT]
    assert list(SelectionTable(filled.store).ids(QUERY)) == EXPECTED
    for store in stores:
        store.close()


def test_edits_are_known_at_once(filled: Filled) -> None:
    """Whoever edits, the next answer has it, before and after the index has."""
    table = SelectionTable(filled.store)
    table.prepare(QUERY)
    table.wait()
    filled.review.update({1: {"score": 99}, 2: {"text": "coffee"}, 3: {"score": 0}})
    changed = [1, *(number for number in EXPECTED if number not in (1, 3))]
    assert list(table.ids(QUERY)) == changed
    coffee = RecordQuery(job_ids=(1,), search="coffee")
    assert list(table.ids(coffee)) == [2]
    table.prepare(QUERY)
    table.wait()
    assert list(table.ids(QUERY)) == changed
    assert list(table.ids(coffee)) == [2]
    filled.review.delete(record_ids=[2])
    assert list(table.ids(coffee)) == []
    assert searched(filled.store, "record_texts_1", "tea") == []


def test_whoever_writes_is_noticed(filled: Filled) -> None:
    """What one selection read of all records is read again after any write, here or elsewhere."""
    table, everything = SelectionTable(filled.store), RecordQuery(job_ids=(1,))
    other = Store(filled.store.path)
    for store, record_id in ((filled.store, 1), (other, 60)):
        assert record_id in table.ids(everything)
        with store.write() as connection:
            connection.execute("UPDATE records SET is_current = 0 WHERE id = ?", [record_id])
        assert record_id not in table.ids(everything)
    other.close()
    assert table.counts(everything) == {"pending": 58}
    table.ids(everything).append(99)
    assert list(table.ids(everything)) == [*range(2, 60)]


def test_a_store_that_is_only_read(filled: Filled) -> None:
    """Answers are right, no index is made, and why is told."""
    filled.store.is_read_only = True
    filled.store._why = "it is write-protected"
    table = SelectionTable(filled.store)
    (state, _) = table.prepare(QUERY)
    assert state == IndexState(1, "score", 0.0, is_ready=False, problem="it is write-protected")
    table.wait()
    assert kept(filled.store) == [0, 0, 0]
    assert list(table.ids(QUERY)) == EXPECTED


def test_a_job_that_is_deleted(filled: Filled) -> None:
    """Its indexes go with it, and none is made of a job that is gone."""
    table = SelectionTable(filled.store)
    table.prepare(QUERY)
    table.wait()
    JobTable(filled.store).finish(1, "here", "completed")
    JobTable(filled.store).delete(1)
    assert kept(filled.store)[:2] == [0, 0]
    maker = Indexer(filled.store)
    maker.want([Want(1, "score", with_order=True), Want(1, WORDS)])
    maker.wait()
    assert filled.store.rows("SELECT * FROM review_fields") == []
    assert list(table.ids(QUERY)) == []


@pytest.mark.parametrize("what", ["job", "records", "job that is read on"])
def test_words_of_what_is_deleted(tmp_path: Path, what: str) -> None:
    """Nothing in the file tells of it any more, neither what was made nor what was edited."""
    texts = ["harmless tea"] * 3 + ["oxygen secret-7341"]
    results = [Result({}, [make_step(0, {"text": text})], output_field="text") for text in texts]
    made = fill_store(tmp_path / "datagenflow.db", results)
    made.review.update({4: {"text": "volcano"}})
    for _ in itertools.chain(
        index_texts(made.store, 1), index_column(made.store, 1, "text", with_order=True)
    ):
        pass
    if what == "records":
        made.review.delete(record_ids=[4])
        assert SelectionTable(made.store).prepare(QUERY) == []
        sort = RecordQuery(job_ids=(1,), search="tea", sort=(Sort("text"),))
        assert list(SelectionTable(made.store).ids(sort)) == [1, 2, 3]
        for _ in index_texts(made.store, 1):
            pass
        assert list(SelectionTable(made.store).ids(sort)) == [1, 2, 3]
    else:
        JobTable(made.store).finish(1, "here", "completed")
        rows = made.store.each("SELECT * FROM records")
        if what != "job":
            next(rows)
        JobTable(made.store).delete(1)
        rows.close()
    tables = made.store.column("SELECT name FROM sqlite_master WHERE type = 'table'")
    index = [name for name in tables if name.startswith("review_") and name != "review_actions"]
    left = [
        made.store.rows(f"SELECT * FROM {name}")
        for name in tables
        if name in index or (name.startswith("record_") and name.endswith(("_data", "_content")))
    ]
    told = repr([[tuple(row) for row in rows] for rows in left])
    assert [word for word in ("oxygen", "7341", "volcano") if word in told] == []
    if what == "job":
        assert [name for name in tables if name.startswith("record_")] == []
    made.store.close()


def test_sorted_after_records_are_deleted(filled: Filled) -> None:
    """An edited record finds its place though those beside it are gone."""
    table = SelectionTable(filled.store)
    sort = RecordQuery(job_ids=(1,), sort=(Sort("score"),))
    table.prepare(sort)
    table.wait()
    filled.review.delete(record_ids=list(range(2, COUNT, 2)))
    filled.review.update({1: {"score": 6}})
    expected = sorted(table.ids(RecordQuery(job_ids=(1,))), key=lambda n: (
        6 if n == 1 else SCORES[n - 1], n
    ))  # fmt: skip
    assert list(table.ids(sort)) == expected
    table.prepare(sort)
    table.wait()
    assert list(table.ids(sort)) == expected


def test_no_query_reads_all_records(filled: Filled) -> None:
    """Whatever is asked of one job looks its records up in an index of the table."""
    table = SelectionTable(filled.store)
    table.prepare(QUERY)
    table.wait()
    said: list[str] = []
    filled.store.connection.set_trace_callback(said.append)
    for query in (
        QUERY,
        RecordQuery(job_ids=(1,)),
        RecordQuery(job_ids=(1,), statuses=("pending",)),
        RecordQuery(job_ids=(1,), statuses=("pending", "accepted"), reviewer="ann"),
        RecordQuery(job_ids=(1,), is_edited=True),
        RecordQuery(job_ids=(1,), has_note=True, tags=("x",)),
        RecordQuery(job_ids=(1,), ids=((3, 9),)),
    ):
        table.ids(query)
        table.counts(query)
    filled.store.connection.set_trace_callback(None)
    plans = {
        row["detail"]
        for statement in said
        if statement.startswith(("SELECT", "WITH")) and "fresh_texts" not in statement
        for row in filled.store.rows(f"EXPLAIN QUERY PLAN {statement}")
    }
    assert any("records_job_status" in plan for plan in plans)
    assert any("records_edited" in plan for plan in plans)
    scans = [plan for plan in plans if plan.startswith("SCAN") and "VIRTUAL TABLE" not in plan]
    assert [plan for plan in scans if plan.split()[1] in ("records", "r", "v", "t", "s")] == []
