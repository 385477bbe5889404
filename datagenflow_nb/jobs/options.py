"""What a run can be told, checked before anything starts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ..displays.budgets import BOUNDS
from ..errors import ConfigError, suggest
from ..whole import told

__all__ = ["KEPT", "RunOptions"]

MAX_CONCURRENCY = 4096
#: Options that stay what they were when a job runs again.
KEPT = ("model", "random_seed")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of ``run``.

    Attributes
    ----------
    concurrency : int
        Branches worked on at once, 1 to 4096.
    model : str or None
        Replaces the default model.
    random_seed : int or None
        What all random numbers of the job are drawn from; drawn and stored when None.
    max_tokens_total, max_records : int or None
        Tokens in and out, and records that neither fail nor are filtered, after which it stops.
    max_cost, max_seconds : float or None
        Money and running time, likewise.
    stop_early : bool
        Ends the job when nearly everything fails, or what nothing mends repeats.
    target_accepted, max_attempts : int or None
        Accepted records for which it goes through the seeds again and again, and executions that it
        begins for them at most.
    """

    concurrency: int = 32
    model: str | None = None
    random_seed: int | None = None
    max_tokens_total: int | None = None
    max_cost: float | None = None
    max_seconds: float | None = None
    max_records: int | None = None
    stop_early: bool = True
    target_accepted: int | None = None
    max_attempts: int | None = None

    @classmethod
    def check(cls, options: dict[str, Any]) -> RunOptions:
        """The options from keyword arguments.

        Raises
        ------
        ConfigError
            For an unknown option or a value out of range.
        """
        known = cls.__dataclass_fields__
        for name in options:
            if name not in known:
                raise ConfigError(f"run option {name!r} is unknown; {suggest(name, known)}")
        checked = cls(**options)
        concurrency = checked.concurrency
        if type(concurrency) is not int or not 1 <= concurrency <= MAX_CONCURRENCY:
            raise ConfigError(
                f"concurrency is {concurrency!r}, expected a whole number from 1 to "
                f"{MAX_CONCURRENCY}"
            )
        if checked.model is not None and not isinstance(checked.model, str):
            raise ConfigError(f"model is {checked.model!r}, expected the name of a model")
        seed = checked.random_seed
        if seed is not None and (type(seed) is not int or not 0 <= seed < 2**63):
            raise ConfigError(f"random_seed is {seed!r}, expected a whole number from 0 to 2**63-1")
        if type(checked.stop_early) is not bool:
            raise ConfigError(f"stop_early is {checked.stop_early!r}, expected True or False")
        for name, kind in BOUNDS.items():
            _check_bound(name, getattr(checked, name), is_whole=kind.is_whole)
        return checked

    def stored(self) -> dict[str, Any]:
        """What a job's row keeps of them; its random seed has a column."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        del values["random_seed"]
        bounds = {name: values.pop(name) for name in BOUNDS}
        return values | {name: value for name, value in bounds.items() if value is not None}


def _check_bound(name: str, value: Any, *, is_whole: bool) -> None:
    if value is None:
        return
    is_number = isinstance(value, int if is_whole else int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value < math.inf:
        expected = "whole number, 1 or more" if is_whole else "number above 0"
        raise ConfigError(f"{name} is {told(value)}, expected a {expected}", {"option": name})
