"""Opening the file, refusing what is not ours, migrating, and the one way to write."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from storage.filling import child, hear, tell

from datagenflow_nb.errors import StoreError
from datagenflow_nb.storage import migrations
from datagenflow_nb.storage.library import PipelineTable
from datagenflow_nb.storage.store import Store

TABLES = {
    "calls", "choices", "drafts", "executions", "job_course", "job_log", "jobs", "layouts",
    "models", "pipeline_versions", "pipelines", "records", "review_actions", "seeds", "steps",
    "review_changes", "review_fields", "review_orders", "review_texts", "review_values",
}  # fmt: skip


def insert(connection: sqlite3.Connection, name: str) -> None:
    """One row, in whatever transaction is open."""
    connection.execute(
        "INSERT INTO pipelines (name, version, definition, created_at, updated_at) "
        "VALUES (?, 1, '{}', '', '')",
        [name],
    )


def names(store: Store) -> list[str]:
    """What is stored."""
    return [row[0] for row in store.rows("SELECT name FROM pipelines ORDER BY id")]


def test_new_store_has_all_tables(tmp_path: Path) -> None:
    """The folder is made, the data model is complete, WAL and foreign keys are on."""
    store = Store(tmp_path / "new" / "folder" / "data.db")
    found = {row[0] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    found -= {"_sqlite_migrations", "sqlite_sequence"}
    assert found == TABLES
    assert store.row("PRAGMA journal_mode")[0] == "wal"  # type: ignore[index] # a PRAGMA answers
    assert store.row("PRAGMA foreign_keys")[0] == 1  # type: ignore[index] # a PRAGMA answers
    assert repr(store) == "Store('data.db')"
    store.close()


def test_memory_store_is_refused() -> None:
    """Several threads open the file."""
    with pytest.raises(StoreError, match=":memory:"):
        Store(":memory:")


def test_write_commits_at_the_end(store: Store) -> None:
    """Another connection sees all of it, and only after the block."""
    with contextlib.closing(sqlite3.connect(store.path)) as other:
        with store.write() as connection:
            insert(connection, "a")
            insert(connection, "b")
            assert other.execute("SELECT count(*) FROM pipelines").fetchone() == (0,)
        assert other.execute("SELECT count(*) FROM pipelines").fetchone() == (2,)


def test_write_holds_the_lock_from_its_first_moment(store: Store) -> None:
    """BEGIN IMMEDIATE: before anything was written, nobody else can start to write."""
    with (
        contextlib.closing(sqlite3.connect(store.path, timeout=0, isolation_level=None)) as other,
        store.write(),
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        other.execute("BEGIN IMMEDIATE")


@pytest.mark.parametrize("error", [KeyError("mine"), KeyboardInterrupt()])
def test_write_rolls_back_on_any_error(store: Store, error: BaseException) -> None:
    """The error passes as it is, nothing is kept, and the store goes on."""
    with pytest.raises(type(error)), store.write() as connection:
        insert(connection, "lost")
        raise error
    with store.write() as connection:
        insert(connection, "kept")
    assert names(store) == ["kept"]


def test_write_inside_write_is_an_error(store: Store) -> None:
    """It would commit half of the outer one."""
    with pytest.raises(StoreError, match="transaction"), store.write(), store.write():
        pass


def test_constraint_errors_are_sqlites_own(store: Store) -> None:
    """The caller knows what its rows mean; the transaction is gone all the same."""
    with pytest.raises(sqlite3.IntegrityError), store.write() as connection:
        insert(connection, "same")
        insert(connection, "same")
    assert names(store) == []


def test_half_a_surrogate_pair_is_an_error_of_ours(store: Store) -> None:
    """A text without a UTF-8 form cannot be stored as it is."""
    with pytest.raises(StoreError, match="half a surrogate pair"), store.write() as connection:
        insert(connection, "broken \ud83d")


def test_each_thread_has_its_connection(store: Store) -> None:
    """And all of them are closed with the store."""
    found: list[sqlite3.Connection] = []
    thread = threading.Thread(target=lambda: found.append(store.connection))
    thread.start()
    thread.join()
    assert found[0] is not store.connection
    assert store.connection is store.connection
    store.close()
    with pytest.raises(sqlite3.ProgrammingError):
        found[0].execute("SELECT 1")


def test_closed_store_says_so(store: Store) -> None:
    """Instead of opening the file anew."""
    store.close()
    with pytest.raises(StoreError, match="was closed"):
        store.rows("SELECT 1")
    with pytest.raises(StoreError, match="was closed"), store.write():
        pass


# What is not ours


def test_file_of_another_program_is_refused(tmp_path: Path) -> None:
    """And left exactly as it was."""
    path = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE cookies (id INTEGER)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"of another program \(tables: cookies\); choose another"):
        Store(path)
    assert path.read_bytes() == before


def test_file_of_another_program_with_migrations_of_its_own_is_refused(tmp_path: Path) -> None:
    """Programs built on the same library keep theirs in a table of the same name."""
    path = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE jobs (id INTEGER)")
        other.execute(
            "CREATE TABLE _sqlite_migrations (id INTEGER, migration_set TEXT, name TEXT, "
            "applied_at TEXT)"
        )
        other.execute("INSERT INTO _sqlite_migrations VALUES (1, 'another', 'm001_initial', '')")
        other.commit()
    with pytest.raises(StoreError, match="of another program"):
        Store(path)


@pytest.mark.parametrize(
    "content", [b"topic,level\ntea,1\n" * 100, b"SQLite format 3\0" + b"x" * 200]
)
def test_file_that_is_no_store_is_refused(tmp_path: Path, content: bytes) -> None:
    """Named with its path, and left as it was."""
    path = tmp_path / "seeds.csv"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"seeds\.csv: .*(damaged or no SQLite file)"):
        Store(path)
    assert path.read_bytes() == content


def test_directory_is_refused(tmp_path: Path) -> None:
    """An error of ours that names it."""
    with pytest.raises(StoreError, match=str(tmp_path)):
        Store(tmp_path)


def test_file_in_the_way_of_the_folder(tmp_path: Path) -> None:
    """The operating system's words, as an error of ours."""
    (tmp_path / "data").touch()
    with pytest.raises(StoreError, match=r"data"):
        Store(tmp_path / "data" / "x.db")


