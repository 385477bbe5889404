"""The jobs table, stored seeds, and who runs a job."""

from __future__ import annotations

import datetime as dt
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storage.filling import child, hear, new_job, put_all, simple_rows

from datagenflow_nb.errors import JobError
from datagenflow_nb.records import Seed
from datagenflow_nb.storage import lease
from datagenflow_nb.storage.control import ControlTable, Wish
from datagenflow_nb.storage.jobs import JobRow, JobTable
from datagenflow_nb.storage.lease import LEASE, Heartbeat, Lease, is_lost, new_token
from datagenflow_nb.storage.store import Store

TOKEN = "from datagenflow_nb.storage.lease import new_token; print(new_token(), flush=True)"


def dead_token() -> str:
    """The token of a process that has ended."""
    with child(TOKEN) as process:
        token = hear(process)
        process.wait()
    return token


@pytest.fixture
def table(store: Store) -> JobTable:
    """The jobs of an empty store."""
    return JobTable(store)


def test_create_fills_the_row(table: JobTable) -> None:
    """A job that is being filled: queued, without a total, under its runner's token."""
    token = new_token()
    job_id = table.create(
        pipeline_name="demo", definition='{"blocks":[]}', options={"concurrency": 4},
        random_seed=2**63 - 1, token=token,
    )  # fmt: skip
    job = table.get(job_id)
    assert (job.id, job.root_job_id, job.parent_job_id) == (1, 1, None)
    assert (job.status, job.total, job.runner) == ("queued", None, token)
    assert (job.options, job.random_seed) == ({"concurrency": 4}, 2**63 - 1)
    assert (job.usage, job.error, job.control, job.started_at) == ({}, None, None, None)
    assert (job.executions_done, job.records_generated, job.records_failed) == (0, 0, 0)


def test_seeds_are_stored_in_order(table: JobTable) -> None:
    """More than one transaction and one page; the total counts repetitions."""
    job_id = table.create(
        pipeline_name="demo", definition="{}", options={}, random_seed=1, token=new_token()
    )
    seeds = (Seed({"number": index, "half": "\ud83d"}, 1 + index % 2) for index in range(5_201))
    assert table.add_seeds(job_id, seeds) == 5_201 + 2_600
    job = table.get(job_id)
    assert job.total == 7_801
    pages = list(table.seed_pages(job))
    assert {len(page) for page in pages[:-1]} == {200}
    rows = [row for page in pages for row in page]
    assert rows == [(index, 1 + index % 2, {"number": index, "half": "\ud83d"})
                    for index in range(5_201)]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(
    st.lists(
        st.dictionaries(
            st.text(), st.none() | st.integers() | st.text(st.characters()) | st.booleans()
        ),
        max_size=3,
    )
)
def test_seeds_come_back_as_they_were(store: Store, seeds: list[dict[str, object]]) -> None:
    """Whatever JSON value a seed holds."""
    table = JobTable(store)
    job_id = table.create(
        pipeline_name="demo", definition="{}", options={}, random_seed=1, token=new_token()
    )
    table.add_seeds(job_id, [Seed(metadata) for metadata in seeds])
    pages = table.seed_pages(table.get(job_id))
    assert [row[2] for page in pages for row in page] == seeds


def test_seeds_that_fail_half_way_leave_no_total(table: JobTable) -> None:
    """The job never looks filled."""

    def seeds() -> Iterator[Seed]:
        yield Seed({"a": 1})
        raise ValueError("line 2")

    job_id = table.create(
        pipeline_name="demo", definition="{}", options={}, random_seed=1, token=new_token()
    )
    with pytest.raises(ValueError, match="line 2"):
        table.add_seeds(job_id, seeds())
    assert table.get(job_id).total is None


def test_start_and_finish(store: Store, table: JobTable) -> None:
    """The final row has no runner and no wish."""
    job = new_job(store)
    assert job.status == "running"
    assert job.started_at is not None
    assert ControlTable(store).request(job.id, "cancel")
    assert table.get(job.id).control == "cancel"
    error = {"error": "no", "detail": {}}
    assert table.finish(job.id, job.runner or "", "failed", error)
    ended = table.get(job.id)
    assert (ended.status, ended.error, ended.runner, ended.control) == ("failed", error, None, None)
    assert ended.finished_at is not None


def test_only_the_runner_itself_starts_and_finishes(store: Store, table: JobTable) -> None:
    """A runner whose job was taken over changes nothing."""
    job = new_job(store)
    assert not table.finish(job.id, "another", "completed")
    with pytest.raises(JobError, match="not this runner's any more; nothing was started"):
        table.start(job.id, "another")
    assert table.get(job.id) == job


