"""What may go on in a running job: the one place that says go, wait or stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from ..engine import Branch, Outcome
from ..errors import DataGenFlowError, Stopped
from ..records import Call
from .places import Places

__all__ = ["Limit", "Steering"]

#: Seconds after which the first that waits asks again though nothing has ended.
_LONG = 1.0


class Limit:
    """Something that keeps a job within bounds; a subclass says what it needs to say.

    Called on the loop thread. To end the job it calls ``steering.stop``; while it answers False to
    a question it is asked again after each call and each branch that ends.
    """

    steering: Steering

    def begin(self) -> None:
        """The job's runner begins to work."""

    def end(self) -> None:
        """It works no more."""

    def may_begin(self, index: int) -> bool:
        """Whether another branch may begin at that block, besides ``steering.under_way`` others."""
        return True

    def began(self, branch: Branch) -> None:
        """``branch`` has begun; unless the job is stopped it ends or parts."""

    def parted(self, branch: Branch, parts: int) -> None:
        """``branch`` has fanned out: so many others begin in its place."""

    def may_call(self, branch: Branch, call: Call) -> bool:
        """Whether ``call`` may be made; after True it is under way until ``called``."""
        return True

    def called(self, call: Call) -> None:
        """``call`` has ended, well or not."""

    def ended(self, branch: Branch, outcome: Outcome) -> Outcome:
        """``branch`` has ended so; what is stored of it."""
        return outcome


