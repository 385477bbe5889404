"""The command in an empty folder of its own."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import ECHO, CommandLine


@pytest.fixture
def dgf(tmp_path: Path) -> Iterator[CommandLine]:
    """``dgf`` in an empty folder that is its own project root."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    command_line = CommandLine(folder)
    yield command_line
    command_line.end()


@pytest.fixture
def until() -> Callable[[Callable[[], Any], subprocess.Popen[str]], None]:
    """Wait until something holds; fails when the process ends before."""

    def wait(holds: Callable[[], Any], process: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + 30
        while not holds():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)

    return wait


@pytest.fixture
def echo(dgf: CommandLine) -> tuple[str, str]:
    """A pipeline that asks no model, and three seeds."""
    seeds = [{"name": "Ada"}, {"name": "Grace"}, {"name": "Zoë"}]
    return dgf.write("echo.yaml", ECHO), dgf.write("seeds.json", seeds)
