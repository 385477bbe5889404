"""The tables. Append-only: a released migration is never edited, a change is a new one."""

from __future__ import annotations

import importlib.abc
import sqlite3
import sys
import threading
from typing import Any

__all__ = ["MIGRATION_SET", "apply_migrations", "known_migrations"]

MIGRATION_SET = "datagenflow_nb"

_M001 = """
CREATE TABLE pipelines (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    definition TEXT NOT NULL,
    field_layout TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE TABLE pipeline_versions (
    id INTEGER PRIMARY KEY,
    pipeline_id INTEGER NOT NULL REFERENCES pipelines(id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    definition TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (pipeline_id, version)
);
CREATE TABLE models (
    name TEXT PRIMARY KEY,
    endpoint TEXT NOT NULL,
    model TEXT NOT NULL,
    key_env TEXT,
    input_price REAL,
    output_price REAL,
    limits TEXT NOT NULL DEFAULT '{}',
    created_at TEXT NOT NULL
);
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    parent_job_id INTEGER REFERENCES jobs(id) ON DELETE SET NULL,
    root_job_id INTEGER,
    pipeline_id INTEGER REFERENCES pipelines(id) ON DELETE SET NULL,
    pipeline_version INTEGER,
    pipeline_name TEXT NOT NULL,
    definition TEXT NOT NULL,
    options TEXT NOT NULL DEFAULT '{}',
    random_seed INTEGER NOT NULL,
    status TEXT NOT NULL,
    total INTEGER,
    executions_done INTEGER NOT NULL DEFAULT 0,
    records_generated INTEGER NOT NULL DEFAULT 0,
    records_failed INTEGER NOT NULL DEFAULT 0,
    records_filtered INTEGER NOT NULL DEFAULT 0,
    usage TEXT NOT NULL DEFAULT '{}',
    error TEXT,
    control TEXT,
    runner TEXT,
    heartbeat_at TEXT,
    created_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT
);
CREATE INDEX jobs_status ON jobs(status);
CREATE TABLE seeds (
    job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
    seed_index INTEGER NOT NULL,
    repetitions INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    PRIMARY KEY (job_id, seed_index)
);
CREATE TABLE executions (
    id INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
    seed_index INTEGER NOT NULL,
    repetition INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    status TEXT NOT NULL,
    error TEXT,
    trace_id TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    UNIQUE (job_id, seed_index, repetition, attempt)
);
CREATE TABLE steps (
    execution_id INTEGER NOT NULL REFERENCES executions(id) ON DELETE CASCADE,
    branch TEXT NOT NULL,
    step INTEGER NOT NULL,
    block_id TEXT NOT NULL,
    block_type TEXT NOT NULL,
    changes TEXT,
    removed TEXT,
    skipped INTEGER NOT NULL DEFAULT 0,
    execution_time REAL NOT NULL,
    error TEXT
);
CREATE UNIQUE INDEX steps_key ON steps(execution_id, branch, step);
CREATE TABLE calls (
    execution_id INTEGER NOT NULL REFERENCES executions(id) ON DELETE CASCADE,
    branch TEXT NOT NULL,
    block_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    model TEXT NOT NULL,
    request TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    answer TEXT,
    finish_reason TEXT,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cost REAL,
    latency REAL NOT NULL,
    tries TEXT NOT NULL,
    error TEXT,
    created_at TEXT NOT NULL
);
CREATE UNIQUE INDEX calls_key ON calls(execution_id, branch, block_id, number);
CREATE TABLE records (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
    execution_id INTEGER NOT NULL REFERENCES executions(id) ON DELETE CASCADE,
    seed_index INTEGER NOT NULL,
    repetition INTEGER NOT NULL,
    branch TEXT NOT NULL,
    is_current INTEGER NOT NULL DEFAULT 1,
    status TEXT NOT NULL,
    reason TEXT,
    output_field TEXT,
    model TEXT,
    verdict TEXT,
    edits TEXT,
    note TEXT,
    tags TEXT,
    reviewer TEXT,
    version INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE UNIQUE INDEX records_branch ON records(execution_id, branch);
CREATE INDEX records_job ON records(job_id);
CREATE INDEX records_job_status ON records(job_id, status);
CREATE TABLE review_actions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER REFERENCES jobs(id) ON DELETE CASCADE,
    reviewer TEXT NOT NULL,
    action TEXT NOT NULL,
    before TEXT NOT NULL,
    created_at TEXT NOT NULL,
    undone_at TEXT
);
CREATE TABLE job_log (
    id INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    level TEXT NOT NULL,
    trace_id TEXT,
    message TEXT NOT NULL
);
CREATE INDEX job_log_job ON job_log(job_id);
"""

