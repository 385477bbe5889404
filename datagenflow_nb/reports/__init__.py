"""What a dataset is like: its fields, duplicates, coverage and cost, in one pass over the records.

values      what a report says, as plain values
spreads     numbers as they come, of very many a random part
digests     values told apart by digest, of very many a part of the digests
words       texts as numbers, a word each, and how many different word groups there are
minhash     texts that are nearly the same
duplicates  texts that are the same, and nearly so
fields      one field, value by value
coverage    seeds without records, repetitions that gave the same
warnings    what somebody should look at first
survey      one pass over the records
report      the report that users hold
"""

from __future__ import annotations

from .report import DatasetReport
from .survey import survey

__all__ = ["DatasetReport", "survey"]
