"""What a whole job will take, told from some of its executions."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from .html import el, page, table_html
from .text import duration, plural, printable, table

__all__ = ["Estimate", "Figure"]

_HEADERS = ("", "So far", "Whole job", "95 % interval")


@dataclass(frozen=True, slots=True)
class Figure:
    """One quantity.

    Attributes
    ----------
    sampled : float or None
        What the executions that were run took; None: unknown, and so is the rest.
    value : float or None
        For the whole job; None also where every execution that was run has failed.
    low, high : float or None
        The bounds of its 95 % interval; None where one execution alone was run, or where those that
        were run do not differ, which says nothing about how much the others do.
    """

    sampled: float | None
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a job will take.

    Attributes
    ----------
    job_id : int
        The job whose executions were run; resumed, it runs the others.
    executions, total : int
        How many were run, of how many.
    failed : int
        How many of those that were run have failed.
    missing : int
        How many of those that were to be run have not been.
    input_tokens, output_tokens, calls, cost, seconds : Figure
        ``seconds``: at ``concurrency``, as far as the servers keep up with it.
    notes : tuple of str
        What is not known, and why.
    """

    job_id: int
    executions: int
    total: int
    failed: int
    missing: int
    concurrency: int
    input_tokens: Figure
    output_tokens: Figure
    calls: Figure
    cost: Figure
    seconds: Figure
    notes: tuple[str, ...] = ()

    @property
    def is_exact(self) -> bool:
        """Whether all were run."""
        return self.executions == self.total

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON."""
        return {**asdict(self), "notes": list(self.notes), "is_exact": self.is_exact}

    def text(self) -> str:
        """The same as plain text."""
        lines = [self._title(), "", table(_HEADERS, self._rows()), "", *self._notes()]
        return printable("\n".join(lines))

    def __repr__(self) -> str:
        return self._title()

    def _repr_html_(self) -> str:
        return page(
            el("div", self._title(), class_="dgf-head"),
            table_html(_HEADERS, self._rows()),
            [el("div", note, class_="dgf-soft") for note in self._notes()],
        )

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.text())

    def _title(self) -> str:
        of = f"{self.executions:,} of {plural(self.total, 'execution')}"
        return f"Estimate from {of} (job {self.job_id})"

    def _notes(self) -> list[str]:
        notes = list(self.notes)
        if self.is_exact:
            return [*notes, "All executions were run: nothing is left to be estimated."]
        if self.failed < self.executions:
            if self.executions == 1:
                notes.append("One execution says nothing about how much they differ: no interval.")
            elif any(figure.value and figure.low is None for figure in self._figures()):
                notes.append("Where no spread was seen the others may differ all the same.")
        if self.missing:
            way = f"dgf estimate job:{self.job_id}"
            told = f"What was run is kept; %{way} or {way} runs the missing {self.missing:,}."
            return [*notes, told]
        return [*notes, f"What was run is kept; %dgf resume {self.job_id} or dgf resume "
                f"{self.job_id} runs the rest."]  # fmt: skip

    def _figures(self) -> tuple[Figure, ...]:
        return self.input_tokens, self.output_tokens, self.calls, self.cost, self.seconds

    def _rows(self) -> list[tuple[str, str, str, str]]:
        named = (
            ("tokens in", self.input_tokens, _count),
            ("tokens out", self.output_tokens, _count),
            ("calls", self.calls, _count),
            ("cost", self.cost, _money),
            (f"time at concurrency {self.concurrency}", self.seconds, duration),
        )
        return [
            (
                name,
                _told(figure.sampled, form),
                _told(figure.value, form),
                self._interval(figure, form),
            )
            for name, figure, form in named
        ]

    def _interval(self, figure: Figure, form: Any) -> str:
        if figure.value is None:
            return "-"
        if self.is_exact:
            return "exact"
        if figure.low is None or figure.high is None:
            return "-" if self.executions == 1 else f"no spread seen in {self.executions:,}"
        return f"{form(figure.low)} to {form(figure.high)}"


def _told(value: float | None, form: Any) -> str:
    return "unknown" if value is None else form(value)


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _money(value: float) -> str:
    return f"{value:,.4f}"
