"""Records side by side: jobs over the same seeds, attempts of one job, and what stands alone."""

from __future__ import annotations

from typing import Any

import pytest
from running import ECHO, finish
from storage.filling import execution, key_of, new_job, put_all, record, simple_rows, step

import datagenflow_nb as dgf
from datagenflow_nb.records import Step
from datagenflow_nb.reviews import Pairing

NO_RECORD = "the other job has no record of this seed, repetition and branch"
NO_SEED = "the other job has no such seed"


def add_job(ws: dgf.Workspace, *seeds: dict[str, Any]) -> int:
    """A job with a record for each of its seeds; its number."""
    job = new_job(ws.store, *seeds)
    put_all(ws.store, job, *(simple_rows(job, index) for index in range(len(seeds))))
    return job.id


def test_a_rerun_beside_its_parent(ws: dgf.Workspace) -> None:
    """Both run from the same seeds; each repetition has a partner of its own."""
    seeds = [{"repetitions": 2, "metadata": {"n": 1}}, {"metadata": {"n": 2}}]
    parent = finish(dgf.run(ECHO, seeds, concurrency=1))
    louder = {**ECHO, "blocks": [{"type": "Output", "config": {"template": "{{ n }}!!"}}]}
    child = finish(parent.rerun(louder, concurrency=1))
    ws.delete_records([11])
    assert ws.pairs(parent.id, child.id) == Pairing(
        2, 3, [(7, 10), (9, 12)], {NO_RECORD: [8]}, {}, "of the same seeds"
    )
    assert ws.pairs(child.id, parent.id).pairs == [(10, 7), (12, 9)]


def test_equal_seeds_of_two_jobs(ws: dgf.Workspace) -> None:
    """In any order of seeds and fields; equal ones in the order they come, the rest is told."""
    left = add_job(ws, {"a": 1, "b": 2}, {"a": 3}, {"a": 3}, {"a": 4})
    right = add_job(ws, {"a": 3}, {"b": 2, "a": 1}, {"a": 3}, {"a": 3}, {"a": 5})
    found = ws.pairs(left, right)
    assert found == Pairing(
        2, 3, [(7, 12), (8, 11), (9, 13)], {NO_SEED: [10]}, {NO_SEED: [14, 15]}, "of equal seeds"
    )
    assert found.text == (
        "3 pairs (of equal seeds); 1 record of job 2 alone: the other job has no such seed; "
        "2 records of job 3 alone: the other job has no such seed"
    )


def test_branches(ws: dgf.Workspace) -> None:
    """A fan-out's branches are paired by their path, in order of their places in the list."""
    for branches in (("0", "2", "10", "11.1"), ("10", "2", "11.0")):
        job = new_job(ws.store, {"n": 1})
        rows = [execution(job)]
        for branch in branches:
            rows.append(step(job, Step(0, "s", "Split", branch, set={"text": branch})))
            rows.append(record(job, branch=branch))
        put_all(ws.store, job, rows)
    found = ws.pairs(2, 3)
    assert found.pairs == [(8, 12), (9, 11)]
    assert (found.left_only, found.right_only) == ({NO_RECORD: [7, 10]}, {NO_RECORD: [13]})


def test_attempts_of_one_job(ws: dgf.Workspace) -> None:
    """The latest one with the one before, which is on the left."""
    with pytest.raises(dgf.ValidationError, match="job 1 has one attempt only of each record"):
        ws.pairs(1)
    key = key_of(ws._jobs.table.get(1), 4)
    with ws.store.write() as connection:
        connection.execute(
            "INSERT INTO executions (id, job_id, seed_index, repetition, attempt, status, "
            "trace_id, started_at) SELECT id + 100, job_id, seed_index, repetition, 2, status, "
            "'t', started_at FROM executions WHERE id = ?",
            [key],
        )
        connection.execute("UPDATE records SET is_current = 0 WHERE execution_id = ?", [key])
        connection.execute(
            "INSERT INTO records (job_id, execution_id, seed_index, repetition, branch, status, "
            "created_at, updated_at) SELECT job_id, execution_id + 100, seed_index, repetition, "
            "branch, 'pending', created_at, updated_at FROM records WHERE execution_id = ?",
            [key],
        )
    assert ws.pairs(1) == Pairing(
        1, 1, [(5, 7)], {}, {"there was one attempt only": [1, 2, 3, 4, 6]},
        "of the latest attempt and the one before",
    )  # fmt: skip
    assert ws.pairs(1, 1) == ws.pairs(1)


def test_nothing_to_compare(ws: dgf.Workspace) -> None:
    """Jobs without a common seed, and jobs that are not there."""
    other = add_job(ws, {"x": 1})
    with pytest.raises(dgf.ValidationError, match=r"jobs 1 and 2 have no seed in common"):
        ws.pairs(1, other)
    with pytest.raises(dgf.JobError, match="there is no job 9"):
        ws.pairs(1, 9)
