"""A real IPython kernel under test: runs cells, answers its questions, interrupts and restarts it.

    with Kernel.started(tmp_path) as kernel:
        cell = kernel.run("print('a'); 1 + 1")
        cell.stdout, cell.result                                # 'a\\n', '2'
        kernel.run("input('name? ')", answers=["x"]).prompts    # ['name? ']
        first, second = kernel.run_all(["1 / 0", "2"])          # queued at once, as Run All does
        first.error, second.status      # 'ZeroDivisionError: division by zero', 'aborted'
        cell = kernel.submit("import time; print('on'); time.sleep(60)")
        kernel.until(lambda: "on" in cell.stdout)
        kernel.interrupt()
        kernel.wait(cell).error                                 # 'KeyboardInterrupt: '

The kernel runs in ``folder``, without this machine's Jupyter and IPython configuration and without
any setting of ours.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from datagenflow_nb.settings import _VARIABLES

__all__ = ["Cell", "Kernel"]

_COLORS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Cell:
    """One executed cell.

    Attributes
    ----------
    status : str
        ``running``, then what the kernel replied: ``ok``, ``error`` or ``aborted``.
    outputs : list of dict
        Content of everything it published, with its ``type`` (``stream``, ``display_data``,
        ``update_display_data``, ``execute_result``, ``error``, ``comm_open``, ``comm_msg``, ...).
        What threads publish for it later is added while the kernel is being waited for.
    prompts : list of str
        What it asked on stdin.
    """

    code: str
    status: str = "running"
    outputs: list[dict[str, Any]] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    is_idle: bool = False

    @property
    def is_done(self) -> bool:
        """Whether the kernel has replied and published all."""
        return self.status == "aborted" or (self.status != "running" and self.is_idle)

    @property
    def stdout(self) -> str:
        """What it printed, without colours."""
        return self._stream("stdout")

    @property
    def stderr(self) -> str:
        """What it wrote to stderr, without colours."""
        return self._stream("stderr")

    @property
    def result(self) -> str | None:
        """The plain text of its value."""
        found = self.data("text/plain", "execute_result")
        return found[-1] if found else None

    @property
    def error(self) -> str | None:
        """``NameError: name 'x' is not defined``, or None."""
        found = self._of("error")
        return f"{found[-1]['ename']}: {found[-1]['evalue']}" if found else None

    @property
    def traceback(self) -> str:
        """What is shown of its error, without colours."""
        return "\n".join(_plain(line) for item in self._of("error") for line in item["traceback"])

    def data(self, mime: str, *types: str) -> list[Any]:
        """What it displayed in that form, updates included; ``types`` narrows it down."""
        wanted = types or ("display_data", "update_display_data", "execute_result")
        return [item["data"][mime] for item in self._of(*wanted) if mime in item["data"]]

    def _of(self, *types: str) -> list[dict[str, Any]]:
        return [item for item in self.outputs if item["type"] in types]

    def _stream(self, name: str) -> str:
        return _plain("".join(item["text"] for item in self._of("stream") if item["name"] == name))


class Kernel:
    """A running kernel; made by ``Kernel.started``.

    Attributes
    ----------
    client : BlockingKernelClient
        For messages this class does not know.
    strays : list of dict
        What the kernel published for no cell, in the form of ``Cell.outputs``.
    """

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager = manager
        self.client = client
        self.strays: list[dict[str, Any]] = []
        self._cells: dict[str, Cell] = {}
        self._answers: Iterator[str] = iter(())

    @classmethod
    @contextmanager
    def started(cls, folder: Path, env: Mapping[str, str] | None = None) -> Iterator[Kernel]:
        """A kernel of this Python in ``folder``, with ``env`` added to its environment."""
        home = folder / ".kernel"
        home.mkdir()
        (folder / "pyproject.toml").touch()  # the project's root, for the settings
        manager = KernelManager(
            connection_file=str(home / "connection.json"),
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[], ensure_native_kernel=True),
        )
        manager.start_kernel(
            cwd=str(folder),
            env={**_clean_environment(home), **(env or {})},
            extra_arguments=["--HistoryManager.enabled=False"],
        )
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
            yield cls(manager, client)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
            manager.context.destroy(linger=0)

    def submit(self, code: str) -> Cell:
        """Queue a cell and do not wait for it."""
        cell = Cell(code)
        self._cells[self.client.execute(code, allow_stdin=True)] = cell
        return cell

    def run(self, code: str, *, answers: Iterable[str] = (), timeout: float = 60) -> Cell:
        """Run one cell to its end; each question on stdin gets the next of ``answers``."""
        return self.wait(self.submit(code), answers=answers, timeout=timeout)

    def run_all(
        self, codes: Iterable[str], *, answers: Iterable[str] = (), timeout: float = 60
    ) -> list[Cell]:
        """Queue all cells at once and wait until the last has ended."""
        cells = [self.submit(code) for code in codes]
        left = iter(answers)
        for cell in cells:
            self.wait(cell, answers=left, timeout=timeout)
        return cells

    def wait(self, cell: Cell, *, answers: Iterable[str] = (), timeout: float = 60) -> Cell:
        """Wait until ``cell`` has ended and shown all."""
        self._answers = iter(answers)
        self.until(lambda: cell.is_done, timeout=timeout)
        return cell

    def until(self, holds: Callable[[], Any], *, timeout: float = 60) -> None:
        """Take in what the kernel sends until ``holds()``."""
        deadline = time.monotonic() + timeout
        poller = zmq.Poller()
        for channel in self._channels():
            poller.register(channel.socket, zmq.POLLIN)
        while not holds():
            left = deadline - time.monotonic()
            assert left > 0, f"in vain for {timeout:g} s: {list(self._cells.values())}"
            assert self.manager.is_alive(), f"the kernel died: {list(self._cells.values())}"
            ready = dict(poller.poll(min(left, 1) * 1000))
            for channel in self._channels():
                if channel.socket in ready:
                    self._take(channel.get_msg(timeout=0))

    def interrupt(self) -> None:
        """What the stop button does."""
        self.manager.interrupt_kernel()

    def restart(self, *, now: bool = True) -> None:
        """Kill the kernel, or ask it to end, and start it anew; nothing of its memory stays."""
        self.manager.restart_kernel(now=now)
        self.client.wait_for_ready(timeout=60)
        self._cells.clear()

    def ask_debugger(self, command: str, **arguments: Any) -> dict[str, Any]:
        """The body of the answer of JupyterLab's debugger, which speaks the protocol of DAP."""
        content = {"type": "request", "seq": 1, "command": command, "arguments": arguments}
        message = self.client.session.msg("debug_request", content)
        self.client.control_channel.send(message)
        while True:
            reply = self.client.control_channel.get_msg(timeout=60)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                assert reply["content"]["success"], reply["content"]
                body: dict[str, Any] = reply["content"].get("body", {})
                return body

    def _channels(self) -> list[Any]:
        return [self.client.iopub_channel, self.client.shell_channel, self.client.stdin_channel]

    def _take(self, message: dict[str, Any]) -> None:
        cell = self._cells.get(message["parent_header"].get("msg_id", ""))
        kind, content = message["msg_type"], message["content"]
        if cell is None:
            self.strays.append({**content, "type": kind})
        elif kind == "execute_reply":
            cell.status = content["status"]
        elif kind == "status":
            cell.is_idle = content["execution_state"] == "idle"
        elif kind == "input_request":
            cell.prompts.append(content["prompt"])
            answer = next(self._answers, None)
            if answer is None:
                self.interrupt()  # or every later cell would wait behind this one
                raise AssertionError(f"asked {content['prompt']!r} after: {cell.stdout}")
            self.client.input(answer)
        elif kind != "execute_input":
            cell.outputs.append({**content, "type": kind})


def _plain(text: str) -> str:
    return _COLORS.sub("", text)


def _clean_environment(home: Path) -> dict[str, str]:
    ours = set(_VARIABLES.values())
    mine = {name: value for name, value in os.environ.items() if name not in ours}
    for name in ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH", "PYTHONSTARTUP", "PYTHONBREAKPOINT"):
        mine.pop(name, None)
    places = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR",
              "XDG_CONFIG_HOME")  # fmt: skip
    return {**mine, **{name: str(home / name.lower()) for name in places}}
