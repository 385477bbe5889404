"""Reviewing: what people decide about records, and what is done with their decisions.

session  one reviewer's actions, with undo and redo
"""

from __future__ import annotations

from .session import ReviewSession, login_name

__all__ = ["ReviewSession", "login_name"]
