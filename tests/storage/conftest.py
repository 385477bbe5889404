"""An empty store for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from datagenflow_nb.storage.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new store, closed afterwards."""
    opened = Store(tmp_path / "datagenflow.db")
    yield opened
    opened.close()
