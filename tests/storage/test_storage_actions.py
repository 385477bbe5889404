"""Actions that an older version has logged, and runs of ids."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storage.filling import new_job, put_all, simple_rows

from datagenflow_nb.errors import ValidationError
from datagenflow_nb.records import encode
from datagenflow_nb.storage import migrations
from datagenflow_nb.storage.actions import Author
from datagenflow_nb.storage.id_runs import count_of, runs_of
from datagenflow_nb.storage.jobs import JobTable
from datagenflow_nb.storage.layouts import LayoutTable
from datagenflow_nb.storage.records import RecordTable
from datagenflow_nb.storage.review import ReviewTable
from datagenflow_nb.storage.review_log import review_log
from datagenflow_nb.storage.store import Store


def test_actions_of_an_older_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are in the log with their counts; they cannot be undone, and what follows can."""
    path = tmp_path / "old.db"
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "_MIGRATIONS", migrations._MIGRATIONS[:5])
        old = Store(path)
        job = new_job(old)
        put_all(old, job, simple_rows(job))
        before = [{"id": 1, "status": "pending", "edits": None, "note": None, "reviewer": None}]
        with old.write() as connection:
            for action, saved in (("update", before), ("delete", [2, 3])):
                connection.execute(
                    "INSERT INTO review_actions (job_id, reviewer, action, before, created_at) "
                    "VALUES (1, 'user', ?, ?, '2026-01-02T03:04:05.678Z')",
                    [action, encode(saved)],
                )
            connection.execute("UPDATE records SET status = 'accepted', reviewer = 'user'")
            connection.execute(
                "INSERT INTO pipelines (name, version, definition, field_layout, created_at, "
                "updated_at) VALUES ('p', 1, '{}', '{\"hidden\":[\"n\"]}', '', '')"
            )
        JobTable(old).finish(job.id, job.runner or "", "completed")
        old.close()
    store = Store(path)
    log = review_log(store, 1)
    assert [(entry.id, entry.what, entry.count, entry.can_undo) for entry in log] == [
        (1, "update", 1, False), (2, "delete", 2, False),
    ]  # fmt: skip
    review = ReviewTable(store, RecordTable(store))
    ada = Author("ada", "one")
    with pytest.raises(
        ValidationError, match=r"1 \(update\) cannot be undone: it was stored by an"
    ):
        review.undo(1, ada)
    with pytest.raises(ValidationError, match=r"2 \(delete\) cannot be undone: deleted records"):
        review.undo(2, ada)
    assert review.set_status([[1, 1]], "rejected", ada).id == 3
    assert review.undo(3, ada).count == 1
    record = review.records.get(1)
    assert (record.status, record.reviewer) == ("accepted", "user")
    assert LayoutTable(store).get("p") == {"hidden": ["n"]}
    store.close()


@given(st.lists(st.integers(-5, 40)))
def test_runs_of_ids(ids: list[int]) -> None:
    """Sorted, apart from each other, and together the ids, each once."""
    runs = runs_of(ids)
    assert [number for first, last in runs for number in range(first, last + 1)] == sorted(set(ids))
    assert count_of(runs) == len(set(ids))
    assert all(last + 1 < first for (_, last), (first, _) in itertools.pairwise(runs))
    assert runs_of(range(3, 9)) == [[3, 8]]
    assert runs_of(range(3, 3)) == []
