"""The project's own blocks/ folder, loaded the way a registry loads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from datagenflow_nb.blocks.folder import BlockFolder
from datagenflow_nb.blocks.registry import Registry

FOLDER = Path(__file__).parents[1] / "blocks"


def load_block(type_name: str) -> Any:
    """The block class of that name out of ``blocks/``."""
    registry = Registry()
    registry.watch(BlockFolder(FOLDER))
    assert registry.unavailable() == []
    return registry.get(type_name)
