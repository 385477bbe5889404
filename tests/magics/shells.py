"""IPython in the test's own process: quick, and what it runs is measured."""

from __future__ import annotations

import atexit
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

__all__ = ["ECHO", "Ran", "Shell"]

#: A cell that saves a pipeline which asks no model.
ECHO = '%%dgf pipeline echo\n- type: Output\n  config: {template: "{{ n }}!"}\n'


@dataclass(frozen=True)
class Ran:
    """What a cell gave: its value, what it raised, and all it wrote, without colours."""

    value: Any
    raised: BaseException | None
    text: str

    @property
    def error(self) -> str:
        """``SeedError: message``."""
        assert self.raised is not None, self.text
        return f"{type(self.raised).__name__}: {self.raised}"


class Shell:
    """A shell with our extension loaded.

    Attributes
    ----------
    ip : InteractiveShell
        IPython's own.
    """

    def __init__(self, ip: InteractiveShell) -> None:
        self.ip = ip

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Shell]:
        """A shell of its own, which leaves the process as it was."""
        config = Config()
        config.HistoryManager.enabled = False
        main = sys.modules["__main__"]
        ip = InteractiveShell.instance(config=config)
        try:
            shell = cls(ip)
            shell.value("%load_ext datagenflow_nb")
            yield shell
        finally:
            ip.restore_sys_module_state()
            sys.modules["__main__"] = main
            atexit.unregister(ip.atexit_operations)
            InteractiveShell.clear_instance()

    def run(self, code: str) -> Ran:
        """Run a cell."""
        with capture_output() as captured:
            result = self.ip.run_cell(code, store_history=True)
        shown = "".join(item.data.get("text/plain", "") for item in captured.outputs)
        written = re.sub(r"\x1b\[[0-9;]*m", "", captured.stdout + captured.stderr + shown)
        return Ran(result.result, result.error_before_exec or result.error_in_exec, written)

    def value(self, code: str) -> Any:
        """The value of a cell that must not fail."""
        ran = self.run(code)
        assert ran.raised is None, ran.text
        return ran.value

    def error(self, code: str) -> str:
        """The error of a cell that must fail."""
        return self.run(code).error

    def __getitem__(self, name: str) -> Any:
        return self.ip.user_ns[name]
