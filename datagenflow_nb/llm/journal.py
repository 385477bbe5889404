"""Where the calls of a block are noted, and remembered from before its job was resumed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from ..records import Call

__all__ = ["Journal"]


class Journal(Protocol):
    """Where a block's calls are noted; the engine gives one per block and branch.

    Attributes
    ----------
    has_answers : bool
        There may be something to ``recall``.
    """

    has_answers: bool

    def recall(self, model: str, request: dict[str, Any]) -> Call | None:
        """The model's answer to this very request from before the job was resumed; each once."""

    def next_number(self) -> int:
        """The number of the next call, from 0."""

    async def ready(self, call: Call) -> None:
        """Returns when every answer noted so far is safe and ``call`` may be made; ``add`` follows.

        Raises
        ------
        Stopped
            When the job is being stopped.
        """

    async def pause(self, seconds: float, model: str, reason: str) -> bool:
        """Wait before another try of ``model``; False, at once, when the job is being stopped."""

    async def turn(
        self, call: Call, place: asyncio.Future[Any], told: Callable[[], str | None]
    ) -> bool:
        """Returns True when ``place`` is done, the turn of one of the call's tries; ``told`` says
        why it waits. False: the job was paused meanwhile, so that the turn must not be used.

        Raises
        ------
        Stopped
            At once, when the job is being stopped. A call that was not sent yet is given up: no
            ``add`` follows, as with every other exception then.
        """

    def add(self, call: Call) -> None:
        """Note a call that has ended, well or not."""
