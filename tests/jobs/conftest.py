"""A workspace, and a model behind real HTTP."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from servers import OfflineServer, offline_server

import datagenflow_nb as dgf
from datagenflow_nb.llm import throttle
from datagenflow_nb.llm.offline_faults import Faults


@pytest.fixture
def ws() -> dgf.Workspace:
    """The current workspace, on a new store in the test's folder."""
    return dgf.workspace("store.db")


@pytest.fixture(scope="session")
def server_process() -> Iterator[OfflineServer]:
    """One offline server for the whole run."""
    with offline_server() as server:
        yield server


@pytest.fixture
def server(
    server_process: OfflineServer, ws: dgf.Workspace, monkeypatch: pytest.MonkeyPatch
) -> OfflineServer:
    """The offline server without faults and with an empty log; the model ``m`` of the workspace.

    Nothing is known of it from other tests.
    """
    monkeypatch.setattr(throttle, "_gates", weakref.WeakKeyDictionary())
    server_process.reset(**Faults().to_dict())
    ws.add_model("m", endpoint=server_process.url, model="offline", max_tries=4, timeout=30)
    return server_process


@pytest.fixture
def start_script() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Runs Python in processes of their own, in the working directory; they end with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(script: str, **options: Any) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-X", "faulthandler", "-c", textwrap.dedent(script)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
