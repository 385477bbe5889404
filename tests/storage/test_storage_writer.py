"""Group commit: order, waiting, back-pressure, and rows of a job that cannot be kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from storage.filling import call, execution, key_of, new_job, record, simple_rows, step

from datagenflow_nb.errors import JobError, StoreError
from datagenflow_nb.records import Call, Step
from datagenflow_nb.storage import writer as writer_module
from datagenflow_nb.storage.jobs import JobRow, JobTable
from datagenflow_nb.storage.store import Store
from datagenflow_nb.storage.writer import Writer


@pytest.fixture
def job(store: Store) -> JobRow:
    """A running job with one seed."""
    return new_job(store)


@pytest.fixture
def writer(store: Store, job: JobRow) -> Iterator[Writer]:
    """A writer that accepts the job's rows."""
    opened = Writer(store)
    opened.open_job(job.id, job.runner or "")
    yield opened
    opened.stop()


def records_of(store: Store, job: JobRow) -> list[int]:
    """Seed indexes of the stored records, in the order of their ids."""
    rows = store.rows("SELECT seed_index FROM records WHERE job_id = ? ORDER BY id", [job.id])
    return [row[0] for row in rows]


@pytest.mark.asyncio
async def test_rows_are_there_when_ready_returns(store: Store, job: JobRow, writer: Writer) -> None:
    """Committed, not just queued: another store sees them."""
    ticket = writer.put(job.id, simple_rows(job))
    await writer.ready(job.id, ticket)
    other = Store(store.path)
    assert records_of(other, job) == [0]
    other.close()


@pytest.mark.asyncio
async def test_order_is_kept_over_many_puts(store: Store, job: JobRow, writer: Writer) -> None:
    """More rows than fit into one statement, in several commits."""
    for index in range(700):
        ticket = writer.put(job.id, simple_rows(job, index))
        if index % 100 == 0:
            await writer.ready(job.id, ticket)
    await writer.flush(job.id)
    assert records_of(store, job) == list(range(700))


@pytest.mark.asyncio
async def test_tickets_count_up_and_many_may_wait(job: JobRow, writer: Writer) -> None:
    """Everybody who waits is woken."""
    tickets = [writer.put(job.id, simple_rows(job, index)) for index in range(20)]
    assert tickets == sorted(set(tickets))
    await asyncio.gather(*(writer.ready(job.id, ticket) for ticket in reversed(tickets)))


@pytest.mark.asyncio
async def test_rows_of_one_put_stay_together(store: Store, job: JobRow, writer: Writer) -> None:
    """While another holds the write lock nothing is visible; then all of it is."""
    with store.write():
        for index in range(3):
            ticket = writer.put(job.id, simple_rows(job, index))
        assert records_of(store, job) == []
    await writer.ready(job.id, ticket)
    assert records_of(store, job) == [0, 1, 2]


@pytest.mark.asyncio
async def test_execution_begun_and_ended_in_one_commit(
    store: Store, job: JobRow, writer: Writer
) -> None:
    """The second row of an execution updates the first, in the same statement or later."""
    with store.write():
        writer.put(job.id, [execution(job, 0, "running")])
        writer.put(job.id, [execution(job, 0, "completed")])
        writer.put(job.id, [execution(job, 1, "running")])
    await writer.flush(job.id)
    writer.put(job.id, [execution(job, 1, "failed")])
    await writer.flush(job.id)
    rows = store.rows("SELECT status FROM executions ORDER BY id")
    assert [row[0] for row in rows] == ["completed", "failed"]


@pytest.mark.asyncio
async def test_counts_are_written_with_the_rows(store: Store, job: JobRow, writer: Writer) -> None:
    """The last counts of a commit are the job's."""
    writer.put(job.id, simple_rows(job), (1, 1, 0, 0, 0, lambda: '{"calls":1}'))
    writer.put(job.id, [], (5, 3, 1, 1, 2, lambda: '{"calls":4}'))
    await writer.flush(job.id)
    row = JobTable(store).get(job.id)
    counts = (row.executions_done, row.records_generated, row.records_failed, row.records_filtered)
    assert (*counts, row.records_accepted) == (5, 3, 1, 1, 2)
    assert row.usage == {"calls": 4}


