"""Whether a job's records have a field of some name."""

from __future__ import annotations

import json

from .store import Store

__all__ = ["has_field", "has_records"]

#: Where fields come from: the seeds, what steps set, what people edited.
_SOURCES = {
    "s.metadata": "jobs j JOIN seeds s ON s.job_id = j.root_job_id WHERE j.id = :job",
    "t.changes": "executions e CROSS JOIN steps t ON t.execution_id = e.id WHERE e.job_id = :job",
    "r.edits": "records r WHERE r.job_id = :job AND r.edits IS NOT NULL",
}


def has_field(store: Store, job_id: int, name: str) -> bool:
    """Whether a seed or a record of the job has it.

    As soon as one is found, which most often is the first; all are looked at for a name that is
    nowhere.
    """
    is_plain = json.dumps(name, ensure_ascii=False) == f'"{name}"'
    for column, source in _SOURCES.items():
        has = (
            f"json_type({column}, :name) IS NOT NULL"
            if is_plain
            else f"EXISTS (SELECT 1 FROM json_each({column}) f WHERE f.key = :name)"
        )
        given = {"job": job_id, "name": f'$."{name}"' if is_plain else name}
        if store.row(f"SELECT 1 FROM {source} AND {has} LIMIT 1", given) is not None:
            return True
    return False


def has_records(store: Store, job_id: int) -> bool:
    """Whether the job has any record yet."""
    found = store.row("SELECT 1 FROM records WHERE job_id = ? LIMIT 1", [job_id])
    return found is not None
