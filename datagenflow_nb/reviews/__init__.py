"""Reviewing: what people decide about records, and what is done with their decisions.

session      one reviewer's actions, with undo and redo
pairs        records of two jobs, or of two attempts, side by side
preferences  choices between them as a file that trainers read
"""

from __future__ import annotations

from .pairs import Pairing, pair_attempts, pair_jobs
from .preferences import PairExport, export_pairs
from .session import ReviewSession, login_name

__all__ = [
    "PairExport",
    "Pairing",
    "ReviewSession",
    "export_pairs",
    "login_name",
    "pair_attempts",
    "pair_jobs",
]
