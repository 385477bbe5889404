"""What the calls of a job have used: together, by block and by model."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..records import Call, Usage, encode

__all__ = ["JobUsage", "merged_usage", "usage_told"]


class JobUsage:
    """The sums that a runner counts on. A sum is replaced, never changed.

    Parameters
    ----------
    stored : mapping
        What the row holds. Calls counted before there were sums by block and by model stay out of
        them, so these are not begun behind such calls: they would look like everything.

    Attributes
    ----------
    total : Usage
        All answered calls.
    reused : int
        Answers taken over from the job that this one re-runs; they are no calls of its own.
    """

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self.total = _read(stored)
        is_known = self.total.cost is not None
        self._known = self.total.cost or stored.get("known_cost", 0.0)
        self._unpriced = 0 if is_known else int(stored.get("unpriced_calls", self.total.calls))
        self.reused = int(stored.get("reused", 0))
        is_whole = "blocks" in stored or not self.total.calls
        self._blocks = _parts(stored, "blocks") if is_whole else None
        self._models = _parts(stored, "models") if is_whole else None

    def add(self, call: Call) -> None:
        """Count a call that was made and answered."""
        used = call.usage
        self.total = self.total + used
        self._known += used.cost or 0.0
        self._unpriced += used.calls if used.cost is None else 0
        if self._blocks is not None and self._models is not None:
            self._blocks[call.block_id] = self._blocks.get(call.block_id, _NONE) + used
            self._models[call.model] = self._models.get(call.model, _NONE) + used

    def reuse(self) -> None:
        """Count an answer that was taken over."""
        self.reused += 1

    def snapshot(self) -> Callable[[], str]:
        """Gives the sums of this moment as JSON, ``{}`` before the first call."""
        blocks, models = self._blocks, self._models
        return functools.partial(
            _text, self.total, self._known, self._unpriced, self.reused,
            blocks and dict(blocks), models and dict(models),
        )  # fmt: skip


_NONE = Usage()


def usage_told(stored: Mapping[str, Any]) -> dict[str, Any]:
    """``jobs.usage`` as users get it: of a job without calls yet, zeros and nothing by part."""
    if stored.get("calls"):
        return dict(stored)
    return {**Usage().to_dict(), "blocks": {}, "models": {}, **stored}


def merged_usage(usages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The sums of several jobs, as ``usage_told`` gives them."""
    if len(usages) == 1:
        return dict(usages[0])
    total = sum((_read(usage) for usage in usages), _NONE)
    merged: dict[str, Any] = total.to_dict()
    if total.calls and total.cost is None:
        merged["known_cost"] = sum(
            usage.get("known_cost", usage["cost"] or 0.0) for usage in usages
        )
        merged["unpriced_calls"] = sum(
            usage.get("unpriced_calls", 0 if usage["cost"] is not None else usage["calls"])
            for usage in usages
        )
    for key in ("blocks", "models"):
        parts: dict[str, Usage] = {}
        for usage in usages:
            for name, used in _parts(usage, key).items():
                parts[name] = parts.get(name, _NONE) + used
        merged[key] = {name: used.to_dict() for name, used in parts.items()}
    if reused := sum(usage.get("reused", 0) for usage in usages):
        merged["reused"] = reused
    return merged


def _read(figures: Mapping[str, Any]) -> Usage:
    names = ("input_tokens", "output_tokens", "calls", "cost")
    return Usage(**{name: figures[name] for name in names if name in figures})


def _parts(stored: Mapping[str, Any], key: str) -> dict[str, Usage]:
    return {name: _read(figures) for name, figures in stored.get(key, {}).items()}


def _text(
    total: Usage,
    known: float,
    unpriced: int,
    reused: int,
    blocks: dict[str, Usage] | None,
    models: dict[str, Usage] | None,
) -> str:
    figures: dict[str, Any] = {}
    if total.calls:
        figures = total.to_dict()
        if unpriced:  # what the others did cost
            figures |= {"known_cost": known, "unpriced_calls": unpriced}
        for key, parts in (("blocks", blocks), ("models", models)):
            if parts:
                figures[key] = {name: usage.to_dict() for name, usage in parts.items()}
    if reused:
        figures["reused"] = reused
    return encode(figures)
