"""The turns of one call at its model's gate: one per try."""

from __future__ import annotations

import asyncio
from typing import Any

from ..errors import Stopped
from ..records import Call
from .base import EndpointError, ModelConfig
from .journal import Journal
from .throttle import Gate, Pass

__all__ = ["Turns"]


class Turns:
    """Says when each try of a call may be made.

    Parameters
    ----------
    gate : Gate or None
        The model's; None: every try may be made at once.
    journal : Journal or None
        The block's, which knows whether its job goes on; None: there is no job.
    """

    def __init__(
        self,
        gate: Gate | None,
        config: ModelConfig,
        journal: Journal | None,
        call: Call,
    ) -> None:
        self._gate = gate
        self._caller = None if gate is None else gate.caller(config, call.request)
        self._name = config.name
        self._journal = journal
        self._call = call
        self._taken: Pass | None = None

    @property
    def has_gate(self) -> bool:
        return self._gate is not None

    @property
    def has_answered(self) -> bool:
        """Somebody has answered at the endpoint in this process."""
        return self._gate is not None and self._gate.has_answered

    async def first(self) -> None:
        """Returns when the first try may be made.

        Raises
        ------
        Stopped, BlockExecutionError
            When it may not: the job is being stopped, or the block has ended.
        EndpointError
            When the server has refused every call for too long.
        """
        if self._gate is not None and self._caller is not None:
            self._taken = self._gate.enter(self._caller)
            if self._taken is None:
                await self._line_up("")

    async def again(self, error: EndpointError, reason: str) -> None:
        """Returns when a call that was refused has its turn again.

        Raises
        ------
        EndpointError
            ``error``, when that would take longer than the model's ``max_wait``.
        Stopped
            When the job is being stopped.
        """
        assert self._gate is not None and self._caller is not None  # who else refuses?
        if self._gate.is_hopeless(self._caller):
            raise error
        await self._line_up(reason)

    async def after(self, seconds: float, reason: str) -> None:
        """Returns after some seconds, when another try has its turn; ``Stopped`` as ``again``."""
        await self._pause(seconds, reason)
        if self._gate is not None:
            await self._line_up(reason)

    def answered(self, answer: dict[str, Any]) -> None:
        """The try was answered."""
        gate, caller, taken = self._gate, self._caller, self._taken
        if gate is not None and caller is not None and taken is not None:
            gate.answered(caller, taken, answer)

    def failed(self, error: EndpointError) -> bool:
        """The try failed; whether it counts among the call's tries."""
        gate, caller, taken = self._gate, self._caller, self._taken
        if gate is None or caller is None or taken is None:
            return True
        return gate.failed(caller, taken, error)

    def dropped(self) -> None:
        """The try was cancelled, or something of ours has failed."""
        if self._gate is not None:
            self._gate.dropped()

    async def _line_up(self, reason: str) -> None:
        gate, caller = self._gate, self._caller
        assert gate is not None and caller is not None
        self._taken = None
        while self._taken is None:
            place = gate.line_up(caller)
            try:
                if self._journal is None:
                    self._taken = await place
                elif await self._journal.turn(self._call, place, lambda: gate.told() or reason):
                    self._taken = place.result()
            finally:
                if self._taken is None:
                    gate.withdraw(place)
            if self._taken is None:  # the job was paused
                await self._pause(0.0, reason)

    async def _pause(self, seconds: float, reason: str) -> None:
        if self._journal is None:
            await asyncio.sleep(seconds)
        elif not await self._journal.pause(seconds, self._name, reason):
            raise Stopped
