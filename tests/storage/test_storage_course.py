"""Courses of jobs: thinned however long they take, written by the runner that has the job alone."""

from __future__ import annotations

import itertools
from pathlib import Path

from made_records import Result, fill_store, make_step

from datagenflow_nb.storage.course import MOST, Course, CourseTable, Moment, Now
from datagenflow_nb.storage.glances import GlanceTable
from datagenflow_nb.storage.log import LogTable
from datagenflow_nb.storage.store import Store


def moment(at: float, records: int = 0) -> Moment:
    """A look at a job that has so many records."""
    return Moment(at, records, records, 0, 3, 8, 0)


def test_a_long_course_stays_small() -> None:
    """Ten hours of seconds: the first and the last are there, the others evenly between."""
    course = Course()
    for second in range(36_000):
        if course.is_due(float(second)):
            course.add(moment(float(second), second))
    ats = [item.at for item in course.moments]
    steps = {after - before for before, after in itertools.pairwise(ats)}
    assert len(ats) <= MOST
    assert course.every == 256
    assert steps == {256.0}
    assert ats[0] == 0
    assert ats[-1] > 36_000 - 2 * 256
    assert Course.from_json(course.to_json()).moments == course.moments
    assert Course.from_json(course.to_json()).every == 256


def test_only_the_runner_that_has_the_job_writes(tmp_path: Path) -> None:
    """Of two runners that both think the job is theirs; what is too old is not told as now."""
    filled = fill_store(tmp_path / "d.db", [Result({"n": 1})])
    table = CourseTable(filled.store)
    assert table.get(filled.job_id).moments == []
    assert table.now(filled.job_id) == Now()
    course = Course([moment(5.0)])
    table.keep(filled.job_id, "another", course, Now([("a", 2)]))
    assert table.get(filled.job_id).moments == []
    table.keep(filled.job_id, "here", course, Now([("a", 2)], "waiting to store: disk is full"))
    course.add(moment(6.0, 9))
    table.keep(filled.job_id, "here", course, Now([("a", 3)], None))
    assert table.get(filled.job_id).moments == [moment(5.0), moment(6.0, 9)]
    assert table.now(filled.job_id) == Now([("a", 3)], None)
    with filled.store.write() as connection:
        connection.execute("UPDATE job_course SET updated_at = '2026-01-01T00:00:00.000Z'")
    assert table.now(filled.job_id) == Now()
    with filled.store.write() as connection:
        connection.execute("DELETE FROM jobs")
    assert filled.store.rows("SELECT * FROM job_course") == []


def glances(store: Store) -> GlanceTable:
    """Looks at a store's records."""
    from datagenflow_nb.storage.records import RecordTable

    return GlanceTable(store, RecordTable(store), LogTable(store))


def test_glances_at_many_records(tmp_path: Path) -> None:
    """Failures come in slices, times of some executions spread over all, newest first."""
    error = {"error": "boom", "type": "ValueError", "detail": {}}
    results = [
        Result(
            {"n": n},
            [make_step(0, {"x": n}, execution_time=1.0), make_step(
                1, {}, execution_time=3.0, error=error if n % 2 else None)],
            status="failed" if n % 2 else "pending",
            reason=f"boom {n % 4}" if n % 2 else None,
        )
        for n in range(500)
    ]  # fmt: skip
    filled = fill_store(tmp_path / "d.db", results)
    table = glances(filled.store)
    assert table.newest(filled.job_id, 3) == [500, 499, 498]
    found = table.failed(filled.job_id, 0, 100, 1_000)
    told = [(one.block_id, one.reason, one.count, one.record_id) for one in found.reasons]
    assert sorted(told) == [("b1", "boom 1", 50, 2), ("b1", "boom 3", 50, 4)]
    assert found.last == 200
    assert table.failed(filled.job_id, 498, 100, 1_000).last == 500
    assert table.failed(filled.job_id, 500, 100, 1_000) == ([], 0)
    times, sampled, count = table.times(filled.job_id)
    assert (sampled, len(times), {one.block_id for one in times}) == (200, 400, {"b0", "b1"})
    assert count == 499  # numbered from 0 by the test's store, from 1 by a job


def test_a_step_that_parted_is_timed_once(tmp_path: Path) -> None:
    """It is stored with each branch that it made."""
    steps = [make_step(0, {"a": 1}, execution_time=9.0, branch=str(part)) for part in range(40)] + [
        make_step(1, {"b": 1}, execution_time=1.0, branch=str(part)) for part in range(40)
    ]
    branches = [str(part) for part in range(40)]
    filled = fill_store(tmp_path / "d.db", [Result({"n": 0}), Result({"n": 1}, steps, branches)])
    times, sampled, _ = glances(filled.store).times(filled.job_id)
    assert sampled == 1
    assert [one.seconds for one in times if one.block_id == "b0"] == [9.0]
    assert len([one for one in times if one.block_id == "b1"]) == 40
