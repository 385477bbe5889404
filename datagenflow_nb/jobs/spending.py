"""Budgets of what calls take: tokens and money."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import monotonic

from ..displays.budgets import amount
from ..engine import Branch, Outcome
from ..errors import ConfigError, JobError
from ..llm.base import OFFLINE, ModelConfig
from ..records import Call, Usage, encode
from .budget import Answer, Budget
from .limits import BudgetLimit
from .paths import Paths, fits

__all__ = ["CostLimit", "TokenLimit", "no_price"]

#: Characters of a request that make a token, roughly, in most languages and vocabularies.
_PER_TOKEN = 4
#: Seconds without a call in flight that branches which are farther are waited for.
_PATIENCE = 1.0


def no_price(configs: list[ModelConfig]) -> ConfigError:
    """What a money budget says to models without prices."""
    names = [config.name for config in configs]
    are = "this model has" if len(names) == 1 else "these models have"
    first = configs[0]
    # One that LLM_ENDPOINT and LLM_MODEL name takes them from any that is configured as it is.
    name = "priced" if first.name.startswith(f"{OFFLINE} ") else first.name
    key = f", key_env={first.key_env!r}" if first.key_env and first.api_key else ""
    return ConfigError(
        f"max_cost needs prices, and {are} none: {', '.join(map(repr, names))}; give them per "
        f"million tokens with ws.add_model({name!r}, endpoint={first.endpoint!r}, "
        f"model={first.model!r}{key}, input_price=X, output_price=Y) in Python or "
        f"%dgf model add in a notebook, or use max_tokens_total",
        {"models": names},
    )


class TokenLimit(BudgetLimit):
    """Tokens in and out of all answered calls.

    Parameters
    ----------
    used : float
        By earlier runners.
    workers : int
        Calls in flight, at most.
    """

    option = "max_tokens_total"

    def __init__(self, job_id: int, limit: float, used: float, workers: int) -> None:
        super().__init__(job_id, limit)
        self._budget = Budget(limit, used, workers)
        self._paths = Paths()
        self._askers: dict[int, Branch] = {}
        self._quiet_since = -math.inf

    def may_begin(self, index: int) -> bool:
        if self._budget.is_tight:
            return False
        if not self._paths.is_empty:
            return self._paths.may_begin(index, self._left)
        needed = self._paths.expected(index, 1)  # of a document some records are better than none
        if needed is None or fits(needed, self._left):
            return True
        what = "the rest of a record" if index else "a record"
        more = f", {what} takes about {amount(self.option, needed)}"
        self.stop(self._budget.used, more, needed=needed)
        return False

    def began(self, branch: Branch) -> None:
        self._paths.began(branch)

    def parted(self, branch: Branch, parts: int) -> None:
        self._paths.parted(branch, parts)

    def ended(self, branch: Branch, outcome: Outcome) -> Outcome:
        self._paths.ended(branch, is_whole=outcome.status == "completed")
        return outcome

    def may_call(self, branch: Branch, call: Call) -> bool:
        if not self._paths.may_go_on(branch, self._left) and self._is_moving:
            return False
        kind = (call.block_id, call.model)
        answer = self._budget.ask(id(call), kind, lambda: self._guess(call))
        if answer is Answer.STOP:
            needed = self._budget.needed
            more = f", a call of block {call.block_id!r} takes about {amount(self.option, needed)}"
            self.stop(self._budget.used, more, needed=needed)
        if answer is Answer.GO:
            self._askers[id(call)] = branch
        return answer is Answer.GO

    def called(self, call: Call) -> None:
        usage = call.usage
        took = self._amount(call, usage) if usage.calls else None
        self._budget.end(id(call), took)
        self._paths.paid(self._askers.pop(id(call)), took or 0.0)
        if not self._budget.in_flight:
            self._quiet_since = monotonic()
        if usage.calls and not usage.input_tokens + usage.output_tokens and self._counts(call):
            self.steering.stop(
                "stopped",
                JobError(
                    f"model {call.model!r} does not say how many tokens its answers take, so "
                    f"{self.option} cannot be kept; take it away (job.resume({self.option}=None)) "
                    "and use max_records or max_seconds",
                    {"job_id": self._job_id, "model": call.model},
                ),
            )

    @property
    def _left(self) -> float:
        return self._limit - self._budget.used

    @property
    def _is_moving(self) -> bool:
        """Something is in flight, or has just ended: the branches that are farthest will ask.

        Else they may wait for one that has to wait for them, such as for a lock of their block.
        """
        return self._budget.in_flight > 0 or monotonic() - self._quiet_since < _PATIENCE

    def _counts(self, call: Call) -> bool:
        """Whether tokens of the call's model count."""
        return True

    def _amount(self, call: Call, usage: Usage) -> float:
        return usage.input_tokens + usage.output_tokens

    def _guess(self, call: Call) -> tuple[float, bool]:
        """What a call may take before any like it was answered, and whether it was told a limit."""
        request = call.request
        most = request.get("max_tokens") or request.get("max_completion_tokens")
        output = most if type(most) is int else 0
        usage = Usage(len(encode(request)) // _PER_TOKEN, output, 1)
        return self._amount(call, usage), bool(output) or "input" in request  # embed: no output


class CostLimit(TokenLimit):
    """Money for all answered calls, at the prices of their models.

    Parameters
    ----------
    config : callable
        A model by its configured name.
    """

    option = "max_cost"

    def __init__(
        self,
        job_id: int,
        limit: float,
        used: float,
        workers: int,
        config: Callable[[str], ModelConfig],
    ) -> None:
        super().__init__(job_id, limit, used, workers)
        self._config = config

    def may_call(self, branch: Branch, call: Call) -> bool:
        if self._config(call.model).cost(Usage()) is None:  # that no block's configuration names
            self.steering.stop("stopped", no_price([self._config(call.model)]))
            return False
        return super().may_call(branch, call)

    def _counts(self, call: Call) -> bool:
        return self._config(call.model).cost(Usage(1, 1, 1)) != 0

    def _amount(self, call: Call, usage: Usage) -> float:
        cost = self._config(call.model).cost(usage)
        assert cost is not None  # no call of a model without prices is made
        return cost
