"""The report as users hold it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..displays.text import plural
from ..errors import ValidationError, suggest
from ..export.place import check_target, replacing
from ..records import decode, encode
from .values import Coverage, FieldReport

__all__ = ["DatasetReport"]


@dataclass(frozen=True, slots=True, repr=False)
class DatasetReport:
    """What a dataset is like.

    Attributes
    ----------
    title : str
    jobs : list of dict
        ``{"id", "pipeline", "status", "models"}`` of each job.
    created_at : str
        When it was made.
    statuses : list of str
        Statuses of the records that it is about.
    selected : str
        What else selects them, as the words of a line; empty: nothing.
    counts : dict
        All records of the jobs by status.
    records : int
        The records that were read.
    matching : int
        All that have these statuses; more than ``records`` when a sample was read.
    sample : int or None
        How many were asked for.
    warnings : list of str
        What somebody should look at first.
    notes : list of str
        How figures came about: what is estimated or left out.
    fields : list of FieldReport
        The seeds' fields, then those of the blocks.
    coverage : Coverage
        How the seeds are covered.
    failures : list of dict
        Why records failed, most frequent first:
        ``{"count", "share", "block", "error", "message", "record_id"}``.
    filtered : list of dict
        Why records were filtered: ``{"count", "share", "message", "record_id"}``.
    usage : dict
        Tokens, calls and cost, as ``job.usage``.
    blocks : list of dict
        ``{"id", "runs", "seconds", "calls", "input_tokens", "output_tokens", "cost"}``; figures of
        calls are None where they were not counted by block.
    models : list of dict
        ``{"name", "calls", "input_tokens", "output_tokens", "cost", "seconds"}``; ``seconds`` that
        an answer takes.
    """

    title: str
    jobs: list[dict[str, Any]]
    created_at: str
    statuses: list[str]
    selected: str
    counts: dict[str, int]
    records: int
    matching: int
    sample: int | None
    warnings: list[str]
    notes: list[str]
    fields: list[FieldReport]
    coverage: Coverage
    failures: list[dict[str, Any]]
    filtered: list[dict[str, Any]]
    usage: dict[str, Any]
    blocks: list[dict[str, Any]]
    models: list[dict[str, Any]]

    def field(self, name: str) -> FieldReport:
        """The field of that name.

        Raises
        ------
        ValidationError
            When there is none.
        """
        for found in self.fields:
            if found.name == name:
                return found
        names = [found.name for found in self.fields]
        raise ValidationError(f"no field {name!r} in the report; {suggest(str(name), names)}")

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON."""
        told: dict[str, Any] = decode(encode(asdict(self)))
        return told

    def text(self, width: int | None = None) -> str:
        """The same as plain text of at most ``width`` columns."""
        from ..displays.report_text import report_text

        return report_text(self.to_dict(), width)

    def to_html(self, path: str | Path) -> Path:
        """Write it as one file that needs no other and no network; gives its absolute path.

        Raises
        ------
        ConfigError
            For a path that cannot be one.
        DataGenFlowError
            When the file cannot be written; an older one is as it was.
        """
        from ..displays.report import report_file

        target = check_target(path)
        with replacing(target) as file:
            file.write(report_file(self.to_dict()).encode())
        return target

    def __repr__(self) -> str:
        return (
            f"DatasetReport({self.title!r}, {plural(self.records, 'record')}, "
            f"{plural(len(self.fields), 'field')}, {plural(len(self.warnings), 'warning')})"
        )

    def _repr_html_(self) -> str:
        from ..displays.report import report_html

        return report_html(self.to_dict())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.text(100))
