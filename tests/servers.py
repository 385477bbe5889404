"""The offline model over HTTP in a process of its own, for tests that need a real server."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["OfflineServer", "closed_port", "offline_server"]

_PROGRAM = """
import json, sys
from datagenflow_nb.llm.offline_server import Faults, serve
serve("127.0.0.1", 0, Faults().change(json.loads(sys.stdin.readline())))
"""
# Loopback only: a proxy of the environment has no business here.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class OfflineServer:
    """A running server.

    Attributes
    ----------
    url : str
        The base URL for clients, ending in ``/v1``.
    process : subprocess.Popen
        It; tests that need its CPU time or its death find it here.
    """

    url: str
    process: subprocess.Popen[str]

    def log(self) -> dict[str, Any]:
        """What the server was asked: requests, by_outcome, max_in_flight, entries, ..."""
        return self._call("__log", None)

    def reset(self, **faults: Any) -> dict[str, Any]:
        """Clear the log and the counts, change the faults named, return all of them."""
        answer = self._call("__reset", json.dumps(_jsonable(faults)).encode())
        changed: dict[str, Any] = answer["faults"]
        return changed

    def _call(self, path: str, data: bytes | None) -> dict[str, Any]:
        url = self.url.removesuffix("v1") + path
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
        with _OPENER.open(request, timeout=10) as response:
            answer: dict[str, Any] = json.load(response)
        return answer


def closed_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _jsonable(faults: dict[str, Any]) -> dict[str, Any]:
    return {k: sorted(v) if isinstance(v, set | frozenset) else v for k, v in faults.items()}


@contextlib.contextmanager
def offline_server(**faults: Any) -> Iterator[OfflineServer]:
    """Run the server with these ``Faults`` until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(_jsonable(faults)) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line.startswith("offline model on "):
            raise RuntimeError(f"the offline server did not start: {line!r}, {process.poll()}")
        yield OfflineServer(line.removeprefix("offline model on ").strip(), process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdin.close()
        process.stdout.close()
