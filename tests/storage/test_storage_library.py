"""Saved pipelines, configured models, and the doctor's findings."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest
from storage.filling import execution, new_job, put_all, record, simple_rows

from datagenflow_nb.errors import ConfigError
from datagenflow_nb.storage.doctor import examine
from datagenflow_nb.storage.jobs import JobTable
from datagenflow_nb.storage.library import ModelTable, PipelineTable
from datagenflow_nb.storage.store import Store


def test_every_changed_definition_is_a_version(store: Store) -> None:
    """Saving the same again changes nothing; going back is a new version."""
    table = PipelineTable(store)
    first = table.save("demo", "A")
    assert (first.id, first.version, first.definition) == (1, 1, "A")
    assert table.save("demo", "A") == first
    assert table.save("demo", "B").version == 2
    last = table.save("demo", "A")
    assert (last.id, last.version, last.created_at) == (1, 3, first.created_at)
    versions = [(version, text) for version, _, text in table.versions("demo")]
    assert versions == [(1, "A"), (2, "B"), (3, "A")]
    assert table.get("demo") == table.get(1) == last


def test_repr_of_a_saved_pipeline(store: Store) -> None:
    """Its name and version; the definition would fill the screen."""
    saved = PipelineTable(store).save("it's", "{}")
    assert repr(saved) == """StoredPipeline("it's", version 1)"""


def test_pipelines_by_name(store: Store) -> None:
    """Listed in order; an unknown one is answered with the nearest."""
    table = PipelineTable(store)
    with pytest.raises(ConfigError, match="no stored pipeline 'demo'; there are none"):
        table.get("demo")
    table.save("qa", "{}")
    table.save("demo", "{}")
    assert [one.name for one in table.list()] == ["demo", "qa"]
    with pytest.raises(ConfigError, match=r"'demmo'; did you mean 'demo'\?"):
        table.get("demmo")
    with pytest.raises(ConfigError, match="no stored pipeline 9"):
        table.get(9)


def test_deleted_pipeline_leaves_its_jobs(store: Store) -> None:
    """Their definition is a copy; a pipeline saved later gets another number."""
    table, jobs = PipelineTable(store), JobTable(store)
    saved = table.save("demo", "A")
    job_id = jobs.create(
        pipeline_name="demo", definition="A", options={}, random_seed=1, token="x|1|0|y",
        pipeline_id=saved.id, pipeline_version=1,
    )  # fmt: skip
    table.delete("demo")
    row = store.rows("SELECT pipeline_id, definition, pipeline_name FROM jobs")[0]
    assert tuple(row) == (None, "A", "demo")
    assert store.rows("SELECT count(*) FROM pipeline_versions")[0][0] == 0
    assert table.save("demo", "B").id == saved.id + 1
    assert job_id == 1
    with pytest.raises(ConfigError):
        table.delete("nothing")


def test_models_are_stored_without_keys(store: Store) -> None:
    """Only the name of the variable; the same name again replaces."""
    table = ModelTable(store)
    table.save(
        "fast", endpoint="http://host/v1", model="small", key_env="MY_KEY", input_price=0.5,
        output_price=None, limits={"timeout": 5.0},
    )  # fmt: skip
    table.save(
        "fast", endpoint="http://other/v1", model="small", key_env=None, input_price=None,
        output_price=None, limits={},
    )  # fmt: skip
    (row,) = table.list()
    created_at = row.pop("created_at")
    assert row == {
        "name": "fast", "endpoint": "http://other/v1", "model": "small", "key_env": None,
        "input_price": None, "output_price": None, "limits": {},
    }  # fmt: skip
    assert created_at.endswith("Z")
    assert table.delete("fast")
    assert not table.delete("fast")


def found(store: Store) -> dict[str, int]:
    """What is wrong, by name."""
    return {finding.what: finding.count for finding in examine(store) if finding.count}


def test_healthy_store(store: Store) -> None:
    """Empty, running and completed jobs: every check is made, nothing is found."""
    new_job(store)
    done = new_job(store, {"n": 0}, {"n": 1})
    put_all(store, done, simple_rows(done, 0), simple_rows(done, 1, "failed"))
    JobTable(store).finish(done.id, done.runner or "", "completed")
    assert found(store) == {}
    assert len(examine(store)) >= 7


def test_doctor_finds_what_does_not_add_up(store: Store) -> None:
    """Each damage under its own name, with how often."""
    job = new_job(store, {"n": 0}, {"n": 1}, {"n": 2}, {"n": 3})
    put_all(
        store, job, simple_rows(job, 0), simple_rows(job, 1), [execution(job, 2)],
        [execution(job, 3), record(job, 3)],
    )  # fmt: skip
    assert found(store) == {
        "finished executions without a record": 1,
        "records without any step of their own path": 1,
    }
    JobTable(store).finish(job.id, job.runner or "", "completed")
    with contextlib.closing(sqlite3.connect(store.path)) as careless:  # foreign keys are off
        careless.execute("DELETE FROM seeds WHERE seed_index = 0")
        careless.execute("DELETE FROM executions WHERE seed_index = 1")
        careless.commit()
    assert found(store) == {
        "dangling references": 2,  # a step and a record of the lost execution
        "records without their execution": 1,
        "records without their seed": 1,
        "records without any step of their own path": 1,
        "finished executions without a record": 1,
        "completed jobs with fewer executions than their seeds ask for": 1,
    }


def test_doctor_finds_a_damaged_file(store: Store) -> None:
    """SQLite's own check, its words quoted."""
    job = new_job(store)
    put_all(store, job, simple_rows(job))
    with contextlib.closing(sqlite3.connect(store.path)) as vandal:
        vandal.execute("PRAGMA writable_schema = ON")
        vandal.execute("UPDATE sqlite_master SET sql = replace(sql, ', status)', ', model)') "
                       "WHERE name = 'records_job_status'")  # fmt: skip
        vandal.commit()
    again = Store(store.path)
    first = examine(again)[0]
    again.close()
    assert first.what == "integrity_check problems"
    assert first.count >= 1
    assert "records_job_status" in first.detail
