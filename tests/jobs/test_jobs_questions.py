"""A block of a job asks nobody: its record fails, and the terminal stays the user's."""

from __future__ import annotations

import builtins
import getpass
import io
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from running import finish

import datagenflow_nb as dgf

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"

REFUSED = "a block of a job cannot ask anything; use pipe.debug(seed)"


@pytest.mark.parametrize(
    "ask",
    [
        lambda: input("who? "),
        lambda: sys.stdin.read(),
        lambda: sys.stdin.readline(),
        lambda: sys.stdin.readlines(),
        lambda: list(sys.stdin),
        lambda: sys.stdin.buffer,
    ],
)
def test_questions_fail(
    ws: dgf.Workspace, monkeypatch: pytest.MonkeyPatch, ask: Callable[[], Any]
) -> None:
    """Whichever way a block asks, nothing is read."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"first\nsecond\n")))

    @dgf.block(outputs=["x"])
    def curious(n):
        return {"x": ask()}

    job = finish(dgf.run(dgf.Pipeline("asks", [curious]), [{"n": 1}]))
    assert job.reasons() == [(REFUSED, 1)]
    assert sys.stdin.read() == "first\nsecond\n"


def test_everybody_else_asks_as_before(ws: dgf.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others read while a job runs, and with its end everything is what it was."""
    stdin = io.StringIO("one\ntwo\nthree\nfour\n")
    monkeypatch.setattr(sys, "stdin", stdin)
    before = (builtins.input, getpass.getpass, sys.stdin)
    began, goes_on = threading.Event(), threading.Event()

    @dgf.block(outputs=["x"])
    def waits(n):
        began.set()
        goes_on.wait()
        return {"x": n}

    job = dgf.run(dgf.Pipeline("waits", [waits]), [{"n": 1}])
    began.wait()
    with sys.stdin as same:
        assert isinstance(same, io.StringIO)
        assert [sys.stdin.readline(), next(sys.stdin), input()] == ["one\n", "two\n", "three"]
        assert sys.stdin.readlines() == ["four\n"]
    goes_on.set()
    finish(job)
    assert (builtins.input, getpass.getpass, sys.stdin) == before


SCRIPT = """
import builtins, getpass, sys
from getpass import getpass as ask_secretly
import datagenflow_nb as dgf

ASKS = {"input": lambda: input("who? "), "getpass": ask_secretly, "breakpoint": breakpoint,
        "line": lambda: sys.stdin.readline()}

@dgf.block(outputs=["x"])
async def Asks(n):
    ASKS[n]()
    return {"x": n}

before = (builtins.input, getpass.getpass, getpass._raw_input, sys.stdin)
job = dgf.run(dgf.Pipeline("asks", [Asks]), [{"n": n} for n in ASKS], wait=True)
print(job.reasons())
print(before == (builtins.input, getpass.getpass, getpass._raw_input, sys.stdin))
print("ready", flush=True)
print(sys.stdin.readline() + input("name? "))
"""


@pytest.mark.skipif(os.name != "posix", reason="a terminal of POSIX")
def test_terminal_of_a_script(tmp_path: Path) -> None:
    """Blocks of a script take nothing of what is typed; the script itself does, afterwards."""
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "pyproject.toml").touch()
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "script.py"], cwd=tmp_path, stdin=theirs, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(3)]
        assert told == [f"{[(REFUSED, 4)]}\n", "True\n", "ready\n"]
        os.write(ours, b"one\ntwo\n")
        assert process.communicate(timeout=60)[0] == "name? one\ntwo\n"
    os.close(ours)