def test_ended_job_keeps_no_wish(store: Store, table: JobTable) -> None:
    """A cancel that came too late must not end the next runner."""
    job = new_job(store)
    table.finish(job.id, job.runner or "", "completed")
    assert not ControlTable(store).request(job.id, "cancel")
    assert table.get(job.id).control is None


WISHES: list[Wish] = [None, "pause", "cancel", "cancel_now"]


@pytest.mark.parametrize("before", WISHES)
@pytest.mark.parametrize("wish", WISHES)
def test_strongest_wish_holds(store: Store, table: JobTable, before: Wish, wish: Wish) -> None:
    """A job that is being cancelled is neither paused nor let go on, nor cancelled less."""
    job, control = new_job(store), ControlTable(store)
    control.request(job.id, before)
    is_taken = not (before in ("cancel", "cancel_now") and wish in (None, "pause"))
    assert control.request(job.id, wish) is is_taken
    expected = max(before, wish, key=WISHES.index) if before in WISHES[2:] else wish
    assert table.get(job.id).control == expected
    assert control.wish(job.id, job.runner or "") == expected


def test_wish_of_a_runner_that_lost_its_job(store: Store) -> None:
    """Another has it, or it was deleted; such a runner changes nothing."""
    job, control = new_job(store), ControlTable(store)
    assert control.wish(job.id, "another") == control.wish(7, "another") == "lost"
    assert not control.set_paused(job.id, "another", is_paused=True)
    assert JobTable(store).get(job.id) == job


def test_lease(store: Store) -> None:
    """In doubt when it was not renewed in time, sure again after a look into the file."""
    job = new_job(store)
    held = Lease(store, job.id, job.runner or "")
    assert not held.is_in_doubt
    held.renewed -= LEASE + 1
    assert held.is_in_doubt
    assert held.renew()
    assert not held.is_in_doubt
    with store.write() as connection:
        connection.execute("UPDATE jobs SET runner = 'another'")
    assert not held.renew()
    assert held.is_in_doubt


def test_unknown_job(store: Store, table: JobTable) -> None:
    """The numbers there are."""
    with pytest.raises(JobError, match=r"there is no job 7 in datagenflow\.db; there are: none"):
        table.get(7)
    new_job(store)
    new_job(store)
    with pytest.raises(JobError, match="there are: 1, 2") as caught:
        table.get(7)
    assert caught.value.detail == {"job_id": 7, "jobs": [1, 2]}


def test_delete_takes_everything_of_the_job(store: Store, table: JobTable) -> None:
    """Seeds, executions, steps, records; another job keeps its own. Numbers are not given again."""
    first, second = new_job(store), new_job(store)
    put_all(store, first, simple_rows(first))
    put_all(store, second, simple_rows(second))
    with pytest.raises(JobError, match="job 1 is running; cancel it before deleting"):
        table.delete(first.id)
    table.finish(first.id, first.runner or "", "completed")
    table.delete(first.id)
    for name in ("seeds", "executions", "steps", "records", "jobs"):
        assert store.rows(f"SELECT count(*) FROM {name}")[0][0] == 1, name
    assert [job.id for job in table.list()] == [2]
    assert new_job(store).id == 3


# Whose runner is lost


def seconds_ago(seconds: float) -> str:
    """A heartbeat of that age."""
    return (dt.datetime.now(dt.UTC) - dt.timedelta(seconds=seconds)).isoformat()


def test_living_runner_is_not_lost() -> None:
    """Its process is there and its heartbeat fresh."""
    assert not is_lost(new_token(), seconds_ago(1))


def test_silent_runner_of_this_process_that_nobody_holds_is_lost() -> None:
    """One that could not store its end is not running for ever."""
    assert is_lost(new_token(), seconds_ago(LEASE + 5))


def test_dead_process_is_lost_at_once() -> None:
    """However fresh its heartbeat."""
    assert is_lost(dead_token(), seconds_ago(0))


def test_zombie_is_lost_at_once() -> None:
    """It has ended, though its number is still taken."""
    with child(TOKEN) as process:
        token = hear(process)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_lost(token, seconds_ago(0))


def test_stopped_process_is_lost_when_its_lease_has_run_out() -> None:
    """By a signal or a debugger: nobody knows whether it ever goes on. Awake it is not lost."""
    with child(TOKEN + "; input()") as process:
        token = hear(process)
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        assert not is_lost(token, seconds_ago(LEASE - 5))
        assert is_lost(token, seconds_ago(LEASE + 5))
        process.send_signal(signal.SIGCONT)
        os.waitid(os.P_PID, process.pid, os.WCONTINUED | os.WNOWAIT)
        assert not is_lost(token, seconds_ago(LEASE + 5))


