"""Whether a query names columns that the records of its jobs can have."""

from __future__ import annotations

from collections.abc import Sequence

from ..columns import QUERY_COLUMNS, column_of
from ..conditions import FieldFilter, state_field
from ..engine.program import build_block
from ..errors import DataGenFlowError, ValidationError, suggest
from ..query import OUTCOMES, REVIEW_STATUSES, RecordQuery
from ..records import decode
from ..services import current_services
from ..spec import PipelineSpec
from ..storage.naming import has_field, has_records
from ..storage.selection import SelectionTable
from ..storage.store import Store
from ..storage.values import value_of
from ..whole import told

__all__ = ["check_columns"]

_STATUSES = (*REVIEW_STATUSES, *OUTCOMES)
_ORDERING = ("<", "<=", ">", ">=")
_NUMBERS = ("id", "job_id", "seed_index", "repetition", "version", "record.attempt")
#: Fields that a message names.
_NAMED = 30


def check_columns(store: Store, query: RecordQuery) -> None:
    """Refuse what selects nothing, or everything, because a word is wrong.

    Raises
    ------
    ValidationError
        For a field that no record of the jobs has and no block of theirs may set, with the nearest
        names; for a status that there is not; for numbers to be ordered by a text.
    """
    for column in {
        **dict.fromkeys(part.field for part in query.where),
        **dict.fromkeys(part.column for part in query.sort),
    }:
        value_of(column)
        field = state_field(column)
        if field is not None:
            _check_field(store, query, column, field)
    for condition in query.where:
        _check_value(store, query, condition)


def _check_field(store: Store, query: RecordQuery, column: str, field: str) -> None:
    jobs = _jobs(store, query)
    if not jobs or any(has_field(store, job_id, field) for job_id in jobs):
        return
    declared: set[str] = set()
    for job_id in jobs:
        names = _declared(store, job_id)
        if "*" in names and not has_records(store, job_id):
            return
        declared |= names - {"*"}
    if field in declared:
        return
    shown = [info.column for info in SelectionTable(store).fields(jobs)]
    fields = dict.fromkeys([*shown, *(column_of(name, QUERY_COLUMNS) for name in sorted(declared))])
    near = suggest(column, [*fields, *QUERY_COLUMNS])
    is_near = near.startswith("did you mean")
    own = f"record.{field}"
    if own in QUERY_COLUMNS:
        near, is_near = f"did you mean {own!r}, what the record itself has?", True
    there = ", ".join(list(fields)[:_NAMED]) + (" ..." if len(fields) > _NAMED else "")
    whose = "all jobs" if query.job_ids is None else f"job {', '.join(map(str, jobs))}"
    raise ValidationError(
        f"no field {told(field)} in the records of {whose}; {near + ' ' if is_near else ''}"
        f"fields: {there or 'none'}",
        {"field": field, "fields": list(fields)},
    )


def _check_value(store: Store, query: RecordQuery, condition: FieldFilter) -> None:
    value = condition.value
    if condition.field == "status" and condition.op in ("=", "!=") and value not in _STATUSES:
        raise ValidationError(
            f"record status {told(value)} is unknown; {suggest(str(value), _STATUSES)}",
            {"status": value, "statuses": list(_STATUSES)},
        )
    if condition.op not in _ORDERING or not isinstance(value, str):
        return
    is_number = condition.field in _NUMBERS
    if not is_number and state_field(condition.field) is not None:
        infos = SelectionTable(store).fields(query.job_ids)
        is_number = any(i.column == condition.field and i.kind == "number" for i in infos)
    if is_number:
        raise ValidationError(
            f"{condition.field!r} holds numbers, which are not {condition.op} the text "
            f"{told(value)}; compare with a number"
        )


def _declared(store: Store, job_id: int) -> set[str]:
    """Fields that the blocks of the job's pipeline may set, ``*``: any."""
    row = store.row("SELECT definition, pipeline_name FROM jobs WHERE id = ?", [job_id])
    if row is None:
        return set()
    registry = current_services().registry
    names: set[str] = set()
    try:
        spec = PipelineSpec.from_dict(decode(row["definition"]), row["pipeline_name"])
        for number, entry in enumerate(spec.blocks, 1):
            names.update(build_block(entry, registry, number).output_fields())
    except DataGenFlowError:  # a block that is not here may set any field
        names.add("*")
    return names


def _jobs(store: Store, query: RecordQuery) -> Sequence[int]:
    if query.job_ids is not None:
        return query.job_ids
    return store.column("SELECT id FROM jobs ORDER BY id")
