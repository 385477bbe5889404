"""JupyterLab on loopback, with nothing of this machine's configuration."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from datagenflow_nb.settings import _VARIABLES

__all__ = ["LabServer", "lab_server"]

# PR_SET_PDEATHSIG: a killed test run leaves no server behind, and kernels follow their server.
_PROGRAM = """
import sys
if sys.platform == "linux":
    import ctypes, signal
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
from jupyterlab.labapp import main
sys.exit(main())
"""
_SETTINGS: dict[str, dict[str, object]] = {
    # A toast would lie over the lower right corner of every screenshot. "false" is a string here.
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "completer-extension/manager": {"autoCompletion": False},
    # Cells outside the window are drawn too.
    "notebook-extension/tracker": {"windowingMode": "none"},
}
_STARTED, _START_LIMIT, _STOP_LIMIT = "is running at:", 90, 20


@dataclass(frozen=True)
class LabServer:
    """A running server: its address, the token it asks for, the folder it serves."""

    url: str
    token: str
    root: Path

    def address(self, path: Path) -> str:
        """The page that opens the notebook at ``path``, alone in its window."""
        return f"{self.url}/doc/tree/{path.relative_to(self.root)}?token={self.token}"


@contextlib.contextmanager
def lab_server(folder: Path) -> Iterator[LabServer]:
    """Run JupyterLab over ``folder/notebooks`` until the block ends."""
    root, token, port = folder / "notebooks", secrets.token_hex(16), _free_port()
    root.mkdir()
    _write_settings(folder / "settings")
    command = [sys.executable, "-c", _PROGRAM, "--no-browser", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
    command += [f"--ServerApp.root_dir={root}", "--LabApp.expose_app_in_browser=True"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    process = subprocess.Popen(
        command,
        cwd=root,
        env=_environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    log = _Log(process, folder / "server.log")
    try:
        log.wait_for_start()
        yield LabServer(f"http://127.0.0.1:{port}", token, root)
    finally:
        process.send_signal(signal.SIGTERM)  # takes the kernels down too
        try:
            process.wait(_STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.thread.join(_STOP_LIMIT)


class _Log:
    """Writes the server's messages into a file and notices the one that says it is up."""

    def __init__(self, process: subprocess.Popen[str], path: Path) -> None:
        self.process, self.path = process, path
        self.settled, self.started = threading.Event(), False
        self.thread = threading.Thread(target=self._copy, name="lab-log", daemon=True)
        self.thread.start()

    def wait_for_start(self) -> None:
        self.settled.wait(_START_LIMIT)
        if not self.started:
            said = self.path.read_text(encoding="utf-8")[-3000:]
            raise RuntimeError(f"JupyterLab did not start in {_START_LIMIT} s: {said}")

    def _copy(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines, self.path.open("w", encoding="utf-8") as file:
            for line in lines:
                file.write(line)
                file.flush()
                if _STARTED in line:
                    self.started = True
                    self.settled.set()
        self.settled.set()


def _environment(folder: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _VARIABLES.values() and not name.startswith(("JUPYTER", "PYTEST", "COV_"))
    }
    places = {
        "HOME": "home",
        "IPYTHONDIR": "ipython",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "XDG_CONFIG_HOME": "home/.config",
    }
    for name, place in places.items():
        (folder / place).mkdir(parents=True, exist_ok=True)
        kept[name] = str(folder / place)
    return kept


def _write_settings(folder: Path) -> None:
    for plugin, values in _SETTINGS.items():
        path = folder / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