class Steering:
    """Goes, waits or stops; every worker of a job asks it, on the loop thread.

    Parameters
    ----------
    is_in_doubt : callable, optional
        Whether another runner may have the job meanwhile: then nothing new starts before the row
        has been looked at.

    Attributes
    ----------
    status : str or None
        What the job shall end as; None: nothing stops it.
    error : DataGenFlowError or None
        Why it is stopped, where that is not somebody's wish.
    stopping : asyncio.Event
        Set when nothing new shall start: no execution, no branch, no call and no further try.
    is_paused : bool
        Nothing new starts until it goes on; what is in flight is awaited.
    under_way : int
        Branches that have begun and not ended.
    in_flight : int
        Calls that are with their servers; those that wait for another try or their turn are not.
    leftover : Outcome or None
        The job has all it is to reach: how whatever else has begun ends, instead of waiting for
        the next runner.
    changed : asyncio.Event
        Set when workers without work should look again.
    look : asyncio.Event
        Set when the job's row should be looked at.
    """

    def __init__(
        self, limits: Sequence[Limit] = (), is_in_doubt: Callable[[], bool] | None = None
    ) -> None:
        self.status: str | None = None
        self.error: DataGenFlowError | None = None
        self.stopping = asyncio.Event()
        self.under_way = 0
        self.in_flight = 0
        self.leftover: Outcome | None = None
        self.changed = asyncio.Event()
        self.look = asyncio.Event()
        self._is_in_doubt = is_in_doubt or (lambda: False)
        self._goes_on = asyncio.Event()
        self._goes_on.set()
        self._settled = asyncio.Event()
        self._paused_at: float | None = None
        self._paused_seconds = 0.0
        self._places = Places()
        self._limits = tuple(limits)
        for limit in self._limits:
            limit.steering = self

    @property
    def is_paused(self) -> bool:
        return self._paused_at is not None

    @property
    def paused_seconds(self) -> float:
        """How long it has been paused in all."""
        now = 0.0 if self._paused_at is None else monotonic() - self._paused_at
        return self._paused_seconds + now

    def begin(self) -> None:
        """The runner begins to work."""
        for limit in self._limits:
            limit.begin()

    def end(self) -> None:
        """It works no more."""
        for limit in self._limits:
            limit.end()

    def stop(self, status: str, error: DataGenFlowError | None = None) -> None:
        """End the job as ``status``; the first reason stays the reason."""
        if self.status is None:
            self.status, self.error = status, error
        self.go_on()
        self.stopping.set()
        self._places.wake()
        self.changed.set()
        self._settled.set()

    def pause(self) -> None:
        """Start nothing new until ``go_on``."""
        if self._paused_at is None and self.status is None:
            self._paused_at = monotonic()
            self._goes_on.clear()

    def go_on(self) -> None:
        """End the pause."""
        if self._paused_at is not None:
            self._paused_seconds += monotonic() - self._paused_at
            self._paused_at = None
        self._goes_on.set()
        self.changed.set()

    async def until_it_goes_on(self) -> None:
        """Returns when the job is neither paused nor in doubt, or is being stopped.

        Awaited right before every request.
        """
        while not self.stopping.is_set():
            if not self._goes_on.is_set():
                await self._goes_on.wait()
            elif self._is_in_doubt():
                self.look.set()
                await self.until_settled()
            else:
                return

    def enter(self) -> None:
        """A branch begins."""
        self.under_way += 1

    def began(self, branch: Branch) -> None:
        """``branch`` has begun."""
        for limit in self._limits:
            limit.began(branch)

    def parted(self, branch: Branch, parts: int) -> None:
        """``branch`` has fanned out into so many."""
        for limit in self._limits:
            limit.parted(branch, parts)

    def leave(self) -> None:
        """A branch has ended or parted."""
        self.under_way -= 1
        self._settled.set()
        if not self.under_way:
            self.changed.set()

    async def until_changed(self) -> None:
        """Returns when there may be work."""
        self.changed.clear()
        await self.changed.wait()

    async def until_settled(self) -> None:
        """Returns when a call or a branch has ended since, or the job is stopped."""
        if not self.stopping.is_set():  # by a limit that has just been asked
            self._settled.clear()
            await self._settled.wait()

    def settle(self) -> None:
        """Who waits for something to end asks again."""
        self._settled.set()

    def may_begin(self, index: int) -> bool:
        """Whether another branch may begin at that block now."""
        return self.status is None and all(limit.may_begin(index) for limit in self._limits)

    async def admit(self, branch: Branch, call: Call) -> None:
        """Returns when ``call`` of ``branch`` may be made; ``called`` follows.

        Of several that have to wait, those of the branches that are farthest go first, and none
        overtakes them: what is left is for records that are nearly made.

        Raises
        ------
        Stopped
            When the job is being stopped.
        """
        with self._places.place(branch) as place:
            while True:
                await self.until_it_goes_on()
                if self.stopping.is_set():
                    raise Stopped
                if not place.is_first:
                    await place.until_first()
                elif self._admitted(branch, call):
                    self.in_flight += 1
                    return
                else:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(_LONG):
                            await self.until_settled()

    def called(self, call: Call) -> None:
        """An admitted call has ended, well or not."""
        self.in_flight -= 1
        for limit in self._limits:
            limit.called(call)
        self._settled.set()

    def ended(self, branch: Branch, outcome: Outcome) -> Outcome:
        """A branch has ended; what is stored of it."""
        for limit in self._limits:
            outcome = limit.ended(branch, outcome)
        return outcome

    async def rest(self, seconds: float) -> bool:
        """Wait some seconds and until the job goes on; False, at once, when it is being stopped."""
        self.in_flight -= 1
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            await self.until_it_goes_on()
        finally:
            self.in_flight += 1
        return not self.stopping.is_set()

    async def turn(self, place: asyncio.Future[Any]) -> bool:
        """Returns when ``place`` is done; False: nothing may start now, see ``until_it_goes_on``.

        Raises
        ------
        Stopped
            At once, when the job is being stopped.
        """
        if not place.done() and not self.stopping.is_set():
            stopping = asyncio.ensure_future(self.stopping.wait())
            self.in_flight -= 1
            try:
                await asyncio.wait((place, stopping), return_when=asyncio.FIRST_COMPLETED)
            finally:
                self.in_flight += 1
                stopping.cancel()
        if self.stopping.is_set():
            raise Stopped
        return not self.is_paused and not self._is_in_doubt()

    def _admitted(self, branch: Branch, call: Call) -> bool:
        asked: list[Limit] = []
        for limit in self._limits:
            if not limit.may_call(branch, call):
                for earlier in asked:  # they count it as under way
                    earlier.called(call)
                return False
            asked.append(limit)
        return not self.stopping.is_set()