def test_number_given_again_is_another_process() -> None:
    """This process has the number, but was not born then."""
    place, pid, birth, secret = new_token().split("|")
    other = "|".join((place, pid, f"{float(birth) - 500:.2f}", secret))
    assert is_lost(other, seconds_ago(0))


@pytest.mark.parametrize(("age", "lost"), [(1.0, False), (LEASE + 1, True)])
def test_runner_elsewhere_is_judged_by_its_heartbeat(age: float, lost: bool) -> None:
    """Nothing is known about processes of another machine, boot or container."""
    _, pid, birth, secret = dead_token().split("|")
    elsewhere = "|".join(("another-host/boot/pid:[1]", pid, birth, secret))
    now = dt.datetime(2026, 11, 23, 10, 0, 30, tzinfo=dt.UTC)
    beat = (now - dt.timedelta(seconds=age)).isoformat(timespec="milliseconds")
    assert is_lost(elsewhere, beat.replace("+00:00", "Z"), now) is lost


def test_no_runner_is_lost() -> None:
    """A row without a token or a heartbeat."""
    assert is_lost(None, seconds_ago(0))
    assert is_lost(new_token(), None)


def test_tokens_differ() -> None:
    """Two runs of one process are two runners."""
    assert new_token() != new_token()


def test_job_of_a_dead_runner_reads_interrupted(store: Store, table: JobTable) -> None:
    """At once, in the row itself, for every other process too."""
    job = new_job(store, token=dead_token())
    assert job.status == "interrupted"
    row = store.rows("SELECT status, runner, error, finished_at FROM jobs")[0]
    assert (row["status"], row["runner"], row["error"]) == ("interrupted", None, None)
    assert row["finished_at"] is not None
    assert [one.status for one in table.list()] == ["interrupted"]


def test_half_filled_job_of_a_dead_runner_reads_failed(table: JobTable) -> None:
    """It cannot be resumed: nobody knows what else there was to be run."""
    job_id = table.create(
        pipeline_name="demo", definition="{}", options={}, random_seed=1, token=dead_token()
    )
    (job,) = table.list()
    assert (job.id, job.status) == (job_id, "failed")
    assert job.error is not None
    assert "while the seeds were being stored; start the job again" in job.error["error"]
    table.delete(job_id)  # nothing keeps it


def test_living_jobs_stay_as_they_are(store: Store, table: JobTable) -> None:
    """Looking at a job is not taking it over."""
    job = new_job(store)
    assert table.get(job.id) == job
    assert table.list() == [job]


def beat_of(store: Store, job: JobRow) -> str:
    """The stored heartbeat."""
    return str(store.rows("SELECT heartbeat_at FROM jobs WHERE id = ?", [job.id])[0][0])


def test_heartbeat_thread(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It beats for the jobs it was given, under their tokens only, and ends with the last."""
    monkeypatch.setattr(lease, "HEARTBEAT", 0.01)
    mine, lost = new_job(store), new_job(store)
    with store.write() as connection:
        connection.execute("UPDATE jobs SET heartbeat_at = '2026-01-01T00:00:00.000Z'")
        connection.execute("UPDATE jobs SET runner = 'another' WHERE id = ?", [lost.id])
    heartbeat = Heartbeat(store)
    leases = [heartbeat.add(one.id, one.runner or "") for one in (mine, lost)]
    thread = heartbeat._thread
    assert thread is not None
    deadline = time.monotonic() + 30
    while beat_of(store, mine) < "2026-02":
        assert time.monotonic() < deadline
    deadline = time.monotonic() + 30
    while not leases[1].is_in_doubt:
        assert time.monotonic() < deadline
    assert not leases[0].is_in_doubt
    for lease_held in leases:
        heartbeat.remove(lease_held)
    thread.join(30)
    assert not thread.is_alive()
    assert beat_of(store, lost) == "2026-01-01T00:00:00.000Z"
    assert not is_lost(mine.runner, beat_of(store, mine))


def test_heartbeat_outlives_a_store_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread goes on and ends when it is told."""
    monkeypatch.setattr(lease, "HEARTBEAT", 0.001)
    store = Store(tmp_path / "x.db")
    job = new_job(store)
    heartbeat = Heartbeat(store)
    held = heartbeat.add(job.id, job.runner or "")
    store.close()
    thread = heartbeat._thread
    assert thread is not None
    heartbeat.remove(held)
    thread.join(30)
    assert not thread.is_alive()
