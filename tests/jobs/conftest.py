"""A workspace, and a model behind real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from servers import OfflineServer, offline_server

import datagenflow_nb as dgf
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
def server(server_process: OfflineServer, ws: dgf.Workspace) -> OfflineServer:
    """The offline server without faults and with an empty log; the model ``m`` of the workspace."""
    server_process.reset(**Faults().to_dict())
    ws.add_model("m", endpoint=server_process.url, model="offline", max_tries=4, timeout=30)
    return server_process
