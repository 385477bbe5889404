"""The process of a detached job: takes the job, runs it, ends with it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from types import FrameType
from typing import Any

from .. import __version__
from ..errors import DataGenFlowError, JobError
from ..jobs.detached import Order
from ..jobs.handover import answer
from ..jobs.job import Job
from ..jobs.outside import OutsideLog
from ..settings import Settings
from .space import Workspace, use

__all__ = ["work"]

#: Seconds between looks at the signals that came.
_PERIOD = 0.25
#: Least seconds between two lines on what the calls wait for.
_WAIT_GAP = 10.0


class _Signals:
    """Counts the signals that ask the process to end; the loop of ``_follow`` acts on them."""

    def __init__(self) -> None:
        self.names: list[str] = []
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.names.append(signal.Signals(number).name)


def work(told: dict[str, Any], pipe: int) -> None:
    """Run the job of an order, as JSON, to its end; whether it has it is said through ``pipe``.

    The first SIGTERM ends the job as ``interrupted`` when the answers in flight are stored, a
    second one drops them.
    """
    os.set_inheritable(pipe, False)
    signals = _Signals()
    _detach_streams()
    try:
        workspace, job = _begin(told)
    except DataGenFlowError as error:
        answer(pipe, error)
        sys.exit(1)
    with contextlib.closing(workspace):
        log = OutsideLog(workspace.store, job.row)
        log.take_streams()
        answer(pipe)
        _follow(workspace, job, log, signals)


def _detach_streams() -> None:
    """Nothing comes in; prints go where errors go, line by line."""
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]


def _begin(told: dict[str, Any]) -> tuple[Workspace, Job]:
    if told["version"] != __version__:
        raise JobError(
            f"datagenflow-nb is {__version__} now, it was {told['version']} when this process "
            "loaded it; restart the kernel (or the script) and start the job again",
            {"version": __version__, "expected": told["version"]},
        )
    order = Order(**told)
    workspace = use(Settings.load(**order.settings))
    try:
        return workspace, workspace._jobs.take(order)
    except BaseException:
        workspace.close()
        raise


def _follow(workspace: Workspace, job: Job, log: OutsideLog, signals: _Signals) -> None:
    heeded, waiting, told_at = 0, None, 0.0
    while True:
        try:
            job.wait(_PERIOD)
        except TimeoutError:
            pass
        except JobError as error:  # another process has the job, and the log that goes with it
            sys.exit(error.message)
        else:
            return
        if heeded < len(signals.names):
            heeded += 1
            how = (
                "answers in flight are awaited" if heeded == 1 else "answers in flight are dropped"
            )
            log.add("warning", [f"{signals.names[heeded - 1]}: the job is stopped, {how}"])
            workspace._jobs.interrupt(job.id, now=heeded > 1)
        if job.waiting != waiting and time.monotonic() - told_at > _WAIT_GAP:
            waiting, told_at = job.waiting, time.monotonic()
            if waiting is not None:
                log.add("warning", [waiting])
