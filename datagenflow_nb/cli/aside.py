"""Standard output is for results: whatever else is written there meanwhile goes beside them."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TextIO

__all__ = ["results_only"]


@contextlib.contextmanager
def results_only() -> Iterator[None]:
    """Until the block ends, what anybody writes to standard output goes to standard error.

    Blocks of a job write to its log. This is for what nobody can tell apart: block files that print
    when they are loaded, child processes, C libraries, threads that blocks start by themselves.
    """
    output, error = sys.stdout, sys.stderr
    if output is None or error is None:
        yield
        return
    with contextlib.redirect_stdout(error), _redirected(output, error):
        yield


@contextlib.contextmanager
def _redirected(output: TextIO, error: TextIO) -> Iterator[None]:
    """The same for the file descriptor, which child processes write to."""
    try:
        number, target = output.fileno(), error.fileno()
        output.flush()
        saved = os.dup(number)
    except (OSError, ValueError):  # no files, as in a notebook; closed; gone
        yield
        return
    try:
        os.dup2(target, number)
        yield
    finally:
        with contextlib.suppress(OSError):
            output.flush()
        os.dup2(saved, number)
        os.close(saved)
