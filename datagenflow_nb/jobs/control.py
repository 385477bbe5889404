"""A runner follows its job's row: the one way by which anybody steers it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import Callable

from ..errors import StoreError
from ..storage.control import ControlTable
from ..storage.lease import Lease
from .aside import in_thread
from .steering import Steering

__all__ = ["LOST", "Control"]

_log = logging.getLogger("datagenflow_nb")

#: Seconds between looks at the row.
_PERIOD = 0.5
#: What a runner ends as whose job is not its any more.
LOST = "lost"


class Control:
    """Looks at the row now and then, and at once when ``steering.look`` is set.

    Parameters
    ----------
    drop : callable
        Drops what is under way.
    """

    def __init__(
        self, table: ControlTable, lease: Lease, steering: Steering, drop: Callable[[], None]
    ) -> None:
        self._table = table
        self._lease = lease
        self._steering = steering
        self._drop = drop
        self._told = (False, 0)
        self._problem = ""
        self._is_over = False

    async def follow(self) -> None:
        """Do what the row says, until there is nothing more to wish for."""
        look = self._steering.look
        while not self._is_over:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PERIOD):
                    await look.wait()
            look.clear()
            await self.heed()

    async def heed(self) -> None:
        """Do what the row says now; one that cannot be read changes nothing."""
        try:
            await self._heed()
        except StoreError as error:
            if error.message != self._problem:
                self._problem = error.message
                told = "job %d: its row cannot be followed: %s"
                _log.warning(told, self._lease.job_id, self._problem)

    async def _heed(self) -> None:
        lease, steering = self._lease, self._steering
        wish = await in_thread(self._table.wish, lease.job_id, lease.token)
        if wish in ("pause", None) and self._table.outgrown is not None:
            if steering.status is None:
                _log.warning("job %d stops: %s", lease.job_id, self._table.outgrown)
            steering.stop("interrupted", StoreError(self._table.outgrown))
            return
        if wish == "pause":
            steering.pause()
        if wish in ("pause", None):
            # One that is being stopped is not paused any more.
            is_paused = wish == "pause" and steering.is_paused
            if not await self._is_mine(is_paused=is_paused):
                wish = "lost"
        if wish in ("lost", "cancel", "cancel_now"):
            steering.stop("cancelled" if wish != "lost" else LOST)
        elif wish is None and steering.is_paused:
            steering.go_on()
        if wish in ("lost", "cancel_now"):
            self._is_over = True
            self._drop()
        steering.settle()  # who doubted the lease asks again

    async def _is_mine(self, *, is_paused: bool) -> bool:
        """Bring the row up to date; False when it is another runner's.

        A job that goes on has its row say so first: while that says paused nothing new starts.
        """
        lease = self._lease
        if lease.is_in_doubt and not await in_thread(lease.renew):
            return False
        coming = self._steering.in_flight if is_paused else 0
        if (is_paused, coming) != self._told:
            tell = functools.partial(self._table.set_paused, is_paused=is_paused, coming=coming)
            if not await in_thread(tell, lease.job_id, lease.token):
                return False
            self._told = (is_paused, coming)
        return True
