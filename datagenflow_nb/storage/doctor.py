"""What does not add up in a store."""

from __future__ import annotations

from dataclasses import dataclass

from .store import Store

__all__ = ["Finding", "examine"]

#: What is counted, and the query that counts it; 0 is healthy.
_CHECKS = (
    (
        "records without their execution",
        "SELECT count(*) FROM records r LEFT JOIN executions e ON e.id = r.execution_id "
        "WHERE e.id IS NULL",
    ),
    (
        "records without their seed",
        "SELECT count(*) FROM records r JOIN jobs j ON j.id = r.job_id LEFT JOIN seeds s ON "
        "s.job_id = j.root_job_id AND s.seed_index = r.seed_index WHERE s.job_id IS NULL",
    ),
    (
        "records without any step of their own path",
        "SELECT count(*) FROM records r WHERE r.status NOT IN ('failed', 'filtered') "
        "AND NOT EXISTS (SELECT 1 FROM steps s WHERE s.execution_id = r.execution_id)",
    ),
    (
        "finished executions without a record",
        "SELECT count(*) FROM executions e WHERE e.status IN ('completed', 'failed', 'filtered') "
        "AND NOT EXISTS (SELECT 1 FROM records r WHERE r.execution_id = e.id)",
    ),
    (
        "branches with several current records",
        "SELECT count(*) FROM (SELECT 1 FROM records WHERE is_current = 1 "
        "GROUP BY job_id, seed_index, repetition, branch HAVING count(*) > 1)",
    ),
    (
        "completed jobs with fewer executions than their seeds ask for",
        "SELECT count(*) FROM jobs j WHERE j.status = 'completed' AND (SELECT count(*) FROM "
        "(SELECT DISTINCT seed_index, repetition FROM executions WHERE job_id = j.id)) <> j.total "
        "AND json_extract(j.options, '$.target_accepted') IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM review_actions a WHERE a.job_id = j.id AND "
        "a.action = 'delete')",
    ),
    (
        "completed jobs without as many accepted records as they were to reach",
        "SELECT count(*) FROM jobs j WHERE j.status = 'completed' AND (SELECT count(*) FROM "
        "records r WHERE r.job_id = j.id AND r.is_current = 1 AND r.verdict = 'accepted') <> "
        "json_extract(j.options, '$.target_accepted') "
        # A record that ran again may have come out otherwise.
        "AND NOT EXISTS (SELECT 1 FROM executions e WHERE e.job_id = j.id "
        "AND e.from_block IS NOT NULL) "
        "AND NOT EXISTS (SELECT 1 FROM review_actions a WHERE a.job_id = j.id AND "
        "a.action = 'delete')",
    ),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check and what it found; ``count`` 0 is healthy."""

    what: str
    count: int
    detail: str = ""


def examine(store: Store) -> list[Finding]:
    """SQLite's own integrity check, its foreign keys, and ours.

    Source: https://www.sqlite.org/pragma.html#pragma_integrity_check
    """
    problems = [row[0] for row in store.rows("PRAGMA integrity_check") if row[0] != "ok"]
    dangling = store.rows("PRAGMA foreign_key_check")
    findings = [
        Finding("integrity_check problems", len(problems), "; ".join(problems[:3])),
        Finding("dangling references", len(dangling)),
    ]
    findings.extend(Finding(what, store.rows(sql)[0][0]) for what, sql in _CHECKS)
    return findings
