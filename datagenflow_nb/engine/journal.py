"""The calls of one block on one branch: numbered, passed on, and none after the block has ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import perf_counter
from typing import Any

from ..errors import BlockExecutionError, Stopped
from ..records import Call, Step
from .state import Branch, Sink

__all__ = ["StepJournal"]

_log = logging.getLogger("datagenflow_nb")


class StepJournal:
    """Numbers the calls of one block on one branch and passes them on.

    Attributes
    ----------
    has_answers : bool
        The job was resumed, and the block has been answered on this branch before.
    is_stopped : bool
        A call or a further try was not made because the job is being stopped, so whatever the
        block made of that is no result.
    """

    __slots__ = ("_answers", "_branch", "_count", "_held", "_held_since", "_in_flight", "_is_over",
                 "_none_left", "_sink", "_step", "has_answers", "is_stopped")  # fmt: skip

    def __init__(self, branch: Branch, step: Step, sink: Sink | None) -> None:
        self.is_stopped = False
        self._branch = branch
        self._step = step
        self._sink = sink
        self._answers = None if sink is None else sink.answers(branch, step.block_id)
        self.has_answers = self._answers is not None
        self._count = 0
        self._is_over = False
        #: A task makes one call at a time.
        self._in_flight: set[asyncio.Task[Any] | None] = set()
        self._none_left: asyncio.Event | None = None
        #: Calls that may not be made yet, and when that or what is in flight changed last.
        self._held, self._held_since = 0, 0.0

    def recall(self, model: str, request: dict[str, Any]) -> Call | None:
        """The model's answer to this very request from before the job was resumed; each once.

        Raises
        ------
        BlockExecutionError
            When the block has ended.
        """
        if self._answers is None:
            return None
        self._refuse_when_over()
        call = self._answers.take(model, request)
        if call is not None:
            self._step.calls.append(call)
        return call

    def next_number(self) -> int:
        if self._answers is not None:
            return self._answers.free_number()
        number, self._count = self._count, self._count + 1
        return number

    async def ready(self, call: Call) -> None:
        """Returns when the call may be made; ``add`` follows.

        Raises
        ------
        Stopped
            When the job is being stopped; the block's answers in flight have come in by then, for
            what is raised here may make the block drop them.
        BlockExecutionError
            When the block has ended.
        """
        self._refuse_when_over()
        if self._sink is not None:
            self._count_held()
            self._held += 1
            try:
                await self._sink.ready(self._branch, call)
            except Stopped:
                await self._wind_up()
                raise
            finally:
                self._count_held()
                self._held -= 1
            if self._is_over:
                self._sink.give_up(call)
                self._refuse_when_over()
        self._in_flight.add(asyncio.current_task())

    async def pause(self, seconds: float, model: str, reason: str) -> bool:
        if self._sink is None:
            await asyncio.sleep(seconds)
            return True
        goes_on = await self._sink.pause(self._branch, seconds, model, reason)
        if not goes_on:
            self.is_stopped = True
        return goes_on

    async def turn(
        self, call: Call, place: asyncio.Future[Any], told: Callable[[], str | None]
    ) -> bool:
        try:
            has_come = True
            if self._sink is None:
                await place
            else:
                has_come = await self._sink.turn(self._branch, place, told)
            if not call.tries:
                self._refuse_when_over()
        except Stopped:
            self.is_stopped = True
            if not call.tries:
                self._give_up(call)
                await self._wind_up()
            raise
        except (asyncio.CancelledError, BlockExecutionError):
            if not call.tries:
                self._give_up(call)
            raise
        return has_come

    def add(self, call: Call) -> None:
        self._leave()
        self._step.calls.append(call)
        if self._sink is not None:
            self._sink.call(self._branch, call)
        elif self._is_over:
            _log.warning(
                "block %r: an answer of model %r came after execute had ended and may be missing "
                "from the trace; await every call inside execute", self._step.block_id, call.model,
            )  # fmt: skip

    def close(self) -> None:
        """The block has ended: a call that is made now is refused."""
        self._is_over = True

    def settle(self) -> None:
        """The block has ended well, with every answer that it wanted."""
        if self._answers is not None:
            self._answers.close()

    async def drop(self) -> None:
        """Cancel the block's calls in flight in other tasks; returns when each is noted."""
        self._in_flight.discard(asyncio.current_task())
        for task in self._in_flight:
            if task is not None:
                task.cancel()
        await self._until_none_is_left()

    async def _wind_up(self) -> None:
        """A call is not made because the job is being stopped; the others come in first."""
        self.is_stopped = True
        task = asyncio.current_task()
        if task is not None:  # whoever does not wait for it has nothing to be told
            task.add_done_callback(_take_notice)
        await self._until_none_is_left()

    def _give_up(self, call: Call) -> None:
        """A call that was ready is not made."""
        self._leave()
        if self._sink is not None:
            self._sink.give_up(call)

    def _count_held(self) -> None:
        """Before calls are held, let go or answered: the block did nothing but wait until now when
        one was held and none in flight."""
        now = perf_counter()
        if self._held and not self._in_flight:
            self._step.held += now - self._held_since
        self._held_since = now

    def _leave(self) -> None:
        self._count_held()
        self._in_flight.discard(asyncio.current_task())
        if not self._in_flight and self._none_left is not None:
            self._none_left.set()

    async def _until_none_is_left(self) -> None:
        if self._in_flight:
            if self._none_left is None:
                self._none_left = asyncio.Event()
            await self._none_left.wait()

    def _refuse_when_over(self) -> None:
        if self._is_over:
            raise BlockExecutionError(
                f"block {self._step.block_id!r} ({self._step.block_type}) asked a model after its "
                "execute had ended, nothing was sent; await every call inside execute, also of "
                "tasks made with asyncio.create_task, and take ctx.llm() anew each time",
                {"block_type": self._step.block_type, "step": self._step.index},
            )


def _take_notice(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()  # asyncio logs those that nobody has asked for
