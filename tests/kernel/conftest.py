"""One kernel for all tests of a module; they share its namespace."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernel.kernels import Kernel


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel in an empty project folder."""
    with Kernel.started(tmp_path_factory.mktemp("project")) as started:
        yield started
