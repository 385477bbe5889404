"""Standard output, standard error and logging while jobs run: what blocks say goes to their job.

Who writes is told by ``job_lines``, which is set in a branch of a job alone; for everybody else a
stream is the one that was there before. All of this happens on the loop thread.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterable
from typing import Any, TextIO, cast

from ..blocks.context import JobLines, job_lines
from . import questions

__all__ = ["begin", "end", "hold"]

_LEVELS = {"stdout": "print", "stderr": "stderr"}
_HANDLER = logging.StreamHandler.emit.__code__

#: Seconds after which the streams are looked at again while jobs run.
_PERIOD = 0.03

_jobs = 0
_timer: asyncio.TimerHandle | None = None
_before: list[Any] = []  # what made log records before us


def begin() -> None:
    """A job starts to run branches."""
    global _jobs
    _jobs += 1
    if _jobs == 1:
        _keep()
    if not _before:
        # Stays: it costs nothing outside jobs, and others may have built upon it meanwhile.
        # A handler would not do: with one on the root logger ``logging.basicConfig`` does nothing,
        # and warnings of other threads are shown nowhere.
        _before.append(logging.getLogRecordFactory())
        logging.setLogRecordFactory(_make_record)


def hold() -> None:
    """Take the streams again when somebody has replaced them, as ``%%capture`` and tests do."""
    if type(sys.stdout) is not _Stream or type(sys.stderr) is not _Stream:
        for name, level in _LEVELS.items():
            stream = getattr(sys, name)
            if stream is not None and type(stream) is not _Stream:
                setattr(sys, name, _Stream(stream, level))


def _keep() -> None:
    """Hold them as long as jobs run: a block may be under way when somebody takes the streams."""
    global _timer
    hold()
    questions.guard()
    _timer = asyncio.get_running_loop().call_later(_PERIOD, _keep)


def end() -> None:
    """A job has ended; with the last one the streams are what they were."""
    global _jobs, _timer
    _jobs -= 1
    if _jobs:
        return
    if _timer is not None:
        _timer.cancel()
        _timer = None
    questions.restore()
    for name in _LEVELS:
        stream = getattr(sys, name)
        if type(stream) is _Stream:
            setattr(sys, name, stream._wrapped)


def _make_record(*arguments: Any, **named: Any) -> logging.LogRecord:
    record: logging.LogRecord = _before[0](*arguments, **named)
    lines = _listening()
    # Records made from a dictionary, to be filled later, have no level yet.
    if lines is not None and (record.levelno or 0) >= logging.WARNING:
        lines.log(record)
    return record


def _listening() -> JobLines | None:
    lines = job_lines.get()
    return None if lines is None or lines.is_over else lines


class _Stream:
    """A text stream that leads to the job's log in a branch of a job, else to ``wrapped``."""

    __slots__ = ("__dict__", "_level", "_wrapped")
    _level: str
    _wrapped: TextIO

    def __init__(self, wrapped: TextIO, level: str) -> None:
        object.__setattr__(self, "_wrapped", wrapped)
        object.__setattr__(self, "_level", level)

    def write(self, text: str, /) -> int:
        lines = _listening()
        if lines is None:
            return self._wrapped.write(text)
        caller: Any = sys._getframe(1)
        if caller.f_code.co_name == "write":
            caller = caller.f_back  # past the one that IPython puts before this
        if caller is not None and caller.f_code is _HANDLER:
            # logging's last resort, or a handler made while a job ran: who wanted to see the
            # package's own lines does, and what is in the job's log need not be shown again.
            record = caller.f_locals["record"]
            if record.levelno >= logging.WARNING:
                return len(text)
            if record.name == "datagenflow_nb":
                return self._wrapped.write(text)
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        lines.write(self._level, text)
        return len(text)

    def writelines(self, lines: Iterable[str], /) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if _listening() is None:
            self._wrapped.flush()

    def isatty(self) -> bool:
        return _listening() is None and self._wrapped.isatty()

    @property
    def buffer(self) -> Any:
        return self._wrapped.buffer if _listening() is None else _Bytes(self)

    @property  # type: ignore[misc] # for isinstance(): what is behind
    def __class__(self) -> type:
        return type(self._wrapped)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)

    def __setattr__(self, name: str, value: Any) -> None:
        # IPython puts a ``write`` of its own, which calls the one it found, before each cell's:
        # handed on it would call ours for ever.
        if name == "write":
            object.__setattr__(self, name, value)
        else:
            setattr(self._wrapped, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._wrapped, name)

    def __repr__(self) -> str:
        return f"<datagenflow stream on {self._wrapped!r}>"


class _Bytes:
    """The binary side of a stream within a job; what is no UTF-8 is stored as escapes."""

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream

    def write(self, data: Any, /) -> int:
        view = memoryview(data)
        self._stream.write(view.tobytes().decode("utf-8", "backslashreplace"))
        return view.nbytes

    def flush(self) -> None:
        """Nothing waits here."""

    def __getattr__(self, name: str) -> Any:
        return getattr(cast(TextIO, self._stream).buffer, name)
