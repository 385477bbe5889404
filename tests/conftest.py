"""What every test gets: an empty working directory, no settings of this machine, no left-overs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from datagenflow_nb.settings import _VARIABLES

# How long an example takes says how busy the machine is.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

#: Where the package keeps what is "current"; lists of one.
_CURRENT = (
    ("datagenflow_nb.workspaces.space", "_current"),
    ("datagenflow_nb.services", "_current"),
    ("datagenflow_nb.blocks.context", "_default_models"),
)


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty folder to work in; workspaces left current are closed afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    for name in _VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
    yield
    workspaces = sys.modules.get("datagenflow_nb.workspaces.space")
    for workspace in list(workspaces._current) if workspaces else ():
        workspace.close()
    for module, name in _CURRENT:
        if module in sys.modules:
            getattr(sys.modules[module], name).clear()
