"""Writing to whatever the streams are: terminals, pipes that close early, ASCII, nothing at all."""

from __future__ import annotations

import io
import json
import os
import sys
from typing import Any, TextIO

import click

from ..displays.text import printable

__all__ = [
    "emit",
    "emit_json",
    "error_width",
    "is_terminal",
    "output_width",
    "prepare_streams",
]

_DEFAULT_WIDTH = 80


def prepare_streams() -> None:
    """A character the streams' encoding lacks is written as an escape instead of ending all."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def emit(text: str, *, err: bool = False, end: str = "\n", raw: bool = False) -> None:
    """Write ``text`` to standard output, or with ``err`` to standard error, at once.

    Control characters are made visible, but not with ``raw``. A reader that has gone away
    (``| head -1``) is no error: the rest is written nowhere.

    Raises
    ------
    click.ClickException
        When standard output cannot be written, for example because the disk is full.
    """
    stream = sys.stderr if err else sys.stdout
    if stream is None:  # closed when the process started
        return
    try:
        stream.write((text if raw else printable(text)) + end)
        stream.flush()
    except BrokenPipeError:
        _silence(stream)
    except OSError as error:
        _silence(stream)
        if not err:  # with standard error gone there is nobody to tell
            raise click.ClickException(f"standard output cannot be written: {error}") from error


def _silence(stream: TextIO) -> None:
    """Send what the stream still holds, and all that follows, nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def emit_json(value: Any) -> None:
    """Write one JSON document to standard output."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    is_unicode = encoding.lower().replace("-", "").startswith("utf")
    emit(json.dumps(value, indent=2, ensure_ascii=not is_unicode, default=str))


def is_terminal(*, err: bool = False) -> bool:
    """Whether standard output, or with ``err`` standard error, is a terminal."""
    stream = sys.stderr if err else sys.stdout
    return stream is not None and stream.isatty()


def output_width() -> int | None:
    """Columns of the terminal behind standard output; None when it is none."""
    return _width(sys.stdout)


def error_width() -> int | None:
    """Columns of the terminal behind standard error; None when it is none."""
    return _width(sys.stderr)


def _width(stream: TextIO | None) -> int | None:
    if stream is None or not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or _DEFAULT_WIDTH
    except OSError:  # a terminal that does not know its size
        return _DEFAULT_WIDTH
