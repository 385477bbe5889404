"""Why a job's records failed: by cause, with an example of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ..displays.failures import FailureList
from ..displays.text import plural, shorten
from ..records import decode
from ..storage.records import Record, RecordTable
from .causes import CONSIDERED, Causes

__all__ = ["Example", "Failure", "causes_of", "error_kind", "example_of", "failures_of"]

#: Characters of a seed's field, and fields of a seed, that an example tells.
_FIELD_WIDTH, _MAX_FIELDS = 60, 8


@dataclass(frozen=True, slots=True)
class Example:
    """One of the records that failed.

    Attributes
    ----------
    seed : dict
        The seed's fields, each as one short line.
    message : str
        All of the error's message.
    step : int or None
        The step that failed, from 0; None when that was after the last one.
    calls, tries : int
        Of that step: model calls, and all their tries.
    """

    record_id: int
    seed_index: int
    repetition: int
    branch: str
    seed: dict[str, str]
    message: str
    step: int | None
    calls: int
    tries: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Failed records that have one cause.

    Attributes
    ----------
    block : str or None
        Id of the block; None for what failed outside of any, as ``accept_when``.
    error : str or None
        The type of the error, with a model's what kind of failure it was.
    message : str
        What the messages have in common; ``…`` where they differ.
    share : float
        Of the job's failed records.
    """

    block: str | None
    error: str | None
    message: str
    count: int
    share: float
    example: Example

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON."""
        example = {name: getattr(self.example, name) for name in Example.__dataclass_fields__}
        own = {name: getattr(self, name) for name in Failure.__dataclass_fields__}
        return {**own, "example": example}


def causes_of(table: RecordTable, job_id: int, status: str, causes: Causes | None = None) -> Causes:
    """Why records failed or were filtered, by block, kind of error and words.

    Parameters
    ----------
    causes : Causes, optional
        Those of other jobs, which these are added to.
    """
    causes = Causes() if causes is None else causes
    for reason in table.reasons(job_id, status, CONSIDERED):
        about = (reason.block_id, reason.error)
        causes.add(reason.reason, reason.count, reason.record_id, about)
    return causes


def failures_of(
    table: RecordTable, job_id: int, limit: int, retry: str | None
) -> FailureList[Failure]:
    """The ``limit`` most frequent causes with an example of each; the others are counted.

    Parameters
    ----------
    retry : str or None
        The command that runs them again.
    """
    causes = list(causes_of(table, job_id, "failed"))
    total = sum(cause.count for cause in causes)
    shown = causes[:limit]
    examples = {record.id: record for record in table.many([cause.first for cause in shown])}
    failures = [
        Failure(
            cause.about[0], error_kind(cause.about[1]), cause.message, cause.count,
            cause.count / total, example_of(examples[cause.first], table),
        )
        for cause in shown
        if cause.first in examples  # else deleted in this moment
    ]  # fmt: skip
    rest = causes[limit:]
    counts = len(rest), sum(cause.count for cause in rest)
    return FailureList(failures, job_id, total, counts, retry)


def error_kind(facts: str | None) -> str | None:
    """``ModelError (auth)``, ``ValueError``."""
    if facts is None:
        return None
    error_type, kind, _, _ = decode(facts)
    told = [str(error_type)] if error_type else []
    if kind:
        told.append(f"({kind})" if told else str(kind))
    return " ".join(told) or None


def example_of(record: Record, table: RecordTable) -> Example:
    """A failed record as an example."""
    failed = [step for step in table.steps_with_calls(record) if step.error is not None]
    calls = failed[-1].calls if failed else []
    return Example(
        record_id=record.id,
        seed_index=record.seed_index,
        repetition=record.repetition,
        branch=record.branch,
        seed=_short(record.metadata),
        message=record.reason or "",
        step=failed[-1].index if failed else None,
        calls=len(calls),
        tries=sum(len(call.tries) for call in calls),
    )


def _short(fields: Mapping[str, Any]) -> dict[str, str]:
    """Some fields of a seed, each as one short line."""
    told = {
        shorten(name, _FIELD_WIDTH): shorten(value, _FIELD_WIDTH)
        for name, value in islice(fields.items(), _MAX_FIELDS)
    }
    if len(fields) > _MAX_FIELDS:
        told["..."] = plural(len(fields) - _MAX_FIELDS, "more field")
    return told
