"""A store that processes of two versions share: no running job's tables change under it.

The newer version is this one with one more migration.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from holding import THREE_CALLS, answered, hear_out, write_seeds
from running import look, stop_between_writes, wait_until
from servers import OfflineServer

import datagenflow_nb as dgf

SEEDS = 40
CONCURRENCY = 4
TABLES = (
    "jobs", "seeds", "executions", "steps", "calls", "records", "job_log", "pipelines", "models",
)  # fmt: skip
FUTURE = "".join(f"ALTER TABLE {name} ADD COLUMN future TEXT DEFAULT 'x';\n" for name in TABLES)

OLDER = "import sys\nfrom datagenflow_nb.cli import main\nmain(sys.argv[1:])\n"
NEWER = f"""
import sys
from datagenflow_nb.storage import migrations
migrations._MIGRATIONS += (("m999_future", {FUTURE!r}),)
from datagenflow_nb.cli import main
main(sys.argv[1:])
"""


class Versions:
    """Starts ``dgf`` of two versions on one store, with the server as its model."""

    def __init__(self, store: Path, server: OfflineServer) -> None:
        self.store = store
        self._env = os.environ | {"LLM_ENDPOINT": server.url, "LLM_MODEL": "small", "TMPDIR": "."}
        self._started: list[subprocess.Popen[str]] = []

    def start(self, script: str, *args: str) -> subprocess.Popen[str]:
        """In a process of its own."""
        process = subprocess.Popen(
            [sys.executable, "-c", script, *args, "--db", str(self.store)], env=self._env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._started.append(process)
        return process

    def newer(self, *args: str, status: int = 0) -> tuple[str, str]:
        """A command of the newer version, to its end: what it says."""
        process = self.start(NEWER, *args)
        out, err = process.communicate(timeout=60)
        assert process.returncode == status, (out, err)
        return out, err

    def run(self, seeds: int = SEEDS) -> subprocess.Popen[str]:
        """A job of three calls per seed in the older version, under way."""
        Path("three.json").write_text(dgf.Pipeline(**THREE_CALLS).to_json())
        args = ("run", "three.json", str(write_seeds(seeds)), "--concurrency", str(CONCURRENCY))
        process = self.start(OLDER, *args)
        wait_until(
            lambda: self.store.exists() and self.migrations() and answered(self.store) >= 15,
            "fifteen answers",
            process,
        )
        return process

    def migrations(self) -> list[str]:
        """The last of those in the file."""
        if not look(self.store, "SELECT 1 FROM sqlite_master WHERE name = 'calls'"):
            return []
        sql = "SELECT name FROM _sqlite_migrations ORDER BY rowid DESC LIMIT 1"
        return [name for (name,) in look(self.store, sql)]

    def job(self, columns: str) -> tuple[object, ...]:
        """Of the one job's row."""
        return look(self.store, f"SELECT {columns} FROM jobs")[0]

    def end(self) -> None:
        """Nothing goes on after the test."""
        for process in self._started:
            process.kill()
            process.communicate()


@pytest.fixture
def versions(tmp_path: Path, server: OfflineServer) -> Iterator[Versions]:
    """Both versions, on a store that is still to be made."""
    server.reset(latency=0.1)
    both = Versions(tmp_path / "shared.db", server)
    yield both
    both.end()


def held_back(store: Path, pid: int, what: str) -> str:
    """Why the newer version changes nothing."""
    return (
        f"{store} is of an older version, which a running job needs; {what}: job 1 is running in "
        f"process {pid} on {platform.node()}; wait until it has ended, or cancel it "
        "(dgf cancel 1), and open the store anew\n"
    )


def test_a_newer_version_waits_for_a_running_job(versions: Versions, server: OfflineServer) -> None:
    """It looks, changes nothing and says why; the job ends as it would have, then all is new."""
    process = versions.run()
    stop_between_writes(process, versions.store)  # it shall not end meanwhile
    out, err = versions.newer("jobs")
    assert "running" in out
    assert err.endswith(held_back(versions.store, process.pid, "it is only read"))
    _, err = versions.newer("run", "three.json", "seeds.csv", status=1)
    assert err.endswith("Error: " + held_back(versions.store, process.pid, "nothing was stored"))
    process.send_signal(signal.SIGCONT)
    assert versions.migrations() == ["m014_origins_of_attempts"]
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert set(hear_out(server).values()) == {1}
    out, err = versions.newer("jobs")
    assert "completed" in out
    assert "a copy was kept as shared.db.before-m999_future-" in err
    assert versions.migrations() == ["m999_future"]


def test_a_newer_version_cancels_a_running_job(versions: Versions, server: OfflineServer) -> None:
    """A wish can be told to the runner of another version; it ends it well, nothing is lost."""
    process = versions.run(1_000)  # more than are run until the wish is there
    out, _ = versions.newer("cancel", "1")
    assert out.startswith("Job 1 ")
    process.communicate(timeout=60)
    assert versions.job("status") == ("cancelled",)
    assert hear_out(server).total() == answered(versions.store)


def test_a_store_that_is_outgrown_under_a_job(versions: Versions, server: OfflineServer) -> None:
    """Its runner stops, keeps what it was answered, and the newer version finishes the job."""
    process = versions.run()
    with closing(sqlite3.connect(versions.store, timeout=30)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for statement in FUTURE.split(";\n"):
            connection.execute(statement)
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
            "VALUES ('datagenflow_nb', 'm999_future', '')"
        )
        connection.commit()
    out, err = process.communicate(timeout=60)
    told = (
        f"{versions.store} was brought up to date by a newer version of datagenflow-nb while it "
        "was open here (m999_future is unknown to this one); nothing more is stored in it from "
        "here: go on with that version, in a new process"
    )
    assert process.returncode != 0
    assert "Traceback" not in err
    status, runner, error = versions.job("status, runner, error")
    assert (status, runner) == ("interrupted", None)
    assert json.loads(str(error))["error"] == told
    assert f"job 1 stops: {told}\n" in err
    assert f"Why:    {told}\n" in out
    assert list(versions.store.parent.glob("shared.db.unstored-*"))
    first = hear_out(server)
    assert set(first.values()) == {1}
    assert first.total() < 3 * SEEDS
    assert "written by a newer version" in versions.start(OLDER, "jobs").communicate(timeout=60)[1]
    out, _ = versions.newer("resume", "1")
    assert "Job 1 completed" in out
    both = first + hear_out(server)
    assert (len(both), set(both.values())) == (3 * SEEDS, {1})
    assert versions.job("status, executions_done, records_generated") == (
        "completed", SEEDS, SEEDS,
    )  # fmt: skip
    assert answered(versions.store) == 3 * SEEDS
    assert list(versions.store.parent.glob("shared.db.unstored-*")) == []
