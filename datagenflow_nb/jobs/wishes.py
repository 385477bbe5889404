"""A job is waited for and stopped, whichever process runs it: its row is the only truth."""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import threading
import time
from collections.abc import Callable
from typing import Self

from .. import runtime
from ..errors import JobError, StoreError, ValidationError
from ..storage.jobs import ACTIVE, JobTable
from ..whole import told
from .runner import Runner, uninterrupted

__all__ = ["Live", "Steerable"]

#: Seconds between looks at the row of a job that another process runs.
_POLL = 0.25


class Live:
    """A job that this process runs: its runner and the future of its end."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.future: concurrent.futures.Future[str] | None = None


class Steerable:
    """The part of a job that waits for its end and stops it."""

    id: int
    _table: JobTable
    _live: Callable[[int], Live | None]

    @property
    def status(self) -> str:
        """queued, running, completed, cancelled, stopped (by a budget), interrupted (its runner
        died) or failed."""
        return self._table.get(self.id).status

    def wait(self, timeout: float | None = None) -> Self:
        """Wait for the job's end.

        Parameters
        ----------
        timeout : float, optional
            Seconds.

        Raises
        ------
        TimeoutError
            When time is up; the job goes on.
        ValidationError
            When ``timeout`` is no number of seconds.
        JobError
            On the loop thread, where waiting would never end.
        """
        timeout = _seconds(timeout)
        if runtime.is_loop_thread():
            raise JobError("job.wait() was called on the loop thread, where it would never return")
        live = self._live(self.id)
        deadline = None if timeout is None else time.monotonic() + timeout
        if live is not None and live.future is not None:
            try:
                live.future.result(timeout)
            except concurrent.futures.TimeoutError:
                raise self._late(timeout) from None
        while self.status in ACTIVE:
            if deadline is not None and time.monotonic() > deadline:
                raise self._late(timeout)
            time.sleep(_POLL)  # another process runs it; its row is all there is to look at
        return self

    def wait_or_cancel(self) -> Self:
        """Wait for the job's end; an interrupt (Ctrl-C) cancels it.

        Raises
        ------
        KeyboardInterrupt
            After an interrupt, when the job has ended.
        """
        try:
            return self.wait()
        except KeyboardInterrupt:
            self.cancel_and_wait()
            raise

    def cancel_and_wait(self) -> Self:
        """Cancel the job, if it still runs, and wait for its end.

        An interrupt meanwhile drops what is under way.
        """
        try:
            with contextlib.suppress(JobError):  # it may have ended in the same moment
                self.cancel()
            return self.wait()
        except KeyboardInterrupt:
            with contextlib.suppress(JobError):
                self.cancel(now=True)
            return self.wait()

    def cancel(self, now: bool = False) -> Self:
        """Stop the job: nothing new starts and no further call is made, nor another try.

        Answers in flight are awaited and stored. A branch that would need another call ends without
        a record, and its execution ends as ``cancelled``; other branches run to their end.

        Parameters
        ----------
        now : bool
            Drop what is under way as well; answers that came in before stay.

        Raises
        ------
        JobError
            When the job has ended already.
        """
        status = self.status
        if status not in ACTIVE:
            raise JobError(
                f"job {self.id} cannot be cancelled, it is {status}", {"job_id": self.id}
            )
        live = self._live(self.id)
        if live is not None:
            stop = functools.partial(live.runner.stop, "cancelled", now=now)
            runtime.loop().call_soon_threadsafe(stop)
        try:
            uninterrupted(self._table.request, self.id, "cancel_now" if now else "cancel")
        except StoreError:
            if live is None:
                raise
            # The disk may be full, which stops no job from being stopped: its runner knows already.
        return self

    def _late(self, timeout: float | None) -> TimeoutError:
        return TimeoutError(f"job {self.id} is still running after {timeout:g} s; it goes on")


def _seconds(timeout: float | None) -> float | None:
    if timeout is None:
        return None
    is_number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    if not is_number or not timeout >= 0:
        raise ValidationError(f"timeout is {told(timeout)}, expected seconds, 0 or more")
    return min(timeout, threading.TIMEOUT_MAX)  # no clock goes further
