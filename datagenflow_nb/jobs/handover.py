"""A job given to a process of its own: how that is started, and how it says that it has the job."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from typing import IO, Any

from .. import errors
from ..errors import DataGenFlowError, JobError
from ..redaction import known_keys
from .detached import Order

__all__ = ["answer", "hand_over"]

#: Seconds that a process has to start and take its job.
PATIENCE = 60.0
#: Seconds that one has to end after it has refused.
_END = 5.0
#: Characters of what a process said last that are told.
_LAST_WORDS = 2_000

#: Run with the order on standard input. ``-P``: nothing is imported from the working directory
#: before the path is the one of the process that gave the order.
_PROGRAM = (
    "import json, sys; order = json.load(sys.stdin); sys.path[:] = order['path']; "
    "from {worker} import work; work(order, int(sys.argv[2]))"
)


def hand_over(order: Order, worker: str) -> None:
    """Start a process for the job and return when it has taken it.

    Parameters
    ----------
    worker : str
        The module whose ``work`` runs there.

    Raises
    ------
    JobError
        When it could not be started, ended or took too long; it is gone then.
    DataGenFlowError
        What it refused the job with.
    """
    if not sys.executable:
        raise JobError(
            "jobs cannot be detached here: sys.executable does not say which Python runs"
        )
    reader, writer = os.pipe()
    try:
        with tempfile.TemporaryFile() as said:
            try:
                process = _start(order, worker, writer, said)
            finally:
                os.close(writer)
            try:
                _await_taking(order, process, reader, said)
            except BaseException:  # whatever came in between: nobody else ends it
                process.kill()
                process.wait()
                raise
    except OSError as error:
        raise JobError(
            f"a process for job {order.job_id} cannot be started: {error}", {"job_id": order.job_id}
        ) from error
    finally:
        os.close(reader)
    # Waited for while this process lives: a child that nobody waits for stays as a zombie.
    threading.Thread(
        target=process.wait, name=f"datagenflow-detached-{order.job_id}", daemon=True
    ).start()


def answer(pipe: int, error: DataGenFlowError | None = None) -> None:
    """Say in the process that was started that it has the job, or why not."""
    told = {"kind": type(error).__name__, **error.to_dict()} if error is not None else {}
    with contextlib.suppress(BrokenPipeError):  # who started it has gone meanwhile
        os.write(pipe, json.dumps(told, default=str).encode())
    os.close(pipe)


def _start(order: Order, worker: str, writer: int, said: IO[bytes]) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-P", *["-O"] * sys.flags.optimize, "-c", _PROGRAM.format(worker=worker),
        f"datagenflow job {order.job_id} of {order.settings['database_path']}", str(writer),
    ]  # fmt: skip
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=said,
        stderr=said,
        pass_fds=[writer],
        # Kernels and terminals end their process groups, not their sessions' children.
        start_new_session=True,
    )
    assert process.stdin is not None  # a pipe
    with contextlib.suppress(BrokenPipeError), process.stdin as orders:  # it has ended: told below
        orders.write(json.dumps(dataclasses.asdict(order)).encode())
    return process


def _await_taking(
    order: Order, process: subprocess.Popen[bytes], reader: int, said: IO[bytes]
) -> None:
    told = _read_all(reader, time.monotonic() + PATIENCE)
    if told is None:
        raise _failed(order, said, f"did not take the job within {PATIENCE:g} s")
    try:
        reply = json.loads(told)
    except ValueError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_END)
        process.kill()  # does nothing to one that has ended
        code = process.wait()
        how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        raise _failed(order, said, f"ended before it had taken the job ({how})") from None
    if reply:
        raise getattr(errors, reply["kind"])(reply["error"], reply["detail"])


def _read_all(reader: int, deadline: float) -> bytes | None:
    """All that comes until the other end is closed; None when that takes too long."""
    told = b""
    with selectors.DefaultSelector() as selector:
        selector.register(reader, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            part = os.read(reader, 65_536)
            if not part:
                return told
            told += part
    return None


def _failed(order: Order, said: IO[bytes], what: str) -> JobError:
    size = said.seek(0, os.SEEK_END)
    said.seek(max(0, size - _LAST_WORDS))
    words = known_keys.text(said.read().decode("utf-8", "replace").strip())
    last = words.rpartition("\n")[2]
    detail: dict[str, Any] = {"job_id": order.job_id, "said": words}
    return JobError(
        f"the process for job {order.job_id} {what}{f': {last}' if last else ''}", detail
    )
