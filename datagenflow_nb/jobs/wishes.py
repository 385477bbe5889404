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
from ..errors import DataGenFlowError, JobError, StoreError, ValidationError
from ..storage.control import ControlTable, Wish
from ..storage.jobs import ACTIVE, JobTable
from ..storage.lease import runner_told
from ..whole import told
from .aside import uninterrupted
from .control import LOST
from .runner import Runner

__all__ = ["Live", "Steerable"]

#: Seconds between looks at the row of a job that another process runs.
_POLL = 0.25


class Live:
    """A job that this process runs: its runner and the future of its end."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.future: concurrent.futures.Future[str] | None = None

    @property
    def has_ended(self) -> bool:
        """Whether its runner is done with the job; one that has lost it is not."""
        future = self.future
        if future is None or not future.done():
            return False
        return future.exception() is not None or future.result() != LOST


class Steerable:
    """The part of a job that is waited for, paused and stopped.

    Whoever wants something writes it into the job's row, and its runner follows the row. One that
    lives in this process is only told to look.
    """

    id: int
    _table: JobTable
    _control: ControlTable
    _live: Callable[[int], Live | None]
    #: The runner of this process whose end is waited for.
    _awaited: Live | None = None

    @property
    def status(self) -> str:
        """queued, running, paused, completed, cancelled, stopped (by a budget), interrupted (its
        runner died) or failed."""
        return self._table.get(self.id).status

    def wait(self, timeout: float | None = None) -> Self:
        """Wait for the job's end, also while it is paused.

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
            On the loop thread, where waiting would never end, and when this process ran the job and
            another has it since: that one goes on.
        """
        timeout = _seconds(timeout)
        if runtime.is_loop_thread():
            raise JobError("job.wait() was called on the loop thread, where it would never return")
        live = self._awaited = self._live(self.id) or self._awaited
        deadline = None if timeout is None else time.monotonic() + timeout
        if live is not None and live.future is not None:
            try:
                end = live.future.result(timeout)
            except concurrent.futures.TimeoutError:
                raise self._late(timeout) from None
            except DataGenFlowError:  # its end could not be stored
                self._awaited = None
                raise
            self._awaited = None
            if end == LOST:
                self._tell_loss()
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
        JobError
            When another process has the job since; that one's is not cancelled.
        """
        try:
            return self.wait()
        except KeyboardInterrupt:
            self.cancel_and_wait()
            raise

    def cancel_and_wait(self) -> Self:
        """Cancel the job, if it still runs, and wait for its end.

        An interrupt meanwhile drops what is under way. Where the end of a runner of this process is
        waited for already, no other one is cancelled.
        """
        try:
            self._cancel_awaited()
            return self.wait()
        except KeyboardInterrupt:
            self._cancel_awaited(now=True)
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
        self._cancel(now, None)
        return self

    def _cancel_awaited(self, now: bool = False) -> None:
        """Cancel the runner whose end is waited for, and none that took its job meanwhile."""
        live = self._awaited
        token = None if live is None or live.has_ended else live.runner.token
        with contextlib.suppress(JobError):  # it may have ended in the same moment
            self._cancel(now, token)

    def _cancel(self, now: bool, token: str | None) -> None:
        try:
            if not self._request("cancel_now" if now else "cancel", token):
                raise self._refusal("cancelled")
        except StoreError:
            # The disk may be full, which stops no job from being stopped.
            live = self._live(self.id)
            if live is None:
                raise
            stop = functools.partial(live.runner.stop, "cancelled", now=now)
            runtime.loop().call_soon_threadsafe(stop)

    def pause(self) -> Self:
        """Start nothing new, no execution and no call, until ``resume``.

        Answers in flight are awaited and stored, and branches go on until they need another call.
        The runner, in whichever process, obeys within a second; the status then is ``paused``.

        Raises
        ------
        JobError
            When the job has ended or is being cancelled.
        """
        if not self._request("pause"):
            raise self._refusal("paused")
        return self

    def _request(self, wish: Wish, token: str | None = None) -> bool:
        """Write the wish into the row; False when the job has ended or is being cancelled, or is
        not the runner's ``token``."""
        if self.status not in ACTIVE:  # also when its runner has died
            return False
        is_taken = uninterrupted(self._control.request, self.id, wish, token)
        live = self._live(self.id)
        if live is not None:
            runtime.loop().call_soon_threadsafe(live.runner.look)
        return is_taken

    def _refusal(self, what: str) -> JobError:
        row = self._table.get(self.id)
        told = "being cancelled" if row.status in ACTIVE else row.status
        return JobError(
            f"job {self.id} cannot be {what}, it is {told}",
            {"job_id": self.id, "status": row.status},
        )

    def _tell_loss(self) -> None:
        """Raise when the job, which was this process's, goes on in another.

        Raises
        ------
        JobError
        """
        row = self._table.get(self.id)
        if row.status in ACTIVE and row.runner is not None:
            raise JobError(
                f"{runner_told(row.runner)} has job {self.id}, of which there was no sign of life "
                f"here for too long, and goes on; to follow it: dgf job {self.id}",
                {"job_id": self.id, "status": row.status},
            )

    def _late(self, timeout: float | None) -> TimeoutError:
        if self._table.get(self.id).is_paused:
            told = f"job {self.id} is paused and has not ended after {timeout:g} s"
            return TimeoutError(f"{told}; job.resume() lets it go on")
        return TimeoutError(f"job {self.id} is still running after {timeout:g} s; it goes on")


def _seconds(timeout: float | None) -> float | None:
    if timeout is None:
        return None
    is_number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    if not is_number or not timeout >= 0:
        raise ValidationError(f"timeout is {told(timeout)}, expected seconds, 0 or more")
    return min(timeout, threading.TIMEOUT_MAX)  # no clock goes further
