"""How `pytest -n auto` shares the tests out; without pytest-xdist's `-n` this does nothing.

The tests of a file stay together and in order, because they share what is dear to start: kernels,
servers, a notebook's cells. So do the browser tests, for their JupyterLab and their Chromium, but
in two parts: in one they would take longer than all the others.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

#: Run first, longest first: what is begun last should not be what the others then wait for.
_LONG = (
    "tests/browser/", "tests/jobs/", "notebooks/", "tests/kernel/", "tests/cli/", "tests/test_",
    "tests/magics/",
)  # fmt: skip
#: What begins alike runs in one worker; the first that fits counts.
_TOGETHER = ("tests/browser/test_re", "tests/browser/test_t", "tests/browser/")
_PARTS = {"tests/browser/test_t": "tests/browser/test_re"}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores: most of the time tests wait for other processes."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Units of a file each, or of all files of a part in ``_TOGETHER``, in collected order."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            part = next((start for start in _TOGETHER if file.startswith(start)), file)
            return _PARTS.get(part, part)

    config.option.loadscopereorder = False
    return Scheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a worker, the long ones first."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _place(item.nodeid))


def _place(nodeid: str) -> int:
    return next((n for n, start in enumerate(_LONG) if nodeid.startswith(start)), len(_LONG))