def test_empty_file_becomes_a_store(tmp_path: Path) -> None:
    """``touch datagenflow.db`` marks a project root; it is nobody's data."""
    (tmp_path / "datagenflow.db").touch()
    store = Store(tmp_path / "datagenflow.db")
    assert names(store) == []
    store.close()


READ_ONLY = """
import os, sys
from datagenflow_nb.errors import StoreError
from datagenflow_nb.storage.store import Store
Store(sys.argv[1] + "/loads-everything.db").close()
if os.geteuid() == 0:
    os.setuid(65534)  # root may write everywhere
for name in ("new.db", "old.db"):
    try:
        Store(f"{sys.argv[2]}/{name}")
        print("opened")
    except StoreError as error:
        print(error)
"""


def test_read_only_folder(tmp_path: Path) -> None:
    """No new file is made there, which says what to check; an old one is opened for reading."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Store(folder / "old.db").close()
        (folder / "old.db").chmod(0o444)
        folder.chmod(0o555)
        try:
            run = subprocess.run(
                [sys.executable, "-c", READ_ONLY, str(tmp_path), name],
                capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
        finally:
            folder.chmod(0o755)
    assert run.stderr == ""
    new, old = run.stdout.splitlines()
    assert new.startswith(f"{folder.resolve()}/new.db: unable to open database file: check that")
    assert old == "opened"


# Versions


def test_store_of_a_newer_version_is_refused(store: Store) -> None:
    """The unknown migration is named; nothing is changed."""
    with store.write() as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
            "VALUES ('datagenflow_nb', 'm999_future', '')"
        )
    with pytest.raises(StoreError, match=r"newer version .*m999_future.*upgrade") as caught:
        Store(store.path)
    assert caught.value.detail["unknown"] == ["m999_future"]


def test_older_store_is_copied_and_migrated(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The data stays, the new table is there, and a copy of what was is beside it."""
    with store.write() as connection:
        insert(connection, "before")
    store.close()
    later = (
        "m003_marks",
        "CREATE TABLE marks (id INTEGER);\nALTER TABLE pipelines ADD mark TEXT;\n",
    )
    monkeypatch.setattr(migrations, "_MIGRATIONS", (*migrations._MIGRATIONS, later))
    with caplog.at_level(logging.WARNING, "datagenflow_nb"):
        migrated = Store(store.path)
    assert names(migrated) == ["before"]
    assert migrated.rows("SELECT mark FROM pipelines")[0][0] is None
    assert migrated.rows("SELECT * FROM marks") == []
    migrated.close()
    (copy,) = store.path.parent.glob("datagenflow.db.before-m003_marks-*")
    assert copy.name in caplog.text
    with contextlib.closing(sqlite3.connect(copy)) as old:
        assert old.execute("SELECT name FROM pipelines").fetchall() == [("before",)]
        tables = {row[0] for row in old.execute("SELECT name FROM sqlite_master")}
    assert "marks" not in tables
    Store(store.path).close()  # nothing is pending any more: no second copy
    assert len(list(store.path.parent.glob("*.before-*"))) == 1


