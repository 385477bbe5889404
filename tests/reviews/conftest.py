"""A workspace whose store has records to review."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from storage.filling import new_job, put_all, simple_rows

import datagenflow_nb as dgf
from datagenflow_nb.storage.jobs import JobTable


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[dgf.Workspace]:
    """Job 1 has the records 1 to 6: four pending, one failed, one filtered; it has ended."""
    opened = dgf.workspace(tmp_path / "store.db")
    job = new_job(opened.store, *({"topic": "tea", "n": index} for index in range(6)))
    statuses = ["pending"] * 4 + ["failed", "filtered"]
    groups = [simple_rows(job, index, status) for index, status in enumerate(statuses)]
    put_all(opened.store, job, *groups)
    JobTable(opened.store).finish(job.id, job.runner or "", "completed")
    yield opened
    opened.close()
