"""A job's log while it is written: the lines that blocks print and log, branch by branch."""

from __future__ import annotations

import copy
import logging
import os
import threading
from types import TracebackType

from ..blocks.context import job_lines
from ..engine import Branch, Program
from ..errors import DataGenFlowError
from ..redaction import Redactor
from ..storage.log import log_row
from ..storage.writer import LOG, Writer
from . import streams

__all__ = ["MAX_CHARACTERS", "MAX_LINE", "MAX_LINES", "BranchLog", "JobLog"]

#: Lines of a job that are kept, and their characters together.
MAX_LINES = 100_000
MAX_CHARACTERS = 50_000_000
#: Characters of one line that are kept.
MAX_LINE = 10_000

_formatter = logging.Formatter()


class JobLog:
    """Where the blocks of one job write to, from ``open`` to ``close``.

    Parameters
    ----------
    keys : Redactor
        Takes keys out of every line.

    Attributes
    ----------
    lock : RLock
        Held while a line is put together: threads of one block share its branch. It can be taken
        twice, because a finalizer that prints may run at any place.
    is_full : bool
        Nothing more is kept.
    """

    def __init__(self, writer: Writer, job_id: int, keys: Redactor) -> None:
        self.lock = threading.RLock()
        self.is_full = False
        self.keys = keys
        self._writer = writer
        self._job_id = job_id
        self._lines = self._characters = 0
        self._pid = os.getpid()
        self._is_open = False

    @property
    def is_over(self) -> bool:
        """True when there is nobody to write to: the job has ended, or this is a forked child."""
        return not self._is_open or os.getpid() != self._pid

    def open(self) -> None:
        """From now on blocks write here; called on the loop thread, as ``close`` is."""
        self._is_open = True
        streams.begin()

    def close(self) -> None:
        """The last branch has ended; what threads left behind still print goes where it did."""
        self._is_open = False
        streams.end()

    def add(self, level: str, block_id: str | None, trace_id: str, messages: list[str]) -> None:
        """Store lines, as many as there is room for; the caller holds the lock."""
        rows = []
        for message in messages:
            self._lines += 1
            self._characters += len(message)
            if self._lines > MAX_LINES or self._characters > MAX_CHARACTERS:
                self.is_full = True
                told = f"the log is full after {self._lines - 1:,} lines; nothing more is kept"
                rows.append((LOG, log_row(self._job_id, "warning", None, None, told)))
                break
            kept = self.keys.text(message)  # whole: it may have come in pieces
            rows.append((LOG, log_row(self._job_id, level, block_id, trace_id, kept)))
        try:
            self._writer.put(self._job_id, rows)
        except DataGenFlowError:
            self.is_full = True  # the store refuses the job's rows, and the job ends with that


class BranchLog:
    """What one branch writes, as a context: within it streams and loggers lead here."""

    __slots__ = ("_branch", "_first", "_job", "_pending", "_program")

    def __init__(self, job: JobLog, program: Program, branch: Branch) -> None:
        self._job = job
        self._program = program
        self._branch = branch
        #: The block that runs is known from the steps there are: nothing has to be noted per step.
        self._first = branch.index - len(branch.steps)
        self._pending: dict[str, _Line] | None = None

    def __enter__(self) -> BranchLog:
        job_lines.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        job_lines.set(None)
        if self._pending is not None:
            self._end_lines()

    @property
    def is_over(self) -> bool:
        """True when what is written must go elsewhere."""
        return self._job.is_over

    def begin_block(self) -> None:
        """Have what the block writes come here: a cell may have taken the streams meanwhile."""
        streams.hold()

    def write(self, level: str, text: str) -> None:
        """Take text of a stream; whole lines are stored, the rest waits for its end."""
        job = self._job
        with job.lock:
            if job.is_full:
                return
            if self._pending is None:
                self._pending = {}
            line = self._pending.get(level)
            if line is None:
                line = self._pending[level] = _Line()
            *ended, rest = job.keys.text(text).split("\n")
            messages = []
            for part in ended:
                line.add(part)
                messages.append(line.take())
            line.add(rest)
            self._store(level, messages)

    def log(self, record: logging.LogRecord) -> None:
        """Take what somebody logged, with its traceback."""
        try:
            text = _formatter.format(copy.copy(record))  # formatting leaves its marks in a record
        except Exception as error:  # noqa: BLE001 - arguments and message are foreign code
            text = f"(a log message that cannot be formatted: {type(error).__name__})"
        line = _Line()
        line.append(self._job.keys.text(text))
        with self._job.lock:
            if not self._job.is_full:
                self._store(record.levelname.lower(), [line.take()])

    def _end_lines(self) -> None:
        with self._job.lock:
            for level, line in (self._pending or {}).items():
                self._store(level, [line.take()])

    def _store(self, level: str, messages: list[str]) -> None:
        kept = [message for message in messages if message and not message.isspace()]
        if kept:
            self._job.add(level, self._block_id(), self._branch.execution.trace_id, kept)

    def _block_id(self) -> str | None:
        index = self._first + len(self._branch.steps)
        blocks = self._program.blocks
        return blocks[index].spec.id if index < len(blocks) else None


class _Line:
    r"""A line until it ends; ``\r`` starts it anew, as progress bars do."""

    __slots__ = ("_is_returned", "_left_out", "_text")

    def __init__(self) -> None:
        self._text = ""
        self._left_out = 0
        self._is_returned = False

    def add(self, part: str) -> None:
        r"""More of the line; holds no ``\n``."""
        if "\r" in part or self._is_returned:
            body = part.rstrip("\r")
            if body:
                if self._is_returned or "\r" in body:
                    self._text, self._left_out = "", 0
                self.append(body.rpartition("\r")[2])
                self._is_returned = False
            self._is_returned = self._is_returned or body != part
        else:
            self.append(part)

    def append(self, text: str) -> None:
        """More of the line, taken as it is."""
        room = MAX_LINE - len(self._text)
        self._text += text[:room]
        self._left_out += max(0, len(text) - room)

    def take(self) -> str:
        """The line; what follows is a new one."""
        text = self._text
        if self._left_out:
            text += f"... ({self._left_out:,} more characters were left out)"
        self._text, self._left_out, self._is_returned = "", 0, False
        return text
