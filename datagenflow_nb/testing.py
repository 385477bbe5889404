"""For tests of your own blocks and pipelines: no network, no files left behind.

>>> import datagenflow_nb as dgf
>>> with dgf.testing.temporary_workspace() as ws:
...     job = ws.run(
...         {"name": "t", "blocks": [{"type": "Output", "config": {"template": "{{ n }}"}}]},
...         [{"n": 1}, {"n": 2}],
...         wait=True,
...     )
...     job.records()["output"].tolist()
['1', '2']
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .blocks.base import BaseBlock
from .blocks.context import BlockContext
from .llm.catalog import Models
from .runtime import hand_over
from .settings import Settings
from .workspaces import Workspace

__all__ = ["context", "temporary_workspace"]


@contextlib.contextmanager
def temporary_workspace(blocks: str | Path | None = None) -> Iterator[Workspace]:
    """A workspace in a folder that is removed afterwards, answered by the offline model.

    It does not become the current workspace, and reads no ``LLM_*`` setting.

    Parameters
    ----------
    blocks : path, optional
        A folder of block files.
    """
    with tempfile.TemporaryDirectory(prefix="datagenflow-") as folder:
        root = Path(folder)
        settings = Settings(
            root=root,
            database_path=root / "datagenflow.db",
            blocks_path=Path(blocks).resolve() if blocks is not None else root / "blocks",
            templates_path=root / "templates",
        )
        made = Workspace(settings)
        try:
            yield made
        finally:
            made.close()


def context(
    block: BaseBlock, state: Mapping[str, Any], *, random_key: str = "test"
) -> BlockContext:
    """The second argument for a block's ``execute``, answered by the offline model.

    Parameters
    ----------
    state : dict
        What the block's templates see.
    random_key : str
        What ``ctx.random`` is drawn from.
    """
    models = Models(Settings(root=Path.cwd()), hand_over=hand_over)
    return BlockContext(
        state,
        block_type=type(block).__name__,
        block_id=type(block).__name__,
        config=block.config,
        models=models,
        random_key=random_key,
        trace_id="test",
    )