def test_failing_migration_changes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first statement is undone with the second one's failure."""
    with store.write() as connection:
        insert(connection, "before")
    store.close()
    broken = ("m003_broken", "CREATE TABLE marks (id INTEGER);\nALTER TABLE nowhere ADD x TEXT;\n")
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "_MIGRATIONS", (*migrations._MIGRATIONS, broken))
        with pytest.raises(StoreError, match="nowhere"):
            Store(store.path)
    reopened = Store(store.path)
    assert names(reopened) == ["before"]
    found = reopened.rows("SELECT name FROM sqlite_master WHERE name = 'marks'")
    applied = reopened.rows("SELECT name FROM _sqlite_migrations")
    reopened.close()
    assert found == []
    assert [row[0] for row in applied] == [
        "m001_initial", "m002_block_of_log_line", "m003_reused_calls",
        "m004_records_accepted",
        "m005_drafts_of_pipelines",
        "m006_actions_taken_back",
        "m007_choices_and_layouts",
        "m008_selections_of_records",
        "m009_course_of_jobs",
        "m010_attempts_from_a_block",
        "m011_last_edits_and_notes",
        "m012_records_of_actions_undone",
        "m013_indexes_of_each_job",
        "m014_origins_of_attempts",
    ]  # fmt: skip


def test_new_store_is_not_copied(store: Store) -> None:
    """There is nothing to save."""
    assert [path.name for path in store.path.parent.glob("*.before-*")] == []


