"""Exactly N accepted records: when a job has them, and how much is begun for them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..engine import Branch, Outcome
from ..errors import ConfigError
from .steering import Limit

__all__ = ["TargetLimit", "attempts_of", "check_target", "most_under_way"]

#: Executions for each record wanted, where nobody says how many are enough.
_ATTEMPTS = 10


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


def most_under_way(missing: int, accepted: int, ended: int) -> int:
    """How many branches are worth being under way at once.

    As many as are expected to give what is missing, at the rate at which the ended ones were
    accepted; one more counts as ended and accepted, so that the first are ``missing`` and none is
    never the answer.
    """
    return math.ceil(missing * (ended + 1) / (accepted + 1))


class TargetLimit(Limit):
    """Ends its job as ``completed`` in the moment it has the records it wants.

    Parameters
    ----------
    accepted, ended : int
        Records that the rule accepted, and all, under earlier runners.
    """

    def __init__(self, wanted: int, accepted: int, ended: int) -> None:
        self._wanted = wanted
        self._accepted = accepted
        self._ended = ended

    def may_begin(self, index: int) -> bool:
        missing = self._wanted - self._accepted
        return missing > 0 and self.steering.under_way < most_under_way(
            missing, self._accepted, self._ended
        )

    def ended(self, branch: Branch, outcome: Outcome) -> Outcome:
        self._ended += 1
        if outcome.status != "completed" or not outcome.verdict:
            return outcome
        surplus = Outcome(
            "filtered", reason=f"surplus: {self._wanted:,} records were accepted before"
        )
        if self._accepted >= self._wanted:
            return surplus
        self._accepted += 1
        if self._accepted == self._wanted:
            self.steering.leftover = surplus
            self.steering.stop("completed")
        return outcome