_M002 = """
ALTER TABLE job_log ADD COLUMN block_id TEXT;
"""

_M003 = """
ALTER TABLE calls ADD COLUMN reused INTEGER NOT NULL DEFAULT 0;
"""

_M004 = """
ALTER TABLE jobs ADD COLUMN records_accepted INTEGER NOT NULL DEFAULT 0;
UPDATE jobs SET records_accepted = (SELECT count(*) FROM records r WHERE r.job_id = jobs.id
    AND r.verdict = 'accepted' AND r.is_current = 1);
"""

_M005 = """
CREATE TABLE drafts (
    id TEXT PRIMARY KEY,
    origin TEXT NOT NULL,
    owner TEXT NOT NULL,
    definition TEXT NOT NULL,
    base_version INTEGER,
    updated_at TEXT NOT NULL
);
"""

# ``review_actions.before`` of an action without a session is a list, of records or of their ids.
_M006 = """
ALTER TABLE records ADD COLUMN last_action INTEGER;
ALTER TABLE review_actions ADD COLUMN group_id INTEGER;
ALTER TABLE review_actions ADD COLUMN session TEXT;
ALTER TABLE review_actions ADD COLUMN what TEXT NOT NULL DEFAULT '';
ALTER TABLE review_actions ADD COLUMN count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE review_actions ADD COLUMN skipped INTEGER NOT NULL DEFAULT 0;
ALTER TABLE review_actions ADD COLUMN undone_by TEXT;
UPDATE review_actions SET group_id = id, what = action, count = json_array_length(before);
CREATE INDEX review_actions_group ON review_actions(group_id);
CREATE INDEX review_actions_job ON review_actions(job_id);
"""

_M007 = """
CREATE TABLE choices (
    low_record_id INTEGER NOT NULL REFERENCES records(id) ON DELETE CASCADE,
    high_record_id INTEGER NOT NULL REFERENCES records(id) ON DELETE CASCADE,
    choice TEXT NOT NULL,
    reviewer TEXT NOT NULL,
    note TEXT,
    last_action INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (low_record_id, high_record_id)
);
CREATE INDEX choices_high ON choices(high_record_id);
CREATE TABLE layouts (
    pipeline_name TEXT PRIMARY KEY,
    layout TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
INSERT INTO layouts (pipeline_name, layout, updated_at) SELECT name, field_layout, updated_at
    FROM pipelines WHERE field_layout IS NOT NULL;
"""

# For selecting among a million records. What is in the tables of the review is derived from the
# others, by ``indexing``; only ``review_changes`` is written by who edits, through a trigger.
_M008 = """
DROP INDEX records_job;
DROP INDEX records_job_status;
CREATE INDEX records_job ON records(job_id, is_current);
CREATE INDEX records_job_status ON records(job_id, is_current, status);
CREATE INDEX records_reviewer ON records(job_id, reviewer) WHERE reviewer IS NOT NULL;
CREATE INDEX records_edited ON records(job_id) WHERE edits IS NOT NULL;
CREATE INDEX records_noted ON records(job_id) WHERE note IS NOT NULL;
CREATE INDEX records_tagged ON records(job_id) WHERE tags IS NOT NULL;
CREATE TABLE review_changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
    record_id INTEGER NOT NULL
);
CREATE INDEX review_changes_job ON review_changes(job_id);
INSERT INTO review_changes (job_id, record_id) SELECT job_id, id FROM records
    WHERE edits IS NOT NULL;
CREATE TRIGGER records_edits_changed AFTER UPDATE OF edits ON records
WHEN OLD.edits IS NOT NEW.edits BEGIN
INSERT INTO review_changes (job_id, record_id) VALUES (NEW.job_id, NEW.id); END;
CREATE TABLE review_texts (
    job_id INTEGER PRIMARY KEY REFERENCES jobs(id) ON DELETE CASCADE,
    indexed_to INTEGER NOT NULL,
    changed_to INTEGER NOT NULL
);
CREATE VIRTUAL TABLE record_texts USING fts5(
    text, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE record_edit_texts USING fts5(
    text, tokenize='unicode61 remove_diacritics 2'
);
CREATE TRIGGER records_edited_deleted AFTER DELETE ON records
WHEN OLD.edits IS NOT NULL BEGIN
DELETE FROM record_edit_texts WHERE rowid = OLD.id; END;
CREATE TABLE review_fields (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
    field TEXT NOT NULL,
    indexed_to INTEGER NOT NULL,
    changed_to INTEGER NOT NULL,
    UNIQUE (job_id, field)
);
CREATE TABLE review_values (
    field_id INTEGER NOT NULL REFERENCES review_fields(id) ON DELETE CASCADE,
    record_id INTEGER NOT NULL,
    value,
    PRIMARY KEY (field_id, record_id)
) WITHOUT ROWID;
CREATE TABLE review_orders (
    field_id INTEGER PRIMARY KEY REFERENCES review_fields(id) ON DELETE CASCADE,
    indexed_to INTEGER NOT NULL,
    changed_to INTEGER NOT NULL,
    filled INTEGER NOT NULL,
    record_ids BLOB NOT NULL
);
"""

