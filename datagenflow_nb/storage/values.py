"""A column's value of a record in SQL, and whether a condition holds for it.

A record's state is not one JSON column: what people edited counts, else what the last step on its
branch's path set, else the seed. The expressions here stand over ``records r`` and take named
parameters.
"""

from __future__ import annotations

import json
from typing import Any

from ..errors import ValidationError
from ..query import OUTCOMES, QUERY_COLUMNS, FieldFilter, state_field

__all__ = ["CUT", "KEY", "STABLE", "cut", "doubt", "holds", "value_of"]

#: Characters of a text that an index keeps; a longer one ends there in ``_MARK``.
CUT = 200
_MARK = "…"

_OF_EXECUTION = "(SELECT e.{0} FROM executions e WHERE e.id = r.execution_id)"
_FIXED = {
    name: f"r.{name.removeprefix('record.')}" for name in QUERY_COLUMNS if name != "output"
} | {f"record.{name}": _OF_EXECUTION.format(name) for name in ("attempt", "trace_id")}
#: Columns of a record that never change, which is why an index may hold them.
STABLE = (
    "branch", "model", "reason", "record.attempt", "record.created_at", "record.trace_id",
    "record.verdict", "repetition", "seed_index",
)  # fmt: skip

#: Presence, type and value of a field in a JSON column. A path cannot say every name.
_BY_PATH = ("json_type({0}, :path)", "json_extract({0}, :path)")
_BY_NAME = (
    "(SELECT type FROM json_each({0}) WHERE key = :name)",
    "(SELECT value FROM json_each({0}) WHERE key = :name)",
)
#: An empty blob stands for null, which JSON values never are: it ends the search for a value.
_NULL = "x''"
#: So does one with its text for an empty list or object: the texts ``[]`` and ``{}`` are not empty.
_NOTHING = "x'5b5d', x'7b7d'"
#: A value as Python compares it the way SQLite does: texts as bytes, which may be no UTF-8.
KEY = "CASE typeof({0}) WHEN 'text' THEN CAST({0} AS BLOB) ELSE {0} END"
_PATHS = (
    "(WITH RECURSIVE part(p) AS (SELECT r.branch UNION ALL "
    "SELECT rtrim(rtrim(p, '0123456789'), '.') FROM part WHERE p <> '') SELECT p FROM part)"
)


def value_of(column: str) -> tuple[str, dict[str, Any]]:
    """The value of a column of queries as SQL, and its parameters.

    Raises
    ------
    ValidationError
        For a name no field can have.
    """
    field = state_field(column)
    if field is None and column != "output":
        if column not in _FIXED:
            raise ValidationError(
                f"{column!r} holds all fields of a record, and is nothing to select or sort by; "
                "name one of the fields"
            )
        return _FIXED[column], {}
    if field is None:
        is_result = f"r.status NOT IN ({', '.join(repr(name) for name in OUTCOMES)})"
        type_, value = (part.replace(":name", "r.output_field") for part in _BY_NAME)
        return f"CASE WHEN {is_result} THEN {_state_value(type_, value, 'r.output_field')} END", {}
    is_plain = json.dumps(field, ensure_ascii=False) == f'"{field}"'
    parameters = {"name": field} | ({"path": f'$."{field}"'} if is_plain else {})
    return _state_value(*(_BY_PATH if is_plain else _BY_NAME), ":name"), parameters


def _state_value(type_: str, value: str, name: str) -> str:
    def read(column: str) -> str:
        plain = value.format(column)
        return (
            f"CASE WHEN {plain} IN ('[]', '{{}}') AND {type_.format(column)} <> 'text' "
            f"THEN CAST({plain} AS BLOB) "
            # SQLite would end a text there.
            f"WHEN instr({column}, '\\u0000') > 0 AND {type_.format(column)} = 'text' "
            f"THEN text_in({column}, {name}) ELSE {plain} END"
        )

    def found(column: str, also: str = "") -> str:
        return (
            f"CASE WHEN {also}{type_.format(column)} = 'null' THEN {_NULL} ELSE {read(column)} END"
        )

    removed = (
        "(t.removed IS NOT NULL AND EXISTS (SELECT 1 FROM json_each(t.removed) g "
        f"WHERE g.value = {name}))"
    )

    def step(on_path: str) -> str:
        return (
            f"(SELECT {found('t.changes', f'{removed} OR ')} FROM steps t "
            f"WHERE t.execution_id = r.execution_id AND {on_path} "
            f"AND ({type_.format('t.changes')} IS NOT NULL OR {removed}) "
            "ORDER BY t.step DESC LIMIT 1)"
        )

    seed = (
        f"(SELECT {read('s.metadata')} FROM jobs j JOIN seeds s "
        "ON s.job_id = j.root_job_id WHERE j.id = r.job_id AND s.seed_index = r.seed_index)"
    )
    trunk, branch = step("t.branch = ''"), step(f"t.branch IN {_PATHS}")
    edited = f"CASE WHEN r.edits IS NOT NULL THEN {found('r.edits')} END"
    steps = f"CASE r.branch WHEN '' THEN {trunk} ELSE {branch} END"
    return f"nullif(coalesce({edited}, {steps}, {seed}), {_NULL})"


def cut(value: str) -> str:
    """What an index keeps of the value of this SQL name."""
    return (
        f"CASE WHEN typeof({value}) = 'text' AND length({value}) > {CUT} "
        f"THEN substr({value}, 1, {CUT}) || '{_MARK}' ELSE {value} END"
    )


def holds(condition: FieldFilter, value: str, key: str) -> tuple[str, dict[str, Any]]:
    """Whether the condition holds for the value of this SQL name; ``key`` names the parameter."""
    return _holds(condition.op, value, f":{key}"), _parameters(condition, key)


def doubt(condition: FieldFilter, value: str, key: str) -> tuple[str | None, dict[str, Any]]:
    """Whether the whole value alone can tell, not what an index keeps; None: never."""
    op, parameters = condition.op, _parameters(condition, key)
    given = parameters.get(key)
    if op in ("is empty", "is not empty"):
        return None, parameters
    if op == "contains":
        return f"(typeof({value}) = 'text' AND length({value}) > {CUT})", parameters
    if isinstance(given, str) and len(given) > CUT:
        return f"{value} IS substr(:{key}, 1, {CUT}) || '{_MARK}'", parameters
    return None, parameters


def _parameters(condition: FieldFilter, key: str) -> dict[str, Any]:
    value = condition.value
    if value is None:
        return {}
    if isinstance(value, bool):
        return {key: int(value), f"{key}_text": None}
    if isinstance(value, str):
        return {key: value, f"{key}_text": value}
    return {key: value, f"{key}_text": json.dumps(value)}


def _holds(op: str, value: str, given: str) -> str:
    if op in ("is empty", "is not empty"):
        is_empty = f"({value} IS NULL OR {value} IN ('', {_NOTHING}))"
        return is_empty if op == "is empty" else f"NOT {is_empty}"
    value = f"CASE typeof({value}) WHEN 'blob' THEN CAST({value} AS TEXT) ELSE {value} END"
    if op == "contains":
        return f"instr(lower({value}), lower({given})) > 0"
    if op in ("=", "!="):
        # A number also equals the text that is written like it.
        is_equal = f"(({value}) IS {given} OR ({value}) = {given}_text)"
        return is_equal if op == "=" else f"NOT coalesce({is_equal}, 0)"
    # Numbers are compared with numbers alone, texts with texts.
    same = f"(typeof({value}) = 'text') = (typeof({given}) = 'text')"
    return f"(({value}) {op} {given} AND {same})"
