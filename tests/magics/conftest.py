"""A shell in this process, and a kernel in one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kernel.kernels import Kernel
from magics.shells import ECHO, Shell


@pytest.fixture
def shell(isolated: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """IPython with the extension, in an empty project folder."""
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    monkeypatch.setenv("COLUMNS", "80")
    with Shell.started() as started:
        yield started


@pytest.fixture
def echo(shell: Shell) -> Shell:
    """The same with the pipeline ``echo``, which asks no model."""
    shell.value(ECHO)
    return shell


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel with the extension in an empty project folder."""
    with Kernel.started(tmp_path_factory.mktemp("project")) as started:
        assert started.run("%load_ext datagenflow_nb").status == "ok"
        yield started
