"""What the process of a detached job writes outside its blocks, into the job's log."""

from __future__ import annotations

import os
import threading

from ..displays.text import clip
from ..errors import StoreError
from ..redaction import known_keys
from ..storage.jobs import JobRow
from ..storage.log import LogTable
from ..storage.store import Store
from .lines import MAX_LINE

__all__ = ["OutsideLog"]

#: Lines of a job that are kept of this; what blocks print is counted apart.
MAX_LINES = 1_000


class OutsideLog:
    """Adds lines to a job's log while this process has the job.

    Parameters
    ----------
    job : JobRow
        As its runner has taken it.
    """

    def __init__(self, store: Store, job: JobRow) -> None:
        assert job.runner is not None  # it runs here
        self._table = LogTable(store)
        self._job_id, self._token = job.id, job.runner
        self._left = MAX_LINES
        self._lock = threading.Lock()

    def add(self, level: str, lines: list[str]) -> None:
        """Store lines, as many as there is room for."""
        kept = [clip(known_keys.text(line), MAX_LINE) for line in lines if line.strip()]
        with self._lock:
            if not kept or self._left < 0:
                return
            if len(kept) > self._left:
                kept[self._left :] = ["nothing more of what is written beside the blocks is kept"]
                self._left = -1
            else:
                self._left -= len(kept)
        try:
            self._table.add(self._job_id, self._token, level, kept)
        except StoreError:
            return  # the job's own rows meet the same error, and it ends with that

    def take_streams(self) -> None:
        """From now on standard output and error of this process lead here.

        Also what child processes, C code and threads that blocks have started by themselves write
        there. There is no other place: nobody sees the streams of this process.
        """
        reader, writer = os.pipe()
        os.dup2(writer, 1)
        os.dup2(writer, 2)
        os.close(writer)
        threading.Thread(
            target=self._read, args=(reader,), name="datagenflow-outside", daemon=True
        ).start()

    def _read(self, reader: int) -> None:
        rest = b""
        while part := os.read(reader, 65_536):
            *ended, rest = (rest + part).split(b"\n")
            if len(rest) > MAX_LINE:
                ended, rest = [*ended, rest], b""
            if ended:
                self.add("stderr", [line.decode("utf-8", "replace") for line in ended])
