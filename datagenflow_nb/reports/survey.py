"""One pass over the records of some jobs."""

from __future__ import annotations

import random
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..displays.text import shorten
from ..errors import ValidationError, suggest
from ..query import RecordQuery
from ..storage.overall import seed_counts
from ..storage.reading import pages_of
from ..storage.records import Record, RecordTable
from ..storage.selection import SelectionTable
from ..storage.store import Store
from .coverage import EXAMPLES, Outputs, coverage_of
from .duplicates import Quote, Room
from .fields import Field
from .values import Coverage, FieldReport

__all__ = ["MOST_FIELDS", "Progress", "Survey", "survey"]

#: Fields that are told of, and of which texts are compared with each other.
MOST_FIELDS, MOST_COMPARED_FIELDS = 200, 8
#: Names of further fields that are counted.
_MOST_NAMES = 100_000
#: Characters of a text that is quoted.
_QUOTED = 160

#: Told (records read, records to read) now and then.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found.

    Attributes
    ----------
    records, matching : int
        Records that were read, and those that there are.
    fields : list of FieldReport
        The seeds' first.
    coverage : Coverage
    models : set of str
        That answered.
    left_out : int
        Further fields.
    """

    records: int
    matching: int
    fields: list[FieldReport]
    coverage: Coverage
    models: set[str]
    left_out: int


def survey(
    store: Store,
    table: RecordTable,
    job_ids: Sequence[int],
    query: RecordQuery,
    *,
    fields: Sequence[str] | None = None,
    sample: int | None = None,
    progress: Progress | None = None,
) -> Survey:
    """Read the records once, some hundred in memory at a time.

    Parameters
    ----------
    job_ids : sequence of int
        The jobs that are reported on.
    query : RecordQuery
        Which of their records.
    fields : sequence of str, optional
        Only these.
    sample : int, optional
        Only so many records, drawn at random, the same each time.
    progress : callable, optional

    Raises
    ------
    ValidationError
        When no record has a field of ``fields``.
    """
    query = replace(query, job_ids=tuple(job_ids), sort=())
    chosen = ids = SelectionTable(store).ids(query)
    if sample is not None and sample < len(ids):
        places = sorted(random.Random(0).sample(range(len(ids)), sample))
        chosen = array("q", (ids[place] for place in places))
    found = _Fields(fields)
    read = 0
    for part, records in pages_of(store, query, chosen):
        if progress is not None:
            progress(read, len(chosen))
        read += len(part)
        for record in records:
            found.add(record)
    found.check()
    seeds = {job_id: seed_counts(store, job_id, ids, EXAMPLES) for job_id in job_ids}
    return Survey(
        found.records,
        len(ids) - (len(chosen) - found.records),
        found.reports(table),
        coverage_of(seeds, found.outputs),
        found.models,
        len(found.left_out),
    )


class _Fields:
    """All fields of the records."""

    def __init__(self, only: Sequence[str] | None) -> None:
        self._only = None if only is None else set(only)
        self._fields: dict[str, Field] = {}
        self._room = Room(MOST_COMPARED_FIELDS)
        #: In the order of the states; others are worked on first.
        self._places: dict[str, int] = {}
        self._others: set[str] = set()
        self._output_fields: Counter[str] = Counter()
        self.records = 0
        self.outputs = Outputs()
        self.models: set[str] = set()
        self.left_out: set[str] = set()

    def add(self, record: Record) -> None:
        """Take a record."""
        self.records += 1
        self.outputs.add(record)
        if record.model:
            self.models.add(record.model)
        if record.output_field is not None:
            self._output_fields[record.output_field] += 1
        setters = {name: step.block_id for step in record.steps for name in step.set}
        new = []
        for name in record.state:
            if name not in self._fields and self._is_wanted(name):
                self._places[name] = len(self._places)
                new.append(name)
        # There is room to compare some fields' texts alone: the output's, then the blocks'.
        for name in sorted(
            new, key=lambda name: (name != record.output_field, name not in setters)
        ):
            self._fields[name] = Field(name, self._room)
        for name, value in record.state.items():
            field = self._fields.get(name)
            if field is not None:
                is_edited = name in record.original
                field.add(value, record.id, setters.get(name), is_edited=is_edited)

    def _is_wanted(self, name: str) -> bool:
        """Whether this new field shall be told of."""
        if self._only is not None and name not in self._only:
            if len(self._others) < MOST_FIELDS:
                self._others.add(name)
            return False
        if len(self._places) >= MOST_FIELDS:
            if len(self.left_out) < _MOST_NAMES:
                self.left_out.add(name)
            return False
        return True

    def check(self) -> None:
        """Raise when a field that was asked for is nowhere."""
        missing = (self._only or set()) - set(self._fields)
        if missing and self.records:
            name = min(missing)
            known = sorted(self._others | set(self._fields))
            raise ValidationError(
                f"no record that was read has a field {name!r}; {suggest(name, known)}",
                {"fields": sorted(missing)},
            )

    def reports(self, table: RecordTable) -> list[FieldReport]:
        """What they are like, those of the seeds first."""
        outputs = self._output_fields.most_common(1)
        output_field = outputs[0][0] if outputs else None
        made = [
            field.report(self.records, output_field, _quoting(table, field.name))
            for field in self._fields.values()
        ]
        return sorted(made, key=lambda one: (one.source != "seed", self._places[one.name]))


def _quoting(table: RecordTable, name: str) -> Quote:
    def quote(ids: Sequence[int]) -> dict[int, str]:
        return {record.id: shorten(record.state.get(name), _QUOTED) for record in table.many(ids)}

    return quote