async def is_blocked(task: asyncio.Task[None]) -> bool:
    """Whether the task still waits after it had every chance to go on."""
    for _ in range(20):
        await asyncio.sleep(0)
    return not task.done()


@pytest.mark.asyncio
async def test_room_waits_while_the_queue_is_long(
    store: Store, job: JobRow, writer: Writer
) -> None:
    """A producer faster than the disk is held back, until there is room again."""
    await writer.room(job.id)
    with store.write():
        for _ in range(writer_module.MAX_QUEUED_ITEMS + 1):
            writer.put(job.id, [])
        task = asyncio.create_task(writer.room(job.id))
        assert await is_blocked(task)
    await task


@pytest.mark.asyncio
async def test_room_waits_while_the_queue_is_large(
    store: Store, job: JobRow, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few rows may be big ones."""
    monkeypatch.setattr(writer_module, "MAX_QUEUED_CHARACTERS", 1_000)
    big = Step(0, "writer", "TextGenerator", set={"text": "x" * 2_000})
    with store.write():
        writer.put(job.id, [execution(job)])
        await writer.room(job.id)  # small enough
        while writer._queue:  # the thread has taken it, and waits for the lock
            await asyncio.sleep(0)
        writer.put(job.id, [step(job, big)])
        task = asyncio.create_task(writer.room(job.id))
        assert await is_blocked(task)
    await task


@pytest.mark.asyncio
async def test_runner_that_lost_its_job_writes_nothing(
    store: Store, job: JobRow, writer: Writer
) -> None:
    """The token in the row is another's: an error, now and at the next put."""
    with store.write() as connection:
        connection.execute("UPDATE jobs SET runner = 'another' WHERE id = ?", [job.id])
    ticket = writer.put(job.id, simple_rows(job), (1, 1, 0, 0, 0, "{}"))
    with pytest.raises(JobError, match=f"job {job.id} is not this runner's any more"):
        await writer.ready(job.id, ticket)
    with pytest.raises(JobError, match="not this runner"):
        writer.put(job.id, [])
    assert records_of(store, job) == []
    assert store.rows("SELECT records_generated FROM jobs")[0][0] == 0


@pytest.mark.asyncio
async def test_deleted_job_takes_no_rows(store: Store, job: JobRow, writer: Writer) -> None:
    """Its rows would belong to nothing."""
    with store.write() as connection:
        connection.execute("DELETE FROM jobs WHERE id = ?", [job.id])
    ticket = writer.put(job.id, simple_rows(job))
    with pytest.raises(JobError, match="was deleted"):
        await writer.ready(job.id, ticket)


@pytest.mark.asyncio
async def test_closed_job_takes_no_rows(store: Store, job: JobRow, writer: Writer) -> None:
    """A job nobody opened here is not this writer's."""
    writer.close_job(job.id, job.runner or "")
    ticket = writer.put(job.id, simple_rows(job))
    with pytest.raises(JobError):
        await writer.ready(job.id, ticket)
    writer.open_job(job.id, job.runner or "")
    await writer.ready(job.id, writer.put(job.id, simple_rows(job)))
    assert records_of(store, job) == [0]


@pytest.mark.asyncio
async def test_failing_rows_cost_only_their_own_job(
    store: Store, job: JobRow, writer: Writer
) -> None:
    """A record without its execution: that job's error; another job in the same commit is kept."""
    neighbour = new_job(store)
    writer.open_job(neighbour.id, neighbour.runner or "")
    with store.write():
        writer.put(neighbour.id, simple_rows(neighbour))
        bad = writer.put(job.id, [record(job, 5)])
        last = writer.put(neighbour.id, simple_rows(neighbour, 1))
    with pytest.raises(StoreError, match="not stored: FOREIGN KEY constraint failed"):
        await writer.ready(job.id, bad)
    await writer.ready(neighbour.id, last)
    assert records_of(store, job) == []
    assert records_of(store, neighbour) == [0, 1]


@pytest.mark.asyncio
async def test_nothing_is_written_behind_a_gap(store: Store, job: JobRow, writer: Writer) -> None:
    """Rows queued while the failing ones are being written are not kept either."""
    with store.write():
        bad = writer.put(job.id, [record(job, 5)])
        while writer._queue:  # the thread has taken it, and waits for the lock
            await asyncio.sleep(0)
        later = writer.put(job.id, simple_rows(job, 1))
    for ticket in (bad, later):
        with pytest.raises(StoreError, match="not stored"):
            await writer.ready(job.id, ticket)
    assert records_of(store, job) == []


@pytest.mark.asyncio
async def test_number_too_large_for_sqlite(store: Store, job: JobRow, writer: Writer) -> None:
    """An error of the job; the thread lives on and serves others."""
    huge = Call("writer", 0, "m", {}, answer="x")
    huge.usage.input_tokens = 2**70
    bad = writer.put(job.id, [execution(job, 0, "running"), call(job, "", huge)])
    with pytest.raises(StoreError, match="too large"):
        await writer.ready(job.id, bad)
    neighbour = new_job(store)
    writer.open_job(neighbour.id, neighbour.runner or "")
    await writer.ready(neighbour.id, writer.put(neighbour.id, simple_rows(neighbour)))
    assert records_of(store, neighbour) == [0]


@pytest.mark.asyncio
async def test_half_a_surrogate_pair_is_stored_escaped(
    store: Store, job: JobRow, writer: Writer
) -> None:
    """In an answer and in a reason; the row's neighbours stay as they are."""
    calls = [
        Call("writer", 0, "m", {"text": "a\ud83d"}, answer="broken \ud83d end", error="\udc00"),
        Call("writer", 1, "m", {}, answer="fine 😀"),
    ]
    rows = [execution(job), *(call(job, "", one) for one in calls)]
    rows.append(record(job, status="filtered", reason="cut \ud83d"))
    await writer.ready(job.id, writer.put(job.id, rows))
    found = store.rows("SELECT request, answer, error FROM calls ORDER BY number")
    assert [tuple(row) for row in found] == [
        ('{"text":"a\\ud83d"}', "broken \\ud83d end", "\\udc00"),
        ("{}", "fine 😀", None),
    ]
    assert store.rows("SELECT reason FROM records")[0][0] == "cut \\ud83d"


def test_stop_writes_what_is_queued(store: Store, job: JobRow) -> None:
    """Nothing that was put is lost, and nothing more is taken."""
    writer = Writer(store)
    writer.stop()  # never started
    writer = Writer(store)
    writer.open_job(job.id, job.runner or "")
    for index in range(50):
        writer.put(job.id, simple_rows(job, index))
    writer.stop()
    assert records_of(store, job) == list(range(50))
    with pytest.raises(StoreError, match="was stopped"):
        writer.put(job.id, [])


def test_a_loop_that_ended_stops_nobody(store: Store, job: JobRow, writer: Writer) -> None:
    """Rows are committed although the loop that waited is closed; the next loop waits as usual."""

    async def wait_and_leave() -> None:
        with store.write():
            task = asyncio.create_task(writer.ready(job.id, writer.put(job.id, simple_rows(job))))
            assert await is_blocked(task)
            task.cancel()

    async def wait() -> None:
        await writer.ready(job.id, writer.put(job.id, simple_rows(job, 1)))

    asyncio.run(wait_and_leave())
    asyncio.run(wait())
    assert records_of(store, job) == [0, 1]


@pytest.mark.asyncio
async def test_each_execution_of_a_job_is_stored_once(
    store: Store, job: JobRow, writer: Writer
) -> None:
    """Another execution of the same seed, repetition and attempt is a fault, not a second row."""
    await writer.ready(job.id, writer.put(job.id, simple_rows(job)))
    table, row = execution(job)
    twin = writer.put(job.id, [(table, (key_of(job) + 1_000, *row[1:]))])
    with pytest.raises(StoreError, match="UNIQUE constraint failed"):
        await writer.ready(job.id, twin)
