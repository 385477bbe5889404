"""How often a rule decides as people do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..displays.text import plural
from ..storage.review import ReviewTable
from ..storage.verdicts import is_human, stored_verdicts
from .rules import Judge, Progress, Unclear

__all__ = ["Agreement", "agreement"]

_DECIDED = ("accepted", "rejected")
_EACH = 500


@dataclass(frozen=True, slots=True)
class Agreement:
    """A rule against what people decided, over the records that both have decided.

    Attributes
    ----------
    rule : str
        The expression, or ``accept_when``: what each record's own job said.
    both_accept, both_reject : int
        Records on which they agree.
    rule_accepts, rule_rejects : int
        Records on which they do not: the rule accepts and people rejected, and the other way.
    unclear : dict of str to Unclear
        Why -> records that people decided and the rule can say nothing about.
    """

    rule: str
    both_accept: int
    both_reject: int
    rule_accepts: int
    rule_rejects: int
    unclear: dict[str, Unclear] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Records that both have decided."""
        return self.both_accept + self.both_reject + self.rule_accepts + self.rule_rejects

    @property
    def percent(self) -> float | None:
        """How often they agree; None without any record."""
        if not self.count:
            return None
        return 100 * (self.both_accept + self.both_reject) / self.count

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa: 1 is full agreement, 0 what chance alone would give.

        None where chance alone gives full agreement: both decide the same on everything.
        Source: J. Cohen, A coefficient of agreement for nominal scales, Educational and
        Psychological Measurement 20 (1960) 37-46, formula (1).
        """
        if not self.count:
            return None
        rule = self.both_accept + self.rule_accepts
        people = self.both_accept + self.rule_rejects
        by_chance = rule * people + (self.count - rule) * (self.count - people)
        most = self.count * self.count
        if by_chance == most:
            return None
        observed = (self.both_accept + self.both_reject) * self.count
        return (observed - by_chance) / (most - by_chance)

    @property
    def text(self) -> str:
        """In words."""
        if self.percent is None:
            parts = [f"{self.rule}: nobody has decided on a record that it can judge"]
        else:
            kappa = "" if self.kappa is None else f", kappa {self.kappa:.2f}"
            among = f"{plural(self.count, 'record')} that people decided{kappa}"
            parts = [
                f"{self.rule} agrees on {self.percent:.1f} % of {among}: both accept "
                f"{self.both_accept:,}, both reject {self.both_reject:,}, only the rule accepts "
                f"{self.rule_accepts:,}, only people accept {self.rule_rejects:,}"
            ]
        parts += [
            f"it cannot say for {plural(found.count, 'record')}, such as {found.record_id}: {why}"
            for why, found in self.unclear.items()
        ]
        return "; ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "rule": self.rule,
            "both_accept": self.both_accept,
            "both_reject": self.both_reject,
            "rule_accepts": self.rule_accepts,
            "rule_rejects": self.rule_rejects,
            "count": self.count,
            "percent": self.percent,
            "kappa": self.kappa,
            "unclear": [
                {"reason": why, "count": found.count, "record_id": found.record_id}
                for why, found in self.unclear.items()
            ],
        }

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.text)


def agreement(
    review: ReviewTable,
    judge: Judge,
    *,
    job_id: int | None = None,
    progress: Progress | None = None,
) -> Agreement:
    """Compare the rule with what people decided; what rules decided is left out."""
    if judge.rule is None:
        said: Iterable[tuple[str, bool | None]] = (
            (status, judge.stored(record_id, verdict))
            for record_id, status, reviewer, verdict in stored_verdicts(
                review.store, job_id, _DECIDED
            )
            if is_human(reviewer)
        )
    else:
        found = review.records.stream(job_id=job_id, statuses=_DECIDED)
        said = (
            (record.status, judge.judge(record)) for record in found if is_human(record.reviewer)
        )
    counts = dict.fromkeys(((status, way) for status in _DECIDED for way in (True, False)), 0)
    for number, (status, verdict) in enumerate(said, 1):
        if verdict is not None:
            counts[status, verdict] += 1
        if progress is not None and number % _EACH == 0:
            progress(number)
    return Agreement(
        judge.name, counts["accepted", True], counts["rejected", False],
        counts["rejected", True], counts["accepted", False], judge.unclear,
    )  # fmt: skip
