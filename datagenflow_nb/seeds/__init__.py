"""Seeds in: every kind of source read lazily, one checked seed after the other.

check      what a seed is, and where a wrong one stands
files      paths, folders, encodings
documents  JSON, JSON Lines, YAML
tables     CSV, Parquet, DataFrames: every row is one seed's metadata
reader     the doors: ``read_seeds`` and ``parse_text``
"""

from __future__ import annotations

from ..check import check_fields
from .reader import parse_text, read_seeds
from .tables import is_frame

__all__ = ["check_fields", "is_frame", "parse_text", "read_seeds"]
