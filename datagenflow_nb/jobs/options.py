"""What a run can be told, checked before anything starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import ConfigError, suggest

__all__ = ["RunOptions"]

MAX_CONCURRENCY = 4096


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
    """

    concurrency: int = 32
    model: str | None = None
    random_seed: int | None = None

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
        return checked
