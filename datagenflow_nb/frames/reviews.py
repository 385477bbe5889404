"""What reviewers did, as DataFrames with stable columns and types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..storage.choices import Choice
from ..storage.review_log import LogEntry
from .tables import typed_frame

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["choices_frame", "log_frame"]

_LOG_TYPES = {
    "id": "int64",
    "created_at": "text",
    "reviewer": "text",
    "action": "text",
    "what": "text",
    "count": "int64",
    "skipped": "int64",
    "can_undo": "bool",
    "undone": "int64",
    "undone_at": "text",
    "undone_by": "text",
}
_CHOICE_TYPES = {
    "left": "int64",
    "right": "int64",
    "choice": "text",
    "seed_index": "int64",
    "repetition": "int64",
    "branch": "text",
    "reviewer": "text",
    "note": "text",
    "updated_at": "text",
    "left_out": "text",
}


def choices_frame(choices: Iterable[Choice]) -> pd.DataFrame:
    """A row per pair of records that somebody has chosen between.

    Returns
    -------
    DataFrame of shape (n_choices, 10)
        ``left, right`` (record ids, int64), ``choice`` (text: ``left, right, tie, neither``),
        ``seed_index, repetition`` (int64) and ``branch`` (text) of the left one,
        ``reviewer, note, updated_at`` (text), ``left_out`` (text: why it counts no more, None
        when its records stand side by side now).
    """
    rows = [tuple(getattr(choice, name) for name in _CHOICE_TYPES) for choice in choices]
    return typed_frame(_CHOICE_TYPES, rows)


def log_frame(entries: Iterable[LogEntry]) -> pd.DataFrame:
    """A row per action, oldest first.

    Returns
    -------
    DataFrame of shape (n_actions, 11)
        ``id`` (int64), ``created_at, reviewer, action, what`` (text), ``count, skipped`` (int64),
        ``can_undo`` (bool), ``undone`` (records that were taken back, int64), ``undone_at,
        undone_by`` (text, None when it stands).
    """
    rows = [
        (
            entry.id, entry.created_at, entry.reviewer, entry.kind, entry.what, entry.count,
            entry.skipped, entry.can_undo, entry.undone, entry.undone_at, entry.undone_by,
        )
        for entry in entries
    ]  # fmt: skip
    return typed_frame(_LOG_TYPES, rows)
