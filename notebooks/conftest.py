"""How `pytest --nbval notebooks` runs the notebooks: as `make notebooks` did when it saved them."""

from __future__ import annotations

import os
import tempfile
from collections import deque
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from nbval.plugin import IPyNbFile
from run_notebooks import offline_environment, set_up_folder

_DRAWN = ("display_data", "execute_result")


class Notebook(IPyNbFile):
    """A notebook in a folder of its own, offline, whose displays are compared as last updated."""

    def setup(self) -> None:
        self._messages: deque[dict[str, Any]] = deque()
        self._folder = tempfile.TemporaryDirectory(prefix="notebook-")
        folder = Path(self._folder.name).resolve()
        here = self.path
        with pytest.MonkeyPatch.context() as patch:
            environment = offline_environment(folder, os.environ)
            for name in set(os.environ) - set(environment):
                patch.delenv(name)
            for name, value in environment.items():
                patch.setenv(name, value)
            self.path = set_up_folder(here, folder)  # the kernel works where the file is
            try:
                super().setup()
            finally:
                self.path = here

    def teardown(self) -> None:
        super().teardown()
        self._folder.cleanup()

    def get_kernel_message(
        self, timeout: float | None = None, stream: str = "iopub"
    ) -> dict[str, Any]:
        """The next message of a cell, all of them read before the first is handed out.

        nbval itself passes over updates, and would compare a display's first state with the
        last one, which is what a notebook's file holds.
        """
        while not self._messages or not _ends(self._messages[-1]):
            message = super().get_kernel_message(timeout, stream)
            if message["msg_type"] != "update_display_data":
                self._messages.append(message)
                continue
            for drawn in self._messages:
                if drawn["msg_type"] in _DRAWN and _display(drawn) == _display(message):
                    drawn["content"]["data"] = message["content"]["data"]
        return self._messages.popleft()


def _ends(message: dict[str, Any]) -> bool:
    return (
        message["msg_type"] == "status"
        and message["content"]["execution_state"] == "idle"
        and message["parent_header"].get("msg_type") == "execute_request"
    )


def _display(message: dict[str, Any]) -> str | None:
    name: str | None = message["content"].get("transient", {}).get("display_id")
    return name


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> Generator[None, list[Any], list[Any]]:
    """Where nbval collects a notebook, collect it our way."""
    return [
        Notebook.from_parent(parent, path=file_path) if isinstance(each, IPyNbFile) else each
        for each in (yield)
    ]
