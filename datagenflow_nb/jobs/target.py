"""Exactly N accepted records: when a job has them, and how much is begun for them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..engine import Branch, Outcome
from ..errors import ConfigError
from .steering import Limit

__all__ = ["TargetLimit", "attempts_of", "check_target", "most_under_way", "patience"]

#: Executions for each record wanted, where nobody says how many are enough.
_ATTEMPTS = 10
#: Judged records of which the rule has to accept one: so many for each wanted, within bounds.
_JUDGED, _LEAST_JUDGED, _MOST_JUDGED = 2, 20, 100


def check_target(options: Mapping[str, Any], *, has_rule: bool) -> None:
    """Raise when the options ask for accepted records that there can be none of.

    Raises
    ------
    ConfigError
    """
    target = options.get("target_accepted")
    if target is not None and not has_rule:
        raise ConfigError(
            f"target_accepted is {target:,}, and the pipeline has no accept_when: nothing would "
            "say which records are accepted; give it one, or use max_records"
        )
    if target is None and options.get("max_attempts") is not None:
        raise ConfigError(
            "max_attempts says how many executions may be run to reach target_accepted; give that "
            "too, or use max_records"
        )


def attempts_of(options: Mapping[str, Any], total: int) -> int:
    """How many executions a job may begin for its target.

    Parameters
    ----------
    total : int
        Executions of one pass over the seeds.
    """
    told: int | None = options.get("max_attempts")
    return told or max(_ATTEMPTS * options["target_accepted"], total)


def patience(wanted: int) -> int:
    """After how many judged records, none of them accepted, the rule is taken for a wrong one."""
    return min(max(_LEAST_JUDGED, _JUDGED * wanted), _MOST_JUDGED)


def most_under_way(missing: int, accepted: int, judged: int) -> int:
    """How many branches are worth being under way at once.

    As many as are expected to give what is missing, at the rate at which the judged ones were
    accepted; one more counts as judged and accepted, so that the first are ``missing`` and none is
    never the answer.
    """
    return math.ceil(missing * (judged + 1) / (accepted + 1))


class TargetLimit(Limit):
    """Ends its job as ``completed`` in the moment it has the records it wants.

    And as ``stopped``, without an error of its own, when the rule accepts none of the first.

    Parameters
    ----------
    accepted, judged : int
        Records that the rule accepted, and those it judged, under earlier runners.
    is_patient : bool
        Goes on though the rule accepts none.
    """

    def __init__(
        self, wanted: int, accepted: int, judged: int, *, is_patient: bool = False
    ) -> None:
        self._wanted = wanted
        self._accepted = accepted
        self._judged = judged
        # Where one was accepted the rule is no wrong one, however rare it is.
        self._left = None if is_patient or accepted else patience(wanted)
        self._surplus = Outcome(
            "filtered", reason=f"surplus: {wanted:,} records were accepted before"
        )

    def begin(self) -> None:
        if self._accepted >= self._wanted:  # its process ended before it could say so
            self._complete()

    def may_begin(self, index: int) -> bool:
        missing = self._wanted - self._accepted
        most = most_under_way(missing, self._accepted, self._judged)
        if self._left is not None:
            most = min(most, self._left)
        return missing > 0 and self.steering.under_way < most

    def ended(self, branch: Branch, outcome: Outcome) -> Outcome:
        if outcome.status != "completed":
            return outcome
        if not outcome.verdict:
            self._judged += 1
            if self._left is not None:
                self._left -= 1
                if not self._left:
                    self.steering.stop("stopped")
            return outcome
        if self._accepted >= self._wanted:
            return self._surplus
        self._judged += 1
        self._accepted += 1
        self._left = None
        if self._accepted == self._wanted:
            self._complete()
        return outcome

    def _complete(self) -> None:
        self.steering.leftover = self._surplus
        self.steering.stop("completed")