def test_importing_sqlite_utils_leaves_pandas_alone(tmp_path: Path) -> None:
    """A store opens without pandas, and pandas can be imported afterwards."""
    script = (
        "import sys\n"
        "from datagenflow_nb.storage.store import Store\n"
        f"Store({str(tmp_path / 'x.db')!r}).close()\n"
        "print('pandas' in sys.modules, len([f for f in sys.meta_path if 'Hide' in repr(f)]))\n"
        "import pandas\n"
        "print(pandas.DataFrame({'a': [1]}).shape)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == ["False 0", "(1, 1)"]


# Several processes

WRITE = """
import sys
from datagenflow_nb.storage.store import Store
store = Store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(500):
    with store.write() as connection:
        connection.execute("SELECT count(*) FROM pipelines").fetchone()
        connection.execute(
            "INSERT INTO pipelines (name, version, definition, created_at, updated_at) "
            "VALUES (?, 1, '{}', '', '')",
            [f"{sys.argv[2]}-{number}"],
        )
print("done", flush=True)
"""


def test_two_processes_write_at_once(store: Store) -> None:
    """500 rows each, read before written, none lost and nothing locked."""
    with child(WRITE, store.path, "a") as one, child(WRITE, store.path, "b") as two:
        assert (hear(one), hear(two)) == ("ready", "ready")
        tell(one, "")
        tell(two, "")
        assert (hear(one), hear(two)) == ("done", "done")
    assert sorted(names(store)) == sorted(f"{tag}-{i}" for tag in "ab" for i in range(500))


OPEN = """
import sys
from datagenflow_nb.storage.store import Store
print("ready", flush=True)
for line in sys.stdin:
    store = Store(line.strip())
    print(store.row("SELECT count(*) FROM _sqlite_migrations")[0], flush=True)
    store.close()
"""


def test_two_processes_open_a_new_file_at_once(tmp_path: Path) -> None:
    """Ten rounds: both succeed, the tables are made once."""
    with child(OPEN) as one, child(OPEN) as two:
        assert (hear(one), hear(two)) == ("ready", "ready")
        for round_ in range(10):
            path = str(tmp_path / f"{round_}.db")
            tell(one, path)
            tell(two, path)
            assert hear(one) == hear(two) == str(len(migrations.known_migrations()))


def test_two_stores_of_one_file(store: Store) -> None:
    """What one wrote the other reads at once."""
    other = Store(store.path)
    PipelineTable(store).save("a", "{}")
    assert [pipeline.name for pipeline in PipelineTable(other).list()] == ["a"]
    other.close()


def rescued(folder: Path) -> Path:
    """The one file that was saved."""
    (file,) = folder.glob("*.rescued-*.db")
    return file


@pytest.mark.parametrize("replacement", [None, b"something else"])
def test_a_lost_file_is_noticed_and_rescued(tmp_path: Path, replacement: bytes | None) -> None:
    """Deleted or replaced under us: the next write says so, and what was stored is saved, once."""
    store = Store(tmp_path / "data.db")
    with store.write() as connection:
        insert(connection, "kept")
    if replacement is None:
        store.path.unlink()
    else:
        other = tmp_path / "other"
        other.write_bytes(replacement)
        other.replace(store.path)
    what = "deleted" if replacement is None else "replaced by another file"
    for _ in range(2):
        with pytest.raises(StoreError, match=f"was {what} while it was open"):  # noqa: SIM117 - the write is what fails
            with store.write() as connection:
                insert(connection, "lost")
    store.close()
    if replacement is None:
        assert not store.path.exists()
    else:
        assert store.path.read_bytes() == replacement
    saved = Store(rescued(tmp_path))
    assert names(saved) == ["kept"]
    saved.close()


@pytest.mark.parametrize("replacement", [None, b"something else"])
def test_a_lost_file_is_not_read(store: Store, replacement: bytes | None) -> None:
    """A connection to it reads on in SQLite; ours says that it is gone, however one reads."""
    assert names(store) == []
    store.path.unlink()
    if replacement is not None:
        store.path.write_bytes(replacement)
    what = "deleted" if replacement is None else "replaced by another file"
    reads: list[Callable[[], object]] = [
        lambda: store.rows("SELECT 1"),
        lambda: store.row("SELECT 1"),
        lambda: list(store.each("SELECT 1")),
    ]
    for read in reads:
        with pytest.raises(StoreError, match=rf"data.*\.db was {what} while it was open; nothing"):
            read()
    saved = Store(rescued(store.path.parent))
    assert names(saved) == []
    saved.close()


def test_a_lost_file_that_finds_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both places are named; what comes later tries again, and saves it where files can be made."""
    temporary, folder = tmp_path / "temporary", tmp_path / "project"
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    store = Store(folder / "data.db")
    with store.write() as connection:
        insert(connection, "kept")
    shutil.rmtree(folder)
    told = r"; what it held could not be saved: .*/project/data\.db\..*; .*/temporary/data\.db\."
    with pytest.raises(StoreError, match=told):
        names(store)
    temporary.mkdir()
    with pytest.raises(
        StoreError, match=r"; what it held was saved as .*/temporary/data\.db\.resc"
    ):
        names(store)
    store.close()
    saved = Store(rescued(temporary))
    assert names(saved) == ["kept"]
    saved.close()


def test_the_log_of_a_lost_file_is_not_worked_into_another(tmp_path: Path) -> None:
    """Closing writes it into the file it belongs to; a log that came with another file stays."""
    store, other = Store(tmp_path / "data.db"), Store(tmp_path / "other.db")
    PipelineTable(other).save("theirs", "{}")
    other.close()
    PipelineTable(store).save("lost", "{}")
    store.path.replace(tmp_path / "away.db")
    (tmp_path / "other.db").replace(store.path)
    store.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["away.db", "data.db"]
    away, store = Store(tmp_path / "away.db"), Store(tmp_path / "data.db")
    assert [pipeline.name for pipeline in PipelineTable(away).list()] == ["lost"]
    assert [pipeline.name for pipeline in PipelineTable(store).list()] == ["theirs"]
    away.close()
    store.path.replace(tmp_path / "away.db")
    (tmp_path / "data.db-wal").replace(tmp_path / "away.db-wal")
    (tmp_path / "data.db-wal").write_bytes(b"another")
    store.close()
    assert (tmp_path / "data.db-wal").read_bytes() == b"another"


def test_a_new_thread_does_not_make_a_lost_file_anew(store: Store) -> None:
    """SQLite would open an empty file; ours says that it is gone."""
    store.path.unlink()
    said: list[str] = []

    def look() -> None:
        with pytest.raises(StoreError) as caught:
            names(store)
        said.append(caught.value.message)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert "was deleted while it was open" in said[0]
    assert not store.path.exists()


def test_threads_that_end_leave_no_connection(store: Store) -> None:
    """Fifty short readers keep no file open."""
    names(store)
    for _ in range(50):
        thread = threading.Thread(target=names, args=(store,))
        thread.start()
        thread.join()
    assert len(store._connections) == 1


def test_closing_while_others_work_is_safe(tmp_path: Path) -> None:
    """SQLite crashes when one thread closes what another executes; here they take turns."""
    script = """if True:
        import threading, sys
        from datagenflow_nb.errors import StoreError
        from datagenflow_nb.storage.store import Store

        def work(store, started):
            started.set()
            try:
                while True:
                    store.rows("SELECT count(*) FROM sqlite_master a, sqlite_master b")
            except StoreError:
                pass

        for _ in range(40):
            store = Store(sys.argv[1])
            threads = []
            for _ in range(4):
                started = threading.Event()
                threads.append(threading.Thread(target=work, args=(store, started)))
                threads[-1].start()
                started.wait()
            store.close()
            for thread in threads:
                thread.join()
    """
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", script, str(tmp_path / "data.db")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_must_open_its_own(tmp_path: Path) -> None:
    """Threads and locks stayed in the parent: the child is told, the parent goes on."""
    script = """if True:
        import os, sys
        from datagenflow_nb.errors import StoreError
        from datagenflow_nb.storage.store import Store
        store = Store(sys.argv[1])
        store.rows("SELECT 1")
        child = os.fork()
        if child == 0:
            try:
                store.rows("SELECT 1")
            except StoreError as error:
                print(error.message, flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        print(store.rows("SELECT 1")[0][0])
    """
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "data.db")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "was opened before a fork" in done.stdout
    assert done.stdout.endswith("\n1\n")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's /proc")
def test_a_forked_child_closes_no_connection_of_its_parent(tmp_path: Path) -> None:
    """Closing it the child would wait for ever for a lock that another thread had at the fork."""
    script = """if True:
        import os, sys, threading
        from datagenflow_nb.storage.store import Store
        store = Store(sys.argv[1])

        def descriptors():
            links = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
            return sum("data.db" in os.readlink(link) for link in links if os.path.exists(link))

        def fork(told):
            child = os.fork()
            if child == 0:
                print(told, descriptors(), flush=True)
                if told == "child":
                    fork("grandchild")
                os._exit(0)
            os.waitpid(child, 0)

        def hold():
            "Have a connection, and its lock when the process forks."
            store._held().lock.acquire()
            is_held.set()
            end.wait()
            store._held().lock.release()

        is_held, end = threading.Event(), threading.Event()
        thread = threading.Thread(target=hold)
        thread.start()
        is_held.wait()
        print("parent", descriptors(), flush=True)
        fork("child")
        end.set()
        thread.join()
        print("parent", descriptors())
    """
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "data.db")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    told = done.stdout.split()
    assert told[::2] == ["parent", "child", "grandchild", "parent"], done
    assert told[1] == told[3] == told[5] != told[7]
