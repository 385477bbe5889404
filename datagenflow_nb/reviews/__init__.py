"""Reviewing: what people decide about records, and what is done with their decisions.

session      one reviewer's actions, with undo and redo
pairs        records of two jobs, or of two attempts, side by side
rules        what a rule would decide, and deciding by it
agreement    how often it decides as people do
layouts      how records are shown
preferences  choices between them as a file that trainers read
"""

from __future__ import annotations

from .agreement import Agreement, agreement
from .layouts import check_layout
from .pairs import Pairing, as_they_stand, pair_attempts, pair_jobs
from .preferences import PairExport, export_pairs
from .rules import AutoReview, Judge, Unclear, auto_review
from .session import ReviewSession, login_name

__all__ = [
    "Agreement",
    "AutoReview",
    "Judge",
    "PairExport",
    "Pairing",
    "ReviewSession",
    "Unclear",
    "agreement",
    "as_they_stand",
    "auto_review",
    "check_layout",
    "export_pairs",
    "login_name",
    "pair_attempts",
    "pair_jobs",
]
