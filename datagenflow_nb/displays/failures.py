"""Why a job's records failed: a cause after the other, each with an example."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

from .html import Html, el
from .listing import Listing
from .text import plural, printable, shorten

__all__ = ["FailureList", "place_told", "seed_told"]

_HEADERS = ("Records", "Share", "Block", "Error", "Why", "For example")

#: Columns of the text where no terminal says how many it has; characters of one message.
_WIDTH, _MAX_MESSAGE = 100, 1_500


class ExampleFacts(Protocol):
    """What a display needs of an example; ``jobs.failures`` says what it is."""

    @property
    def record_id(self) -> int: ...
    @property
    def seed_index(self) -> int: ...
    @property
    def branch(self) -> str: ...
    @property
    def seed(self) -> Mapping[str, str]: ...
    @property
    def message(self) -> str: ...
    @property
    def step(self) -> int | None: ...
    @property
    def calls(self) -> int: ...
    @property
    def tries(self) -> int: ...


class FailureFacts(Protocol):
    """What a display needs of a cause."""

    @property
    def block(self) -> str | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def message(self) -> str: ...
    @property
    def count(self) -> int: ...
    @property
    def share(self) -> float: ...
    @property
    def example(self) -> ExampleFacts: ...


F = TypeVar("F", bound=FailureFacts)


class FailureList(Listing[F]):
    """The causes, most frequent first.

    Parameters
    ----------
    total : int
        How many records failed.
    rest : (int, int)
        Causes that are not among ``items``, and their records.
    retry : str, optional
        The command that runs them again, where one does.
    """

    def __init__(
        self,
        items: Iterable[F],
        job_id: int,
        total: int,
        rest: tuple[int, int],
        retry: str | None = None,
    ) -> None:
        super().__init__(
            items,
            _HEADERS,
            _cells,
            title=f"Failures of job {job_id}",
            empty=f"No record of job {job_id} has failed.",
        )
        self.total = total
        self.retry = retry
        causes, records = rest
        if causes:
            self.notes.append(
                f"... and {plural(records, 'record')} of {plural(causes, 'other cause')}"
            )
        if self:
            record_id = self[0].example.record_id
            self.notes.append(
                f"job.record({record_id}).trace tells what happened, %dgf traces {job_id} shows "
                f"the steps of all{f'; %{retry} runs them again' if retry else ''}."
            )

    def _text(self, most: int, width: int | None) -> str:
        if not self:
            return super()._text(most, width)
        head = f"{self.title}: {plural(self.total, 'record')}"
        parts = [
            head,
            *(_cause_text(item, width or _WIDTH) for item in self),
            "\n".join(self.notes),
        ]
        return printable("\n\n".join(parts))


def _cause_text(failure: FailureFacts, width: int) -> str:
    where = "" if failure.block is None else f", block {failure.block!r}"
    kind = "" if failure.error is None else f", {failure.error}"
    example = failure.example
    told = f"for example {place_told(example)}"
    if example.message != failure.message:
        told += f": {example.message}"
    lines = [f"{plural(failure.count, 'record')} ({_percent(failure.share)}){where}{kind}"]
    for text in (failure.message, told, seed_told(example)):
        lines += textwrap.wrap(
            shorten(text, _MAX_MESSAGE), max(width, 40), initial_indent="    ",
            subsequent_indent="    ", break_on_hyphens=False,
        )  # fmt: skip
    return "\n".join(lines)


def _cells(failure: FailureFacts) -> tuple[Any, ...]:
    return (
        failure.count,
        _percent(failure.share),
        failure.block or "-",
        failure.error or "-",
        failure.message,
        _example_html(failure),
    )


def _example_html(failure: FailureFacts) -> Html:
    example = failure.example
    message = None if example.message == failure.message else el("div", example.message, dir="auto")
    return el(
        "div",
        el("div", place_told(example)),
        message,
        el("div", seed_told(example), class_="dgf-soft", dir="auto"),
    )


def place_told(example: ExampleFacts) -> str:
    """``record 7, seed 3, step 1, 2 tries``."""
    told = [f"record {example.record_id}", f"seed {example.seed_index}"]
    if example.branch:
        told.append(f"branch {example.branch}")
    if example.step is not None:
        told.append(f"step {example.step}")
    if example.calls:
        told.append(
            plural(example.tries, "try")
            if example.calls == 1
            else f"{plural(example.tries, 'try')} of {plural(example.calls, 'call')}"
        )
    return ", ".join(told)


def seed_told(example: ExampleFacts) -> str:
    """``topic: tides, n: 3``."""
    return ", ".join(f"{name}: {value}" for name, value in example.seed.items()) or "no seed fields"


def _percent(share: float) -> str:
    return "< 1 %" if 0 < share < 0.01 else f"{100 * share:.0f} %"
