"""Pairs of records as JSON: what stands in the list of all, and which differ.

The browser's side is js/src/compare/protocol.ts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...displays.text import shorten
from ...reviews import Pairing
from ...storage.records import OUTCOMES, Record, RecordTable

__all__ = ["alone", "are_different", "differences", "seed_label"]

#: Characters of a seed in the list of pairs.
_LABEL = 80
#: Records without a partner that are named.
_NAMED = 20

Pair = tuple[int, int]


def differences(records: RecordTable, pairs: Sequence[Pair]) -> list[bool]:
    """Of each pair whether it is two different results; of one that is gone: True."""
    ids = sorted({number for pair in pairs for number in pair})
    found = {record.id: record for record in records.many(ids)}
    return [are_different(found.get(left), found.get(right)) for left, right in pairs]


def are_different(left: Record | None, right: Record | None) -> bool:
    """Whether fields of two records of one seed differ, or only one of them holds a result."""
    if left is None or right is None:
        return True
    is_result = (left.status in OUTCOMES, right.status in OUTCOMES)
    return left.state != right.state or is_result[0] != is_result[1]


def seed_label(record: Record) -> str:
    """The seed on one line: its only field's value, or its fields."""
    seed = record.metadata
    fields = [f"{name}: {shorten(value, _LABEL)}" for name, value in seed.items()]
    shown = next(iter(seed.values())) if len(seed) == 1 else ", ".join(fields)
    place = [f"repetition {record.repetition}"] if record.repetition else []
    place += [f"branch {record.branch}"] if record.branch else []
    told = f" ({', '.join(place)})" if place else ""
    return shorten(shown, _LABEL) + told


def alone(pairing: Pairing) -> list[dict[str, Any]]:
    """The records without a partner, by job and reason."""
    sides = ((pairing.left_job, pairing.left_only), (pairing.right_job, pairing.right_only))
    return [
        {"job_id": job_id, "why": why, "count": len(ids), "ids": ids[:_NAMED]}
        for job_id, only in sides
        for why, ids in only.items()
    ]
