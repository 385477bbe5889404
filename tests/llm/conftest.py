"""Servers for the tests of the model layer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from servers import OfflineServer, offline_server


@pytest.fixture(scope="session")
def server_process() -> Iterator[OfflineServer]:
    """One offline server for the whole run."""
    with offline_server() as server:
        yield server


@pytest.fixture
def server(server_process: OfflineServer) -> OfflineServer:
    """The offline server without faults and with an empty log."""
    server_process.reset(
        latency=0,
        latency_sigma=0,
        rate_429=0,
        rate_500=0,
        rate_reset=0,
        rate_hang=0,
        rate_invalid_json=0,
        rate_truncated=0,
        retry_after=None,
        hang=600,
        unsupported_formats=[],
        max_concurrent=None,
        capacity=None,
        knee=None,
        api_key=None,
        seed=0,
    )
    return server_process
