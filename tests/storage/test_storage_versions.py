"""A store of an older version in which a job runs, and one that a newer version has changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from storage.filling import child, hear

from datagenflow_nb.errors import StoreError
from datagenflow_nb.storage import migrations
from datagenflow_nb.storage.control import ControlTable
from datagenflow_nb.storage.jobs import JobTable
from datagenflow_nb.storage.lease import Lease, new_token
from datagenflow_nb.storage.log import LogLine, LogTable
from datagenflow_nb.storage.store import Store

#: A living process of the oldest version, with a job.
OLDEST = """
import sys, time
from datagenflow_nb.storage import migrations
migrations._MIGRATIONS = migrations._MIGRATIONS[:1]
from datagenflow_nb.storage.jobs import JobTable
from datagenflow_nb.storage.lease import new_token
from datagenflow_nb.storage.store import Store
store = Store(sys.argv[1])
JobTable(store).create(
    pipeline_name="demo", definition="{}", options={}, random_seed=1, token=new_token()
)
with store.write() as connection:
    connection.execute(
        "INSERT INTO job_log (job_id, created_at, level, message) VALUES (1, 'now', 'print', 'a')"
    )
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is."""
    return tmp_path / "old.db"


@pytest.fixture
def held(path: Path) -> Iterator[int]:
    """The process that works on job 1 in the store's oldest form."""
    with child(OLDEST, path) as process:
        assert hear(process) == "ready"
        yield process.pid


def test_it_can_be_looked_at(path: Path, held: int) -> None:
    """Every column is there; a wish reaches the job's row, and every other write is refused."""
    store = Store(path)
    (job,) = JobTable(store).list()
    assert (job.status, job.records_accepted, job.random_seed) == ("queued", 0, 1)
    assert LogTable(store).lines(1) == [LogLine("now", "print", None, None, "a")]
    assert store.rows("SELECT reused FROM calls") == []
    assert ControlTable(store).request(1, "cancel")
    assert JobTable(store).get(1).control == "cancel"
    with pytest.raises(StoreError, match=rf"a running job needs; nothing was stored: .* {held} "):
        JobTable(store).create(
            pipeline_name="n", definition="{}", options={}, random_seed=1, token=new_token()
        )
    assert store.describe()["migrations"] == ["m001_initial"]
    assert sorted(file.name for file in path.parent.glob("*before*")) == []
    assert not store.is_to_reopen()
    store.close()


def test_a_new_table_is_empty(path: Path, held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there for whoever reads it."""
    marks = ("m999_marks", "CREATE TABLE marks (job_id INTEGER REFERENCES jobs(id));\n")
    monkeypatch.setattr(migrations, "_MIGRATIONS", (*migrations._MIGRATIONS, marks))
    store = Store(path)
    assert store.rows("SELECT job_id FROM marks") == []
    store.close()


def test_it_is_brought_up_to_date_when_the_job_has_ended(path: Path) -> None:
    """Here its process was killed; opened anew the store is this version's."""
    with child(OLDEST, path) as process:
        assert hear(process) == "ready"
        store = Store(path)
        assert not store.is_to_reopen()
        process.kill()
        process.wait()
        assert store.is_to_reopen()
        assert JobTable(store).get(1).status == "failed"
        store.close()
    store = Store(path)
    assert not store.is_read_only
    assert store.describe()["migrations"] == migrations.known_migrations()
    assert JobTable(store).get(1).status == "failed"
    store.close()


def test_a_store_that_is_outgrown(store: Store) -> None:
    """Rows are read without the columns that are unknown; signs of life and ends are written."""
    token = new_token()
    table = JobTable(store)
    fields = {"pipeline_name": "demo", "definition": "{}", "options": {}, "random_seed": 1}
    job_id = table.create(**fields, token=token)  # type: ignore[arg-type] # one of each type
    other = Store(store.path)
    with other.write() as connection:
        connection.execute("ALTER TABLE jobs ADD COLUMN future INTEGER NOT NULL DEFAULT 7")
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
            "VALUES ('datagenflow_nb', 'm999_future', '')"
        )
    other.close()
    for _ in range(2):
        with pytest.raises(StoreError, match=r"was brought up to date by a newer version .*m999_"):
            table.create(**fields, token=token)  # type: ignore[arg-type] # as above
    assert [job.runner for job in table.list()] == [token]
    assert Lease(store, job_id, token).renew()
    assert table.finish(job_id, token, "interrupted")
    assert table.get(job_id).status == "interrupted"


def test_a_change_of_tables_that_is_not_a_newer_version(store: Store) -> None:
    """An index of somebody's own is no obstacle."""
    with store.write() as connection:
        connection.execute("CREATE INDEX mine ON jobs(created_at)")
    token = f"x|{os.getpid()}|1|y"
    fields = {"pipeline_name": "demo", "definition": "{}", "options": {}, "random_seed": 1}
    assert JobTable(store).create(**fields, token=token) == 1  # type: ignore[arg-type] # as above
