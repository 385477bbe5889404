"""Records as files: JSON Lines, CSV, Parquet.

place    the file to write, and a half-written one that is never seen
rows     a record as a JSON line or as a row, and the columns of all rows
formats  how each format is written
pairs    preference pairs, which are no records
run      the doors: ``export_records``, ``export_with`` options as users give them
"""

from __future__ import annotations

from .pairs import NotAlike, write_pairs
from .run import ExportResult, export_records, export_with

__all__ = ["ExportResult", "NotAlike", "export_records", "export_with", "write_pairs"]
