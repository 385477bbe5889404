"""Deciding by a rule: what it would do with which records, and doing it."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..displays.text import plural
from ..errors import TemplateError
from ..records import utc_now
from ..storage.actions import Action, Author
from ..storage.id_runs import Runs, runs_of
from ..storage.records import Record, RecordTable
from ..storage.review import ReviewTable
from ..storage.review_values import RULE
from ..storage.verdicts import stored_verdicts
from ..templating import Expression, compile_expression

__all__ = ["AutoReview", "Judge", "Unclear", "auto_review"]

_PAGE = 500
#: Reasons that are told apart; the rest are counted together.
_REASONS = 20
_OTHERS = "other errors"
_NO_VERDICT = "the record's job has no accept_when"
_NAME = 200

Progress = Callable[[int], None]


@dataclass(slots=True)
class Unclear:
    """Records of which a rule says nothing, for one reason.

    Attributes
    ----------
    count : int
    record_id : int
        The first of them.
    """

    count: int
    record_id: int


@dataclass(frozen=True, slots=True)
class AutoReview:
    """What a rule says about pending records.

    Attributes
    ----------
    rule : str
        The expression, or ``accept_when``: what each record's own job said.
    accepted, rejected : int
        Records that it accepts and rejects.
    unclear : dict of str to Unclear
        Why -> records it can say nothing about; they stay pending.
    action : Action or None
        What was done; None: nothing, it was a trial.
    """

    rule: str
    accepted: int
    rejected: int
    unclear: dict[str, Unclear]
    action: Action | None = None

    @property
    def text(self) -> str:
        """In words."""
        what = "would accept" if self.action is None else "accepts"
        rejects = "reject" if self.action is None else "rejects"
        parts = [f"{self.rule} {what} {self.accepted:,} and {rejects} {self.rejected:,}"]
        for why, found in self.unclear.items():
            parts.append(
                f"cannot say for {plural(found.count, 'record')}, such as {found.record_id}: {why}"
            )
        if self.action is not None and self.action.skipped:
            left = ", ".join(f"{count} {why}" for why, count in self.action.skipped.items())
            parts.append(f"left: {left}")
        return "; ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "rule": self.rule,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "unclear": [
                {"reason": why, "count": found.count, "record_id": found.record_id}
                for why, found in self.unclear.items()
            ],
            "action": None if self.action is None else self.action.to_dict(),
        }

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.text)


@dataclass(slots=True)
class Judge:
    """A rule, ready to be asked about records.

    Parameters
    ----------
    rule : str or None
        An expression in the language of ``accept_when``; None: what each record's own job said.

    Raises
    ------
    TemplateError
        When the expression does not parse.
    """

    rule: str | None
    unclear: dict[str, Unclear] = field(default_factory=dict)
    _expression: Expression | None = None

    def __post_init__(self) -> None:
        self._expression = None if self.rule is None else compile_expression(self.rule)

    @property
    def name(self) -> str:
        """The rule in words."""
        return "accept_when" if self.rule is None else self.rule

    @property
    def reviewer(self) -> str:
        """Who decides by it."""
        name = self.name if len(self.name) <= _NAME else f"{self.name[: _NAME - 3]}..."
        return f"{RULE}: {name}"

    def judge(self, record: Record) -> bool | None:
        """True: it accepts; None: it can say nothing, which is counted with the reason.

        The rule sees the record's fields as they are now, edits applied.
        """
        assert self._expression is not None
        try:
            return bool(self._expression.evaluate({"metadata": record.metadata, **record.state}))
        except TemplateError as error:
            self._note(error.message, record.id)
            return None

    def stored(self, record_id: int, verdict: str | None) -> bool | None:
        """The same, of what the record's own job said."""
        if verdict is None:
            self._note(_NO_VERDICT, record_id)
            return None
        return verdict == "accepted"

    def _note(self, why: str, record_id: int) -> None:
        if why not in self.unclear and len(self.unclear) >= _REASONS:
            why = _OTHERS
        found = self.unclear.setdefault(why, Unclear(0, record_id))
        found.count += 1


def auto_review(
    review: ReviewTable,
    judge: Judge,
    author: Author,
    *,
    job_id: int | None = None,
    runs: Runs | None = None,
    dry: bool = True,
    progress: Progress | None = None,
) -> AutoReview:
    """Ask the rule about pending records, and do what it says as one action unless ``dry``.

    Parameters
    ----------
    author : Author
        Who asked; the decisions are the rule's.
    job_id, runs : optional
        Only this job's records; only these.
    progress : callable, optional
        Is told how many records were looked at.
    """
    until = utc_now()
    accepted, rejected = array("q"), array("q")
    if judge.rule is None:
        said: Iterable[tuple[int, bool | None]] = (
            (record_id, judge.stored(record_id, verdict))
            for record_id, _, _, verdict in stored_verdicts(
                review.store, job_id, ("pending",), runs
            )
        )
    else:
        found = _pending(review.records, job_id, runs)
        said = ((record.id, judge.judge(record)) for record in found)
    for count, (record_id, verdict) in enumerate(said, 1):
        if verdict is not None:
            (accepted if verdict else rejected).append(record_id)
        if progress is not None and count % _PAGE == 0:
            progress(count)
    result = AutoReview(judge.name, len(accepted), len(rejected), judge.unclear)
    if dry:
        return result
    what = f"{len(accepted):,} accepted, {len(rejected):,} rejected, asked by {author.reviewer}"
    by_status = {"accepted": runs_of(accepted), "rejected": runs_of(rejected)}
    decided = Author(judge.reviewer, author.session)
    action = review.sort_out(by_status, until, what, decided)
    return AutoReview(judge.name, len(accepted), len(rejected), judge.unclear, action)


def _pending(records: RecordTable, job_id: int | None, runs: Runs | None) -> Iterator[Record]:
    if runs is None:
        yield from records.stream(job_id=job_id, statuses=("pending",))
        return
    for page in _pages(runs):
        for record in records.many(page):
            if record.status == "pending" and job_id in (None, record.job_id):
                yield record


def _pages(runs: Runs) -> Iterator[list[int]]:
    page: list[int] = []
    for first, last in runs:
        for start in range(first, last + 1, _PAGE):
            page += range(start, min(start + _PAGE, last + 1))
            if len(page) >= _PAGE:
                yield page
                page = []
    if page:
        yield page
