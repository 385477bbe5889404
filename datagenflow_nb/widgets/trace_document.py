"""A trace as the browser gets it: what the seed was, and what each step changed.

A trace holds every state whole. Sent so, a long text that goes through ten steps would be sent
twenty times; the browser rebuilds states from the changes. Its side is ``js/src/trace``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..preview import Preview, branch_name
from ..records import encode
from ..results import Result
from ..storage.current import Attempt
from ..storage.records import Record

__all__ = [
    "attempt_of",
    "branch_of",
    "document_of",
    "preview_document",
    "record_document",
    "result_document",
]

#: Branches that are sent of many, and characters of them in all: one is always sent.
_MAX_BRANCHES, _MAX_SIZE = 200, 8_000_000


def document_of(
    branches: Iterable[Mapping[str, Any]], *, title: str, about: str = "", count: int = 1
) -> dict[str, Any]:
    """Branches of a trace with what they are called together.

    Parameters
    ----------
    branches : iterable of dict
        As ``branch_of`` makes them; those that are too many are left out.
    count : int
        How many there are.
    """
    sent: list[Mapping[str, Any]] = []
    size = 0
    for branch in branches:
        size += len(encode(branch))
        if sent and (len(sent) == _MAX_BRANCHES or size > _MAX_SIZE):
            break
        sent.append(branch)
    return {"title": title, "about": about, "branches": sent, "more": count - len(sent)}


def branch_of(
    trace: Sequence[Mapping[str, Any]],
    *,
    label: str = "Main branch",
    status: str | None = None,
    reason: str | None = None,
    seed: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One branch.

    Parameters
    ----------
    trace : list of dict
        As ``records.build_trace`` makes it.
    status, reason : str, optional
        What became of it; None: nobody has said, a trace alone does not tell.
    seed : dict, optional
        Its fields; default: what the first step was given.
    """
    given = seed if seed is not None else (trace[0]["input"] if trace else {})
    failed = next((step["error"] for step in trace if step["error"] is not None), None)
    if failed is not None and status is None:
        status, reason = "failed", failed.get("error")
    return {
        "label": label,
        "status": status,
        "reason": reason,
        "seed": dict(given),
        "steps": [_step(step) for step in trace],
    }


def record_document(record: Record) -> dict[str, Any]:
    """The trace of a stored record."""
    branch = branch_of(
        record.trace, status=record.status, reason=record.reason, seed=record.metadata
    )
    about = f"model {record.model}" if record.model else ""
    return document_of([branch], title=record.title, about=about)


def attempt_of(attempt: Attempt) -> dict[str, Any]:
    """One attempt of a record."""
    names = ("record_id", "attempt", "branch", "status", "reason", "is_current", "created_at")
    return {name: getattr(attempt, name) for name in names} | {"why": attempt.why}


def result_document(result: Result) -> dict[str, Any]:
    """The trace of one branch that a pipeline was executed on."""
    label = branch_name(result.trace)
    branch = branch_of(result.trace, label=label, status=result.status, reason=result.reason)
    verdict = {None: "", True: "accepted by its rule", False: "rejected by its rule"}
    return document_of([branch], title="Result", about=verdict[result.accepted])


def preview_document(preview: Preview) -> dict[str, Any]:
    """The traces of a previewed seed, a branch each."""
    told = {result.branch: result for result in preview.results}
    branches = []
    for trace in preview.traces:
        path = trace[-1]["branch"] if trace else ""
        result = told.get(path)
        branches.append(
            branch_of(
                trace,
                label=branch_name(trace),
                status=None if result is None else result.status,
                reason=None if result is None else result.reason,
                seed=preview.seed,
            )
        )
    about = "no model was asked: its answers are placeholders" if preview.is_dry else ""
    return document_of(
        branches, title=f"Preview of {preview.pipeline}", about=about, count=len(branches)
    )


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "index": step["step"],
        "block_id": step["block_id"],
        "block_type": step["block_type"],
        "branch": step["branch"],
        "set": step["output"],
        "removed": [name for name in step["input"] if name not in step["accumulated_state"]],
        "seconds": step["execution_time"],
        "error": step["error"],
        "skipped": step["skipped"],
        # Of a trace that was kept elsewhere, from before answers were reused, nothing is told.
        "calls": [{**call, "reused": bool(call.get("reused"))} for call in step["calls"]],
    }