_M009 = """
CREATE TABLE job_course (
    job_id INTEGER PRIMARY KEY REFERENCES jobs(id) ON DELETE CASCADE,
    moments TEXT NOT NULL,
    blocks TEXT NOT NULL,
    waiting TEXT,
    updated_at TEXT NOT NULL
);
"""

_M010 = """
ALTER TABLE executions ADD COLUMN from_block TEXT;
ALTER TABLE executions ADD COLUMN from_branch TEXT;
"""

_M011 = """
ALTER TABLE records ADD COLUMN last_edit INTEGER;
ALTER TABLE records ADD COLUMN last_note INTEGER;
ALTER TABLE records ADD COLUMN last_tagging INTEGER;
"""

_M012 = """
ALTER TABLE review_actions ADD COLUMN undone INTEGER NOT NULL DEFAULT 0;
UPDATE review_actions SET undone = count WHERE undone_at IS NOT NULL;
"""

# Indexes are made by other rules, and those of texts in tables of each job: ``text_tables``.
_M013 = """
DROP TRIGGER records_edited_deleted;
DROP TABLE record_texts;
DROP TABLE record_edit_texts;
DELETE FROM review_texts;
ALTER TABLE review_texts ADD COLUMN rules INTEGER NOT NULL DEFAULT 0;
DELETE FROM review_fields;
ALTER TABLE review_fields ADD COLUMN rules INTEGER NOT NULL DEFAULT 0;
"""

_M014 = """
ALTER TABLE executions ADD COLUMN from_execution INTEGER;
"""

#: Every migration, oldest first: its name and its statements.
_MIGRATIONS: tuple[tuple[str, str], ...] = (
    ("m001_initial", _M001),
    ("m002_block_of_log_line", _M002),
    ("m003_reused_calls", _M003),
    ("m004_records_accepted", _M004),
    ("m005_drafts_of_pipelines", _M005),
    ("m006_actions_taken_back", _M006),
    ("m007_choices_and_layouts", _M007),
    ("m008_selections_of_records", _M008),
    ("m009_course_of_jobs", _M009),
    ("m010_attempts_from_a_block", _M010),
    ("m011_last_edits_and_notes", _M011),
    ("m012_records_of_actions_undone", _M012),
    ("m013_indexes_of_each_job", _M013),
    ("m014_origins_of_attempts", _M014),
)


def known_migrations() -> list[str]:
    """Names of all migrations of this version, oldest first."""
    return [name for name, _ in _MIGRATIONS]


def apply_migrations(connection: sqlite3.Connection) -> None:
    """Apply what is pending; the caller holds the write transaction."""
    sqlite_utils = _import_sqlite_utils()
    migrations = sqlite_utils.Migrations(MIGRATION_SET)
    for name, script in _MIGRATIONS:
        migrations(name=name)(_runner(script))
    migrations.apply(sqlite_utils.Database(connection, execute_plugins=False))


def _runner(script: str) -> Any:
    def migrate(db: Any) -> None:
        # executescript() would commit the transaction this runs in.
        for statement in script.split(";\n"):
            if statement.strip():
                db.conn.execute(statement)

    return migrate


class _HidePandas(importlib.abc.MetaPathFinder):
    """Makes pandas and numpy look absent to one thread's imports."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name in ("pandas", "numpy") and threading.get_ident() == self.thread:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _import_sqlite_utils() -> Any:
    """Import sqlite_utils without the pandas it loads for its column types.

    That costs 0.7 s where pandas is installed, on the way to a job's first record, and we store
    JSON text only.
    """
    finder = _HidePandas()
    sys.meta_path.insert(0, finder)
    try:
        import sqlite_utils
    finally:
        sys.meta_path.remove(finder)
    return sqlite_utils
